// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: a block request is accepted if and only if the protocol and the
 * disk's limits allow it; a refusal says why, and touches nothing but id and
 * operation. Each row runs in all three slot layouts, each refusal has a row,
 * and what is small enough is tried exhaustively (a user-space backend once
 * checked a count against 32 where the array had 11, and not at all whether
 * a segment stays in its page: XSA-513).
 */
#include "unit.h"

#include "blkslot.h"

#define CAPACITY	1000u
#define ID		0xfeedfacecafebeefu
#define GREF		0x1000u

/* What a row takes away from the full set, or asks for. */
enum {
	READONLY	= 1 << 0,
	NO_FLUSH	= 1 << 1,
	NO_BARRIER	= 1 << 2,
	NO_DISCARD	= 1 << 3,
	NO_SECURE	= 1 << 4,
	BLOCK_4K	= 1 << 5,
	NO_INDIRECT	= 1 << 6,
	INDIRECT_32	= 1 << 7,
	INDIRECT_64K	= 1 << 8,	/* limit above our own */
	DISK_HUGE	= 1 << 9,
	DISK_EMPTY	= 1 << 10,
};

static struct wire_blk_limits limits_of(unsigned int flags)
{
	struct wire_blk_limits l = {
		.capacity = CAPACITY,
		.logical_block = flags & BLOCK_4K ? 4096 : 512,
		.max_indirect_segs = WIRE_BLK_MAX_SEGS,
		.readonly = flags & READONLY,
		.flush = !(flags & NO_FLUSH),
		.barrier = !(flags & NO_BARRIER),
		.discard = !(flags & NO_DISCARD),
		.secure_discard = !(flags & NO_SECURE),
	};

	if (flags & NO_INDIRECT)
		l.max_indirect_segs = 0;
	if (flags & INDIRECT_32)
		l.max_indirect_segs = 32;
	if (flags & INDIRECT_64K)
		l.max_indirect_segs = UINT16_MAX;
	if (flags & DISK_HUGE)
		l.capacity = UINT64_MAX;
	if (flags & DISK_EMPTY)
		l.capacity = 0;
	return l;
}

struct seg {
	u8 first, last;
};

/* ---- read, write, barrier, flush ------------------------------------------------------------------ */

struct direct_row {
	const char *name;
	unsigned int flags;
	u8 op;
	u8 nr;
	u64 sector;
	struct seg segs[WIRE_BLK_SEGS];
	enum wire_verdict verdict;
	u64 nr_sectors;
};

#define PAGE	{ 0, 7 }
#define PAGES11	{ PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE }

