/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The block protocol (Xen public headers, io/blkif.h): requests of all three
 * layouts are copied in, judged, and turned into one struct wire_blk_req.
 */
#ifndef WIRE_BLK_H
#define WIRE_BLK_H

#include "wire.h"

#define WIRE_BLK_SEGS		11u	/* segments inside a request slot */
#define WIRE_BLK_INDIRECT_PAGES	8u	/* grant references inside an indirect request */
#define WIRE_BLK_SEGS_PER_PAGE	512u	/* segment descriptors on one indirect page */
#define WIRE_BLK_MAX_SEGS	256u	/* what we offer as feature-max-indirect-segments */
#define WIRE_BLK_PAGE_SECTORS	8u	/* 512-byte sectors of one granted page */
#define WIRE_BLK_SLOT_MAX	112u	/* bytes of the largest request slot of any layout */
#define WIRE_BLK_RSP_MAX	16u	/* bytes of the largest response of any layout */

/*
 * Slot layouts. The two 64-bit ones are the same; x86_32 aligns 64-bit fields
 * to 4 bytes, so everything behind them moves.
 */
enum wire_blk_abi {
	WIRE_BLK_ABI_NATIVE,
	WIRE_BLK_ABI_X86_32,
	WIRE_BLK_ABI_X86_64,
	WIRE_BLK_NR_ABIS
};

/* Operations on the ring. 4 was a SCSI pass-through that never became public. */
enum wire_blk_op {
	WIRE_BLK_READ = 0,
	WIRE_BLK_WRITE = 1,
	WIRE_BLK_BARRIER = 2,
	WIRE_BLK_FLUSH = 3,
	WIRE_BLK_DISCARD = 5,
	WIRE_BLK_INDIRECT = 6,
};

/* Response status. */
enum wire_blk_status {
	WIRE_BLK_RSP_OK = 0,
	WIRE_BLK_RSP_ERROR = -1,
	WIRE_BLK_RSP_EOPNOTSUPP = -2,
};

#define WIRE_BLK_DISCARD_SECURE	1u	/* the only defined bit of a discard's flag byte */

/* One segment as the guest wrote it, 8 bytes, the same in every layout. */
struct wire_blk_seg {
	u32 gref;
	u8 first_sect;
	u8 last_sect;
	u16 pad;		/* indirect pages only; ignored */
};

/* What a request means. Filled by wire_blk_parse(); private memory of ours. */
struct wire_blk_req {
	u64 id;			/* the guest's, echoed in the response */
	u64 sector;		/* first 512-byte sector */
	u64 nr_sectors;		/* 512-byte sectors; an indirect request knows it later */
	u8 wire_op;		/* operation to echo; of an indirect request the inner one */
	u8 op;			/* what is to be done: never WIRE_BLK_INDIRECT */
	bool indirect;		/* segments are on the pages of indirect_grefs */
	bool secure;		/* discard: erase for good */
	u16 nr_segs;		/* 0..WIRE_BLK_SEGS, indirect 1..WIRE_BLK_MAX_SEGS */
	u16 nr_indirect;	/* pages that hold the segments */
	u32 indirect_grefs[WIRE_BLK_INDIRECT_PAGES];
	struct wire_blk_seg segs[WIRE_BLK_SEGS];
};

/* What this disk allows, as advertised to the frontend. */
struct wire_blk_limits {
	u64 capacity;		/* 512-byte sectors */
	u32 logical_block;	/* bytes, power of two, 512..4096 */
	u16 max_indirect_segs;	/* 0: indirect requests were not offered */
	bool readonly;
	bool flush;		/* feature-flush-cache */
	bool barrier;		/* feature-barrier */
	bool discard;		/* feature-discard */
	bool secure_discard;	/* discard-secure */
};

/* Size of one request slot (112, 108, 112 bytes) and of one response (16, 12, 16). */
u32 wire_blk_slot_size(enum wire_blk_abi abi);
u32 wire_blk_rsp_size(enum wire_blk_abi abi);

/*
 * Judges one slot (a private copy of wire_blk_slot_size() bytes) against the
 * disk's limits: operation, flags, counts, segments, alignment, range,
 * read-only. Never reads or follows anything outside @slot.
 *
 * @req->id and @req->wire_op are always set, so that a refusal can be
 * answered; the rest only on WIRE_OK. For an indirect request segments and
 * length are still unknown: map the pages, then wire_blk_parse_segs().
 */
enum wire_verdict wire_blk_parse(enum wire_blk_abi abi, const void *slot,
				 const struct wire_blk_limits *limits, struct wire_blk_req *req);

/*
 * Judges the segments of an indirect request: @segs is a private copy of
 * @req->nr_segs descriptors (see wire_copy_in()). On WIRE_OK sets
 * @req->nr_sectors; on refusal @req is untouched.
 */
enum wire_verdict wire_blk_parse_segs(const struct wire_blk_seg *segs,
				      const struct wire_blk_limits *limits,
				      struct wire_blk_req *req);

/*
 * Builds a response in @buf (WIRE_BLK_RSP_MAX bytes, zeroed first so that no
 * padding carries anything), returns its size for this layout.
 */
u32 wire_blk_response(enum wire_blk_abi abi, u64 id, u8 wire_op, enum wire_blk_status status,
		      void *buf);

/* The status that answers a refused request: EOPNOTSUPP or ERROR. */
enum wire_blk_status wire_blk_verdict_status(enum wire_verdict v);

/* "read", "write", "barrier", "flush", "discard", "indirect", or "unknown". */
const char *wire_blk_op_name(u8 op);

/*
 * The frontend's `protocol` node: "x86_32-abi", "x86_64-abi", and names of
 * this machine's own layout ("native", "arm-abi" on Arm). NULL (node absent)
 * means the layout 32-bit guests of old used on x86, and native elsewhere.
 * False and *@abi untouched for anything else.
 */
bool wire_blk_abi_from_protocol(const char *protocol, enum wire_blk_abi *abi);

#endif
