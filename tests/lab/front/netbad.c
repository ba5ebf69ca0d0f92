// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Misdeeds of a network frontend, one table row each: a row complains if the
 * backend did not do what it must, and after every row the interface has to
 * connect again and carry packets both ways.
 */
#include "netbad.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "netrandom.h"
#include "nettcp.h"

#define QUIET_MS	200	/* what must not arrive would be here by then */
#define WORSE_MS	500
#define IDLE_INTERRUPTS	600	/* a second, of a channel without work */

struct netbad {
	struct vif *vif;
	struct net *net;
	struct net_queue *q;
	struct check *chk;
	struct net_opts opts;
	u8 packet[1600];
};

struct row {
	const char *name;
	const char *id;		/* of the catalogue */
	void (*run)(struct netbad *bad, const struct row *row);
	u64 arg, arg2;
};

/* ---- helpers ----------------------------------------------------------------------------------- */

/* In a guest: dom0's memory, and what it maps and says, are not to be seen. */
static bool remote(const struct netbad *bad)
{
	return bad->vif->args->peer;
}

static bool connect(struct netbad *bad)
{
	return vif_connect(bad->vif, &bad->opts);
}

/* Nothing but what is owed is answered, with an error; nothing arrives; the next packet does. */
static void refused(struct netbad *bad, u32 slots, const char *what)
{
	u32 errors = bad->q->tx_errors;
	struct virtio_net_hdr hdr;
	u32 len;

	net_publish(bad->q, &bad->q->tx, true);
	if (!net_flush(bad->q))
		return;
	check_that(bad->chk, bad->q->tx_errors - errors == slots,
		   "%s: %u of %u slots were refused", what, bad->q->tx_errors - errors, slots);
	check_that(bad->chk, !peer_receive(&bad->vif->peer, &hdr, &len, util_now_ms() + 20),
		   "%s: %u bytes arrive", what, len);
	vif_from(bad->vif, bad->q, 1514, NULL);
}

/* The ring is given up, and the device closed with a reason. */
static void shut(struct netbad *bad, const char *what)
{
	int r = dev_wait_backend(bad->net->dev, DEV_SHUT, DEV_STEP_MS);

	check_that(bad->chk, r > 0, "%s: backend is still in state %d", what,
		   dev_backend_state(bad->net->dev));
	/* Where a guest cannot read it. */
	check_that(bad->chk, remote(bad) || dev_error_count(bad->net->dev) > 0,
		   "%s: no reason is given", what);
}

static u32 page_of(struct netbad *bad)
{
	return bad->q->tx.prod % NET_SLOTS;
}

/* A slot of a good packet's, but for what the caller says. */
static void slot(struct netbad *bad, u16 offset, u16 flags, u16 size)
{
	u32 page = page_of(bad);

	memcpy(bad->q->tx_pages->va + page * PAGE_BYTES, bad->packet, sizeof(bad->packet));
	net_put_tx(bad->q, bad->q->tx_pages->gref[page], offset, flags, (u16)page, size);
}

static void gso(struct netbad *bad, u8 type, u16 size, bool more)
{
	u8 body[6] = { (u8)size, (u8)(size >> 8), type };

	net_put_extra(bad->q, NET_EXTRA_GSO, more, body);
}

/* ---- slots -------------------------------------------------------------------------------------- */

/* arg: offset, arg2: size of a single slot */
static void bad_slot(struct netbad *bad, const struct row *row)
{
	if (!connect(bad))
		return;
	slot(bad, (u16)row->arg, 0, (u16)row->arg2);
	refused(bad, 1, row->name);
}

/* A packet of arg slots, all of which have data. Up to 18 it arrives, up to 20 it is refused. */
static void many_slots(struct netbad *bad, const struct row *row)
{
	u32 nr = (u32)row->arg, i;

	if (!connect(bad))
		return;
	for (i = 0; i < nr; i++)
		slot(bad, 0, i + 1 < nr ? NET_MORE_DATA : 0, i ? 20 : (u16)(20 * nr));
	if (nr <= 20) {
		refused(bad, nr, row->name);
		return;
	}
	net_publish(bad->q, &bad->q->tx, true);
	shut(bad, row->name);
}

/* The pieces together are longer than the packet says: arg is what the first one says. */
static void pieces_disagree(struct netbad *bad, const struct row *row)
{
	if (!connect(bad))
		return;
	slot(bad, 0, NET_MORE_DATA, (u16)row->arg);
	slot(bad, 0, NET_MORE_DATA, 1000);
	slot(bad, 0, 0, 1000);
	refused(bad, 3, row->name);
}

/* They are longer by so much that what is left for the first one looks right in 16 bits. */
static void pieces_wrap(struct netbad *bad, const struct row *row)
{
	u32 i;

	if (!connect(bad))
		return;
	slot(bad, 0, NET_MORE_DATA, 1000);
	for (i = 0; i < 65536 / PAGE_BYTES; i++)
		slot(bad, 0, i + 1 < 65536 / PAGE_BYTES ? NET_MORE_DATA : 0, PAGE_BYTES);
	refused(bad, 1 + i, row->name);
}

