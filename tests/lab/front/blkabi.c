// SPDX-License-Identifier: GPL-2.0-or-later
#include "blkabi.h"

#include <string.h>

/*
 * Byte offsets. A 64-bit peer aligns 64-bit fields to 8, a 32-bit x86 peer to
 * 4, which moves everything behind the first of them.
 */
static const struct layout {
	const char *name, *protocol;
	u8 slot, rsp;		/* sizes */
	u8 id, sector, segs;	/* read, write, barrier, flush */
	u8 nr_sectors;		/* discard; id and sector as above */
	u8 ind_handle, ind_grefs;	/* indirect; id and sector as above */
	u8 rsp_op, rsp_status;	/* response; its id is at 0 */
} layouts[BLK_NR_ABIS] = {
	[BLK_X86_64] = { "x86_64", "x86_64-abi", 112, 16, 8, 16, 24, 24, 24, 28, 8, 10 },
	[BLK_X86_32] = { "x86_32", "x86_32-abi", 108, 12, 4, 12, 20, 20, 20, 24, 8, 10 },
#if defined(__x86_64__)
	[BLK_NATIVE] = { "native", "x86_64-abi", 112, 16, 8, 16, 24, 24, 24, 28, 8, 10 },
#elif defined(__aarch64__)
	[BLK_NATIVE] = { "native", "arm-abi", 112, 16, 8, 16, 24, 24, 24, 28, 8, 10 },
#else
#error "write down this machine's layout"
#endif
};

const char *blk_abi_name(enum blk_abi abi)
{
	return layouts[abi].name;
}

const char *blk_abi_protocol(enum blk_abi abi)
{
	return layouts[abi].protocol;
}

u32 blk_abi_slot(enum blk_abi abi)
{
	return layouts[abi].slot;
}

u32 blk_abi_rsp(enum blk_abi abi)
{
	return layouts[abi].rsp;
}

u32 blk_abi_id(enum blk_abi abi)
{
	return layouts[abi].id;
}

u32 blk_abi_slots(enum blk_abi abi, u32 ring_bytes)
{
	u32 fit = (ring_bytes - BLK_RING_HEAD) / layouts[abi].slot;
	u32 slots = 1;

	while (slots * 2 <= fit)
		slots *= 2;
	return slots;
}

static void put(u8 *slot, u32 offset, const void *value, size_t len)
{
	memcpy(slot + offset, value, len);
}

void blk_abi_encode(enum blk_abi abi, const struct blk_request *req, u8 *slot)
{
	const struct layout *l = &layouts[abi];
	u8 nr_segs = (u8)req->nr_segs;

	memset(slot, 0, l->slot);
	slot[0] = req->op;
	put(slot, l->id, &req->id, 8);
	put(slot, l->sector, &req->sector, 8);

	switch (req->op) {
	case BLK_DISCARD:
		slot[1] = req->flag;
		put(slot, 2, &req->handle, 2);
		put(slot, l->nr_sectors, &req->nr_sectors, 8);
		break;
	case BLK_INDIRECT:
		slot[1] = req->inner_op;
		put(slot, 2, &req->nr_segs, 2);
		put(slot, l->ind_handle, &req->handle, 2);
		put(slot, l->ind_grefs, req->ind_gref, sizeof(req->ind_gref));
		break;
	default:
		slot[1] = nr_segs;
		put(slot, 2, &req->handle, 2);
		put(slot, l->segs, req->seg, sizeof(req->seg));
		break;
	}
}

struct blk_response blk_abi_decode(enum blk_abi abi, const u8 *slot)
{
	const struct layout *l = &layouts[abi];
	struct blk_response rsp;

	memcpy(&rsp.id, slot, 8);
	rsp.op = slot[l->rsp_op];
	memcpy(&rsp.status, slot + l->rsp_status, 2);
	return rsp;
}

bool blk_abi_rsp_defines(enum blk_abi abi, u32 byte)
{
	const struct layout *l = &layouts[abi];

	return byte < 8 || byte == l->rsp_op || byte == l->rsp_status ||
	       byte == l->rsp_status + 1u;
}
