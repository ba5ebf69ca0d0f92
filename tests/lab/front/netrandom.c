// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets and control messages nobody thought of: good ones with bytes changed
 * at random, and pure noise. Each slot is answered exactly once and in its turn,
 * and the interface goes on; the seed on the line repeats the run.
 */
#include "netrandom.h"

#include <string.h>

#define BATCH		15u	/* slots: with ENDS fewer than in a chain that is fatal */
#define ENDS		3u
#define NO_GREF		0x00ff0000u

struct noise {
	struct vif *vif;
	struct net_queue *q;
	struct check *chk;
	struct rng rng;
};

static u32 some_gref(struct noise *n)
{
	switch (rng_below(&n->rng, 8)) {
	case 0:  return 15003;
	case 1:  return (u32)rng_next(&n->rng) | 0x100000u;
	default: return n->q->tx_pages->gref[rng_below(&n->rng, NET_SLOTS)];
	}
}

static void put_some_extra(struct noise *n)
{
	u64 r = rng_next(&n->rng);
	u8 body[6];

	memcpy(body, &r, sizeof(body));
	/* Half of them one that is known. */
	if (r >> 48 & 1)
		memcpy(body, (u8[]){ 0xa8, 5, NET_GSO_TCPV4, 0, 0, 0 }, sizeof(body));
	net_put_extra(n->q, (u8)(r >> 48 & 1 ? NET_EXTRA_GSO : r >> 56), r >> 49 & 1, body);
}

/* A packet of @nr slots at most, all of whose numbers make sense more or less. */
static void put_some_packet(struct noise *n, u32 nr)
{
	u32 pieces = 1 + (u32)rng_below(&n->rng, min(nr, 4u)), i;
	u32 extras = (u32)rng_below(&n->rng, min(nr - pieces, 2u) + 1);

	for (i = 0; i < pieces; i++) {
		u16 flags = (u16)(rng_below(&n->rng, 4) | (i + 1 < pieces ? NET_MORE_DATA : 0));
		u16 offset = (u16)rng_below(&n->rng, 2100), size = (u16)rng_below(&n->rng, 2000);
		u32 at = n->q->tx.prod % NET_SLOTS;

		if (!i && extras)
			flags |= NET_EXTRA_INFO;
		net_put_tx(n->q, some_gref(n), offset, flags, (u16)at,
			   i ? size : (u16)(pieces * 2000));
		while (!i && extras) {
			put_some_extra(n);
			extras--;
		}
	}
}

/* Of slots from @from on. The id stays, so that the answer can be told. */
static void change_bytes(struct noise *n, u32 from)
{
	u32 nr = n->q->tx.prod - from, flips = (u32)rng_below(&n->rng, 4);

	if (!rng_below(&n->rng, 16))
		flips = 200;
	while (flips--) {
		u8 *slot = net_slot(&n->q->tx, from + (u32)rng_below(&n->rng, nr));
		u64 at = rng_below(&n->rng, NET_TX_SLOT - 2);

		slot[at < 8 ? at : at + 2] ^= (u8)rng_next(&n->rng);
	}
}

static void put_batch(struct noise *n)
{
	u32 from = n->q->tx.prod, i;

	while (n->q->tx.prod - from < BATCH)
		put_some_packet(n, BATCH - (n->q->tx.prod - from));
	change_bytes(n, from);
	/* Whatever the last says, with these it is over: they want no extra and no piece more. */
	for (i = 0; i < ENDS; i++)
		net_put_tx(n->q, NO_GREF, 0, 0, (u16)(n->q->tx.prod % NET_SLOTS), 60);
}

/* What of it arrived nobody can say; but then a good packet does, both ways. */
static void still_good(struct noise *n)
{
	n->q->tx_noise = false;
	peer_drain(&n->vif->peer, 100);
	if (!n->chk->failed)
		(void)(vif_from(n->vif, n->q, 1514, NULL) && vif_to(n->vif, 1514));
}

static void begin(struct noise *n, struct vif *vif, struct check *chk)
{
	*n = (struct noise){ .vif = vif, .q = &vif->net.queue[0], .chk = chk };
	rng_seed(&n->rng, vif->args->seed);
}

void netrandom_packets(struct vif *vif, struct check *chk, u32 slots)
{
	struct noise n;
	u32 i;

	begin(&n, vif, chk);
	n.q->tx_noise = true;
	for (i = 0; i < NET_SLOTS * PAGE_BYTES; i++)
		n.q->tx_pages->va[i] = (u8)rng_next(&n.rng);
	for (i = 0; i < slots && !chk->failed && !util_stop; i += BATCH) {
		put_batch(&n);
		net_publish(n.q, &n.q->tx, true);
		net_flush(n.q);
		peer_drain(&vif->peer, 0);
	}
	check_note(chk, "%u slots served, %u refused, seed %llu", n.q->tx_okay, n.q->tx_errors,
		   (unsigned long long)vif->args->seed);
	check_that(chk, n.q->tx_okay && n.q->tx_errors, "all are answered alike");
	still_good(&n);
}

void netrandom_control(struct vif *vif, struct check *chk, u32 messages)
{
	struct net *net = &vif->net;
	u32 taken = 0, answer, i, at;
	struct xen_pages *page;
	struct noise n;

	begin(&n, vif, chk);
	page = xen_pages_alloc(net->dev->be_domid, 1, true);
	for (i = 0; i < messages && !chk->failed && !util_stop; i++) {
		struct net_ctrl_msg msg = { .type = (u16)rng_below(&n.rng, 12) };
		int status;

		for (at = 0; at < PAGE_BYTES; at += 64) {
			u32 gref = some_gref(&n);

			memcpy(page->va + at, &gref, sizeof(gref));
			page->va[at + 4] = (u8)rng_below(&n.rng, 3);
		}
		for (at = 0; at < 3; at++)
			msg.data[at] = rng_below(&n.rng, 4) ? (u32)rng_below(&n.rng, 65) :
							      (u32)rng_next(&n.rng);
		if (rng_below(&n.rng, 4))
			msg.data[msg.type == 9 || msg.type == 10] = page->gref[0];
		status = net_control(net, &msg, &answer);
		check_that(chk, status >= 0 && status <= 3, "message of type %u: status %d", msg.type,
			   status);
		taken += !status;
	}
	check_note(chk, "%u of %u messages taken, seed %llu", taken, i,
		   (unsigned long long)vif->args->seed);
	check_that(chk, taken && taken < i, "all are answered alike");
	xen_pages_free(page);
	still_good(&n);
}
