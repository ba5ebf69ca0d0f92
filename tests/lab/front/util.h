/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every file of the test frontend needs: integer names, time, random
 * numbers that can be repeated from a printed seed, and the way out when the
 * lab itself (not the backend under test) is broken.
 */
#ifndef FRONT_UTIL_H
#define FRONT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))

#define PAGE_BYTES	4096u	/* unit of a grant on every architecture */
#define SECTOR_BYTES	512u	/* unit of every sector number in the block protocol */

/* Exit statuses of the program. */
enum exit_status {
	EXIT_BEHAVED = 0,	/* the backend did all it had to */
	EXIT_MISBEHAVED = 1,	/* the backend is wrong */
	EXIT_LAB = 2,		/* usage, no device file, no memory: nothing about the backend */
};

/* Loads and stores of memory the backend shares; one access each, never split. */
#define shared_read(x)		(*(const volatile __typeof__(x) *)&(x))
#define shared_write(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define shared_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

u64 util_now_ms(void);
u64 util_now_us(void);

/* Prints the message and leaves with EXIT_LAB. */
void util_lab_error(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* With XENFRONT_TRACE in the environment: what is done, with the time it is done at. */
void util_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void *util_alloc(size_t bytes);	/* zeroed, never NULL */
char *util_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Pseudo-random numbers; the same seed gives the same run. */
struct rng {
	u64 state;
};

void rng_seed(struct rng *rng, u64 seed);
u64 rng_next(struct rng *rng);
u64 rng_below(struct rng *rng, u64 bound);	/* 0 .. bound - 1; bound > 0 */
u64 rng_hash(u64 a, u64 b);			/* stateless */

/*
 * Sleeps. Only for two purposes: to let a window open in which the backend
 * could do something forbidden (nothing announces that nothing happened), and
 * to look again at something that announces no change.
 */
void util_pause_ms(unsigned int ms);

/* @ms, times what LAB_PATIENCE in the environment says: for a host that has other work too. */
unsigned int util_patience_ms(unsigned int ms);

/* Set by SIGTERM and SIGINT: finish what is under way, leave nothing behind, and end. */
extern volatile bool util_stop;
void util_stop_on_signals(void);

#endif
