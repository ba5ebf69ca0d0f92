// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any slot, any limits: what wire_blk_parse() and wire_blk_parse_segs() accept
 * is in bounds and allowed; what they refuse leaves the result alone; every
 * byte of a response has a reason.
 *
 * Input: layout, limit flags, log2 of the block / 512, 0, max_indirect_segs
 * (16 bits), capacity (64), the slot (112 bytes), descriptors of indirect
 * pages (8 bytes each).
 */
#include "fuzz.h"
#include "wire/blk.h"

enum {
	READONLY = 1, FLUSH = 2, BARRIER = 4, DISCARD = 8, SECURE = 16,
};

static struct wire_blk_limits take_limits(struct input *in)
{
	const uint8_t flags = input_u8(in);
	struct wire_blk_limits l = {
		.logical_block = 512u << (input_u8(in) % 4),
		.readonly = flags & READONLY,
		.flush = flags & FLUSH,
		.barrier = flags & BARRIER,
		.discard = flags & DISCARD,
		.secure_discard = flags & SECURE,
	};

	(void)input_u8(in);
	l.max_indirect_segs = input_u16(in);
	l.capacity = input_u64(in);
	return l;
}

static void check_extent(const struct wire_blk_req *req, const struct wire_blk_limits *l)
{
	const uint64_t block = l->logical_block / 512;

	CLAIM((unsigned __int128)req->sector + req->nr_sectors <= l->capacity);
	CLAIM(req->sector % block == 0);
	CLAIM(req->nr_sectors % block == 0);
}

static void check_segs(const struct wire_blk_seg *segs, const struct wire_blk_req *req)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < req->nr_segs; i++) {
		CLAIM(segs[i].first_sect <= segs[i].last_sect);
		CLAIM(segs[i].last_sect < 8);
		sum += 1u + segs[i].last_sect - segs[i].first_sect;
	}
	CLAIM(sum == req->nr_sectors);
}

static void check_accepted(const struct wire_blk_req *req, const struct wire_blk_limits *l)
{
	CLAIM(req->op == req->wire_op);
	CLAIM(req->op != WIRE_BLK_FLUSH || l->flush);
	CLAIM(req->op != WIRE_BLK_BARRIER || l->barrier);
	CLAIM(req->op != WIRE_BLK_DISCARD || l->discard);
	CLAIM(!req->secure || (req->op == WIRE_BLK_DISCARD && l->secure_discard));
	CLAIM(!l->readonly || req->op == WIRE_BLK_READ ||
	      (req->op == WIRE_BLK_FLUSH && !req->nr_segs));

	switch (req->op) {
	case WIRE_BLK_READ:
	case WIRE_BLK_WRITE:
		CLAIM(req->nr_segs >= 1);
		break;
	case WIRE_BLK_BARRIER:
	case WIRE_BLK_FLUSH:
		CLAIM(!req->indirect);
		break;
	case WIRE_BLK_DISCARD:
		CLAIM(!req->indirect && !req->nr_segs && req->nr_sectors);
		break;
	default:
		CLAIM(!"an operation that does not exist");
	}

	if (req->indirect) {
		CLAIM(req->nr_segs <= WIRE_BLK_MAX_SEGS && req->nr_segs <= l->max_indirect_segs);
		CLAIM(req->nr_indirect <= WIRE_BLK_INDIRECT_PAGES);
		CLAIM(req->nr_indirect * WIRE_BLK_SEGS_PER_PAGE >= req->nr_segs);
		CLAIM((req->nr_indirect - 1) * WIRE_BLK_SEGS_PER_PAGE < req->nr_segs);
		CLAIM(!req->nr_sectors);
	} else {
		CLAIM(req->nr_segs <= WIRE_BLK_SEGS && !req->nr_indirect);
		if (req->op != WIRE_BLK_DISCARD)
			check_segs(req->segs, req);
	}
	check_extent(req, l);
}

static void check_refused(const struct wire_blk_req *req, enum wire_verdict v)
{
	struct wire_blk_req expected;

	CLAIM(wire_is_reject(v));
	CLAIM(wire_blk_verdict_status(v) != WIRE_BLK_RSP_OK);
	memset(&expected, 0xa5, sizeof(expected));
	expected.id = req->id;
	expected.wire_op = req->wire_op;
	CLAIM(!memcmp(req, &expected, sizeof(expected)));
}

/* The indirect pages, if there were any. */
static void try_segs(struct input *in, const struct wire_blk_limits *limits,
		     struct wire_blk_req *req)
{
	struct wire_blk_seg *segs = malloc(req->nr_segs * sizeof(*segs));
	const struct wire_blk_req before = *req;
	enum wire_verdict v;

	input_take(in, segs, req->nr_segs * sizeof(*segs));
	v = wire_blk_parse_segs(segs, limits, req);
	if (v == WIRE_OK) {
		CLAIM(req->nr_sectors);
		check_segs(segs, req);
		check_extent(req, limits);
		req->nr_sectors = before.nr_sectors;
	} else {
		CLAIM(wire_is_reject(v));
	}
	CLAIM(!memcmp(req, &before, sizeof(before)));
	free(segs);
}

static void check_response(enum wire_blk_abi abi, const struct wire_blk_req *req,
			   enum wire_verdict v)
{
	const int16_t status = (int16_t)wire_blk_verdict_status(v);
	uint8_t expected[WIRE_BLK_RSP_MAX] = { 0 };
	uint8_t buf[WIRE_BLK_RSP_MAX];
	uint32_t len;

	memset(buf, 0xa5, sizeof(buf));
	len = wire_blk_response(abi, req->id, req->wire_op, status, buf);
	CLAIM(len == wire_blk_rsp_size(abi));
	memcpy(expected, &req->id, 8);
	expected[8] = req->wire_op;
	memcpy(expected + 10, &status, 2);
	CLAIM(!memcmp(buf, expected, sizeof(buf)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const enum wire_blk_abi abi = input_u8(&in) % WIRE_BLK_NR_ABIS;
	const struct wire_blk_limits limits = take_limits(&in);
	const uint32_t slot_size = wire_blk_slot_size(abi);
	uint8_t *slot = malloc(slot_size), *before = malloc(slot_size);
	struct wire_blk_req req;
	enum wire_verdict v;

	input_take(&in, slot, slot_size);
	memcpy(before, slot, slot_size);
	memset(&req, 0xa5, sizeof(req));
	v = wire_blk_parse(abi, slot, &limits, &req);
	CLAIM(!memcmp(slot, before, slot_size));
	CLAIM(req.wire_op == slot[slot[0] == WIRE_BLK_INDIRECT]);
	CLAIM(!memcmp(&req.id, slot + (abi == WIRE_BLK_ABI_X86_32 ? 4 : 8), 8));
	check_response(abi, &req, v);
	if (v != WIRE_OK) {
		check_refused(&req, v);
	} else {
		check_accepted(&req, &limits);
		if (req.indirect)
			try_segs(&in, &limits, &req);
	}
	free(before);
	free(slot);
	return 0;
}
