/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on one thing the backend was made to do. The first complaint is
 * kept (later ones usually follow from it); any number of notes says what was
 * done and what was seen.
 */
#ifndef FRONT_CHECK_H
#define FRONT_CHECK_H

#include "util.h"

struct check {
	const char *name;
	u64 seed;		/* for everything random in this check */
	bool failed, skipped;
	u64 start_ms;
	char why[400];		/* the first complaint, or the reason to skip */
	char saw[400];		/* notes */
};

void check_begin(struct check *c, const char *name, u64 seed);

/* Records a complaint unless @ok; returns @ok. */
bool check_that(struct check *c, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void check_fail(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_skip(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_note(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints one line and counts it. */
void check_end(struct check *c);

/* Prints the sum; the exit status of the program. */
int check_summary(void);

#endif
