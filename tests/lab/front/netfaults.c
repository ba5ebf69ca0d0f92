// SPDX-License-Identifier: GPL-2.0-or-later
#include "netfaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "judge.h"
#include "netsuite.h"

#define LOST_MS		300	/* a packet may be lost now: it is not waited for longer */

/* How far an attempt came: see faults.c. */
enum stage { NOT_BOUND, DISTURBED, SMOOTH };

static const char *const stage_names[] = { "before the driver had it", "refused", "got on" };

/* ---- packets that may be lost, and nothing worse -------------------------------------------------- */

/* Its slots have to be answered; if it arrives it is right. */
static bool try_from(struct vif *vif, struct net_queue *q, u32 len, u32 number)
{
	u8 *buffer = util_alloc(len);
	struct net_packet p = { .bytes = vif_packet(vif, buffer, len, number), .len = len };
	u32 errors = q->tx_errors, got;
	struct virtio_net_hdr hdr;
	const u8 *bytes = NULL;

	if (net_put(q, &p))
		net_publish(q, &q->tx, false);
	if (net_flush(q) && q->tx_errors == errors)
		bytes = peer_receive(&vif->peer, &hdr, &got, util_now_ms() + LOST_MS);
	if (bytes)
		check_that(vif->dev.chk, got == len, "%u bytes arrive of %u", got, len);
	if (bytes && got == len)
		vif_packet_is(vif, bytes, len, number, "from the guest");
	free(buffer);
	return bytes;
}

static bool try_to(struct vif *vif, u32 len, u32 number)
{
	u8 *buffer = util_alloc(len);
	struct net_packet p = { 0 };
	bool there;

	peer_send(&vif->peer, NULL, vif_packet(vif, buffer, len, number), len);
	there = net_receive(&vif->net, &p, util_now_ms() + LOST_MS) && !p.error;
	if (there) {
		check_that(vif->dev.chk, p.len == len, "%u bytes arrive at the guest of %u", p.len, len);
		if (p.len == len)
			vif_packet_is(vif, p.bytes, len, number, "to the guest");
	}
	free(buffer);
	return there;
}

/* Whatever it says, it has to say something. */
static bool try_control(struct vif *vif, u16 type, u32 a, u32 b, u32 c)
{
	struct net_ctrl_msg msg = { type, { a, b, c } };
	u32 answer;

	return !net_control(&vif->net, &msg, &answer);
}

/* A hash, and pages that stay mapped, and no longer. */
static bool try_orders(struct vif *vif)
{
	struct net_queue *q = &vif->net.queue[0];
	struct xen_pages *table = xen_pages_alloc(vif->dev.be_domid, 1, true);
	unsigned int bad = 0;
	u32 i;

	bad += !try_control(vif, 7, 1, 0, 0);
	bad += !try_control(vif, 2, 0xf, 0, 0);
	bad += !try_control(vif, 3, table->gref[0], 40, 0);
	bad += !try_control(vif, 5, 8, 0, 0);
	for (i = 0; i < 8; i++) {
		u16 flags = 1;

		memcpy(table->va + i * 8, &q->tx_pages->gref[i], 4);
		memcpy(table->va + i * 8 + 4, &flags, 2);
	}
	bad += !try_control(vif, 9, 0, table->gref[0], 8);
	bad += !try_from(vif, q, 1514, 1);
	bad += !try_control(vif, 10, 0, table->gref[0], 8);
	xen_pages_free(table);
	return !bad;
}

static bool try_group(struct vif *vif, struct net_queue *q)
{
	static const u8 group[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x05 };
	u32 page = q->tx.prod % NET_SLOTS, errors = q->tx_errors;

	net_put_tx(q, q->tx_pages->gref[page], 0, NET_EXTRA_INFO, (u16)page, 64);
	net_put_extra(q, NET_EXTRA_MCAST_ADD, false, group);
	net_publish(q, &q->tx, false);
	return net_flush(q) && q->tx_errors == errors;
}

static bool try_packets(struct vif *vif)
{
	static const u32 lengths[] = { 60, 1514, 9014, 40000 };
	unsigned int bad = 0, i;
	size_t k;

	for (i = 0; i < vif->net.nr_queues; i++) {
		struct net_queue *q = &vif->net.queue[i];

		for (k = 0; k < ARRAY_SIZE(lengths) && !vif->dev.chk->failed; k++)
			bad += !try_from(vif, q, lengths[k], lengths[k] + i);
		bad += !try_group(vif, q);
	}
	for (k = 0; k < ARRAY_SIZE(lengths) && !vif->dev.chk->failed; k++)
		bad += !try_to(vif, lengths[k], lengths[k]);
	bad += !try_orders(vif);
	return !bad;
}

/* ---- one attempt ------------------------------------------------------------------------------------- */

static bool got_there(struct vif *vif, int state, const char *where)
{
	struct check *chk = vif->dev.chk;
	char *error = dev_error_text(&vif->dev);
	bool ok = check_that(chk, state >= 0, "%s: the backend stays in state %d and says nothing",
			     where, dev_backend_state(&vif->dev));

	if (state == 0 || (state > 0 && DEV_BIT(state) & DEV_SHUT))
		ok = check_that(chk, error, "%s: closed without a reason", where) && ok;
	free(error);
	return ok;
}

