// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-03: shared memory that changes while the backend reads it. It reads once,
 * so each request gets one answer, and nothing outside the pages named by the
 * two versions of a request is touched.
 */
#include "bad.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MS	2500

enum what {
	FLIP_OPERATION,		/* read, write, indirect, discard, unknown */
	FLIP_COUNT,		/* nr_segments between right and far too many */
	FLIP_SEGMENTS,		/* first, last and grant of the segments in the slot */
	FLIP_SECTOR,
	FLIP_ALL,		/* any byte of the slot but the id */
	FLIP_INDIRECT_PAGE,	/* descriptors on the indirect page */
	FLIP_END,		/* last of a segment between a right value and an impossible one */
	FLIP_INDIRECT_END,
};

/* Only the first half of each page is ever named rightly, so the second half tells. */
#define HALF_LAST	3
#define BEYOND_LAST	12

struct flipper {
	struct bad *bad;
	enum what what;
	u8 *volatile slot;	/* the one the backend is reading now */
	struct blk_seg *seg;	/* of the indirect page */
	u32 grefs[3];		/* two good ones, one bad */
	volatile bool stop;
};

static void flip_segment(struct flipper *f, struct rng *rng, struct blk_seg *seg)
{
	u64 r = rng_next(rng);

	shared_write(seg->gref, f->grefs[r % 3]);
	shared_write(seg->first, (u8)(r >> 8 & 15));
	shared_write(seg->last, (u8)(r >> 16 & 15));
}

static void flip_once(struct flipper *f, struct rng *rng, u8 *slot)
{
	static const u8 ops[] = { BLK_READ, BLK_WRITE, BLK_INDIRECT, BLK_DISCARD, BLK_FLUSH, 77 };
	enum blk_abi abi = f->bad->blk->opts.abi;
	u32 id = blk_abi_id(abi), at;
	u64 r = rng_next(rng);
	struct blk_seg *seg;

	switch (f->what) {
	case FLIP_OPERATION:
		shared_write(slot[0], ops[r % ARRAY_SIZE(ops)]);
		break;
	case FLIP_COUNT:
		shared_write(slot[1], (u8)(r & 1 ? 2 : r >> 8));
		break;
	case FLIP_SEGMENTS:
		flip_segment(f, rng, (struct blk_seg *)(slot + id + 16));
		flip_segment(f, rng, (struct blk_seg *)(slot + id + 24));
		break;
	case FLIP_SECTOR:
		shared_write(slot[id + 8 + r % 8], (u8)(r >> 8));
		break;
	case FLIP_ALL:
		at = (u32)(r % blk_abi_slot(abi));
		if (at < id || at >= id + 8)
			shared_write(slot[at], (u8)(r >> 8));
		break;
	case FLIP_INDIRECT_PAGE:
		flip_segment(f, rng, &f->seg[r % 32]);
		break;
	case FLIP_END:
		seg = (struct blk_seg *)(slot + id + 16) + r % 2;
		shared_write(seg->last, r & 2 ? HALF_LAST : BEYOND_LAST);
		break;
	case FLIP_INDIRECT_END:
		/* Mostly right, or hardly any request would be good at the first reading. */
		seg = &f->seg[r >> 8 & 31];
		shared_write(seg->last, BEYOND_LAST);
		shared_write(seg->last, HALF_LAST);
		break;
	}
}

static bool by_halves(enum what what)
{
	return what == FLIP_END || what == FLIP_INDIRECT_END;
}

static bool second_halves_untouched(struct bad *bad, const struct xen_pages *pages)
{
	unsigned int i;

	for (i = 0; i < pages->nr * PAGE_BYTES; i++)
		if (i % PAGE_BYTES / SECTOR_BYTES > HALF_LAST &&
		    !check_that(bad->chk, pages->va[i] == 0xc5,
				"byte %u of a page was written, which only a refused request named", i))
			return false;
	return true;
}

