// SPDX-License-Identifier: GPL-2.0-or-later
#include "blkio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_PAGE	(PAGE_BYTES / SECTOR_BYTES)
#define WORDS_PER_SECTOR	(SECTOR_BYTES / sizeof(u64))

void blkio_area_init(struct blkio_area *area, u64 first, u64 nr, u64 seed)
{
	*area = (struct blkio_area){ .first = first, .nr = nr, .seed = seed };
	area->gen = util_alloc(nr * sizeof(u32));
}

void blkio_area_fini(struct blkio_area *area)
{
	free(area->gen);
	area->gen = NULL;
}

static u64 pattern_base(const struct blkio_area *area, u64 sector, u32 gen)
{
	return rng_hash(area->seed ^ (u64)gen << 32, sector);
}

static void pattern_fill(const struct blkio_area *area, u64 sector, u32 gen, u64 *to)
{
	u64 word = pattern_base(area, sector, gen);
	unsigned int i;

	for (i = 0; i < WORDS_PER_SECTOR; i++, word += 0x0101010101010101ull)
		to[i] = word;
}

static bool pattern_ok(const struct blkio_area *area, u64 sector, u32 gen, const u64 *from)
{
	u64 word = pattern_base(area, sector, gen);
	unsigned int i;

	for (i = 0; i < WORDS_PER_SECTOR; i++, word += 0x0101010101010101ull)
		if (from[i] != word)
			return false;
	return true;
}

static bool canary_ok(u64 canary, const u64 *from)
{
	unsigned int i;

	for (i = 0; i < WORDS_PER_SECTOR; i++)
		if (from[i] != canary)
			return false;
	return true;
}

static void canary_fill(u64 canary, u64 *to, size_t words)
{
	while (words--)
		*to++ = canary;
}

void blkio_init(struct blkio *io, struct blk *blk, struct blkio_area *area,
		unsigned int max_segs)
{
	u16 domid = blk->dev->be_domid;

	*io = (struct blkio){ .blk = blk, .area = area, .max_segs = max_segs };
	io->data = xen_pages_alloc(domid, max_segs, true);
	io->seg = util_alloc(max_segs * sizeof(*io->seg));
	if (max_segs > BLK_SEGS)
		io->ind = xen_pages_alloc(domid,
					  (max_segs + BLK_IND_PER_PAGE - 1) / BLK_IND_PER_PAGE,
					  true);
}

void blkio_fini(struct blkio *io)
{
	xen_pages_free(io->data);
	xen_pages_free(io->ind);
	free(io->seg);
	*io = (struct blkio){ 0 };
}

/* Places the next piece of at most @left sectors in page @i; returns its sectors. */
static u64 lay_segment(struct blkio *io, unsigned int i, u64 left, enum blkio_shape shape)
{
	u64 block = io->blk->info.sector_size / SECTOR_BYTES;
	u64 blocks = SECTORS_PER_PAGE / block;
	u64 first = 0, len = min(left, (u64)SECTORS_PER_PAGE);

	if (shape == BLKIO_SCATTERED) {
		first = rng_below(&io->blk->rng, blocks) * block;
		len = (1 + rng_below(&io->blk->rng, blocks - first / block)) * block;
		len = min(left, len);
	}
	io->seg[i] = (struct blk_seg){ .gref = io->data->gref[i], .first = (u8)first,
				       .last = (u8)(first + len - 1) };
	return len;
}

/* Canaries everywhere, and for a write the new pattern in the segments. */
static void fill_pages(struct blkio *io)
{
	u64 sector = io->sector;
	unsigned int i, s;

	for (i = 0; i < io->nr_segs; i++) {
		u64 *page = (u64 *)(io->data->va + (size_t)i * PAGE_BYTES);

		canary_fill(io->canary + i, page, PAGE_BYTES / sizeof(u64));
		for (s = io->seg[i].first; s <= io->seg[i].last; s++, sector++)
			if (io->op != BLK_READ)
				pattern_fill(io->area, sector, io->gen,
					     page + s * WORDS_PER_SECTOR);
	}
}

static void name_segments(struct blkio *io, bool indirect)
{
	struct blk_request *req = &io->req;
	unsigned int i, pages;

	if (!indirect) {
		req->op = io->op;
		memcpy(req->seg, io->seg, io->nr_segs * sizeof(*io->seg));
		return;
	}
	req->op = BLK_INDIRECT;
	req->inner_op = io->op;
	pages = (io->nr_segs + BLK_IND_PER_PAGE - 1) / BLK_IND_PER_PAGE;
	memset(io->ind->va, 0, (size_t)io->ind->nr * PAGE_BYTES);
	memcpy(io->ind->va, io->seg, io->nr_segs * sizeof(*io->seg));
	for (i = 0; i < pages; i++)
		req->ind_gref[i] = io->ind->gref[i];
}

