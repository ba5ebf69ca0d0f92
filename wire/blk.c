// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The block protocol: see blk.h.
 *
 * A slot is a private copy here, but its contents are still the guest's word:
 * fields are taken out by offset, one layout beside the other.
 */
#include "blk.h"

/* Where things are in a slot. Offsets 0 to 3 are the same in every layout. */
#define AT_OP			0u
#define AT_NR_SEGS		1u	/* read, write, barrier, flush */
#define AT_FLAG			1u	/* discard */
#define AT_INDIRECT_OP		1u
#define AT_INDIRECT_NR_SEGS	2u	/* 16 bits */

struct layout {
	u8 id;
	u8 sector;
	u8 segs;
	u8 discard_nr_sectors;
	u8 indirect_grefs;
	u8 slot_size;
	u8 rsp_size;
};

static const struct layout layout_32 = {
	.id = 4,
	.sector = 12,
	.segs = 20,
	.discard_nr_sectors = 20,
	.indirect_grefs = 24,
	.slot_size = 108,
	.rsp_size = 12,
};

static const struct layout layout_64 = {
	.id = 8,
	.sector = 16,
	.segs = 24,
	.discard_nr_sectors = 24,
	.indirect_grefs = 28,
	.slot_size = 112,
	.rsp_size = 16,
};

/* Where things are in a response, in every layout. */
#define AT_RSP_ID		0u
#define AT_RSP_OP		8u
#define AT_RSP_STATUS		10u

static const struct layout *layout_of(enum wire_blk_abi abi)
{
#ifdef __i386__
	return abi == WIRE_BLK_ABI_X86_64 ? &layout_64 : &layout_32;
#else
	return abi == WIRE_BLK_ABI_X86_32 ? &layout_32 : &layout_64;
#endif
}

u32 wire_blk_slot_size(enum wire_blk_abi abi)
{
	return layout_of(abi)->slot_size;
}

u32 wire_blk_rsp_size(enum wire_blk_abi abi)
{
	return layout_of(abi)->rsp_size;
}

static u64 get_u64(const u8 *slot, u32 at)
{
	u64 v;

	memcpy(&v, slot + at, sizeof(v));
	return v;
}

static u16 get_u16(const u8 *slot, u32 at)
{
	u16 v;

	memcpy(&v, slot + at, sizeof(v));
	return v;
}

static bool op_is_known(u8 op)
{
	return op == WIRE_BLK_READ || op == WIRE_BLK_WRITE || op == WIRE_BLK_BARRIER ||
	       op == WIRE_BLK_FLUSH || op == WIRE_BLK_DISCARD;
}

static bool op_is_offered(u8 op, const struct wire_blk_limits *limits)
{
	switch (op) {
	case WIRE_BLK_BARRIER:
		return limits->barrier;
	case WIRE_BLK_FLUSH:
		return limits->flush;
	case WIRE_BLK_DISCARD:
		return limits->discard;
	default:
		return true;
	}
}

/* An empty flush changes nothing. An empty barrier orders writes, which there cannot be. */
static bool changes_disk(const struct wire_blk_req *req)
{
	return req->op != WIRE_BLK_READ && (req->op != WIRE_BLK_FLUSH || req->nr_segs);
}

static enum wire_verdict judge_extent(const struct wire_blk_limits *limits, u64 sector,
				      u64 nr_sectors)
{
	const u64 mask = limits->logical_block / WIRE_SECTOR_SIZE - 1;

	if ((sector | nr_sectors) & mask)
		return WIRE_REJECT_ALIGN;
	if (!wire_range_ok(sector, nr_sectors, limits->capacity))
		return WIRE_REJECT_RANGE;
	return WIRE_OK;
}

/*
 * Adds up the segments. One alone may be any part of a page: frontends split a
 * buffer that is not aligned to the logical block over two. Only the sum counts.
 */
