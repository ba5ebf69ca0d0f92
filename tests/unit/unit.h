/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every unit test needs of cmocka: a list of tests that grows at run
 * time, so that each row of a table is a test of its own name.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct CMUnitTest *unit_tests;
static size_t unit_nr_tests;

/* Adds one test. @row is what the test finds in *state. */
__attribute__((format(printf, 3, 4)))
static inline void unit_add(CMUnitTestFunction function, const void *row, const char *format, ...)
{
	struct CMUnitTest *test;
	va_list args;
	char *name;

	unit_tests = reallocarray(unit_tests, unit_nr_tests + 1, sizeof(*unit_tests));
	va_start(args, format);
	if (!unit_tests || vasprintf(&name, format, args) < 0)
		abort();
	va_end(args);

	test = &unit_tests[unit_nr_tests++];
	memset(test, 0, sizeof(*test));
	test->name = name;
	test->test_func = function;
	test->initial_state = (void *)row;
}

/* Adds a test for each row of an array whose rows begin with a `name`. */
#define UNIT_ADD_TABLE(function, table)						\
	do {									\
		for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++)		\
			unit_add(function, &(table)[i_], "%s: %s", #function,	\
				 (table)[i_].name);				\
	} while (0)

#define UNIT_ADD(function)	unit_add(function, NULL, "%s", #function)

/*
 * Runs everything, or what matches the pattern UNIT_FILTER and not UNIT_SKIP
 * of the environment. The value is main()'s.
 */
static inline int unit_run(const char *group)
{
	int failed;

	cmocka_set_test_filter(getenv("UNIT_FILTER"));
	cmocka_set_skip_filter(getenv("UNIT_SKIP"));
	failed = _cmocka_run_group_tests(group, unit_tests, unit_nr_tests, NULL, NULL);
	for (size_t i = 0; i < unit_nr_tests; i++)
		free((void *)unit_tests[i].name);
	free(unit_tests);
	return failed != 0;
}

/* True if all @len bytes are @byte. */
static inline int unit_all_bytes(const void *p, uint8_t byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((const uint8_t *)p)[i] != byte)
			return 0;
	return 1;
}

/* The same sequence in every run: a failure can be repeated. */
static inline uint64_t unit_random(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

#endif