/* A packet whose end never comes: it waits, and other queues and the other way go on. */
static void no_end(struct netbad *bad, const struct row *row)
{
	struct virtio_net_hdr hdr;
	u32 len;

	(void)row;
	if (!connect(bad))
		return;
	slot(bad, 0, NET_MORE_DATA, 1000);
	net_publish(bad->q, &bad->q->tx, true);
	check_that(bad->chk, !peer_receive(&bad->vif->peer, &hdr, &len, util_now_ms() + QUIET_MS),
		   "half a packet arrives");
	vif_to(bad->vif, 1514);
	slot(bad, 0, 0, 500);
	net_publish(bad->q, &bad->q->tx, true);
	check_that(bad->chk, net_flush(bad->q) && !bad->q->tx_errors &&
		   peer_receive(&bad->vif->peer, &hdr, &len, util_now_ms() + NET_ANSWER_MS) &&
		   len == 1000, "a packet whose end came late does not arrive");
}

/* All slots of the ring belong to one packet without an end. */
static void endless(struct netbad *bad, const struct row *row)
{
	u32 i;

	(void)row;
	if (!connect(bad))
		return;
	for (i = 0; i < NET_SLOTS; i++)
		slot(bad, 0, NET_MORE_DATA, i ? 0 : 1000);
	net_publish(bad->q, &bad->q->tx, true);
	shut(bad, "a packet without an end");
}

/* ---- extras ------------------------------------------------------------------------------------- */

/* arg: type, arg2: size, of a packet that is no TCP. */
static void bad_gso(struct netbad *bad, const struct row *row)
{
	struct virtio_net_hdr hdr;
	bool legal = row->arg >= 1 && row->arg <= 2 && row->arg2;
	u32 len;

	if (!connect(bad))
		return;
	slot(bad, 0, NET_EXTRA_INFO | NET_CSUM_BLANK, 1000);
	gso(bad, (u8)row->arg, (u16)row->arg2, false);
	if (!legal) {
		refused(bad, 1, row->name);
		return;
	}
	/* Well said, of a packet for which it is not true: taken, and dropped. */
	net_publish(bad->q, &bad->q->tx, true);
	net_flush(bad->q);
	check_that(bad->chk, !peer_receive(&bad->vif->peer, &hdr, &len, util_now_ms() + 20),
		   "%s: %u bytes arrive", row->name, len);
	vif_from(bad->vif, bad->q, 1514, NULL);
}

/* arg extras of type arg2 behind each other. */
static void many_extras(struct netbad *bad, const struct row *row)
{
	u8 body[6] = { 0xb4, 5, 1 };
	u32 i;

	if (!connect(bad))
		return;
	slot(bad, 0, NET_EXTRA_INFO, 1000);
	for (i = 0; i < row->arg; i++)
		net_put_extra(bad->q, (u8)row->arg2, i + 1 < row->arg, body);
	refused(bad, 1, row->name);
}

/* Announced, and the ring ends. */
static void missing_extra(struct netbad *bad, const struct row *row)
{
	struct virtio_net_hdr hdr;
	u32 len;

	(void)row;
	if (!connect(bad))
		return;
	slot(bad, 0, NET_EXTRA_INFO, 1000);
	net_publish(bad->q, &bad->q->tx, true);
	check_that(bad->chk, !peer_receive(&bad->vif->peer, &hdr, &len, util_now_ms() + QUIET_MS),
		   "a packet arrives without its extra");
	vif_to(bad->vif, 200);
}

/* More groups than anybody has a use for; memory is bounded, and the first ones work. */
static void many_groups(struct netbad *bad, const struct row *row)
{
	u8 body[6] = { 0x01, 0x00, 0x5e };
	struct judge_memory before, after;
	u32 i;

	bad->opts.mcast = true;
	if (!connect(bad))
		return;
	before = judge_memory();
	for (i = 0; i < row->arg && !bad->chk->failed; i++) {
		memcpy(body + 3, &i, 3);
		slot(bad, 0, NET_EXTRA_INFO, 64);
		net_put_extra(bad->q, NET_EXTRA_MCAST_ADD, false, body);
		if (net_tx_room(bad->q) >= 2)
			continue;
		net_publish(bad->q, &bad->q->tx, false);
		net_flush(bad->q);
	}
	net_publish(bad->q, &bad->q->tx, true);
	net_flush(bad->q);
	after = judge_memory();
	check_that(bad->chk, bad->q->tx_errors >= row->arg - 64, "only %u of %llu groups refused",
		   bad->q->tx_errors, (unsigned long long)row->arg);
	check_that(bad->chk, remote(bad) || after.slab - before.slab < 1024, "%ld KiB more of slab",
		   after.slab - before.slab);
}

/* ---- headers ------------------------------------------------------------------------------------- */

