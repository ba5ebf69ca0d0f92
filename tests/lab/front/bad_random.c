// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests nobody thought of: good ones with bytes changed at random, and pure
 * noise. Each is answered exactly once; the seed on the line repeats the run.
 */
#include "bad.h"

#include <string.h>

#define REQUESTS	34000u	/* with all rows a hundred thousand */
#define BATCH		16u

struct noise {
	struct xen_pages *page, *ind, *canary;
};

static u32 some_gref(struct bad *bad, const struct noise *n)
{
	switch (rng_below(&bad->rng, 8)) {
	case 0:  return 15003;
	case 1:  return (u32)rng_next(&bad->rng) | 0x100000u;
	case 2:  return n->ind->gref[0];
	default: return n->page->gref[rng_below(&bad->rng, n->page->nr)];
	}
}

static void some_segments(struct bad *bad, const struct noise *n, struct blk_seg *seg,
			  unsigned int nr)
{
	while (nr--) {
		u64 r = rng_next(&bad->rng);

		seg[nr] = (struct blk_seg){ .gref = some_gref(bad, n), .first = r & 7,
					    .last = 7 };
		if (r >> 8 & 1)
			seg[nr].last = (u8)(r >> 16);
	}
}

/* By accident it may name the ring, or the page that shows what was written by accident. */
static bool names_what_it_must_not(struct bad *bad, const struct noise *n, const u8 *slot)
{
	const struct xen_pages *ring = bad->blk->queue[0].ring;
	u32 at, gref, i;

	for (at = 0; at + sizeof(gref) <= blk_abi_slot(bad->blk->opts.abi); at += 2) {
		memcpy(&gref, slot + at, sizeof(gref));
		if (gref == n->canary->gref[0])
			return true;
		for (i = 0; i < ring->nr; i++)
			if (gref == ring->gref[i])
				return true;
	}
	return false;
}

static void make_request(struct bad *bad, const struct noise *n, u8 *slot)
{
	static const u8 ops[] = { BLK_READ, BLK_READ, BLK_WRITE, BLK_BARRIER, BLK_FLUSH,
				  BLK_DISCARD, BLK_INDIRECT, BLK_INDIRECT };
	struct blk_request req = { .op = ops[rng_below(&bad->rng, ARRAY_SIZE(ops))] };
	enum blk_abi abi = bad->blk->opts.abi;
	u32 id = blk_abi_id(abi), at, flips;
	u8 keep[8];

	req.id = rng_next(&bad->rng);
	req.inner_op = (u8)rng_below(&bad->rng, 2);
	req.nr_segs = (u16)rng_below(&bad->rng, req.op == BLK_INDIRECT ? 300 : 13);
	req.sector = rng_below(&bad->rng, bad->blk->info.sectors);
	req.nr_sectors = rng_below(&bad->rng, 64);
	some_segments(bad, n, req.seg, BLK_SEGS);
	for (at = 0; at < BLK_IND_PAGES; at++)
		req.ind_gref[at] = rng_below(&bad->rng, 4) ? n->ind->gref[0] : some_gref(bad, n);
	blk_abi_encode(abi, &req, slot);

	/* The id stays, so that the answer can be told. */
	memcpy(keep, slot + id, 8);
	flips = (u32)rng_below(&bad->rng, 4);
	if (!rng_below(&bad->rng, 16))
		flips = 200;
	while (flips--)
		slot[rng_below(&bad->rng, blk_abi_slot(abi))] ^= (u8)rng_next(&bad->rng);
	memcpy(slot + id, keep, 8);
}

static void send_noise(struct bad *bad, const struct noise *n)
{
	struct blk_queue *q = &bad->blk->queue[0];
	u8 slot[BLK_SLOT_MAX] = { 0 };
	u64 ok = 0, refused = 0, sent = 0, deadline;
	struct blk_done done;
	unsigned int i;
	int r;

	while (sent < REQUESTS && !bad->chk->failed) {
		some_segments(bad, n, (struct blk_seg *)n->ind->va, BLK_IND_PER_PAGE);
		for (i = 0; i < BATCH && !blk_full(q); i++, sent++) {
			do
				make_request(bad, n, slot);
			while (names_what_it_must_not(bad, n, slot));
			blk_put_raw(q, slot, NULL);
		}
		blk_publish(q, true);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		while (q->nr_pending && !bad->chk->failed) {
			if (!check_that(bad->chk, blk_wait(bad->blk, deadline),
					"%u of %u mutated requests unanswered", q->nr_pending, BATCH))
				break;
			while ((r = blk_take(q, &done)) == 1)
				*(done.rsp.status == BLK_OK ? &ok : &refused) += 1;
			if (r < 0)
				break;
		}
	}
	check_note(bad->chk, "%llu served, %llu refused, seed %llu", (unsigned long long)ok,
		   (unsigned long long)refused, (unsigned long long)bad->chk->seed);
}

static void mutated(struct bad *bad, const struct bad_row *row)
{
	struct noise n;
	unsigned int i;

	bad->opts.abi = (enum blk_abi)(row->arg & 3);
	bad->opts.persistent = row->arg & 4;
	if (!bad_connect(bad))
		return;
	n.page = xen_pages_alloc(bad->dev->be_domid, 8, true);
	n.ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	n.canary = xen_pages_alloc(bad->dev->be_domid, 1, true);
	memset(n.canary->va, 0x99, PAGE_BYTES);
	send_noise(bad, &n);
	for (i = 0; i < PAGE_BYTES; i++)
		if (!check_that(bad->chk, n.canary->va[i] == 0x99,
				"a page nobody named was written"))
			break;
	if (!bad->chk->failed)
		bad_still_good(bad);
	xen_pages_free(n.page);
	xen_pages_free(n.ind);
	xen_pages_free(n.canary);
}

static const struct bad_row rows[] = {
	{ "native", "H-41", mutated, BLK_NATIVE, NULL },
	{ "x86_32", "H-41", mutated, BLK_X86_32, NULL },
	{ "x86_64-persistent", "H-41", mutated, BLK_X86_64 | 4, NULL },
};

const struct bad_group bad_random = {
	"random", "mutated requests (the disk's content is lost)", rows, ARRAY_SIZE(rows),
};
