// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Rates with a burst: see limit.h. */
#include "limit.h"

void wire_limit_set(struct wire_limit *limit, u64 per_second, u64 burst_ns)
{
	limit->per_second = per_second;
	limit->burst_ns = burst_ns;
	limit->busy_until = 0;
}

u64 wire_limit_wait(const struct wire_limit *limit, u64 now)
{
	if (!limit->per_second || limit->busy_until <= now ||
	    limit->busy_until - now <= limit->burst_ns)
		return 0;
	return limit->busy_until - now - limit->burst_ns;
}

void wire_limit_charge(struct wire_limit *limit, u64 now, u64 amount)
{
	u64 from = limit->busy_until > now ? limit->busy_until : now;
	u64 ns;

	if (!limit->per_second)
		return;
	/* Whole seconds first: only the rest has to fit when it is multiplied. */
	if (!wire_mul_u64(amount / limit->per_second, WIRE_LIMIT_NS, &ns) ||
	    !wire_add_u64(from, ns, &from) ||
	    !wire_mul_u64(amount % limit->per_second, WIRE_LIMIT_NS, &ns) ||
	    !wire_add_u64(from, ns / limit->per_second, &from))
		from = ~0ull;
	limit->busy_until = from;
}

u32 wire_limit_share(u32 want, u32 all, u32 taken)
{
	u32 share = taken < all ? (all - taken) / 2 : 0;

	if (share > want)
		share = want;
	return share ? share : 1;
}