/* arg: which lie; blank checksum on each of them. Nothing is read that is not there. */
static void lying_header(struct netbad *bad, const struct row *row)
{
	static const struct {
		u16 type;
		u8 bytes[60];
		u16 len;
	} lies[] = {
		{ 0x0800, { 0x4f, 0, 0, 40, 0, 0, 0, 0, 64, 6 }, 34 },	/* IHL 15, no room */
		{ 0x0800, { 0x40, 0, 0, 40, 0, 0, 0, 0, 64, 6 }, 60 },	/* IHL 0 */
		{ 0x0800, { 0x45, 0, 0xff, 0xff, 0, 0, 0, 0, 64, 6 }, 60 },	/* too long */
		{ 0x0800, { 0x45, 0, 0, 20, 0, 0, 0x20, 0, 64, 17 }, 60 },	/* a fragment */
		{ 0x0800, { 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 1 }, 60 },	/* ICMP has no such sum */
		{ 0x0800, { 0x45 }, 15 },				/* cut off */
		{ 0x86dd, { 0x60, 0, 0, 0, 0, 40, 0, 64 }, 94 },	/* an option of options */
		{ 0x86dd, { 0x60, 0, 0xff, 0xff, 0, 0, 6, 64 }, 60 },
		{ 0x86dd, { 0x60, 0, 0, 0, 0, 8, 44, 64 }, 62 },	/* a fragment header */
		{ 0x86dd, { 0x60 }, 20 },
		{ 0x0806, { 0, 1 }, 60 },				/* ARP */
		{ 0x8100, { 0, 1, 0x81, 0, 0, 1, 0x81, 0, 0, 1 }, 30 },	/* tags and nothing else */
	};
	size_t i;
	int cut;

	if (!connect(bad))
		return;
	for (i = 0; i < ARRAY_SIZE(lies) && !bad->chk->failed; i++)
		for (cut = 0; cut < 2; cut++) {
			u16 len = max(lies[i].len, (u16)14);

			memset(bad->packet, 0, sizeof(bad->packet));
			bad->packet[12] = (u8)(lies[i].type >> 8);
			bad->packet[13] = (u8)lies[i].type;
			memcpy(bad->packet + 14, lies[i].bytes, sizeof(lies[i].bytes));
			slot(bad, 0, NET_CSUM_BLANK | NET_DATA_VALIDATED |
			     (row->arg ? NET_EXTRA_INFO : 0) | (cut ? NET_MORE_DATA : 0), len);
			if (row->arg)
				gso(bad, (u8)row->arg, 100, false);
			if (cut)
				slot(bad, 14, 0, (u16)(len - 14));
			net_publish(bad->q, &bad->q->tx, true);
			net_flush(bad->q);
		}
	/* What the stack made of them is its own affair. */
	peer_drain(&bad->vif->peer, 50);
	vif_from(bad->vif, bad->q, 1514, NULL);
}

/* ---- grants ---------------------------------------------------------------------------------------- */

static void bad_tx_gref(struct netbad *bad, const struct row *row)
{
	u32 gref = (u32)row->arg;

	if (!connect(bad))
		return;
	/* Of the eight that Xen reserves a guest has granted two, of its console and xenstore. */
	if (!gref && remote(bad))
		gref = 7;
	net_put_tx(bad->q, gref, 0, NET_MORE_DATA, (u16)page_of(bad), 1000);
	slot(bad, 0, 0, 500);
	refused(bad, 2, row->name);
}

/* arg 0: no such grant; 1: one that is read-only; 2: all slots name one page */
static void bad_rx_gref(struct netbad *bad, const struct row *row)
{
	struct net_packet p;
	u32 i, errors = 0;
	u8 buffer[200];

	if (!connect(bad))
		return;
	/* What is posted already is good; behind it everything is bad. */
	for (i = 0; i < NET_SLOTS; i++)
		bad->q->rx_pages->gref[i] = row->arg == 0 ? 0xffffff00 + i :
					    row->arg == 1 ? bad->q->tx_pages->gref[i] :
					    bad->q->rx_pages->gref[0];
	for (i = 0; i < 2 * NET_SLOTS && !bad->chk->failed; i++) {
		check_that(bad->chk, peer_send(&bad->vif->peer, NULL,
					       vif_packet(bad->vif, buffer, 200, i), 200) &&
			   net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS),
			   "packet %u does not come, good or bad", i);
		errors += p.error;
	}
	if (row->arg < 2)
		check_that(bad->chk, errors >= NET_SLOTS - 32, "only %u packets failed", errors);
	else
		check_that(bad->chk, !errors, "%u packets failed", errors);
	vif_from(bad->vif, bad->q, 1514, NULL);
}

/* Pages that are taken back while they are posted. */
static void revoked(struct netbad *bad, const struct row *row)
{
	struct net_packet p;
	u8 buffer[200];
	u32 i;

	(void)row;
	if (!connect(bad))
		return;
	bad->q->hold_pages = true;
	xen_pages_revoke(bad->q->rx_pages);
	for (i = 0; i < 100; i++)
		peer_send(&bad->vif->peer, NULL, vif_packet(bad->vif, buffer, 200, i), 200);
	util_pause_ms(QUIET_MS);	/* nothing comes of them, one way or the other */
	check_that(bad->chk, bad->q->rx.head->rsp_prod - bad->q->rx.cons <= NET_SLOTS,
		   "more answers than pages");
	(void)p;
	vif_from(bad->vif, bad->q, 1514, NULL);
}

/* ---- indices ------------------------------------------------------------------------------------------ */

/* arg: added to the producer, arg2: 1 of the receive ring */
static void jump(struct netbad *bad, const struct row *row)
{
	struct net_ring *ring;
	u8 buffer[64];

	if (!connect(bad) || !vif_from(bad->vif, bad->q, 1514, NULL) || !vif_to(bad->vif, 1514))
		return;
	ring = row->arg2 ? &bad->q->rx : &bad->q->tx;
	ring->prod += (u32)row->arg;
	net_publish(bad->q, ring, true);
	/* The receive ring is looked at when there is something to be received. */
	if (row->arg2)
		peer_send(&bad->vif->peer, NULL, vif_packet(bad->vif, buffer, 64, 1), 64);
	shut(bad, "an impossible req_prod");
}

struct scribbler {
	struct netbad *bad;
	volatile bool stop;
	u64 what;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct net_queue *q = s->bad->q;
	u8 *tx = q->tx.page->va + NET_RING_HEAD, *rx = q->rx.page->va + NET_RING_HEAD;
	struct rng rng;
	u32 i;

