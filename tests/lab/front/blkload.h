/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random verified load: many requests under way on all queues, every byte checked. */
#ifndef FRONT_BLKLOAD_H
#define FRONT_BLKLOAD_H

#include "blkio.h"

struct blkload_opts {
	unsigned int depth;	/* requests under way, over all queues */
	unsigned int max_segs;	/* per request */
	/* The rest is writes. */
	unsigned int percent_read, percent_flush, percent_barrier, percent_discard;
	u64 seconds;		/* 0: until *stop */
	u64 requests;		/* 0: no limit */
	/*
	 * What may fail: nothing; or exactly what touches these sectors of the
	 * disk, always; or anything, as long as it is answered.
	 */
	u64 bad_first, bad_nr;
	bool errors_allowed;
	bool disk_goes;		/* and does not come back: it is not read at the end */
	const volatile bool *stop;
	const char *announce;	/* printed once all memory is there and requests flow */
};

#define BLKLOAD_DEFAULT { .depth = 16, .max_segs = 32, .percent_read = 45, .percent_flush = 3, \
			  .percent_barrier = 2, .percent_discard = 2, .seconds = 5 }

struct blkload_result {
	u64 requests, bytes, errors;
	u64 longest_gap_ms;	/* between two answers while requests were under way */
	u64 ms;
};

/* Complains about what is wrong; true if all was right. */
bool blkload_run(struct blk *blk, struct blkio_area *area, const struct blkload_opts *opts,
		 struct blkload_result *result);

#endif