static const struct direct_row direct_rows[] = {
	/* Accepted. */
	{ "read, one page", 0, WIRE_BLK_READ, 1, 0, { PAGE }, WIRE_OK, 8 },
	{ "write, one page", 0, WIRE_BLK_WRITE, 1, 0, { PAGE }, WIRE_OK, 8 },
	{ "read, one sector", 0, WIRE_BLK_READ, 1, 5, { { 0, 0 } }, WIRE_OK, 1 },
	{ "read, last sector of a page", 0, WIRE_BLK_READ, 1, 5, { { 7, 7 } }, WIRE_OK, 1 },
	{ "read, the middle of a page", 0, WIRE_BLK_READ, 1, 5, { { 2, 4 } }, WIRE_OK, 3 },
	{ "read, full slot", 0, WIRE_BLK_READ, 11, 0, PAGES11, WIRE_OK, 88 },
	{ "write, full slot", 0, WIRE_BLK_WRITE, 11, 0, PAGES11, WIRE_OK, 88 },
	{ "read, up to the last sector", 0, WIRE_BLK_READ, 1, CAPACITY - 8, { PAGE }, WIRE_OK, 8 },
	{ "write, only the last sector", 0, WIRE_BLK_WRITE, 1, CAPACITY - 1, { { 3, 3 } }, WIRE_OK, 1 },
	{ "barrier with data", 0, WIRE_BLK_BARRIER, 1, 8, { PAGE }, WIRE_OK, 8 },
	{ "barrier, empty", 0, WIRE_BLK_BARRIER, 0, 0, { }, WIRE_OK, 0 },
	{ "flush, empty", 0, WIRE_BLK_FLUSH, 0, 0, { }, WIRE_OK, 0 },
	{ "flush, empty, nonsense sector", 0, WIRE_BLK_FLUSH, 0, UINT64_MAX, { }, WIRE_OK, 0 },
	{ "barrier, empty, nonsense sector", 0, WIRE_BLK_BARRIER, 0, UINT64_MAX, { }, WIRE_OK, 0 },
	{ "flush with data", 0, WIRE_BLK_FLUSH, 2, 8, { PAGE, PAGE }, WIRE_OK, 16 },
	{ "read from a read-only disk", READONLY, WIRE_BLK_READ, 1, 0, { PAGE }, WIRE_OK, 8 },
	{ "flush, empty, read-only disk", READONLY, WIRE_BLK_FLUSH, 0, 0, { }, WIRE_OK, 0 },
	{ "4k blocks, one page", BLOCK_4K, WIRE_BLK_READ, 1, 8, { PAGE }, WIRE_OK, 8 },
	{ "4k blocks, one block over two pages", BLOCK_4K, WIRE_BLK_WRITE, 2, 16,
	  { { 3, 7 }, { 0, 2 } }, WIRE_OK, 8 },
	{ "the end of the largest disk", DISK_HUGE, WIRE_BLK_READ, 1, UINT64_MAX - 8, { PAGE },
	  WIRE_OK, 8 },

	/* Operation. */
	{ "reserved operation 4", 0, 4, 1, 0, { PAGE }, WIRE_REJECT_OP, 0 },
	{ "operation 7", 0, 7, 1, 0, { PAGE }, WIRE_REJECT_OP, 0 },
	{ "operation 255", 0, 255, 1, 0, { PAGE }, WIRE_REJECT_OP, 0 },
	{ "flush not offered", NO_FLUSH, WIRE_BLK_FLUSH, 0, 0, { }, WIRE_REJECT_UNSUPPORTED, 0 },
	{ "barrier not offered", NO_BARRIER, WIRE_BLK_BARRIER, 1, 0, { PAGE },
	  WIRE_REJECT_UNSUPPORTED, 0 },

	/* Count. */
	{ "read of nothing", 0, WIRE_BLK_READ, 0, 0, { }, WIRE_REJECT_COUNT, 0 },
	{ "write of nothing", 0, WIRE_BLK_WRITE, 0, 0, { }, WIRE_REJECT_COUNT, 0 },
	{ "read, 12 segments", 0, WIRE_BLK_READ, 12, 0, PAGES11, WIRE_REJECT_COUNT, 0 },
	{ "write, 32 segments", 0, WIRE_BLK_WRITE, 32, 0, PAGES11, WIRE_REJECT_COUNT, 0 },
	{ "barrier, 12 segments", 0, WIRE_BLK_BARRIER, 12, 0, PAGES11, WIRE_REJECT_COUNT, 0 },
	{ "flush, 255 segments", 0, WIRE_BLK_FLUSH, 255, 0, PAGES11, WIRE_REJECT_COUNT, 0 },

	/* Read-only. */
	{ "write, read-only disk", READONLY, WIRE_BLK_WRITE, 1, 0, { PAGE },
	  WIRE_REJECT_READONLY, 0 },
	{ "barrier, read-only disk", READONLY, WIRE_BLK_BARRIER, 1, 0, { PAGE },
	  WIRE_REJECT_READONLY, 0 },
	{ "barrier, empty, read-only disk", READONLY, WIRE_BLK_BARRIER, 0, 0, { },
	  WIRE_REJECT_READONLY, 0 },
	{ "flush with data, read-only disk", READONLY, WIRE_BLK_FLUSH, 1, 0, { PAGE },
	  WIRE_REJECT_READONLY, 0 },

	/* Segments. */
	{ "reversed segment", 0, WIRE_BLK_READ, 1, 0, { { 5, 4 } }, WIRE_REJECT_SEGMENT, 0 },
	{ "segment ends behind its page", 0, WIRE_BLK_WRITE, 1, 0, { { 0, 8 } },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "segment outside its page", 0, WIRE_BLK_READ, 1, 0, { { 255, 255 } },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "last of 11 segments bad", 0, WIRE_BLK_READ, 11, 0,
	  { PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, { 7, 0 } },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "bad segment of a flush", 0, WIRE_BLK_FLUSH, 1, 0, { { 1, 0 } }, WIRE_REJECT_SEGMENT, 0 },
	{ "bad segment of a barrier", 0, WIRE_BLK_BARRIER, 2, 0, { PAGE, { 1, 9 } },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "bad segment behind the count", 0, WIRE_BLK_READ, 1, 0, { PAGE, { 9, 1 } }, WIRE_OK, 8 },

	/* Alignment. */
	{ "4k blocks, start between blocks", BLOCK_4K, WIRE_BLK_READ, 1, 4, { PAGE },
	  WIRE_REJECT_ALIGN, 0 },
	{ "4k blocks, one sector", BLOCK_4K, WIRE_BLK_WRITE, 1, 8, { { 0, 0 } },
	  WIRE_REJECT_ALIGN, 0 },
	{ "4k blocks, a block and a half", BLOCK_4K, WIRE_BLK_READ, 2, 8, { PAGE, { 0, 3 } },
	  WIRE_REJECT_ALIGN, 0 },

	/* Range. */
	{ "read, one sector past the end", 0, WIRE_BLK_READ, 1, CAPACITY - 7, { PAGE },
	  WIRE_REJECT_RANGE, 0 },
	{ "read at the end", 0, WIRE_BLK_READ, 1, CAPACITY, { { 0, 0 } }, WIRE_REJECT_RANGE, 0 },
	{ "write behind the end", 0, WIRE_BLK_WRITE, 1, CAPACITY + 1, { { 0, 0 } },
	  WIRE_REJECT_RANGE, 0 },
	{ "write, sum wraps to 0", 0, WIRE_BLK_WRITE, 1, UINT64_MAX - 7, { PAGE },
	  WIRE_REJECT_RANGE, 0 },
	{ "read, sum wraps into the disk", 0, WIRE_BLK_READ, 2, UINT64_MAX - 7, { PAGE, PAGE },
	  WIRE_REJECT_RANGE, 0 },
	{ "flush with data past the end", 0, WIRE_BLK_FLUSH, 1, CAPACITY, { PAGE },
	  WIRE_REJECT_RANGE, 0 },
	{ "barrier past the end", 0, WIRE_BLK_BARRIER, 1, CAPACITY, { PAGE }, WIRE_REJECT_RANGE, 0 },
	{ "largest sector, largest disk", DISK_HUGE, WIRE_BLK_READ, 1, UINT64_MAX, { { 0, 0 } },
	  WIRE_REJECT_RANGE, 0 },
	{ "read from an empty disk", DISK_EMPTY, WIRE_BLK_READ, 1, 0, { { 0, 0 } },
	  WIRE_REJECT_RANGE, 0 },

	/* Which refusal, when there are several reasons. */
	{ "not offered before count", NO_FLUSH, WIRE_BLK_FLUSH, 12, 0, { }, WIRE_REJECT_UNSUPPORTED, 0 },
	{ "count before read-only", READONLY, WIRE_BLK_WRITE, 12, 0, { }, WIRE_REJECT_COUNT, 0 },
	{ "read-only before segment", READONLY, WIRE_BLK_WRITE, 1, 0, { { 9, 0 } },
	  WIRE_REJECT_READONLY, 0 },
	{ "segment before alignment", BLOCK_4K, WIRE_BLK_READ, 1, 1, { { 9, 0 } },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "alignment before range", BLOCK_4K, WIRE_BLK_READ, 1, CAPACITY + 1, { PAGE },
	  WIRE_REJECT_ALIGN, 0 },
};