static enum wire_verdict judge_segs(const struct wire_blk_seg *segs, u32 nr, u64 *nr_sectors)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (segs[i].first_sect > segs[i].last_sect ||
		    segs[i].last_sect >= WIRE_BLK_PAGE_SECTORS)
			return WIRE_REJECT_SEGMENT;
		sum += (u64)segs[i].last_sect - segs[i].first_sect + 1;
	}
	*nr_sectors = sum;
	return WIRE_OK;
}

static enum wire_verdict parse_discard(const struct layout *at, const u8 *slot,
				       const struct wire_blk_limits *limits,
				       struct wire_blk_req *req)
{
	const u8 flag = slot[AT_FLAG];

	if (flag & ~WIRE_BLK_DISCARD_SECURE)
		return WIRE_REJECT_FLAGS;
	if (flag && !limits->secure_discard)
		return WIRE_REJECT_UNSUPPORTED;
	if (limits->readonly)
		return WIRE_REJECT_READONLY;

	req->secure = flag & WIRE_BLK_DISCARD_SECURE;
	req->nr_sectors = get_u64(slot, at->discard_nr_sectors);
	if (!req->nr_sectors)
		return WIRE_REJECT_LEN;
	return judge_extent(limits, req->sector, req->nr_sectors);
}

static enum wire_verdict parse_indirect(const struct layout *at, const u8 *slot,
					const struct wire_blk_limits *limits,
					struct wire_blk_req *req)
{
	u32 max = limits->max_indirect_segs;

	if (max > WIRE_BLK_MAX_SEGS)
		max = WIRE_BLK_MAX_SEGS;
	req->indirect = true;
	req->op = req->wire_op;
	if (req->op != WIRE_BLK_READ && req->op != WIRE_BLK_WRITE)
		return WIRE_REJECT_OP;
	if (!max)
		return WIRE_REJECT_UNSUPPORTED;

	req->nr_segs = get_u16(slot, AT_INDIRECT_NR_SEGS);
	if (!req->nr_segs || req->nr_segs > max)
		return WIRE_REJECT_COUNT;
	if (limits->readonly && changes_disk(req))
		return WIRE_REJECT_READONLY;

	req->nr_indirect = (u16)((req->nr_segs + WIRE_BLK_SEGS_PER_PAGE - 1) /
				 WIRE_BLK_SEGS_PER_PAGE);
	memcpy(req->indirect_grefs, slot + at->indirect_grefs,
	       req->nr_indirect * sizeof(req->indirect_grefs[0]));

	/* Only where it begins: a hopeless one is not worth mapping its pages. */
	return judge_extent(limits, req->sector, 0);
}

static enum wire_verdict parse_direct(const struct layout *at, const u8 *slot,
				      const struct wire_blk_limits *limits,
				      struct wire_blk_req *req)
{
	const bool may_be_empty = req->op == WIRE_BLK_BARRIER || req->op == WIRE_BLK_FLUSH;
	enum wire_verdict v;

	req->nr_segs = slot[AT_NR_SEGS];
	if (req->nr_segs > WIRE_BLK_SEGS || (!req->nr_segs && !may_be_empty))
		return WIRE_REJECT_COUNT;
	if (limits->readonly && changes_disk(req))
		return WIRE_REJECT_READONLY;
	if (!req->nr_segs) {
		req->sector = 0;
		return WIRE_OK;
	}

	memcpy(req->segs, slot + at->segs, req->nr_segs * sizeof(req->segs[0]));
	v = judge_segs(req->segs, req->nr_segs, &req->nr_sectors);
	if (v != WIRE_OK)
		return v;
	return judge_extent(limits, req->sector, req->nr_sectors);
}

static enum wire_verdict parse_op(const struct layout *at, const u8 *slot,
				  const struct wire_blk_limits *limits, struct wire_blk_req *req)
{
	if (slot[AT_OP] == WIRE_BLK_INDIRECT)
		return parse_indirect(at, slot, limits, req);

	req->op = req->wire_op;
	if (!op_is_known(req->op))
		return WIRE_REJECT_OP;
	if (!op_is_offered(req->op, limits))
		return WIRE_REJECT_UNSUPPORTED;
	if (req->op == WIRE_BLK_DISCARD)
		return parse_discard(at, slot, limits, req);
	return parse_direct(at, slot, limits, req);
}