	rng_seed(&rng, 1);
	while (!s->stop) {
		if (s->what & 1) {
			shared_write(q->tx.head->req_event, (u32)rng_next(&rng));
			shared_write(q->tx.head->rsp_event, (u32)rng_next(&rng));
			shared_write(q->rx.head->req_event, (u32)rng_next(&rng));
			shared_write(q->rx.head->rsp_event, (u32)rng_next(&rng));
		}
		if (s->what & 2)
			for (i = 0; i < sizeof(q->tx.head->private); i++)
				shared_write(q->tx.head->private[i], (u8)rng_next(&rng));
		/* Slots while they are read: sizes, offsets, flags, grants. */
		if (s->what & 4)
			shared_write(tx[rng_below(&rng, NET_SLOTS * NET_TX_SLOT)],
				     (u8)rng_next(&rng));
		if (s->what & 8)
			shared_write(rx[rng_below(&rng, NET_SLOTS * NET_RX_SLOT)],
				     (u8)rng_next(&rng));
	}
	return NULL;
}

/* Shared memory changes while the backend reads it. Whatever it says then, dom0 goes on. */
static void race(struct netbad *bad, const struct row *row)
{
	struct scribbler s = { .bad = bad, .what = row->arg };
	u64 end = util_now_ms() + row->arg2;
	pthread_t thread;
	u8 buffer[200];
	u32 n = 0;

	if (!connect(bad))
		return;
	if (pthread_create(&thread, NULL, scribble, &s))
		util_lab_error("cannot start a thread");
	while (util_now_ms() < end && dev_backend_state(bad->net->dev) == DEV_CONNECTED) {
		bad->q->tx.cons = shared_read(bad->q->tx.head->rsp_prod);
		while (bad->q->tx.prod - bad->q->tx.cons < NET_SLOTS - 20) {
			slot(bad, 0, NET_MORE_DATA, 1200);
			slot(bad, 0, 0, 200);
			n++;
		}
		net_publish(bad->q, &bad->q->tx, true);
		peer_send(&bad->vif->peer, NULL, vif_packet(bad->vif, buffer, 200, n), 200);
		peer_drain(&bad->vif->peer, 0);
		bad->q->rx.cons = shared_read(bad->q->rx.head->rsp_prod);
		while (bad->q->rx.prod - bad->q->rx.cons < NET_SLOTS)
			net_post(bad->q, (u16)(bad->q->rx.prod % NET_SLOTS));
		net_publish(bad->q, &bad->q->rx, true);
	}
	s.stop = true;
	pthread_join(thread, NULL);
	check_note(bad->chk, "%u packets", n);
	vif_recover(bad->vif);
	peer_drain(&bad->vif->peer, 50);
}

/* Events without work on each channel. */
static void storm(struct netbad *bad, const struct row *row)
{
	char *name = util_printf("vif0.%u-q0", bad->vif->dev.id);
	long before, after;
	u64 end;

	bad->opts.split = true;
	if (!connect(bad)) {
		free(name);
		return;
	}
	before = judge_interrupts_called(name);
	end = util_now_ms() + row->arg;
	while (util_now_ms() < end) {
		xen_events_notify(&bad->net->events, bad->q->tx_port);
		xen_events_notify(&bad->net->events, bad->q->rx_port);
	}
	after = judge_interrupts_called(name);
	free(name);
	/* In a guest dom0's are not to be seen. Both channels have this name. */
	if (!remote(bad)) {
		check_that(bad->chk, before >= 0 && after >= 0, "the channels have no interrupts");
		check_note(bad->chk, "%ld interrupts", after - before);
		check_that(bad->chk, after - before <= 2 * IDLE_INTERRUPTS * (long)row->arg / 1000,
			   "%ld interrupts by events without work", after - before);
	}
	(void)(vif_from(bad->vif, bad->q, 1514, NULL) && vif_to(bad->vif, 1514));
}

/* ---- noise ------------------------------------------------------------------------------------------ */

static void random_packets(struct netbad *bad, const struct row *row)
{
	if (connect(bad))
		netrandom_packets(bad->vif, bad->chk, (u32)row->arg);
}

static void random_control(struct netbad *bad, const struct row *row)
{
	bad->opts.ctrl = true;
	if (connect(bad))
		netrandom_control(bad->vif, bad->chk, (u32)row->arg);
}

/* ---- a guest that gives no pages -------------------------------------------------------------------- */

/* Packets for it wait and are dropped; there is no memory without bound; it comes back at once. */
static void no_pages(struct netbad *bad, const struct row *row)
{
	struct judge_memory before, after;
	struct net_packet p;
	u8 buffer[1514];
	/* From a guest they go to dom0 first, and one has to be there still when pages come. */
	u32 i, sent = 0, nr = remote(bad) ? 2000 : 30000;

	(void)row;
	if (!connect(bad))
		return;
	bad->q->hold_pages = true;
	before = judge_memory();
	for (i = 0; i < nr; i++)
		sent += peer_send(&bad->vif->peer, NULL,
				  vif_packet(bad->vif, buffer, sizeof(buffer), 5), sizeof(buffer));
	after = judge_memory();
	check_that(bad->chk, remote(bad) || before.available - after.available < 40 << 10,
		   "%ld KiB are held for a guest that takes nothing",
		   before.available - after.available);
	check_note(bad->chk, "%u of %u were taken", sent, nr);
	/* What it sends itself goes on meanwhile. */
	vif_from(bad->vif, bad->q, 1514, NULL);
	while (net_receive(bad->net, &p, util_now_ms() + 100))
		;
	bad->q->hold_pages = false;
	for (i = 0; i < NET_SLOTS; i++)
		net_post(bad->q, (u16)i);
	net_publish(bad->q, &bad->q->rx, true);
	check_that(bad->chk, net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS),
		   "nothing comes after there are pages again");
	while (net_receive(bad->net, &p, util_now_ms() + 200))
		;
	vif_to(bad->vif, 1000);
}