/* All but id and operation must be as before. */
static void assert_untouched(const struct wire_blk_req *req)
{
	struct wire_blk_req expected;

	memset(&expected, 0xa5, sizeof(expected));
	expected.id = req->id;
	expected.wire_op = req->wire_op;
	assert_memory_equal(req, &expected, sizeof(expected));
}

static void parse_direct_in(enum wire_blk_abi abi, const struct direct_row *row)
{
	const struct wire_blk_limits limits = limits_of(row->flags);
	struct wire_blk_req req;
	u8 *slot = malloc(wire_blk_slot_size(abi));	/* exact: ASan sees a read behind it */

	memset(slot, 0xee, wire_blk_slot_size(abi));
	memset(&req, 0xa5, sizeof(req));
	blkslot_rw(abi, slot, row->op, row->nr, ID, row->sector);
	for (u32 i = 0; i < WIRE_BLK_SEGS; i++)
		blkslot_seg(abi, slot, i, GREF + i, row->segs[i].first, row->segs[i].last);

	assert_string_equal(wire_verdict_name(wire_blk_parse(abi, slot, &limits, &req)),
			    wire_verdict_name(row->verdict));
	assert_int_equal(req.id, ID);
	assert_int_equal(req.wire_op, row->op);
	if (row->verdict != WIRE_OK) {
		assert_untouched(&req);
	} else {
		assert_int_equal(req.op, row->op);
		assert_int_equal(req.nr_segs, row->nr);
		assert_int_equal(req.nr_sectors, row->nr_sectors);
		assert_int_equal(req.sector, row->nr ? row->sector : 0);
		assert_false(req.indirect);
		assert_false(req.secure);
		assert_int_equal(req.nr_indirect, 0);
		for (u32 i = 0; i < row->nr; i++) {
			assert_int_equal(req.segs[i].gref, GREF + i);
			assert_int_equal(req.segs[i].first_sect, row->segs[i].first);
			assert_int_equal(req.segs[i].last_sect, row->segs[i].last);
		}
		assert_true(unit_all_bytes(req.segs + row->nr, 0,
					   (WIRE_BLK_SEGS - row->nr) * sizeof(req.segs[0])));
	}
	free(slot);
}

static void parse_direct(void **state)
{
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++)
		parse_direct_in(abi, *state);
}

/* ---- discard -------------------------------------------------------------------------------------- */

struct discard_row {
	const char *name;
	unsigned int flags;
	u8 flag;
	u64 sector;
	u64 nr_sectors;
	enum wire_verdict verdict;
};

static const struct discard_row discard_rows[] = {
	{ "one sector", 0, 0, 7, 1, WIRE_OK },
	{ "whole disk", 0, 0, 0, CAPACITY, WIRE_OK },
	{ "last sector", 0, 0, CAPACITY - 1, 1, WIRE_OK },
	{ "secure", 0, WIRE_BLK_DISCARD_SECURE, 8, 8, WIRE_OK },
	{ "ordinary, secure not offered", NO_SECURE, 0, 8, 8, WIRE_OK },
	{ "4k blocks", BLOCK_4K, 0, 8, 16, WIRE_OK },
	{ "all of the largest disk", DISK_HUGE, 0, 0, UINT64_MAX, WIRE_OK },

	{ "not offered", NO_DISCARD, 0, 0, 8, WIRE_REJECT_UNSUPPORTED },
	{ "secure not offered", NO_SECURE, WIRE_BLK_DISCARD_SECURE, 0, 8, WIRE_REJECT_UNSUPPORTED },
	{ "undefined flag 2", 0, 2, 0, 8, WIRE_REJECT_FLAGS },
	{ "undefined flag beside secure", 0, 3, 0, 8, WIRE_REJECT_FLAGS },
	{ "undefined flag 0x80", 0, 0x80, 0, 8, WIRE_REJECT_FLAGS },
	{ "read-only disk", READONLY, 0, 0, 8, WIRE_REJECT_READONLY },
	{ "secure, read-only disk", READONLY, WIRE_BLK_DISCARD_SECURE, 0, 8, WIRE_REJECT_READONLY },
	{ "nothing", 0, 0, 0, 0, WIRE_REJECT_LEN },
	{ "4k blocks, start between blocks", BLOCK_4K, 0, 1, 8, WIRE_REJECT_ALIGN },
	{ "4k blocks, odd length", BLOCK_4K, 0, 8, 9, WIRE_REJECT_ALIGN },
	{ "one sector too many", 0, 0, 0, CAPACITY + 1, WIRE_REJECT_RANGE },
	{ "behind the end", 0, 0, CAPACITY, 1, WIRE_REJECT_RANGE },
	{ "length of 2^64 - 1", 0, 0, 1, UINT64_MAX, WIRE_REJECT_RANGE },
	{ "sum wraps to 0", 0, 0, UINT64_MAX - 7, 8, WIRE_REJECT_RANGE },
	{ "sum wraps into the disk", 0, 0, UINT64_MAX - 7, 16, WIRE_REJECT_RANGE },
	{ "not offered before flags", NO_DISCARD, 0xff, 0, 8, WIRE_REJECT_UNSUPPORTED },
	{ "flags before read-only", READONLY, 0xff, 0, 8, WIRE_REJECT_FLAGS },
};

