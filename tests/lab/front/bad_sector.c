// SPDX-License-Identifier: GPL-2.0-or-later
/* H-15: where and how much. Every row ends in a refusal, and the disk goes on. */
#include "bad.h"

#include <stdlib.h>

/* A place on the disk, from a code that does not need to know its size. */
enum place {
	AT_END,			/* first sector that does not exist */
	ACROSS_END,		/* last block, two blocks long */
	AT_2_32_BEHIND,		/* end + 2^32 */
	AT_2_55,		/* in bytes: 2^64, that is 0 */
	AT_2_63,
	AT_2_64_LESS_8,		/* plus length: 0 */
	AT_2_64_LESS_1,
	AT_0,			/* fine in itself */
};

static u64 sector_at(const struct blk *blk, enum place place)
{
	u64 end = blk->info.sectors, block = blk->info.sector_size / SECTOR_BYTES;

	switch (place) {
	case AT_END:		return end;
	case ACROSS_END:	return end - block;
	case AT_2_32_BEHIND:	return end + (1ull << 32);
	case AT_2_55:		return 1ull << 55;
	case AT_2_63:		return 1ull << 63;
	case AT_2_64_LESS_8:	return -8ull;
	case AT_2_64_LESS_1:	return -1ull;
	default:		return 0;
	}
}

/* One page-sized segment per page, as many as asked for, all the same page. */
static void one_page_segs(struct bad *bad, struct blk_request *req, u16 nr)
{
	u16 i;

	req->nr_segs = nr;
	for (i = 0; i < nr && i < BLK_SEGS; i++)
		req->seg[i] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
}

static void direct_at(struct bad *bad, const struct bad_row *row, u8 op)
{
	struct blk_request req = { .op = op };

	if (!bad_connect(bad))
		return;
	req.sector = sector_at(bad->blk, (enum place)row->arg);
	one_page_segs(bad, &req, row->arg == ACROSS_END ? 2 : 1);
	bad_refused(bad, &req, "sector out of range");
}

static void read_at(struct bad *bad, const struct bad_row *row)
{
	direct_at(bad, row, BLK_READ);
}

static void write_at(struct bad *bad, const struct bad_row *row)
{
	direct_at(bad, row, BLK_WRITE);
}

static void indirect_at(struct bad *bad, u8 inner, u64 sector, u16 nr, const char *what)
{
	struct blk_request req = { .op = BLK_INDIRECT, .inner_op = inner, .nr_segs = nr,
				   .sector = sector };
	struct xen_pages *ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	struct blk_seg *seg = (struct blk_seg *)ind->va;
	u16 i;

	for (i = 0; i < nr; i++)
		seg[i] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	req.ind_gref[0] = ind->gref[0];
	bad_refused(bad, &req, what);
	xen_pages_free(ind);
}

static void indirect_write_at(struct bad *bad, const struct bad_row *row)
{
	u16 nr;

	if (!bad_connect(bad))
		return;
	nr = (u16)min(bad->blk->info.max_indirect, 256u);
	if (row->arg == ACROSS_END)	/* one page too many, after nr - 1 good ones */
		indirect_at(bad, BLK_WRITE, bad->blk->info.sectors - (nr - 1) * 8, nr,
			    "indirect write across the end");
	else
		indirect_at(bad, BLK_WRITE, sector_at(bad->blk, (enum place)row->arg), nr,
			    "indirect write out of range");
}

static void last_block_is_fine(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	u64 block;
	int status;

	(void)row;
	if (!bad_connect(bad))
		return;
	block = bad->blk->info.sector_size / SECTOR_BYTES;
	req.sector = bad->blk->info.sectors - block;
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = (u8)(block - 1) };
	status = blk_call(&bad->blk->queue[0], &req);
	check_that(bad->chk, status == BLK_OK, "the last block cannot be read: status %d", status);
}

/* Segment descriptors that make no sense: {first, last} in arg. */
#define SEG(first, last) ((u64)(first) << 8 | (last))

static void segment(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 2 };

	if (!bad_connect(bad))
		return;
	one_page_segs(bad, &req, 2);
	req.seg[1].first = (u8)(row->arg >> 8);
	req.seg[1].last = (u8)row->arg;
	if (!bad_refused(bad, &req, "bad segment (read)"))
		return;
	req.op = BLK_WRITE;
	bad_refused(bad, &req, "bad segment (write)");
}

