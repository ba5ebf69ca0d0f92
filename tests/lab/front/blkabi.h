/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block ring as bytes, in the three layouts, written down from Xen's
 * public header io/blkif.h. This is the peer's view and shares nothing with
 * the backend's own, so that a mistake there cannot hide behind the same
 * mistake here.
 */
#ifndef FRONT_BLKABI_H
#define FRONT_BLKABI_H

#include "util.h"

#define BLK_SEGS	11u	/* in a slot */
#define BLK_IND_PAGES	8u	/* grant references in an indirect request */
#define BLK_IND_PER_PAGE 512u	/* segments on one indirect page */
#define BLK_SLOT_MAX	112u
#define BLK_RING_HEAD	64u	/* bytes of the shared page in front of slot 0 */

enum blk_abi {
	BLK_NATIVE,
	BLK_X86_32,
	BLK_X86_64,
	BLK_NR_ABIS
};

enum blk_op {
	BLK_READ = 0,
	BLK_WRITE = 1,
	BLK_BARRIER = 2,
	BLK_FLUSH = 3,
	BLK_RESERVED = 4,
	BLK_DISCARD = 5,
	BLK_INDIRECT = 6,
};

enum blk_status {
	BLK_OK = 0,
	BLK_ERROR = -1,
	BLK_EOPNOTSUPP = -2,
};

#define BLK_DISCARD_SECURE 1u

/* The head of the shared ring. */
struct blk_ring_head {
	u32 req_prod, req_event;
	u32 rsp_prod, rsp_event;
	u8 private[48];
};

struct blk_seg {
	u32 gref;
	u8 first, last;		/* 512-byte sectors within the page, both inclusive */
	u16 pad;
};

struct blk_request {
	u8 op;
	u8 inner_op;		/* of an indirect request */
	u8 flag;		/* of a discard */
	u16 nr_segs;		/* one byte of it fits in a direct request */
	u16 handle;
	u64 id;
	u64 sector;
	u64 nr_sectors;		/* of a discard */
	struct blk_seg seg[BLK_SEGS];
	u32 ind_gref[BLK_IND_PAGES];
};

struct blk_response {
	u64 id;
	u8 op;
	int16_t status;
};

const char *blk_abi_name(enum blk_abi abi);	/* "native", "x86_32", "x86_64" */
const char *blk_abi_protocol(enum blk_abi abi);	/* value of the `protocol` node */
u32 blk_abi_slot(enum blk_abi abi);		/* bytes of a slot */
u32 blk_abi_rsp(enum blk_abi abi);		/* bytes of a response */
u32 blk_abi_id(enum blk_abi abi);		/* offset of a request's id */
u32 blk_abi_slots(enum blk_abi abi, u32 ring_bytes);	/* power of two */

/* Writes the request into @slot (blk_abi_slot() bytes), everything else zero. */
void blk_abi_encode(enum blk_abi abi, const struct blk_request *req, u8 *slot);

/* Reads a response out of private memory. */
struct blk_response blk_abi_decode(enum blk_abi abi, const u8 *slot);

/*
 * True for the bytes of a slot a response defines; all others have to be zero
 * (inside the response) or untouched (behind it).
 */
bool blk_abi_rsp_defines(enum blk_abi abi, u32 byte);

#endif