static void parse_discard_in(enum wire_blk_abi abi, const struct discard_row *row)
{
	const struct wire_blk_limits limits = limits_of(row->flags);
	struct wire_blk_req req;
	u8 *slot = malloc(wire_blk_slot_size(abi));

	memset(slot, 0xee, wire_blk_slot_size(abi));
	memset(&req, 0xa5, sizeof(req));
	blkslot_discard(abi, slot, row->flag, ID, row->sector, row->nr_sectors);

	assert_string_equal(wire_verdict_name(wire_blk_parse(abi, slot, &limits, &req)),
			    wire_verdict_name(row->verdict));
	assert_int_equal(req.id, ID);
	assert_int_equal(req.wire_op, WIRE_BLK_DISCARD);
	if (row->verdict != WIRE_OK) {
		assert_untouched(&req);
	} else {
		assert_int_equal(req.op, WIRE_BLK_DISCARD);
		assert_int_equal(req.sector, row->sector);
		assert_int_equal(req.nr_sectors, row->nr_sectors);
		assert_int_equal(req.secure, row->flag & WIRE_BLK_DISCARD_SECURE);
		assert_int_equal(req.nr_segs, 0);
		assert_false(req.indirect);
		assert_true(unit_all_bytes(req.segs, 0, sizeof(req.segs)));
	}
	free(slot);
}

static void parse_discard(void **state)
{
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++)
		parse_discard_in(abi, *state);
}

/* ---- indirect: the slot --------------------------------------------------------------------------- */

struct indirect_row {
	const char *name;
	unsigned int flags;
	u8 inner;
	u16 nr;
	u64 sector;
	enum wire_verdict verdict;
};

static const struct indirect_row indirect_rows[] = {
	{ "read, one segment", 0, WIRE_BLK_READ, 1, 0, WIRE_OK },
	{ "write, as many as offered", 0, WIRE_BLK_WRITE, 256, 8, WIRE_OK },
	{ "read, as many as offered (32)", INDIRECT_32, WIRE_BLK_READ, 32, 8, WIRE_OK },
	{ "read, read-only disk", READONLY, WIRE_BLK_READ, 12, 8, WIRE_OK },
	{ "our own limit under a larger one", INDIRECT_64K, WIRE_BLK_READ, 256, 8, WIRE_OK },

	{ "inner barrier", 0, WIRE_BLK_BARRIER, 1, 0, WIRE_REJECT_OP },
	{ "inner flush", 0, WIRE_BLK_FLUSH, 1, 0, WIRE_REJECT_OP },
	{ "inner 4", 0, 4, 1, 0, WIRE_REJECT_OP },
	{ "inner discard", 0, WIRE_BLK_DISCARD, 1, 0, WIRE_REJECT_OP },
	{ "inner indirect", 0, WIRE_BLK_INDIRECT, 1, 0, WIRE_REJECT_OP },
	{ "inner 255", 0, 255, 1, 0, WIRE_REJECT_OP },
	{ "not offered", NO_INDIRECT, WIRE_BLK_READ, 1, 0, WIRE_REJECT_UNSUPPORTED },
	{ "no segments", 0, WIRE_BLK_READ, 0, 0, WIRE_REJECT_COUNT },
	{ "one more than offered", 0, WIRE_BLK_WRITE, 257, 0, WIRE_REJECT_COUNT },
	{ "one more than offered (32)", INDIRECT_32, WIRE_BLK_READ, 33, 0, WIRE_REJECT_COUNT },
	{ "more than our arrays hold", INDIRECT_64K, WIRE_BLK_READ, 257, 0, WIRE_REJECT_COUNT },
	{ "65535 segments", INDIRECT_64K, WIRE_BLK_READ, 65535, 0, WIRE_REJECT_COUNT },
	{ "write, read-only disk", READONLY, WIRE_BLK_WRITE, 1, 0, WIRE_REJECT_READONLY },
	{ "4k blocks, start between blocks", BLOCK_4K, WIRE_BLK_READ, 1, 12, WIRE_REJECT_ALIGN },
	{ "begins behind the end", 0, WIRE_BLK_READ, 1, CAPACITY + 1, WIRE_REJECT_RANGE },
	{ "begins at 2^64 - 1", 0, WIRE_BLK_READ, 1, UINT64_MAX, WIRE_REJECT_RANGE },
};

static void parse_indirect_in(enum wire_blk_abi abi, const struct indirect_row *row)
{
	const struct wire_blk_limits limits = limits_of(row->flags);
	struct wire_blk_req req;
	u8 *slot = malloc(wire_blk_slot_size(abi));

	memset(slot, 0xee, wire_blk_slot_size(abi));
	memset(&req, 0xa5, sizeof(req));
	blkslot_indirect(abi, slot, row->inner, row->nr, ID, row->sector, GREF);

	assert_string_equal(wire_verdict_name(wire_blk_parse(abi, slot, &limits, &req)),
			    wire_verdict_name(row->verdict));
	assert_int_equal(req.id, ID);
	assert_int_equal(req.wire_op, row->inner);
	if (row->verdict != WIRE_OK) {
		assert_untouched(&req);
	} else {
		assert_int_equal(req.op, row->inner);
		assert_true(req.indirect);
		assert_int_equal(req.sector, row->sector);
		assert_int_equal(req.nr_sectors, 0);
		assert_int_equal(req.nr_segs, row->nr);
		assert_int_equal(req.nr_indirect, 1);
		assert_int_equal(req.indirect_grefs[0], GREF);
		assert_true(unit_all_bytes(req.segs, 0, sizeof(req.segs)));
	}
	free(slot);
}