/* ---- control ring ------------------------------------------------------------------------------------- */

static int say(struct netbad *bad, u16 type, u32 a, u32 b, u32 c)
{
	struct net_ctrl_msg msg = { type, { a, b, c } };
	u32 answer;

	return net_control(bad->net, &msg, &answer);
}

/* A table of pages to stay mapped, the last of which is @what: taken wholly or not at all. */
static void bad_table(struct netbad *bad, const char *what, u32 gref, u16 flags)
{
	struct xen_pages *table;
	u32 i;

	if (bad->chk->failed)
		return;
	table = xen_pages_alloc(bad->net->dev->be_domid, 1, true);
	memset(table->va, 0xff, PAGE_BYTES);
	for (i = 0; i < 63; i++) {
		memcpy(table->va + i * 8, &bad->q->tx_pages->gref[i], 4);
		/* To be read only, as they are granted. */
		memcpy(table->va + i * 8 + 4, (u8[]){ 1, 0 }, 2);
	}
	memcpy(table->va + i * 8, &gref, 4);
	memcpy(table->va + i * 8 + 4, &flags, 2);
	check_that(bad->chk, say(bad, 9, 0, table->gref[0], 64) == 2, "a table with %s was taken", what);
	check_that(bad->chk, remote(bad) || judge_mapped_grants(0, true) <= 3,
		   "%d pages are mapped after a table with %s", judge_mapped_grants(0, true), what);
	xen_pages_free(table);
}

/* The page is good, but not what is to be read from it. */
static void bad_lengths(struct netbad *bad)
{
	struct xen_pages *page;
	u32 gref;

	if (bad->chk->failed)
		return;
	page = xen_pages_alloc(bad->net->dev->be_domid, 1, true);
	gref = page->gref[0];
	memset(page->va, 0, PAGE_BYTES);
	check_that(bad->chk, say(bad, 3, gref, 40, 0) == 0, "a key of 40 bytes is refused");
	check_that(bad->chk, say(bad, 3, gref, 41, 0) == 3, "a key of 41 bytes is taken");
	check_that(bad->chk, say(bad, 3, gref, PAGE_BYTES, 0) == 3, "a key of a page is taken");
	check_that(bad->chk, say(bad, 5, 16, 0, 0) == 0, "a mapping of 16 is refused");
	check_that(bad->chk, say(bad, 6, gref, 16, 0) == 0, "16 of 16 queues are refused");
	check_that(bad->chk, say(bad, 6, gref, 16, 1) == 2, "17 of 16 queues are taken");
	check_that(bad->chk, say(bad, 6, gref, 1, 0xffffffff) == 2, "queue -1 is taken");
	check_that(bad->chk, say(bad, 6, gref, 0xffffffff, 2) == 2, "-1 queues are taken");
	/* There are not that many queues. */
	memset(page->va, 1, PAGE_BYTES);
	check_that(bad->chk, say(bad, 6, gref, 1, 0) == 2, "queue 16843009 is taken");
	xen_pages_free(page);
}

static void bad_control(struct netbad *bad, const struct row *row)
{
	static const struct {
		u16 type;
		u32 data[3];
	} messages[] = {
		{ 0, { 0 } }, { 11, { 0 } }, { 0xffff, { 1, 2, 3 } },
		{ 2, { 0x10 } }, { 2, { 0xffffffff } },				/* flags */
		{ 3, { 0xffffff00, 40 } }, { 3, { 1, 41 } }, { 3, { 1, 0xffffffff } },	/* key */
		{ 5, { 129 } }, { 5, { 0xffffffff } },				/* mapping size */
		{ 6, { 1, 1, 0xffffffff } }, { 6, { 1, 0xffffffff, 1 } },	/* mapping */
		{ 6, { 1, 129, 0 } }, { 6, { 0xffffff00, 1, 0 } },
		{ 7, { 2 } }, { 7, { 0xffffffff } },				/* algorithm */
		{ 8, { 64 } }, { 8, { 0xffffffff } },				/* static grants */
		{ 9, { 0, 1, 0 } }, { 9, { 0, 1, 513 } }, { 9, { 9, 1, 1 } },
		{ 9, { 0, 0xffffff00, 1 } }, { 9, { 0, 1, 0xffffffff } },
		{ 10, { 0, 1, 0 } }, { 10, { 0, 1, 513 } }, { 10, { 0, 0xffffff00, 512 } },
	};
	size_t i;

	(void)row;
	bad->opts.ctrl = true;
	if (!connect(bad))
		return;
	for (i = 0; i < ARRAY_SIZE(messages) && !bad->chk->failed; i++) {
		int status = say(bad, messages[i].type, messages[i].data[0], messages[i].data[1],
				 messages[i].data[2]);

		check_that(bad->chk, status > 0 && status <= 3, "message %zu (type %u): status %d", i,
			   messages[i].type, status);
	}
	bad_lengths(bad);
	bad_table(bad, "a page with unknown flags", bad->q->tx_pages->gref[63], 0xffff);
	bad_table(bad, "a page that is not granted", 0xffffff00, 1);
	bad_table(bad, "a page that may not be written", bad->q->tx_pages->gref[63], 0);
	(void)(vif_from(bad->vif, bad->q, 1514, NULL) && vif_to(bad->vif, 1514));
}