static void count(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ };

	if (!bad_connect(bad))
		return;
	one_page_segs(bad, &req, (u16)row->arg);
	if (!bad_refused(bad, &req, "bad segment count (read)"))
		return;
	req.op = BLK_WRITE;
	bad_refused(bad, &req, "bad segment count (write)");
}

/* Half a block on a disk of 4096-byte blocks. */
static void unaligned(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ };

	if (!bad_connect(bad))
		return;
	if (bad->blk->info.sector_size == SECTOR_BYTES) {
		check_skip(bad->chk, "this disk has 512-byte blocks");
		return;
	}
	one_page_segs(bad, &req, 1);
	switch (row->arg) {
	case 0:
		req.sector = 1;
		break;
	case 1:
		req.seg[0].last = 0;
		break;
	case 2:			/* a sector short of a block */
		one_page_segs(bad, &req, 2);
		req.seg[0].last = 3;
		req.seg[1].last = 2;
		break;
	}
	if (!bad_refused(bad, &req, "unaligned read"))
		return;
	req.op = BLK_WRITE;
	bad_refused(bad, &req, "unaligned write");
}

/* Linux sends this for a buffer that is not aligned to the disk's blocks. */
static void split_block_is_fine(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ };
	int status;

	(void)row;
	if (!bad_connect(bad))
		return;
	one_page_segs(bad, &req, 2);
	req.seg[0].last = 3;
	req.seg[1].last = 3;
	status = blk_call(&bad->blk->queue[0], &req);
	check_that(bad->chk, status == BLK_OK, "a block in two pieces cannot be read: status %d",
		   status);
}

struct discard {
	enum place place;
	u64 nr;
	u8 flag;
};

static void discard(struct bad *bad, const struct bad_row *row)
{
	const struct discard *d = row->data;
	struct blk_request req = { .op = BLK_DISCARD, .nr_sectors = d->nr, .flag = d->flag };

	if (!bad_connect(bad))
		return;
	if (d->flag == BLK_DISCARD_SECURE && bad->blk->info.secure_discard) {
		check_skip(bad->chk, "this disk offers secure discard");
		return;
	}
	req.sector = sector_at(bad->blk, d->place);
	if (d->nr == UINT64_MAX - 1)	/* one block more than there is */
		req.nr_sectors = bad->blk->info.sectors + bad->blk->info.sector_size / SECTOR_BYTES;
	bad_refused(bad, &req, "bad discard");
}

static void unknown_op(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = (u8)row->arg };

	if (!bad_connect(bad))
		return;
	one_page_segs(bad, &req, 1);
	bad_refused(bad, &req, "unknown operation");
}

static const struct bad_row rows[] = {
	{ "last-block-is-fine", "H-15", last_block_is_fine, 0, NULL },
	{ "split-block-is-fine", "H-15", split_block_is_fine, 0, NULL },
	{ "read-at-end", "H-15", read_at, AT_END, NULL },
	{ "read-across-end", "H-15", read_at, ACROSS_END, NULL },
	{ "read-end-plus-2^32", "H-15", read_at, AT_2_32_BEHIND, NULL },
	{ "read-2^55", "H-15", read_at, AT_2_55, NULL },
	{ "read-2^63", "H-15", read_at, AT_2_63, NULL },
	{ "read-2^64-8", "H-15", read_at, AT_2_64_LESS_8, NULL },
	{ "read-2^64-1", "H-15", read_at, AT_2_64_LESS_1, NULL },
	{ "write-at-end", "H-15", write_at, AT_END, NULL },
	{ "write-across-end", "H-15", write_at, ACROSS_END, NULL },
	{ "write-2^55", "H-15", write_at, AT_2_55, NULL },
	{ "write-2^64-8", "H-15", write_at, AT_2_64_LESS_8, NULL },
	{ "indirect-write-at-end", "H-15", indirect_write_at, AT_END, NULL },
	{ "indirect-write-across-end", "H-15", indirect_write_at, ACROSS_END, NULL },
	{ "indirect-write-2^64-8", "H-15", indirect_write_at, AT_2_64_LESS_8, NULL },
	{ "segment-reversed", "H-15", segment, SEG(5, 4), NULL },
	{ "segment-last-8", "H-15", segment, SEG(0, 8), NULL },
	{ "segment-last-255", "H-15", segment, SEG(0, 255), NULL },
	{ "segment-first-8", "H-15", segment, SEG(8, 8), NULL },
	{ "segment-first-255-last-0", "H-15", segment, SEG(255, 0), NULL },
	{ "no-segments", "H-15", count, 0, NULL },
	{ "12-segments", "H-15", count, 12, NULL },
	{ "13-segments", "H-15", count, 13, NULL },
	{ "255-segments", "H-15", count, 255, NULL },
	{ "unaligned-start", "H-15", unaligned, 0, NULL },
	{ "unaligned-length", "H-15", unaligned, 1, NULL },
	{ "unaligned-pieces", "H-15", unaligned, 2, NULL },
	{ "discard-nothing", "H-15", discard, 0, &(struct discard){ AT_0, 0, 0 } },
	{ "discard-at-end", "H-15", discard, 0, &(struct discard){ AT_END, 8, 0 } },
	{ "discard-across-end", "H-15", discard, 0, &(struct discard){ ACROSS_END, 16, 0 } },
	{ "discard-disk-plus-1", "H-15", discard, 0,
	  &(struct discard){ AT_0, UINT64_MAX - 1, 0 } },
	{ "discard-2^63", "H-15", discard, 0, &(struct discard){ AT_0, 1ull << 63, 0 } },
	{ "discard-2^64-1", "H-15", discard, 0, &(struct discard){ AT_0, UINT64_MAX, 0 } },
	{ "discard-sum-is-0", "H-15", discard, 0, &(struct discard){ AT_2_64_LESS_8, 8, 0 } },
	{ "discard-2^55", "H-15", discard, 0, &(struct discard){ AT_0, 1ull << 55, 0 } },
	{ "discard-secure-not-offered", "H-15", discard, 0,
	  &(struct discard){ AT_0, 8, BLK_DISCARD_SECURE } },
	{ "discard-undefined-flags", "H-15", discard, 0, &(struct discard){ AT_0, 8, 0xfe } },
	{ "operation-4", "H-15", unknown_op, BLK_RESERVED, NULL },
	{ "operation-7", "H-15", unknown_op, 7, NULL },
	{ "operation-255", "H-15", unknown_op, 255, NULL },
};