static void parse_indirect(void **state)
{
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++)
		parse_indirect_in(abi, *state);
}

/* ---- indirect: the segments ----------------------------------------------------------------------- */

struct segs_row {
	const char *name;
	unsigned int flags;
	u16 nr;			/* all pages are whole ... */
	u64 sector;
	u16 odd;		/* ... but for this one */
	struct seg seg;
	enum wire_verdict verdict;
	u64 nr_sectors;
};

static const struct segs_row segs_rows[] = {
	{ "one page", 0, 1, 0, 0, PAGE, WIRE_OK, 8 },
	{ "one sector", 0, 1, 999, 0, { 6, 6 }, WIRE_OK, 1 },
	{ "12 pages", 0, 12, 8, 0, PAGE, WIRE_OK, 96 },
	{ "256 pages", DISK_HUGE, 256, 8, 0, PAGE, WIRE_OK, 2048 },
	{ "up to the end", 0, 125, 0, 0, PAGE, WIRE_OK, CAPACITY },
	{ "up to the end, odd length", 0, 125, 1, 124, { 0, 6 }, WIRE_OK, CAPACITY - 1 },

	{ "first reversed", 0, 12, 0, 0, { 4, 3 }, WIRE_REJECT_SEGMENT, 0 },
	{ "last leaves its page", 0, 12, 0, 11, { 0, 8 }, WIRE_REJECT_SEGMENT, 0 },
	{ "last of 256 outside its page", DISK_HUGE, 256, 0, 255, { 255, 255 },
	  WIRE_REJECT_SEGMENT, 0 },
	{ "4k blocks, odd length", BLOCK_4K, 12, 8, 5, { 0, 6 }, WIRE_REJECT_ALIGN, 0 },
	{ "one sector past the end", 0, 125, 1, 0, PAGE, WIRE_REJECT_RANGE, 0 },
	{ "far past the end", 0, 256, 0, 0, PAGE, WIRE_REJECT_RANGE, 0 },
	{ "sum wraps", DISK_HUGE, 256, UINT64_MAX - 7, 0, PAGE, WIRE_REJECT_RANGE, 0 },
	{ "at the end", 0, 1, CAPACITY, 0, { 0, 0 }, WIRE_REJECT_RANGE, 0 },
};

static void parse_segs(void **state)
{
	const struct segs_row *row = *state;
	const struct wire_blk_limits limits = limits_of(row->flags);
	struct wire_blk_seg *segs = calloc(row->nr, sizeof(*segs));
	struct wire_blk_req req, before;

	for (u32 i = 0; i < row->nr; i++)
		segs[i] = (struct wire_blk_seg){ .gref = GREF, .last_sect = 7, .pad = 0xffff };
	segs[row->odd].first_sect = row->seg.first;
	segs[row->odd].last_sect = row->seg.last;

	memset(&req, 0xa5, sizeof(req));
	req.op = WIRE_BLK_READ;
	req.indirect = true;
	req.nr_segs = row->nr;
	req.sector = row->sector;
	before = req;

	assert_string_equal(wire_verdict_name(wire_blk_parse_segs(segs, &limits, &req)),
			    wire_verdict_name(row->verdict));
	if (row->verdict == WIRE_OK)
		before.nr_sectors = row->nr_sectors;
	assert_memory_equal(&req, &before, sizeof(req));
	free(segs);
}

/* ---- whole spaces --------------------------------------------------------------------------------- */

/* Operations whose slots hold segments. */
static const u8 data_ops[] = { WIRE_BLK_READ, WIRE_BLK_WRITE, WIRE_BLK_BARRIER, WIRE_BLK_FLUSH };

static bool seg_is_good(u32 first, u32 last)
{
	return first <= last && last <= 7;
}

/*
 * Every pair of bytes as segment @at of a request of @nr: accepted exactly if
 * it stays in its page, and refused for the count if that is too large.
 */
static void try_all_pairs(enum wire_blk_abi abi, u8 op, u32 nr, u32 at, bool count_is_good)
{
	const struct wire_blk_limits limits = limits_of(0);
	const struct abi_offsets *o = blkslot_offsets(abi);
	u8 *slot = malloc(o->slot_size);
	u8 *pair = slot + o->seg + at * o->seg_size + o->seg_first;

	memset(slot, 0, o->slot_size);
	blkslot_rw(abi, slot, op, (u8)nr, ID, 8);
	for (u32 i = 0; i < WIRE_BLK_SEGS; i++)
		blkslot_seg(abi, slot, i, GREF, 1, 1);
	for (u32 first = 0; first < 256; first++) {
		for (u32 last = 0; last < 256; last++) {
			enum wire_verdict expected = WIRE_REJECT_COUNT;
			struct wire_blk_req req;
			enum wire_verdict v;

			if (count_is_good)
				expected = seg_is_good(first, last) ? WIRE_OK : WIRE_REJECT_SEGMENT;
			pair[0] = (u8)first;
			pair[1] = (u8)last;
			v = wire_blk_parse(abi, slot, &limits, &req);
			if (v != expected)
				fail_msg("op %u, %u segments, [%u] = %u..%u: %s", op, nr, at, first,
					 last, wire_verdict_name(v));
			if (v == WIRE_OK && req.nr_sectors != nr - 1 + last - first + 1)
				fail_msg("op %u, %u segments, [%u] = %u..%u: %llu sectors", op, nr,
					 at, first, last, (unsigned long long)req.nr_sectors);
		}
	}
	free(slot);
}

