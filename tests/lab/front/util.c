// SPDX-License-Identifier: GPL-2.0-or-later
#include "util.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

u64 util_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000 + (u64)ts.tv_nsec / 1000;
}

u64 util_now_ms(void)
{
	return util_now_us() / 1000;
}

void util_lab_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("xenfront: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_LAB);
}

void util_trace(const char *fmt, ...)
{
	u64 now = util_now_ms();
	va_list ap;

	if (!getenv("XENFRONT_TRACE"))
		return;
	fprintf(stderr, "[%llu.%03llu] ", (unsigned long long)now / 1000,
		(unsigned long long)now % 1000);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void *util_alloc(size_t bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p)
		util_lab_error("out of memory (%zu bytes)", bytes);
	return p;
}

char *util_printf(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		util_lab_error("out of memory");
	return text;
}

void rng_seed(struct rng *rng, u64 seed)
{
	rng->state = seed;
}

/* splitmix64: every seed is good, and one step is a pure function of a counter. */
static u64 mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

u64 rng_next(struct rng *rng)
{
	rng->state += 0x9e3779b97f4a7c15ull;
	return mix(rng->state);
}

u64 rng_below(struct rng *rng, u64 bound)
{
	return rng_next(rng) % bound;
}

u64 rng_hash(u64 a, u64 b)
{
	return mix(mix(a + 0x9e3779b97f4a7c15ull) ^ b);
}

unsigned int util_patience_ms(unsigned int ms)
{
	const char *text = getenv("LAB_PATIENCE");
	int times = text ? atoi(text) : 1;

	return ms * (unsigned int)max(times, 1);
}

volatile bool util_stop;

static void on_signal(int sig)
{
	util_stop = true;
}

void util_stop_on_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

void util_pause_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}