u64 blkio_build(struct blkio *io, u8 op, u64 at, u64 nr, enum blkio_shape shape,
		bool indirect)
{
	unsigned int limit = indirect ? min(io->max_segs, io->blk->info.max_indirect) : BLK_SEGS;
	u64 done = 0;

	io->op = op;
	io->sector = io->area->first + at;
	io->nr_segs = 0;
	io->canary = rng_next(&io->blk->rng);
	io->req = (struct blk_request){ .op = op, .sector = io->sector };
	if (op == BLK_DISCARD) {
		io->req.nr_sectors = nr;
		done = nr;
	} else if (op != BLK_FLUSH) {
		limit = min(limit, io->max_segs);
		while (done < nr && io->nr_segs < limit)
			done += lay_segment(io, io->nr_segs++, nr - done, shape);
		io->req.nr_segs = (u16)io->nr_segs;
		io->nr = done;
		if (op != BLK_READ)
			io->gen = ++io->area->last_gen;
		fill_pages(io);
		name_segments(io, indirect);
	}
	io->nr = done;
	return done;
}

static void look_at_sector(struct blkio *io, u64 sector, const u64 *data, int status)
{
	struct check *chk = io->blk->dev->chk;
	u32 gen = io->op == BLK_READ ? io->area->gen[sector - io->area->first] : io->gen;

	/* A refused read may leave anything; a write must leave what fill_pages() wrote. */
	if (io->op == BLK_READ && (status != BLK_OK || !gen))
		return;
	check_that(chk, pattern_ok(io->area, sector, gen, data),
		   "%s: sector %llu, generation %u: wrong data (%016llx, expected %016llx)",
		   io->op == BLK_READ ? "read" : "page of a write changed",
		   (unsigned long long)sector, gen, (unsigned long long)data[0],
		   (unsigned long long)pattern_base(io->area, sector, gen));
}

static void look_at_pages(struct blkio *io, int status)
{
	struct check *chk = io->blk->dev->chk;
	u64 sector = io->sector;
	unsigned int i, s;

	for (i = 0; i < io->nr_segs; i++) {
		const u64 *page = (const u64 *)(io->data->va + (size_t)i * PAGE_BYTES);

		for (s = 0; s < SECTORS_PER_PAGE; s++, page += WORDS_PER_SECTOR) {
			if (s >= io->seg[i].first && s <= io->seg[i].last)
				look_at_sector(io, sector++, page, status);
			else
				check_that(chk, canary_ok(io->canary + i, page),
					   "segment %u of operation %u: bytes outside it changed (sector %u of its page)",
					   i, io->op, s);
		}
	}
	if (io->req.op == BLK_INDIRECT)
		check_that(chk, !memcmp(io->ind->va, io->seg, io->nr_segs * sizeof(*io->seg)),
			   "an indirect page was changed");
}

static void update_area(struct blkio *io, int status)
{
	u32 *gen = io->area->gen + (io->sector - io->area->first);
	u64 i;

	for (i = 0; i < io->nr; i++)
		gen[i] = io->op == BLK_DISCARD || status != BLK_OK ? 0 : io->gen;
}

void blkio_finish(struct blkio *io, int status)
{
	look_at_pages(io, status);
	if (io->op == BLK_WRITE || io->op == BLK_BARRIER || io->op == BLK_DISCARD)
		update_area(io, status);
}

bool blkio_do(struct blkio *io, struct blk_queue *q, u8 op, u64 at, u64 nr,
	      enum blkio_shape shape, bool indirect)
{
	struct check *chk = io->blk->dev->chk;
	int status;

	while (nr || op == BLK_FLUSH) {
		u64 done = blkio_build(io, op, at, nr, shape, indirect);

		status = blk_call(q, &io->req);
		if (status == -ETIMEDOUT || status == -EPROTO)
			return false;
		blkio_finish(io, status);
		if (!check_that(chk, status == BLK_OK,
				"operation %u, sector %llu, %llu sectors in %u segments: status %d",
				op, (unsigned long long)io->sector, (unsigned long long)done,
				io->nr_segs, status))
			return false;
		if (op == BLK_FLUSH)
			break;
		at += done;
		nr -= done;
	}
	return !chk->failed;
}

/* Sectors from @at on that are known, in whole blocks, @most at most. */
static u64 known_run(const struct blkio *io, u64 at, u64 most)
{
	u64 block = io->blk->info.sector_size / SECTOR_BYTES;
	u64 nr = 0;

	while (nr < most && at + nr < io->area->nr && io->area->gen[at + nr])
		nr++;
	return nr - nr % block;
}

bool blkio_verify_area(struct blkio *io, struct blk_queue *q)
{
	bool indirect = io->ind != NULL;
	u64 step = (u64)(indirect ? min(io->max_segs, io->blk->info.max_indirect) :
			 min(io->max_segs, BLK_SEGS)) * SECTORS_PER_PAGE;
	u64 block = io->blk->info.sector_size / SECTOR_BYTES;
	u64 at, nr;

	for (at = 0; at < io->area->nr; at += nr ?: block) {
		nr = known_run(io, at, step);
		if (nr && !blkio_do(io, q, BLK_READ, at, nr, BLKIO_PACKED, indirect))
			return false;
	}
	return true;
}