static void all_segments_in_all_positions(void **state)
{
	const enum wire_blk_abi abi = *(const enum wire_blk_abi *)*state;

	for (size_t i = 0; i < ARRAY_SIZE(data_ops); i++)
		for (u32 nr = 1; nr <= WIRE_BLK_SEGS; nr++)
			for (u32 at = 0; at < nr; at++)
				try_all_pairs(abi, data_ops[i], nr, at, true);
}

static void all_segments_with_all_bad_counts(void **state)
{
	const enum wire_blk_abi abi = *(const enum wire_blk_abi *)*state;

	for (size_t i = 0; i < ARRAY_SIZE(data_ops); i++) {
		if (data_ops[i] <= WIRE_BLK_WRITE)
			try_all_pairs(abi, data_ops[i], 0, 0, false);
		for (u32 nr = WIRE_BLK_SEGS + 1; nr < 256; nr++)
			try_all_pairs(abi, data_ops[i], nr, nr % WIRE_BLK_SEGS, false);
	}
}

/* Every pair as one indirect segment. */
static void all_indirect_segments(void **state)
{
	const struct wire_blk_limits limits = limits_of(0);
	struct wire_blk_seg *seg = calloc(1, sizeof(*seg));

	(void)state;
	for (u32 first = 0; first < 256; first++) {
		for (u32 last = 0; last < 256; last++) {
			struct wire_blk_req req = { .nr_segs = 1, .indirect = true };
			enum wire_verdict v;

			seg->first_sect = (u8)first;
			seg->last_sect = (u8)last;
			v = wire_blk_parse_segs(seg, &limits, &req);
			assert_int_equal(v == WIRE_OK, seg_is_good(first, last));
			assert_true(v == WIRE_OK || v == WIRE_REJECT_SEGMENT);
			assert_int_equal(req.nr_sectors, v == WIRE_OK ? last - first + 1 : 0);
		}
	}
	free(seg);
}

/* Every operation byte with every second byte (count, flag or inner operation). */
static void all_operations(void **state)
{
	const struct wire_blk_limits limits = limits_of(0);

	(void)state;
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++) {
		u8 *slot = calloc(1, wire_blk_slot_size(abi));

		for (u32 op = 0; op < 256; op++) {
			for (u32 second = 0; second < 256; second++) {
				struct wire_blk_req req;
				enum wire_verdict v;
				bool good = false;

				memset(slot, 0, wire_blk_slot_size(abi));
				if (op == WIRE_BLK_INDIRECT)
					blkslot_indirect(abi, slot, (u8)second, 3, ID, 8, GREF);
				else if (op == WIRE_BLK_DISCARD)
					blkslot_discard(abi, slot, (u8)second, ID, 8, 8);
				else
					blkslot_rw(abi, slot, (u8)op, (u8)second, ID, 8);

				switch (op) {
				case WIRE_BLK_READ:
				case WIRE_BLK_WRITE:
					good = second >= 1 && second <= 11;
					break;
				case WIRE_BLK_BARRIER:
				case WIRE_BLK_FLUSH:
					good = second <= 11;
					break;
				case WIRE_BLK_DISCARD:
				case WIRE_BLK_INDIRECT:
					good = second <= 1;
					break;
				}
				v = wire_blk_parse(abi, slot, &limits, &req);
				if ((v == WIRE_OK) != good || (v != WIRE_OK && !wire_is_reject(v)))
					fail_msg("op %u, second byte %u: %s", op, second,
						 wire_verdict_name(v));
				if (req.id != ID ||
				    req.wire_op != (op == WIRE_BLK_INDIRECT ? second : op))
					fail_msg("op %u, second byte %u: id or op lost", op, second);
			}
		}
		free(slot);
	}
}

/* Every 16-bit count of an indirect request under some limits. */
static void all_indirect_counts(void **state)
{
	static const u16 offered[] = { 0, 1, 11, 32, 255, 256, 257, 4096, 65535 };

	(void)state;
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++) {
		u8 *slot = calloc(1, wire_blk_slot_size(abi));

		for (size_t i = 0; i < ARRAY_SIZE(offered); i++) {
			struct wire_blk_limits limits = limits_of(0);

			limits.max_indirect_segs = offered[i];
			for (u32 nr = 0; nr < 65536; nr++) {
				enum wire_verdict expected = WIRE_REJECT_COUNT;
				struct wire_blk_req req;

				if (!offered[i])
					expected = WIRE_REJECT_UNSUPPORTED;
				else if (nr >= 1 && nr <= offered[i] && nr <= 256)
					expected = WIRE_OK;
				blkslot_indirect(abi, slot, WIRE_BLK_READ, (u16)nr, ID, 0, GREF);
				if (wire_blk_parse(abi, slot, &limits, &req) != expected)
					fail_msg("%u segments, %u offered", nr, offered[i]);
			}
		}
		free(slot);
	}
}