const struct bad_group bad_sector = {
	"sector", "sectors, lengths and operations that make no sense", rows, ARRAY_SIZE(rows),
};

/* A disk opened with mode r: nothing may change it. */

static void readonly_op(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = (u8)row->arg, .nr_sectors = 8 };

	if (!vbd_readonly(bad->vbd)) {
		check_skip(bad->chk, "needs --mode r");
		return;
	}
	if (!bad_connect(bad))
		return;
	check_that(bad->chk, bad->blk->info.info & 4, "info %u does not say read-only",
		   bad->blk->info.info);
	rng_seed(&bad->rng, bad->chk->seed);
	*(u64 *)bad_page(bad)->va = rng_next(&bad->rng);
	if (req.op == BLK_INDIRECT) {
		indirect_at(bad, BLK_WRITE, 0, 200, "indirect write to a read-only disk");
		return;
	}
	if (req.op == BLK_DISCARD && row->data)
		req.flag = BLK_DISCARD_SECURE;
	if (!row->data || req.op == BLK_WRITE)
		one_page_segs(bad, &req, 1);
	bad_refused(bad, &req, "change of a read-only disk");
}

/* An empty flush changes nothing, and guests send it when they unmount. */
static void readonly_flush(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_FLUSH };
	int status;

	(void)row;
	if (!vbd_readonly(bad->vbd)) {
		check_skip(bad->chk, "needs --mode r");
		return;
	}
	if (!bad_connect(bad))
		return;
	status = blk_call(&bad->blk->queue[0], &req);
	check_that(bad->chk, status == BLK_OK, "flush of a read-only disk: status %d", status);
}

static const struct bad_row readonly_rows[] = {
	{ "write", "H-15", readonly_op, BLK_WRITE, NULL },
	{ "indirect-write", "H-15", readonly_op, BLK_INDIRECT, NULL },
	{ "barrier", "H-15", readonly_op, BLK_BARRIER, NULL },
	{ "barrier-without-data", "H-15", readonly_op, BLK_BARRIER, "" },
	{ "flush-with-data", "H-15", readonly_op, BLK_FLUSH, NULL },
	{ "flush-is-fine", "H-15", readonly_flush, 0, NULL },
	{ "discard", "H-15", readonly_op, BLK_DISCARD, NULL },
	{ "discard-secure", "H-15", readonly_op, BLK_DISCARD, "" },
};

const struct bad_group bad_readonly = {
	"readonly", "everything that would change a disk, sent to a read-only one",
	readonly_rows, ARRAY_SIZE(readonly_rows),
};