enum wire_verdict wire_blk_parse(enum wire_blk_abi abi, const void *slot,
				 const struct wire_blk_limits *limits, struct wire_blk_req *req)
{
	const struct layout *at = layout_of(abi);
	const u8 *bytes = slot;
	struct wire_blk_req r;
	enum wire_verdict v;

	memset(&r, 0, sizeof(r));
	/* An indirect request is answered as what it stands for: its second byte. */
	r.wire_op = bytes[AT_OP] == WIRE_BLK_INDIRECT ? bytes[AT_INDIRECT_OP] : bytes[AT_OP];
	r.id = get_u64(bytes, at->id);
	r.sector = get_u64(bytes, at->sector);
	v = parse_op(at, bytes, limits, &r);
	if (v == WIRE_OK) {
		*req = r;
	} else {
		req->id = r.id;
		req->wire_op = r.wire_op;
	}
	return v;
}

enum wire_verdict wire_blk_parse_segs(const struct wire_blk_seg *segs,
				      const struct wire_blk_limits *limits,
				      struct wire_blk_req *req)
{
	enum wire_verdict v;
	u64 nr_sectors;

	v = judge_segs(segs, req->nr_segs, &nr_sectors);
	if (v == WIRE_OK)
		v = judge_extent(limits, req->sector, nr_sectors);
	if (v == WIRE_OK)
		req->nr_sectors = nr_sectors;
	return v;
}

u32 wire_blk_response(enum wire_blk_abi abi, u64 id, u8 wire_op, enum wire_blk_status status,
		      void *buf)
{
	const u16 status16 = (u16)status;
	u8 *rsp = buf;

	memset(rsp, 0, WIRE_BLK_RSP_MAX);
	memcpy(rsp + AT_RSP_ID, &id, sizeof(id));
	rsp[AT_RSP_OP] = wire_op;
	memcpy(rsp + AT_RSP_STATUS, &status16, sizeof(status16));
	return layout_of(abi)->rsp_size;
}

enum wire_blk_status wire_blk_verdict_status(enum wire_verdict v)
{
	switch (v) {
	case WIRE_OK:
		return WIRE_BLK_RSP_OK;
	case WIRE_REJECT_OP:
	case WIRE_REJECT_UNSUPPORTED:
		return WIRE_BLK_RSP_EOPNOTSUPP;
	default:
		return WIRE_BLK_RSP_ERROR;
	}
}

const char *wire_blk_op_name(u8 op)
{
	switch (op) {
	case WIRE_BLK_READ:
		return "read";
	case WIRE_BLK_WRITE:
		return "write";
	case WIRE_BLK_BARRIER:
		return "barrier";
	case WIRE_BLK_FLUSH:
		return "flush";
	case WIRE_BLK_DISCARD:
		return "discard";
	case WIRE_BLK_INDIRECT:
		return "indirect";
	default:
		return "unknown";
	}
}

/* Names of layouts, as frontends of this kind of machine use them. */
static const struct {
	const char *name;
	enum wire_blk_abi abi;
} protocols[] = {
	{ "x86_64-abi", WIRE_BLK_ABI_X86_64 },
	{ "x86_32-abi", WIRE_BLK_ABI_X86_32 },
	{ "native", WIRE_BLK_ABI_NATIVE },
#if defined(__aarch64__) || defined(__arm__)
	{ "arm-abi", WIRE_BLK_ABI_NATIVE },
#endif
};

#if defined(__x86_64__) || defined(__i386__)
#define ABI_BY_DEFAULT	WIRE_BLK_ABI_X86_32
#else
#define ABI_BY_DEFAULT	WIRE_BLK_ABI_NATIVE
#endif

bool wire_blk_abi_from_protocol(const char *protocol, enum wire_blk_abi *abi)
{
	size_t i;

	if (!protocol) {
		*abi = ABI_BY_DEFAULT;
		return true;
	}
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (wire_text_equal(protocol, protocols[i].name)) {
			*abi = protocols[i].abi;
			return true;
		}
	}
	return false;
}
