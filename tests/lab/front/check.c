// SPDX-License-Identifier: GPL-2.0-or-later
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int nr_ok, nr_failed, nr_skipped;

void check_begin(struct check *c, const char *name, u64 seed)
{
	*c = (struct check){ .name = name, .seed = seed, .start_ms = util_now_ms() };
}

static void complain(struct check *c, const char *fmt, va_list ap)
{
	if (!c->failed)
		vsnprintf(c->why, sizeof(c->why), fmt, ap);
	c->failed = true;
}

bool check_that(struct check *c, bool ok, const char *fmt, ...)
{
	va_list ap;

	if (!ok) {
		va_start(ap, fmt);
		complain(c, fmt, ap);
		va_end(ap);
	}
	return ok;
}

void check_fail(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
}

void check_skip(struct check *c, const char *fmt, ...)
{
	va_list ap;

	if (c->failed)
		return;
	c->skipped = true;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
}

void check_note(struct check *c, const char *fmt, ...)
{
	size_t used = strlen(c->saw);
	va_list ap;

	if (used && used < sizeof(c->saw) - 3) {
		strcpy(c->saw + used, "; ");
		used += 2;
	}
	va_start(ap, fmt);
	vsnprintf(c->saw + used, sizeof(c->saw) - used, fmt, ap);
	va_end(ap);
}

void check_end(struct check *c)
{
	unsigned long long ms = util_now_ms() - c->start_ms;

	if (c->failed) {
		nr_failed++;
		/* Who only asks whether anything fails need not wait for the rest. */
		util_stop |= !!getenv("LAB_FIRST_FAILURE");
		printf("FAIL %s: %s (seed %llu, %llu ms)%s%s\n", c->name, c->why,
		       (unsigned long long)c->seed, ms, *c->saw ? "; " : "", c->saw);
	} else if (c->skipped) {
		nr_skipped++;
		printf("skip %s: %s\n", c->name, c->why);
	} else {
		nr_ok++;
		printf("ok   %s (%llu ms)%s%s\n", c->name, ms, *c->saw ? ": " : "", c->saw);
	}
	fflush(stdout);
}

int check_summary(void)
{
	printf("%u ok, %u failed, %u skipped\n", nr_ok, nr_failed, nr_skipped);
	fflush(stdout);
	return nr_failed ? EXIT_MISBEHAVED : EXIT_BEHAVED;
}
