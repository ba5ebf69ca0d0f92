/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The ground under every protocol file: types, single-fetch copies, checked
 * arithmetic, and the verdict on what a peer said.
 *
 * This is the only file of the project that knows whether it is being compiled
 * for the kernel or for user space.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#ifdef __KERNEL__

#include <linux/types.h>
#include <linux/string.h>
#include <asm/barrier.h>

/* Full, read and write barriers against a peer on another CPU. */
#define wire_mb()	virt_mb()
#define wire_rmb()	virt_rmb()
#define wire_wmb()	virt_wmb()

#else /* user space: daemons, tests, fuzzers */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;

#define wire_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define wire_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wire_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

#endif

#define WIRE_PAGE_SIZE		4096u	/* unit of every grant, on every architecture */
#define WIRE_SECTOR_SIZE	512u	/* unit of every blkif sector number */

/*
 * One load or store, never split, repeated or invented by the compiler. The
 * argument is a naturally aligned integer of 1, 2, 4 or 8 bytes.
 */
#define wire_read_once(x)	(*(const volatile __typeof__(x) *)&(x))
#define wire_write_once(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))

/*
 * Copies @len bytes out of memory the peer can still write, loading every byte
 * exactly once. @src and @len are multiples of 4. What the peer changes later
 * is not seen; a change during the copy may be seen in part.
 */
static inline void wire_copy_in(void *dst, const void *src, size_t len)
{
	const volatile u32 *from = src;
	u8 *to = dst;
	size_t i;

	for (i = 0; i < len / sizeof(u32); i++) {
		u32 word = from[i];

		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
}

/* False and *@sum untouched when a + b does not fit. */
static inline bool wire_add_u64(u64 a, u64 b, u64 *sum)
{
	u64 r;

	if (__builtin_add_overflow(a, b, &r))
		return false;
	*sum = r;
	return true;
}

/* False and *@product untouched when a * b does not fit. */
static inline bool wire_mul_u64(u64 a, u64 b, u64 *product)
{
	u64 r;

	if (__builtin_mul_overflow(a, b, &r))
		return false;
	*product = r;
	return true;
}

/* True if [off, off + len) lies inside [0, size), without overflow. */
static inline bool wire_range_ok(u64 off, u64 len, u64 size)
{
	return off <= size && len <= size - off;
}

/* True if two NUL-terminated texts are the same. */
static inline bool wire_text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/*
 * What we think of something a peer said. The order is the order of severity,
 * and the grades are ranges of it: see wire_is_reject() and wire_is_fatal().
 */
enum wire_verdict {
	WIRE_OK = 0,

	WIRE_MORE,			/* incomplete: come back when the peer has said more */

	/* Refuse this one request, answer it, go on. */
	WIRE_REJECT_OP,			/* operation unknown or never offered */
	WIRE_REJECT_FLAGS,		/* undefined bits are set */
	WIRE_REJECT_COUNT,		/* number of segments or pages out of bounds */
	WIRE_REJECT_SEGMENT,		/* a segment is empty, reversed or leaves its page */
	WIRE_REJECT_ALIGN,		/* not a multiple of the logical block size */
	WIRE_REJECT_RANGE,		/* past the end of the disk */
	WIRE_REJECT_LEN,		/* a length that contradicts another */
	WIRE_REJECT_READONLY,		/* would change a read-only device */
	WIRE_REJECT_UNSUPPORTED,	/* a known operation this device does not offer */
	WIRE_REJECT_GRANT,		/* a grant reference could not be used */
	WIRE_REJECT_BUDGET,		/* more than this peer may hold at once */

	/* Stop this ring or device: nothing it says can be trusted any more. */
	WIRE_FATAL_PROD,		/* producer index further ahead than the ring is long */
	WIRE_FATAL_INDEX,		/* indices of a fresh ring contradict each other */
	WIRE_FATAL_CHAIN,		/* slots that belong together, and no end of them */

	WIRE_NR_VERDICTS
};

static inline bool wire_is_reject(enum wire_verdict v)
{
	return v >= WIRE_REJECT_OP && v < WIRE_FATAL_PROD;
}

static inline bool wire_is_fatal(enum wire_verdict v)
{
	return v >= WIRE_FATAL_PROD;
}

/* Short lower-case name, e.g. "reject-range"; "unknown" outside the enum. */
const char *wire_verdict_name(enum wire_verdict v);

/* One sentence for a log line or an error node, without a final full stop. */
const char *wire_verdict_text(enum wire_verdict v);

#endif
