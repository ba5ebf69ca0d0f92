/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frontend's request slots, written by the offsets of Xen's public headers
 * and not by ours.
 */
#ifndef BLKSLOT_H
#define BLKSLOT_H

#include <stdint.h>
#include <string.h>

#include "abi-offsets.h"
#include "wire/blk.h"

/* The public headers' layout for each of ours. */
static inline const struct abi_offsets *blkslot_offsets(enum wire_blk_abi abi)
{
	switch (abi) {
	case WIRE_BLK_ABI_X86_32:
		return &abi_x86_32;
	case WIRE_BLK_ABI_X86_64:
		return &abi_x86_64;
	default:
#if defined(__aarch64__)
		return &abi_arm64;
#else
		return &abi_x86_64;
#endif
	}
}

static inline const char *blkslot_abi_name(enum wire_blk_abi abi)
{
	static const char *const names[] = { "native", "x86_32", "x86_64" };

	return names[abi];
}

static inline void blkslot_put(void *slot, uint32_t at, const void *value, size_t len)
{
	memcpy((uint8_t *)slot + at, value, len);
}

static inline void blkslot_seg(enum wire_blk_abi abi, void *slot, uint32_t i, uint32_t gref,
			       uint8_t first, uint8_t last)
{
	const struct abi_offsets *o = blkslot_offsets(abi);
	const uint32_t at = o->seg + i * o->seg_size;

	blkslot_put(slot, at + o->seg_gref, &gref, sizeof(gref));
	blkslot_put(slot, at + o->seg_first, &first, sizeof(first));
	blkslot_put(slot, at + o->seg_last, &last, sizeof(last));
}

/* Read, write, barrier, flush; the segments come from blkslot_seg(). */
static inline void blkslot_rw(enum wire_blk_abi abi, void *slot, uint8_t op, uint8_t nr_segments,
			      uint64_t id, uint64_t sector)
{
	const struct abi_offsets *o = blkslot_offsets(abi);

	blkslot_put(slot, o->op, &op, sizeof(op));
	blkslot_put(slot, o->nr_segments, &nr_segments, sizeof(nr_segments));
	blkslot_put(slot, o->id, &id, sizeof(id));
	blkslot_put(slot, o->sector, &sector, sizeof(sector));
}

static inline void blkslot_discard(enum wire_blk_abi abi, void *slot, uint8_t flag, uint64_t id,
				   uint64_t sector, uint64_t nr_sectors)
{
	const struct abi_offsets *o = blkslot_offsets(abi);
	const uint8_t op = WIRE_BLK_DISCARD;

	blkslot_put(slot, o->discard_op, &op, sizeof(op));
	blkslot_put(slot, o->discard_flag, &flag, sizeof(flag));
	blkslot_put(slot, o->discard_id, &id, sizeof(id));
	blkslot_put(slot, o->discard_sector, &sector, sizeof(sector));
	blkslot_put(slot, o->discard_nr_sectors, &nr_sectors, sizeof(nr_sectors));
}

/* All eight grant references are written: @gref, @gref + 1 and so on. */
static inline void blkslot_indirect(enum wire_blk_abi abi, void *slot, uint8_t inner,
				    uint16_t nr_segments, uint64_t id, uint64_t sector,
				    uint32_t gref)
{
	const struct abi_offsets *o = blkslot_offsets(abi);
	const uint8_t op = WIRE_BLK_INDIRECT;

	blkslot_put(slot, o->indirect_op, &op, sizeof(op));
	blkslot_put(slot, o->indirect_inner, &inner, sizeof(inner));
	blkslot_put(slot, o->indirect_nr_segments, &nr_segments, sizeof(nr_segments));
	blkslot_put(slot, o->indirect_id, &id, sizeof(id));
	blkslot_put(slot, o->indirect_sector, &sector, sizeof(sector));
	for (uint32_t i = 0; i < WIRE_BLK_INDIRECT_PAGES; i++, gref++)
		blkslot_put(slot, o->indirect_grefs + i * sizeof(gref), &gref, sizeof(gref));
}

#endif