static bool connect_and_use(struct vif *vif, const struct net_opts *opts)
{
	struct dev *dev = &vif->dev;
	struct net *net = &vif->net;
	bool ok;
	int r;

	vif_peer(vif);
	if (!net_read_offer(net, dev))
		return false;
	net_prepare(net, dev, opts);
	net_write_keys(net, true);
	r = dev_wait_told(dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT, DEV_STEP_MS);
	if (!got_there(vif, r, "connect") || r != DEV_CONNECTED) {
		/* The rings may go once the backend does not use them any more. */
		(void)dev_wait_backend(dev, DEV_SHUT, DEV_STEP_MS);
		net_remove_keys(net);
		net_release(net);
		return false;
	}
	ok = peer_wait_carrier(&vif->peer, true, DEV_STEP_MS) && try_packets(vif);
	return net_disconnect(net) && ok;
}

static enum stage attempt(struct vif *vif, const struct vif_args *args, struct store *st,
			  struct check *chk)
{
	struct net_opts opts = args->net;
	int r;

	opts.ctrl = opts.mcast = true;
	opts.headroom = 128;
	vif_make(vif, args, st, chk);
	r = dev_wait_told(&vif->dev, DEV_BIT(DEV_INIT_WAIT) | DEV_SHUT, DEV_STEP_MS);
	if (!got_there(vif, r, "new device") || r != DEV_INIT_WAIT)
		return NOT_BOUND;
	return connect_and_use(vif, &opts) ? SMOOTH : DISTURBED;
}

/* With nothing failing any more: what was refused serves, and the device goes. */
static void all_is_well(struct vif *vif, enum stage stage)
{
	if (stage == NOT_BOUND) {
		dev_remove_unbound(&vif->dev);
		return;
	}
	if (stage == DISTURBED)
		(void)(vif_recover(vif) && vif_prove_alive(vif));
	vif_close(vif);
}

static void new_one_serves(const struct vif_args *args, struct store *st)
{
	struct check chk;
	struct vif vif;

	check_begin(&chk, "a new device serves", args->seed);
	if (vif_open(&vif, args, st, &chk))
		(void)vif_prove_alive(&vif);
	vif_close(&vif);
	check_end(&chk);
}

void netfaults_nth(const struct vif_args *args, const char *site)
{
	struct store *st = store_open();
	unsigned int n, fired;
	struct check chk;
	struct vif vif;
	char *name;

	for (n = 1; n <= FAULTS_MOST_CALLS && !util_stop; n++) {
		enum stage stage;

		name = util_printf("%s call %u fails", site, n);
		check_begin(&chk, name, args->seed);
		faults_arm(site, n);
		stage = attempt(&vif, args, st, &chk);
		fired = faults_fired();
		check_note(&chk, "%s", fired ? stage_names[stage] : "no such call");
		check_that(&chk, fired || stage == SMOOTH, "nothing failed, but it was %s",
			   stage_names[stage]);
		faults_off();
		all_is_well(&vif, stage);
		check_end(&chk);
		free(name);
		if (!fired)
			break;
	}
	check_begin(&chk, "nothing is held", args->seed);
	check_that(&chk, n > 1, "site %s was never called", site);
	check_that(&chk, n <= FAULTS_MOST_CALLS, "site %s is called without an end", site);
	judge_nothing_mapped(&chk, 0, FAULTS_LEAK_MS);
	check_end(&chk);
	new_one_serves(args, st);
}

/* ---- killed at any point ------------------------------------------------------------------------------- */

static void victim(const void *arg, int ready)
{
	const struct vif_args *args = arg;
	struct check chk;
	struct vif vif;

	/* "running" is what the parent waits for, and the only thing that is said. */
	dup2(ready, STDOUT_FILENO);
	check_begin(&chk, "victim", args->seed);
	if (vif_open(&vif, args, store_open(), &chk))
		netsuite_load(&vif, 0);
	_exit(EXIT_MISBEHAVED);
}

void netfaults_kill(const struct vif_args *args, unsigned int times)
{
	struct store *st = store_open();
	struct vif_args mine = *args;
	struct check chk;
	unsigned int i;
	struct rng rng;
	u64 most;

	mine.handle = args->handle ?: 100;
	rng_seed(&rng, args->seed);
	check_begin(&chk, "killed at random points", args->seed);
	most = faults_one_life(&chk, victim, &mine, 0);
	dev_remove_leftover(st, &chk, "vif", mine.handle);
	check_note(&chk, "%u times, connected after %llu ms", times,
		   (unsigned long long)most / 1000);
	most += most / 2;	/* as well in the middle of packets */
	for (i = 0; i < times && !chk.failed; i++) {
		mine.net.queues = (unsigned int)rng_below(&rng, 3);
		mine.net.split = rng_below(&rng, 2);
		mine.net.ctrl = rng_below(&rng, 2);
		mine.seed = rng_next(&rng);
		(void)faults_one_life(&chk, victim, &mine, 1 + rng_below(&rng, most));
		dev_remove_leftover(st, &chk, "vif", mine.handle);
	}
	/* By anybody: the dead frontends' grants are not in this process's list. */
	check_that(&chk, judge_mapped_grants(0, false) == 0, "%d grants are still mapped",
		   judge_mapped_grants(0, false));
	check_end(&chk);
	mine.net = args->net;
	new_one_serves(&mine, st);
}