/* Sector ranges around every edge, against arithmetic too wide to overflow. */
static void all_edges(void **state)
{
	static const u64 edges[] = {
		0, 1, 7, 8, 9, 88, CAPACITY, 1u << 31, 1ull << 32, 1ull << 55, 1ull << 56,
		1ull << 63, UINT64_MAX - 88, UINT64_MAX - 8, UINT64_MAX,
	};
	static const u32 blocks[] = { 512, 1024, 2048, 4096 };

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(edges); c++)
	for (size_t s = 0; s < ARRAY_SIZE(edges); s++)
	for (size_t n = 0; n < ARRAY_SIZE(edges); n++)
	for (size_t b = 0; b < ARRAY_SIZE(blocks); b++)
	for (int d = -9; d <= 9; d++)
	for (int e = -9; e <= 9; e++) {
		struct wire_blk_limits limits = limits_of(0);
		const u64 sector = edges[s] + (u64)(int64_t)d;
		const u64 len = edges[n] + (u64)(int64_t)e;
		const u32 block = blocks[b] / 512;
		enum wire_verdict expected = WIRE_OK;
		u8 slot[WIRE_BLK_SLOT_MAX] = { 0 };
		struct wire_blk_req req;

		limits.capacity = edges[c];
		limits.logical_block = blocks[b];
		if (!len)
			expected = WIRE_REJECT_LEN;
		else if (sector % block || len % block)
			expected = WIRE_REJECT_ALIGN;
		else if ((unsigned __int128)sector + len > limits.capacity)
			expected = WIRE_REJECT_RANGE;
		blkslot_discard(WIRE_BLK_ABI_X86_64, slot, 0, ID, sector, len);
		if (wire_blk_parse(WIRE_BLK_ABI_X86_64, slot, &limits, &req) != expected)
			fail_msg("sector %#llx, length %#llx, capacity %#llx, block %u",
				 (unsigned long long)sector, (unsigned long long)len,
				 (unsigned long long)limits.capacity, blocks[b]);
	}
}

/* What a frontend may leave uninitialised decides nothing. */
static void unused_bytes_are_ignored(void **state)
{
	const struct wire_blk_limits limits = limits_of(0);

	(void)state;
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++) {
		for (u32 fill = 0; fill < 256; fill++) {
			u8 slot[WIRE_BLK_SLOT_MAX];
			struct wire_blk_req req;

			memset(slot, (int)fill, sizeof(slot));
			blkslot_rw(abi, slot, WIRE_BLK_FLUSH, 0, ID, 0);
			assert_int_equal(wire_blk_parse(abi, slot, &limits, &req), WIRE_OK);

			memset(slot, (int)fill, sizeof(slot));
			blkslot_rw(abi, slot, WIRE_BLK_READ, 1, ID, 0);
			blkslot_seg(abi, slot, 0, GREF, 0, 7);
			assert_int_equal(wire_blk_parse(abi, slot, &limits, &req), WIRE_OK);

			memset(slot, (int)fill, sizeof(slot));
			blkslot_discard(abi, slot, 0, ID, 8, 8);
			assert_int_equal(wire_blk_parse(abi, slot, &limits, &req), WIRE_OK);

			memset(slot, (int)fill, sizeof(slot));
			blkslot_indirect(abi, slot, WIRE_BLK_READ, 20, ID, 0, GREF);
			assert_int_equal(wire_blk_parse(abi, slot, &limits, &req), WIRE_OK);
		}
	}
}

/* ---- responses and words -------------------------------------------------------------------------- */

struct status_row {
	const char *name;
	enum wire_verdict verdict;
	enum wire_blk_status status;
};

static const struct status_row status_rows[] = {
	{ "ok", WIRE_OK, WIRE_BLK_RSP_OK },
	{ "more", WIRE_MORE, WIRE_BLK_RSP_ERROR },
	{ "op", WIRE_REJECT_OP, WIRE_BLK_RSP_EOPNOTSUPP },
	{ "flags", WIRE_REJECT_FLAGS, WIRE_BLK_RSP_ERROR },
	{ "count", WIRE_REJECT_COUNT, WIRE_BLK_RSP_ERROR },
	{ "segment", WIRE_REJECT_SEGMENT, WIRE_BLK_RSP_ERROR },
	{ "align", WIRE_REJECT_ALIGN, WIRE_BLK_RSP_ERROR },
	{ "range", WIRE_REJECT_RANGE, WIRE_BLK_RSP_ERROR },
	{ "len", WIRE_REJECT_LEN, WIRE_BLK_RSP_ERROR },
	{ "readonly", WIRE_REJECT_READONLY, WIRE_BLK_RSP_ERROR },
	{ "unsupported", WIRE_REJECT_UNSUPPORTED, WIRE_BLK_RSP_EOPNOTSUPP },
	{ "grant", WIRE_REJECT_GRANT, WIRE_BLK_RSP_ERROR },
	{ "budget", WIRE_REJECT_BUDGET, WIRE_BLK_RSP_ERROR },
	{ "prod", WIRE_FATAL_PROD, WIRE_BLK_RSP_ERROR },
	{ "index", WIRE_FATAL_INDEX, WIRE_BLK_RSP_ERROR },
};

static void verdict_status(void **state)
{
	const struct status_row *row = *state;

	assert_int_equal(wire_blk_verdict_status(row->verdict), row->status);
}

