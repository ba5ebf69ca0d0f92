/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verified I/O: every sector of a working area carries a pattern that names
 * its place, its generation and the run; every page lent to the backend is
 * filled with a canary first, so a byte outside the segments is noticed too.
 */
#ifndef FRONT_BLKIO_H
#define FRONT_BLKIO_H

#include "blk.h"

/* What the working area of a disk should contain. Survives reconnects. */
struct blkio_area {
	u64 first, nr;		/* 512-byte sectors */
	u64 seed;
	u32 *gen;		/* per sector: which write it holds; 0: not known */
	u32 last_gen;
};

void blkio_area_init(struct blkio_area *area, u64 first, u64 nr, u64 seed);
void blkio_area_fini(struct blkio_area *area);

/* How the sectors of one request are laid out in pages. */
enum blkio_shape {
	BLKIO_PACKED,		/* whole pages, as a file system does it */
	BLKIO_SCATTERED,	/* odd pieces at odd places of each page */
	BLKIO_NR_SHAPES
};

/* One read, write or barrier with its own pages; used for any number of requests in turn. */
struct blkio {
	struct blk *blk;
	struct blkio_area *area;
	struct xen_pages *data;		/* one page per segment */
	struct xen_pages *ind;		/* indirect pages; NULL if max_segs fits in a slot */
	unsigned int max_segs;

	struct blk_request req;
	struct blk_seg *seg;
	unsigned int nr_segs;
	u8 op;			/* BLK_READ, BLK_WRITE, BLK_BARRIER, BLK_FLUSH, BLK_DISCARD */
	u64 sector, nr;
	u32 gen;		/* of a write */
	u64 canary;
	bool busy;
};

void blkio_init(struct blkio *io, struct blk *blk, struct blkio_area *area,
		unsigned int max_segs);
void blkio_fini(struct blkio *io);

/*
 * Fills pages and request. @at counts from the start of the area; @nr sectors
 * have to fit in max_segs segments of the chosen shape; the return value is how
 * many sectors really fitted (at least one logical block).
 */
u64 blkio_build(struct blkio *io, u8 op, u64 at, u64 nr, enum blkio_shape shape,
		bool indirect);

/* Looks at the pages once answered; updates the area's generations. */
void blkio_finish(struct blkio *io, int status);

/* Build, send, wait, look. Complains unless the status is OK. */
bool blkio_do(struct blkio *io, struct blk_queue *q, u8 op, u64 at, u64 nr,
	      enum blkio_shape shape, bool indirect);

/* Reads every known sector of the area back. */
bool blkio_verify_area(struct blkio *io, struct blk_queue *q);

#endif