/* Hash settings change as fast as they can under traffic. */
static void hash_storm(struct netbad *bad, const struct row *row)
{
	struct xen_pages *page;
	u64 end = util_now_ms() + row->arg;
	u32 n = 0;

	bad->opts.ctrl = true;
	bad->opts.queues = 0;
	if (!connect(bad))
		return;
	page = xen_pages_alloc(bad->net->dev->be_domid, 1, true);
	while (util_now_ms() < end && !bad->chk->failed) {
		say(bad, 7, n & 1, 0, 0);
		say(bad, 2, n & 0xf, 0, 0);
		say(bad, 3, page->gref[0], n % 41, 0);
		say(bad, 5, n % 129, 0, 0);
		say(bad, 6, page->gref[0], 1 + n % 64, n % 3);
		if (n++ % 16 == 0)
			vif_to(bad->vif, 200);
	}
	check_note(bad->chk, "%u rounds", n);
	xen_pages_free(page);
}

static void control_jump(struct netbad *bad, const struct row *row)
{
	bad->opts.ctrl = true;
	if (!connect(bad))
		return;
	shared_write(bad->net->ctrl.head->req_prod, (u32)row->arg);
	xen_events_notify(&bad->net->events, bad->net->ctrl_port);
	shut(bad, "an impossible req_prod on the control ring");
}

/* ---- a guest that stops to give pages, of a driver with short times ---------------------------------- */

static unsigned int parameter_ms(const char *name)
{
	char *path = util_printf("/sys/module/xen_netback/parameters/%s", name);
	FILE *f = fopen(path, "r");
	unsigned int ms;

	if (!f || fscanf(f, "%u", &ms) != 1)
		util_lab_error("cannot read %s", path);
	fclose(f);
	free(path);
	return ms;
}

static unsigned int stall_ms(void)
{
	return parameter_ms("rx_drain_timeout_msecs") + parameter_ms("rx_stall_timeout_msecs");
}

/* Uses up the pages of a queue, to which packets of this content go, and gives no more. */
static void use_up(struct netbad *bad, struct net_queue *q, const u8 *packet, u32 len)
{
	struct net_packet p;
	u32 i;

	q->hold_pages = true;
	/* A packet with a hash takes two. */
	for (i = 0; q->rx.prod != q->rx.cons && !bad->chk->failed; i++)
		check_that(bad->chk, peer_send(&bad->vif->peer, NULL, packet, len) &&
			   net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS) &&
			   p.queue == q->nr, "packet %u does not come to queue %u", i, q->nr);
}

static void give_pages(struct net_queue *q)
{
	u32 i, held = NET_SLOTS - (q->rx.prod - q->rx.cons);

	q->hold_pages = false;
	for (i = 0; i < held; i++)
		net_post(q, (u16)(q->rx.prod % NET_SLOTS));
	net_publish(q, &q->rx, false);
}

static void forget_packets(struct netbad *bad)
{
	struct net_packet p;

	while (net_receive(bad->net, &p, util_now_ms() + QUIET_MS))
		;
}

/*
 * There is a page, but not what the first packet needs: that is no guest that takes packets.
 * arg: a headroom, which is told in an extra, so that even a small packet needs two.
 */
static void stall_on_one_page(struct netbad *bad, const struct row *row)
{
	u8 small[64], large[5000];
	u32 len = row->arg ? sizeof(small) : sizeof(large);

	bad->opts.headroom = (u32)row->arg;
	if (!connect(bad))
		return;
	use_up(bad, bad->q, vif_packet(bad->vif, small, sizeof(small), 1), sizeof(small));
	net_post(bad->q, (u16)(bad->q->rx.prod % NET_SLOTS));
	net_publish(bad->q, &bad->q->rx, false);
	vif_packet(bad->vif, large, len, 2);
	peer_send(&bad->vif->peer, NULL, large, len);
	peer_wait_carrier(&bad->vif->peer, false, stall_ms() + DEV_STEP_MS);
	/* What it sends itself is nobody's business. */
	vif_from(bad->vif, bad->q, 1514, NULL);
	give_pages(bad->q);
	peer_wait_carrier(&bad->vif->peer, true, util_patience_ms(1000));
	forget_packets(bad);
	vif_to(bad->vif, sizeof(large));
}

/* A packet that the guest's hash takes to a queue of its own for each @port. */
static u32 hashed_packet(u8 *buffer, u8 port)
{
	nettcp_build(&nettcp_kinds[0], buffer, 10, 7, false);
	buffer[nettcp_start(&nettcp_kinds[0])] = port;
	return nettcp_headers(&nettcp_kinds[0]) + 10;
}

static void choose_queues(struct netbad *bad, u8 *port)
{
	struct xen_pages *page = xen_pages_alloc(bad->net->dev->be_domid, 1, true);
	struct net_packet p;
	u8 buffer[200];
	u32 len, i, seen = 0;

	for (i = 0; i < PAGE_BYTES; i++)
		page->va[i] = (u8)rng_next(&bad->net->rng);
	say(bad, 7, 1, 0, 0);
	say(bad, 2, 0xf, 0, 0);
	say(bad, 3, page->gref[0], 40, 0);
	for (i = 0; i < 200 && seen != 3 && !bad->chk->failed; i++) {
		len = hashed_packet(buffer, (u8)i);
		if (!check_that(bad->chk, peer_send(&bad->vif->peer, NULL, buffer, len) &&
				net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS),
				"a packet does not arrive"))
			break;
		port[p.queue & 1] = (u8)i;
		seen |= 1u << (p.queue & 1);
	}
	check_that(bad->chk, seen == 3, "the hash uses one queue only");
	xen_pages_free(page);
}

