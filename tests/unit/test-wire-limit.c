// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: over every stretch of time longer than the burst no more passes
 * than the rate says, nothing waits for ever, and no number overflows into a
 * short wait.
 */
#include "unit.h"

#include "wire/limit.h"

#define SEC	WIRE_LIMIT_NS
#define MS	1000000ull

struct step {
	u64 now, amount, wait;	/* before it passes */
};

static const struct {
	const char *name;
	u64 per_second, burst_ns;
	struct step steps[6];
} rows[] = {
	{ "no limit", 0, 0, { { 0, 1000, 0 }, { 0, UINT64_MAX, 0 }, { 0, 1, 0 } } },
	{ "no burst: each waits for the one before", 1000, 0,
	  { { 5 * SEC, 1, 0 }, { 5 * SEC, 1, MS }, { 5 * SEC + MS, 1, MS } } },
	{ "a burst of ten passes at once", 1000, 10 * MS,
	  { { SEC, 5, 0 }, { SEC, 5, 0 }, { SEC, 1, 0 }, { SEC, 1, MS }, { SEC + MS, 1, MS } } },
	{ "one larger than the burst passes and is paid for", 1000, 10 * MS,
	  { { SEC, 3000, 0 }, { SEC, 1, 3 * SEC - 10 * MS }, { 4 * SEC - 10 * MS, 1, MS } } },
	{ "idle time is not saved up", 1000, 10 * MS,
	  { { SEC, 10, 0 }, { 100 * SEC, 11, 0 }, { 100 * SEC, 1, MS } } },
	{ "a clock that stands before the limit's", 1000, 0,
	  { { 10 * SEC, 1, 0 }, { 9 * SEC, 1, SEC + MS } } },
	{ "faster than the clock's unit", 4 * SEC, 0,
	  { { SEC, 4, 0 }, { SEC, 3, 1 }, { SEC + 1, 1, 0 } } },
	{ "an amount that takes for ever", 1, 0,
	  { { SEC, UINT64_MAX, 0 }, { SEC, 1, UINT64_MAX - SEC } } },
	{ "a sum that takes for ever", 1, 0,
	  { { SEC, 10 * SEC, 0 }, { SEC, 10 * SEC, 10 * SEC * SEC },
	    { SEC, 1, UINT64_MAX - SEC } } },
	{ "a remainder too large to multiply", UINT64_MAX, 0,
	  { { SEC, UINT64_MAX - 1, 0 }, { SEC, 1, UINT64_MAX - SEC } } },
};

static void steps(void **state)
{
	const __typeof__(rows[0]) *row = *state;
	struct wire_limit limit = { .busy_until = 77 * SEC };

	wire_limit_set(&limit, row->per_second, row->burst_ns);
	for (size_t i = 0; i < ARRAY_SIZE(row->steps) && row->steps[i].amount; i++) {
		const struct step *s = &row->steps[i];

		assert_int_equal(wire_limit_wait(&limit, s->now), s->wait);
		wire_limit_charge(&limit, s->now, s->amount);
	}
}

/* The last place where a sum can overflow: the part of a second. */
static void the_last_second(void **state)
{
	struct wire_limit limit;

	(void)state;
	wire_limit_set(&limit, 1000, 0);
	wire_limit_charge(&limit, UINT64_MAX - MS / 2, 1);
	assert_int_equal(limit.busy_until, UINT64_MAX);
}

/* Greedy callers of random sizes, with random pauses: what got through fits the rate. */
static void rate_holds(void **state)
{
	u64 seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		const u64 rate = 1 + unit_random(&seed) % 1000000;
		const u64 burst = unit_random(&seed) % (2 * SEC);
		u64 now = SEC, passed = 0, largest = 0;
		struct wire_limit limit;

		wire_limit_set(&limit, rate, burst);
		for (unsigned int i = 0; i < 1000; i++) {
			const u64 amount = 1 + unit_random(&seed) % (rate / 10 + 1);
			const u64 wait = wire_limit_wait(&limit, now);

			now += wait;
			assert_int_equal(wire_limit_wait(&limit, now), 0);
			wire_limit_charge(&limit, now, amount);
			passed += amount;
			largest = amount > largest ? amount : largest;
			if (unit_random(&seed) % 16 == 0)
				now += unit_random(&seed) % SEC;
			/* A nanosecond is lost to rounding each time, at the most. */
			assert_true((passed - largest) * 1.0 <=
				    rate * ((now - SEC + burst + i + 1) / 1e9) + 1);
		}
	}
}

/* Everybody gets something, at most half of what is left, and no less than there is for him. */
static void share(void **state)
{
	(void)state;
	for (u32 all = 0; all <= 100; all++)
		for (u32 want = 1; want <= 70; want++) {
			u32 taken = 0;

			for (unsigned int i = 0; i < 120; i++) {
				const u32 left = all > taken ? all - taken : 0;
				const u32 got = wire_limit_share(want, all, taken);

				assert_in_range(got, 1, want);
				assert_true(got == 1 || got * 2 <= left);
				assert_true(got == want || got * 2 + 2 > left);
				taken += got;
			}
		}
	assert_int_equal(wire_limit_share(8, UINT32_MAX, UINT32_MAX - 1), 1);
	assert_int_equal(wire_limit_share(UINT32_MAX, UINT32_MAX, 0), UINT32_MAX / 2);
}

int main(void)
{
	UNIT_ADD_TABLE(steps, rows);
	UNIT_ADD(the_last_second);
	UNIT_ADD(rate_holds);
	UNIT_ADD(share);
	return unit_run("limit");
}