static void *flip(void *arg)
{
	struct flipper *f = arg;
	struct rng rng;

	rng_seed(&rng, f->bad->chk->seed + 1);
	while (!f->stop) {
		u8 *slot = f->slot;

		if (slot)
			flip_once(f, &rng, slot);
	}
	return NULL;
}

static void race(struct bad *bad, const struct bad_row *row)
{
	struct flipper f = { .bad = bad, .what = (enum what)row->arg };
	struct blk_queue *q = &bad->blk->queue[0];
	struct xen_pages *page, *canary, *ind;
	u8 last = by_halves(f.what) ? HALF_LAST : 7;
	u64 end, requests = 0, good = 0, deadline, sector;
	struct blk_done done;
	pthread_t thread;
	unsigned int i;

	if (!bad_connect(bad))
		return;
	page = xen_pages_alloc(bad->dev->be_domid, 2, true);
	canary = xen_pages_alloc(bad->dev->be_domid, 1, true);
	ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	memset(canary->va, 0xc5, PAGE_BYTES);
	memset(page->va, 0xc5, 2 * PAGE_BYTES);
	f.grefs[0] = page->gref[0];
	f.grefs[1] = page->gref[1];
	f.grefs[2] = 15002;
	f.seg = (struct blk_seg *)ind->va;
	q->wild = true;
	if (pthread_create(&thread, NULL, flip, &f))
		util_lab_error("cannot start a thread");

	/* A write that a flipped sector sends elsewhere stays in the working area's disk. */
	sector = bad->vbd->area.first;
	end = util_now_ms() + ROUNDS_MS;
	while (util_now_ms() < end && !bad->chk->failed) {
		struct blk_request req = { .op = BLK_READ, .nr_segs = 2, .sector = sector };

		for (i = 0; i < 32; i++)
			f.seg[i] = (struct blk_seg){ .gref = f.grefs[i & 1], .last = last };
		memcpy(req.seg, f.seg, 2 * sizeof(*f.seg));
		if (f.what == FLIP_INDIRECT_PAGE || f.what == FLIP_INDIRECT_END) {
			req.op = BLK_INDIRECT;
			req.inner_op = BLK_READ;
			req.nr_segs = 32;
			req.ind_gref[0] = ind->gref[0];
		}
		f.slot = blk_put(q, &req, NULL, false);
		blk_publish(q, true);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		if (check_that(bad->chk, blk_wait(bad->blk, deadline), "request %llu unanswered",
			       (unsigned long long)requests))
			good += blk_take(q, &done) == 1 && done.rsp.status == BLK_OK;
		f.slot = NULL;
		requests++;
	}
	f.stop = true;
	pthread_join(thread, NULL);
	q->wild = false;
	for (i = 0; i < PAGE_BYTES; i++)
		if (!check_that(bad->chk, canary->va[i] == 0xc5, "a page nobody named was written"))
			break;
	if (!bad->chk->failed && (!by_halves(f.what) || second_halves_untouched(bad, page)))
		bad_still_good(bad);
	check_note(bad->chk, "%llu requests, %llu served", (unsigned long long)requests,
		   (unsigned long long)good);
	xen_pages_free(page);
	xen_pages_free(canary);
	xen_pages_free(ind);
}

static const struct bad_row rows[] = {
	{ "operation", "H-03", race, FLIP_OPERATION, NULL },
	{ "segment-count", "H-03", race, FLIP_COUNT, NULL },
	{ "segments", "H-03", race, FLIP_SEGMENTS, NULL },
	{ "sector", "H-03", race, FLIP_SECTOR, NULL },
	{ "any-byte-of-the-slot", "H-03", race, FLIP_ALL, NULL },
	{ "indirect-page", "H-03", race, FLIP_INDIRECT_PAGE, NULL },
	{ "segment-end", "H-03", race, FLIP_END, NULL },
	{ "indirect-segment-end", "H-03", race, FLIP_INDIRECT_END, NULL },
};

const struct bad_group bad_race = {
	"race", "requests that change while they are read (the disk's content is lost)", rows,
	ARRAY_SIZE(rows),
};