/* No byte of a response comes from anywhere but its three fields (XSA-216). */
static void response_bytes(void **state)
{
	static const enum wire_blk_status statuses[] = {
		WIRE_BLK_RSP_OK, WIRE_BLK_RSP_ERROR, WIRE_BLK_RSP_EOPNOTSUPP,
	};

	(void)state;
	for (u32 abi = 0; abi < WIRE_BLK_NR_ABIS; abi++) {
		for (u32 op = 0; op < 256; op++) {
			for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
				const struct abi_offsets *o = blkslot_offsets(abi);
				const int16_t status = (int16_t)statuses[i];
				u8 expected[WIRE_BLK_RSP_MAX] = { 0 };
				u8 *buf = malloc(WIRE_BLK_RSP_MAX);
				const u64 id = ID ^ op;
				u32 len;

				memset(buf, 0xa5, WIRE_BLK_RSP_MAX);
				memcpy(expected + o->rsp_id, &id, sizeof(id));
				expected[o->rsp_op] = (u8)op;
				memcpy(expected + o->rsp_status, &status, sizeof(status));
				len = wire_blk_response(abi, id, (u8)op, statuses[i], buf);
				assert_int_equal(len, o->rsp_size);
				assert_memory_equal(buf, expected, WIRE_BLK_RSP_MAX);
				free(buf);
			}
		}
	}
}

struct protocol_row {
	const char *name;	/* the node's text */
	bool good;
	enum wire_blk_abi abi;
};

static const struct protocol_row protocol_rows[] = {
	{ "x86_32-abi", true, WIRE_BLK_ABI_X86_32 },
	{ "x86_64-abi", true, WIRE_BLK_ABI_X86_64 },
	{ "native", true, WIRE_BLK_ABI_NATIVE },
#if defined(__aarch64__)
	{ "arm-abi", true, WIRE_BLK_ABI_NATIVE },
#else
	{ "arm-abi", false, 0 },
#endif
	{ "", false, 0 },
	{ "x86_32", false, 0 },
	{ "x86_32-abi ", false, 0 },
	{ " x86_32-abi", false, 0 },
	{ "x86_64-ab", false, 0 },
	{ "X86_64-ABI", false, 0 },
	{ "powerpc64-abi", false, 0 },
	{ "unspecified", false, 0 },
};

static void protocol(void **state)
{
	const struct protocol_row *row = *state;
	enum wire_blk_abi abi = WIRE_BLK_NR_ABIS;

	assert_int_equal(wire_blk_abi_from_protocol(row->name, &abi), row->good);
	assert_int_equal(abi, row->good ? row->abi : WIRE_BLK_NR_ABIS);
}

static void protocol_absent(void **state)
{
	enum wire_blk_abi abi = WIRE_BLK_NR_ABIS;

	(void)state;
	assert_true(wire_blk_abi_from_protocol(NULL, &abi));
#if defined(__x86_64__)
	assert_int_equal(abi, WIRE_BLK_ABI_X86_32);
#else
	assert_int_equal(abi, WIRE_BLK_ABI_NATIVE);
#endif
}

static void op_names(void **state)
{
	static const char *const names[] = {
		"read", "write", "barrier", "flush", "unknown", "discard", "indirect",
	};

	(void)state;
	for (u32 op = 0; op < 256; op++)
		assert_string_equal(wire_blk_op_name((u8)op),
				    op < ARRAY_SIZE(names) ? names[op] : "unknown");
}

/* Each verdict has one name of its own, a text, and exactly one grade. */
static void verdict_words(void **state)
{
	(void)state;
	for (int v = WIRE_OK; v < WIRE_NR_VERDICTS; v++) {
		const char *name = wire_verdict_name(v);
		const bool reject = strncmp(name, "reject-", 7) == 0;
		const bool fatal = strncmp(name, "fatal-", 6) == 0;

		assert_int_equal(wire_is_reject(v), reject);
		assert_int_equal(wire_is_fatal(v), fatal);
		assert_true(reject || fatal || v == WIRE_OK || v == WIRE_MORE);
		assert_true(strlen(wire_verdict_text(v)) > 0);
		assert_null(strchr(wire_verdict_text(v), '.'));
		for (int w = WIRE_OK; w < v; w++) {
			assert_string_not_equal(name, wire_verdict_name(w));
			assert_string_not_equal(wire_verdict_text(v), wire_verdict_text(w));
		}
	}
	assert_string_equal(wire_verdict_name(WIRE_NR_VERDICTS), "unknown");
	assert_string_equal(wire_verdict_name((enum wire_verdict)-1), "unknown");
	assert_string_equal(wire_verdict_text(WIRE_NR_VERDICTS), "unknown verdict");
}

int main(void)
{
	static const enum wire_blk_abi abis[] = {
		WIRE_BLK_ABI_NATIVE, WIRE_BLK_ABI_X86_32, WIRE_BLK_ABI_X86_64,
	};

	UNIT_ADD_TABLE(parse_direct, direct_rows);
	UNIT_ADD_TABLE(parse_discard, discard_rows);
	UNIT_ADD_TABLE(parse_indirect, indirect_rows);
	UNIT_ADD_TABLE(parse_segs, segs_rows);
	for (size_t i = 0; i < ARRAY_SIZE(abis); i++) {
		unit_add(all_segments_in_all_positions, &abis[i], "%s: %s",
			 "all_segments_in_all_positions", blkslot_abi_name(abis[i]));
		unit_add(all_segments_with_all_bad_counts, &abis[i], "%s: %s",
			 "all_segments_with_all_bad_counts", blkslot_abi_name(abis[i]));
	}
	UNIT_ADD(all_indirect_segments);
	UNIT_ADD(all_operations);
	UNIT_ADD(all_indirect_counts);
	UNIT_ADD(all_edges);
	UNIT_ADD(unused_bytes_are_ignored);
	UNIT_ADD_TABLE(verdict_status, status_rows);
	UNIT_ADD(response_bytes);
	UNIT_ADD_TABLE(protocol, protocol_rows);
	UNIT_ADD(protocol_absent);
	UNIT_ADD(op_names);
	UNIT_ADD(verdict_words);
	return unit_run("wire-blk");
}
