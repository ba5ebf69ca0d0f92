// SPDX-License-Identifier: GPL-2.0-or-later
#include "netfaults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "netsuite.h"

#define LOST_MS		300	/* a packet may be lost now: it is not waited for longer */

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

static bool connect_and_use(struct vif *vif, const struct net_opts *opts)
{
	struct dev *dev = &vif->dev;
	struct net *net = &vif->net;
	bool ok;

	vif_peer(vif);
	if (!net_read_offer(net, dev))
		return false;
	net_prepare(net, dev, opts);
	net_write_keys(net, true);
	if (!faults_await_connected(dev)) {
		net_remove_keys(net->dev, net->nr_queues);
		net_release(net);
		return false;
	}
	ok = peer_wait_carrier(&vif->peer, true, DEV_STEP_MS) && try_packets(vif);
	return net_disconnect(net) && ok;
}

static enum faults_stage attempt(void *device, const void *params, struct store *st,
				 struct check *chk)
{
	const struct vif_args *args = params;
	struct net_opts opts = args->net;
	struct vif *vif = device;
	int r;

	opts.ctrl = opts.mcast = true;
	opts.headroom = 128;
	vif_make(vif, args, st, chk);
	r = dev_wait_told(&vif->dev, DEV_BIT(DEV_INIT_WAIT) | DEV_SHUT, DEV_STEP_MS);
	if (!faults_got_there(&vif->dev, r, "new device") || r != DEV_INIT_WAIT)
		return FAULTS_NOT_BOUND;
	return connect_and_use(vif, &opts) ? FAULTS_SMOOTH : FAULTS_DISTURBED;
}

static void all_is_well(void *device, enum faults_stage stage)
{
	struct vif *vif = device;

	if (stage == FAULTS_NOT_BOUND) {
		dev_remove_unbound(&vif->dev);
		return;
	}
	if (stage == FAULTS_DISTURBED)
		(void)(vif_recover(vif) && vif_prove_alive(vif));
	vif_close(vif);
}

static void serves(void *device, const void *params, struct store *st, struct check *chk)
{
	struct vif *vif = device;

	if (vif_open(vif, params, st, chk))
		(void)vif_prove_alive(vif);
	vif_close(vif);
}

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

static void vary(void *params, struct rng *rng)
{
	struct vif_args *args = params;

	args->net.queues = (unsigned int)rng_below(rng, 2);	/* one, or all that are offered */
	args->net.split = rng_below(rng, 2);
	args->net.ctrl = rng_below(rng, 2);
	args->seed = rng_next(rng);
}

static const struct faults_kind kind = {
	.type = "vif",
	.size = sizeof(struct vif),
	.args_size = sizeof(struct vif_args),
	.attempt = attempt,
	.all_is_well = all_is_well,
	.serves = serves,
	.victim = victim,
	.vary = vary,
};

void netfaults_nth(const struct vif_args *args, const char *site)
{
	faults_nth(&kind, args, args->seed, site);
}

void netfaults_kill(const struct vif_args *args, unsigned int times)
{
	struct vif_args mine = *args;

	mine.handle = args->handle ?: 100;
	faults_kill(&kind, &mine, mine.handle, args->seed, times);
}
