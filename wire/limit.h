/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A limit on how much of something passes in a second, with a burst. Pure
 * arithmetic on a clock the caller reads; not thread-safe.
 *
 * What passes makes the limit busy for as long as the rate says it takes. It
 * may be busy up to the burst ahead of the clock; beyond that one has to wait.
 * So one thing of any size gets through at some time, and the rate holds over
 * every stretch longer than the burst.
 */
#ifndef WIRE_LIMIT_H
#define WIRE_LIMIT_H

#include "wire.h"

#define WIRE_LIMIT_NS	1000000000ull	/* in a second */

struct wire_limit {
	u64 per_second;		/* 0: no limit */
	u64 burst_ns;
	u64 busy_until;		/* ns */
};

/* Sets a rate and forgets what has passed so far. */
void wire_limit_set(struct wire_limit *limit, u64 per_second, u64 burst_ns);

/* How many ns from @now until something may pass; 0: it may now. */
u64 wire_limit_wait(const struct wire_limit *limit, u64 now);

/* @amount passes at @now. */
void wire_limit_charge(struct wire_limit *limit, u64 now, u64 amount);

/*
 * What one gets of @all where it is not known how many will come, and @taken are
 * taken: at most @want (from 1), at most half of what is left, at least 1.
 */
u32 wire_limit_share(u32 want, u32 all, u32 taken);

#endif