/* One queue takes nothing any more: the other does not notice, and the carrier stays. */
static void stall_one_queue(struct netbad *bad, const struct row *row)
{
	u8 buffer[200], port[2] = { 0 };
	struct net_packet p;
	u64 end;
	u32 len, i;

	(void)row;
	bad->opts.ctrl = true;
	bad->opts.queues = 2;
	if (!connect(bad))
		return;
	choose_queues(bad, port);
	len = hashed_packet(buffer, port[0]);
	use_up(bad, bad->q, buffer, len);
	for (i = 0; i < 20; i++)
		peer_send(&bad->vif->peer, NULL, buffer, len);
	end = util_now_ms() + stall_ms() + 1000;
	len = hashed_packet(buffer, port[1]);
	while (util_now_ms() < end && !bad->chk->failed) {
		peer_send(&bad->vif->peer, NULL, buffer, len);
		check_that(bad->chk, net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS) &&
			   p.queue == 1, "a packet for the other queue does not arrive");
		util_pause_ms(20);	/* what is tested is a stretch of time */
	}
	peer_wait_carrier(&bad->vif->peer, true, 0);
	give_pages(bad->q);
	forget_packets(bad);
	len = hashed_packet(buffer, port[0]);
	peer_send(&bad->vif->peer, NULL, buffer, len);
	check_that(bad->chk, net_receive(bad->net, &p, util_now_ms() + NET_ANSWER_MS) && !p.queue,
		   "nothing arrives on a queue that has pages again");
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* One key is wrong; the device closes with a reason that names it. */
static void key(struct netbad *bad, const char *name, const char *value)
{
	struct dev *dev = &bad->vif->dev;
	char *text;
	int r;

	if (!net_read_offer(bad->net, dev))
		return;
	net_prepare(bad->net, dev, &bad->opts);
	net_write_keys(bad->net, false);
	if (value)
		(void)store_printf(dev->st, 0, dev_fe_path(dev, name), "%s", value);
	else
		(void)store_rm(dev->st, 0, dev_fe_path(dev, name));
	(void)dev_set_state(dev, DEV_CONNECTED);
	r = dev_wait_told(dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT, DEV_STEP_MS);
	check_that(bad->chk, r != DEV_CONNECTED, "%s = '%s': connected", name, value ?: "(none)");
	text = dev_error_text(dev);
	check_that(bad->chk, text && (strstr(text, name) || strstr(text, "page") || strstr(text, "channel")),
		   "%s = '%s': the reason is '%s'", name, value ?: "(none)", text ?: "");
	free(text);
	vif_recover(bad->vif);
}

static void bad_keys(struct netbad *bad, const struct row *row)
{
	static const char *const names[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel", "request-rx-copy",
	};
	static const char *const values[] = {
		NULL, "", "-1", "4294967296", "0x10", " 1", "1 ", "one", "\x80\xff",
	};
	size_t i, k;

	(void)row;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		for (k = 0; k < ARRAY_SIZE(values) && !bad->chk->failed; k++)
			key(bad, names[i], values[k]);
	if (!bad->chk->failed)
		key(bad, "multi-queue-num-queues", "0");
	if (!bad->chk->failed)
		key(bad, "multi-queue-num-queues", "65");
	if (!bad->chk->failed)
		key(bad, "feature-sg", "2");
	if (!bad->chk->failed)
		key(bad, "xdp-headroom", "-5");
	if (!bad->chk->failed)
		key(bad, "ctrl-ring-ref", "x");
}

/* arg: which two rings share a page */
static void one_page_twice(struct netbad *bad, const struct row *row)
{
	struct dev *dev = &bad->vif->dev;

	bad->opts.ctrl = true;
	if (!net_read_offer(bad->net, dev))
		return;
	net_prepare(bad->net, dev, &bad->opts);
	net_write_keys(bad->net, false);
	(void)store_printf(dev->st, 0, dev_fe_path(dev, row->arg ? "ctrl-ring-ref" : "rx-ring-ref"), "%u",
			   bad->q->tx.page->gref[0]);
	(void)dev_set_state(dev, DEV_CONNECTED);
	shut(bad, "one page for two rings");
	check_that(bad->chk, remote(bad) || !judge_mapped_grants(0, true), "pages stay mapped");
}

/* ---- the table -------------------------------------------------------------------------------------------- */

static const struct row rows[] = {
	{ "slot/size-0", "H-06", bad_slot, 0, 0 },
	{ "slot/size-13", "H-06", bad_slot, 0, 13 },
	{ "slot/over-the-page", "H-06", bad_slot, 4000, 97 },
	{ "slot/offset-4096", "H-06", bad_slot, 4096, 60 },
	{ "slot/offset-65535", "H-06", bad_slot, 65535, 60 },
	{ "slot/size-65535", "H-06", bad_slot, 0, 65535 },
	{ "slots/19", "H-06", many_slots, 19, 0 },
	{ "slots/20", "H-06", many_slots, 20, 0 },
	{ "slots/21", "H-06", many_slots, 21, 0 },
	{ "slots/64", "H-06", many_slots, 64, 0 },
	{ "slots/255", "H-06", many_slots, 255, 0 },
	{ "slots/pieces-longer-than-the-packet", "H-06", pieces_disagree, 1999, 0 },
	{ "slots/pieces-wrap", "H-06", pieces_wrap, 0, 0 },
	{ "slots/packet-says-nothing", "H-06", pieces_disagree, 0, 0 },
	{ "slots/no-end-yet", "H-06", no_end, 0, 0 },
	{ "slots/no-end-ever", "H-06", endless, 0, 0 },
	{ "extra/gso-type-0", "H-08", bad_gso, 0, 1448 },
	{ "extra/gso-type-255", "H-08", bad_gso, 255, 1448 },
	{ "extra/gso-size-0", "H-08", bad_gso, 1, 0 },
	{ "extra/gso-of-no-tcp", "H-08", bad_gso, 1, 1448 },
	{ "extra/gso-size-1", "H-08", bad_gso, 1, 1 },
	{ "extra/gso-size-65535", "H-08", bad_gso, 2, 65535 },
	{ "extra/two-gso", "H-08", many_extras, 2, NET_EXTRA_GSO },
	{ "extra/100-gso", "H-08", many_extras, 100, NET_EXTRA_GSO },
	{ "extra/unknown", "H-08", many_extras, 1, 77 },
	{ "extra/type-0", "H-08", many_extras, 1, 0 },
	{ "extra/missing", "H-08", missing_extra, 0, 0 },
	{ "extra/100000-groups", "H-35", many_groups, 100000, 0 },
	{ "header/blank-sums", "H-09", lying_header, 0, 0 },
	{ "header/blank-sums-gso-4", "H-09", lying_header, 1, 0 },
	{ "header/blank-sums-gso-6", "H-09", lying_header, 2, 0 },
	{ "grant/tx-none", "H-11", bad_tx_gref, 0xffffff00, 0 },
	{ "grant/tx-0", "H-11", bad_tx_gref, 0, 0 },
	{ "grant/rx-none", "H-11", bad_rx_gref, 0, 0 },
	{ "grant/rx-read-only", "H-11", bad_rx_gref, 1, 0 },
	{ "grant/rx-all-one-page", "H-11", bad_rx_gref, 2, 0 },
	{ "grant/rx-revoked", "H-22", revoked, 0, 0 },
	{ "index/tx-257", "H-16", jump, 257, 0 },
	{ "index/tx-2^31", "H-16", jump, 1u << 31, 0 },
	{ "index/tx-minus-1", "H-16", jump, UINT32_MAX, 0 },
	{ "index/rx-257", "H-16", jump, 257, 1 },
	{ "index/rx-2^31", "H-16", jump, 1u << 31, 1 },
	{ "race/events", "H-16", race, 1, WORSE_MS },
	{ "race/private-area", "H-16", race, 2, WORSE_MS },
	{ "race/tx-slots", "H-04", race, 4, 3000 },
	{ "race/rx-slots", "H-04", race, 8, 2000 },
	{ "race/everything", "H-04", race, 15, 3000 },
	{ "storm/events-without-work", "H-17", storm, 3000, 0 },
	{ "random/packets", "H-41", random_packets, 100000, 0 },
	{ "random/control", "H-41", random_control, 5000, 0 },
	{ "pages/none", "H-10", no_pages, 0, 0 },
	{ "control/nonsense", "H-12", bad_control, 0, 0 },
	{ "control/hash-storm", "H-34", hash_storm, 3000, 0 },
	{ "control/index-129", "H-16", control_jump, 129, 0 },
	{ "control/index-2^31", "H-16", control_jump, 1u << 31, 0 },
	{ "stall/one-page", "H-10", stall_on_one_page, 0, 0 },
	{ "stall/one-page-and-an-extra", "H-10", stall_on_one_page, 256, 0 },
	{ "stall/one-queue", "H-10", stall_one_queue, 0, 0 },
	{ "keys/wrong", "H-19", bad_keys, 0, 0 },
	{ "keys/one-page-for-tx-and-rx", "H-20", one_page_twice, 0, 0 },
	{ "keys/one-page-for-tx-and-ctrl", "H-12", one_page_twice, 1, 0 },
};

static void run_row(struct vif *vif, const struct row *row)
{
	struct netbad bad = { .vif = vif, .net = &vif->net, .q = &vif->net.queue[0],
			      .opts = NET_OPTS_DEFAULT };
	char *name = util_printf("%s %s", row->name, row->id);
	struct check chk;

	check_begin(&chk, name, vif->args->seed);
	bad.chk = &chk;
	vif_judge(vif, &chk);
	vif_packet(vif, bad.packet, sizeof(bad.packet), 0);
	row->run(&bad, row);
	/* However the row left it. */
	if (vif->net.dev)
		vif_recover(vif);
	vif_prove_alive(vif);
	check_end(&chk);
	free(name);
}

void netbad_run(struct vif *vif, const char *name)
{
	unsigned int ran = 0;
	size_t i, len = strlen(name);

	for (i = 0; i < ARRAY_SIZE(rows) && !util_stop; i++)
		if (!strcmp(name, "all") || !strcmp(name, rows[i].name) ||
		    (!strncmp(name, rows[i].name, len) && rows[i].name[len] == '/')) {
			run_row(vif, &rows[i]);
			ran++;
		}
	if (!ran && !util_stop)
		util_lab_error("there is no misdeed '%s' (see xenfront net list)", name);
}

void netbad_list(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		printf("%-8s %s\n", rows[i].id, rows[i].name);
}
