// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: whatever a frontend writes into the shared pages, and whenever, the
 * backend's end of the ring takes no more requests than there can be, reads
 * and writes only inside the ring, and keeps its own count. A full ring is
 * legal (a fix for XSA-38 once forgot that), one more is fatal.
 *
 * The well-behaved frontend of the last tests is made of the macros in Xen's
 * own public headers.
 */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#define __XEN_INTERFACE_VERSION__ 0x00040e00
#define xen_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#include <xen/io/blkif.h>

#include "wire/ring.h"

#define SLOT	112u		/* of a 64-bit block ring */
#define NR	32u		/* such slots on one page */
#define CANARY	0xa5

/* A granted page between two that must not be touched. */
struct pages {
	u8 *before, *shared, *after;
	u32 bytes;
};

static struct pages pages_new(u32 bytes)
{
	struct pages p = { .bytes = bytes };

	p.before = aligned_alloc(WIRE_PAGE_SIZE, bytes + 2 * WIRE_PAGE_SIZE);
	p.shared = p.before + WIRE_PAGE_SIZE;
	p.after = p.shared + bytes;
	memset(p.before, CANARY, bytes + 2 * WIRE_PAGE_SIZE);
	memset(p.shared, 0, bytes);
	return p;
}

static void pages_free(struct pages *p)
{
	assert_true(unit_all_bytes(p->before, CANARY, WIRE_PAGE_SIZE));
	assert_true(unit_all_bytes(p->after, CANARY, WIRE_PAGE_SIZE));
	free(p->before);
}

static struct wire_sring *sring(struct pages *p)
{
	return (struct wire_sring *)p->shared;
}

/* ---- sizes ---------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	u32 bytes, slot_size, slots;
} size_rows[] = {
	{ "block, 1 page", 4096, 112, 32 },
	{ "block, 32-bit layout, 1 page", 4096, 108, 32 },
	{ "block, 16 pages", 65536, 112, 512 },
	{ "network, to the host", 4096, 12, 256 },
	{ "network, to the guest", 4096, 8, 256 },
	{ "exactly one slot", 64 + 112, 112, 1 },
	{ "a byte less than one slot", 64 + 111, 112, 0 },
	{ "exactly two slots", 64 + 224, 112, 2 },
	{ "three slots are two", 64 + 336, 112, 2 },
	{ "only the header", 64, 112, 0 },
	{ "less than the header", 63, 4, 0 },
	{ "nothing", 0, 112, 0 },
	{ "slots of size 0", 4096, 0, 0 },
	{ "slot larger than the page", 4096, 8192, 0 },
	{ "4 GiB - 1 of words", UINT32_MAX, 4, 1u << 29 },
};

static void slots(void **state)
{
	const __typeof__(size_rows[0]) *row = *state;

	assert_int_equal(wire_ring_slots(row->bytes, row->slot_size), row->slots);
}

/* ---- attach --------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	u32 req_prod, rsp_prod;
	enum wire_verdict verdict;
	u32 pending;
} attach_rows[] = {
	{ "fresh", 0, 0, WIRE_OK, 0 },
	{ "one request waits", 1, 0, WIRE_OK, 1 },
	{ "full", NR, 0, WIRE_OK, NR },
	{ "used before, empty", 1000, 1000, WIRE_OK, 0 },
	{ "used before, full", 1000 + NR, 1000, WIRE_OK, NR },
	{ "across 2^32", 5, UINT32_MAX - 5, WIRE_OK, 11 },
	{ "full across 2^32", NR - 1, UINT32_MAX, WIRE_OK, NR },
	{ "one too many", NR + 1, 0, WIRE_FATAL_INDEX, 0 },
	{ "one too many across 2^32", NR, UINT32_MAX, WIRE_FATAL_INDEX, 0 },
	{ "response ahead of request", 0, 1, WIRE_FATAL_INDEX, 0 },
	{ "2^31 apart", 1u << 31, 0, WIRE_FATAL_INDEX, 0 },
	{ "2^32 - 1 apart", UINT32_MAX, 0, WIRE_FATAL_INDEX, 0 },
};

static void attach(void **state)
{
	const __typeof__(attach_rows[0]) *row = *state;
	static const struct wire_ring zero;
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring;
	u32 nr = 0xdead;

	memset(&ring, CANARY, sizeof(ring));
	sring(&p)->req_prod = row->req_prod;
	sring(&p)->rsp_prod = row->rsp_prod;
	assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, SLOT), row->verdict);
	if (row->verdict == WIRE_OK) {
		assert_int_equal(ring.nr_slots, NR);
		assert_int_equal(wire_ring_unanswered(&ring), 0);
		assert_int_equal(wire_ring_pending(&ring, &nr), WIRE_OK);
		assert_int_equal(nr, row->pending);
		assert_false(wire_ring_publish(&ring));
	} else {
		assert_memory_equal(&ring, &zero, sizeof(ring));
	}
	assert_int_equal(sring(&p)->req_prod, row->req_prod);
	assert_int_equal(sring(&p)->rsp_prod, row->rsp_prod);
	pages_free(&p);
}

static void attach_without_room(void **state)
{
	static const struct wire_ring zero;
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring;

	(void)state;
	memset(&ring, CANARY, sizeof(ring));
	assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, 8192), WIRE_FATAL_INDEX);
	assert_memory_equal(&ring, &zero, sizeof(ring));
	pages_free(&p);
}

/* ---- pending -------------------------------------------------------------------------------------- */

/* The ring is at @cons with @unanswered of those without a response. */
static const struct {
	const char *name;
	u32 cons, unanswered, req_prod;
	enum wire_verdict verdict;
	u32 nr;
} pending_rows[] = {
	{ "empty", 0, 0, 0, WIRE_OK, 0 },
	{ "one", 0, 0, 1, WIRE_OK, 1 },
	{ "one below full", 0, 0, NR - 1, WIRE_OK, NR - 1 },
	{ "full", 0, 0, NR, WIRE_OK, NR },
	{ "one above full", 0, 0, NR + 1, WIRE_FATAL_PROD, 0 },
	{ "2^31 ahead", 0, 0, 1u << 31, WIRE_FATAL_PROD, 0 },
	{ "2^31 - 1 ahead", 0, 0, (1u << 31) - 1, WIRE_FATAL_PROD, 0 },
	{ "one backwards", 0, 0, UINT32_MAX, WIRE_FATAL_PROD, 0 },
	{ "one backwards, later", 1000, 0, 999, WIRE_FATAL_PROD, 0 },
	{ "a ring backwards", 1000, 0, 1000 - NR, WIRE_FATAL_PROD, 0 },
	{ "back over requests already taken", 1000, 8, 999, WIRE_FATAL_PROD, 0 },
	{ "back to the first without response", 1000, 8, 992, WIRE_FATAL_PROD, 0 },
	{ "full, all taken", 1000, NR, 1000, WIRE_OK, 0 },
	{ "full, half taken", 1000, NR / 2, 1000 + NR / 2, WIRE_OK, NR / 2 },
	{ "into a slot that awaits its response", 1000, NR / 2, 1001 + NR / 2, WIRE_FATAL_PROD, 0 },
	{ "one more, all taken", 1000, NR, 1001, WIRE_FATAL_PROD, 0 },
	{ "empty at 2^32 - 1", UINT32_MAX, 0, UINT32_MAX, WIRE_OK, 0 },
	{ "one across 2^32", UINT32_MAX, 0, 0, WIRE_OK, 1 },
	{ "full across 2^32", UINT32_MAX - 3, 0, NR - 4, WIRE_OK, NR },
	{ "one above full across 2^32", UINT32_MAX - 3, 0, NR - 3, WIRE_FATAL_PROD, 0 },
	{ "taken ones across 2^32", 4, 8, NR - 4, WIRE_OK, NR - 8 },
	{ "taken ones across 2^32, one too many", 4, 8, NR - 3, WIRE_FATAL_PROD, 0 },
};

static struct wire_ring ring_at(struct pages *p, u32 cons, u32 unanswered)
{
	struct wire_ring ring;

	sring(p)->req_prod = cons;
	sring(p)->rsp_prod = cons - unanswered;
	assert_int_equal(wire_ring_attach(&ring, p->shared, p->bytes, SLOT), WIRE_OK);
	wire_ring_consume(&ring, unanswered);
	assert_int_equal(wire_ring_unanswered(&ring), unanswered);
	return ring;
}

static void pending(void **state)
{
	const __typeof__(pending_rows[0]) *row = *state;
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring = ring_at(&p, row->cons, row->unanswered);
	u32 nr = 0xdead;

	sring(&p)->req_prod = row->req_prod;
	assert_int_equal(wire_ring_pending(&ring, &nr), row->verdict);
	assert_int_equal(nr, row->verdict == WIRE_OK ? row->nr : 0xdead);

	/* The final check judges alike, and asks to be told of the next request. */
	nr = 0xdead;
	assert_int_equal(wire_ring_final_check(&ring, 1, &nr), row->verdict);
	assert_int_equal(nr, row->verdict == WIRE_OK ? row->nr : 0xdead);
	assert_int_equal(sring(&p)->req_event, row->cons + 1);
	pages_free(&p);
}

/* Every distance a frontend can claim, near every multiple of a power of two. */
static void pending_all_jumps(void **state)
{
	struct pages p = pages_new(WIRE_PAGE_SIZE);

	(void)state;
	for (u32 unanswered = 0; unanswered <= NR; unanswered += 8) {
		struct wire_ring ring = ring_at(&p, UINT32_MAX - 10, unanswered);

		for (u32 bit = 0; bit < 32; bit++) {
			for (int d = -40; d <= 40; d++) {
				const u32 jump = (1u << bit) + (u32)d;
				const bool good = jump <= NR - unanswered;
				u32 nr = 0xdead;

				sring(&p)->req_prod = ring.req_cons + jump;
				assert_int_equal(wire_ring_pending(&ring, &nr),
						 good ? WIRE_OK : WIRE_FATAL_PROD);
				assert_int_equal(nr, good ? jump : 0xdead);
			}
		}
	}
	pages_free(&p);
}

/* ---- peek and respond ----------------------------------------------------------------------------- */

static void fill_slots(struct pages *p, u32 slot_size)
{
	for (u32 i = 0; i < wire_ring_slots(p->bytes, slot_size); i++)
		memset(p->shared + 64 + i * slot_size, (int)i, slot_size);
}

struct geometry {
	const char *name;
	u32 pages, slot_size;
};

static const struct geometry geometries[] = {
	{ "1 page of 112", 1, 112 },
	{ "1 page of 108", 1, 108 },
	{ "4 pages of 112", 4, 112 },
	{ "16 pages of 108", 16, 108 },
	{ "1 page of 12", 1, 12 },
};

/* Each slot from each start, the last one and the wrap included. */
static void peek(void **state)
{
	const struct geometry *g = *state;
	struct pages p = pages_new(g->pages * WIRE_PAGE_SIZE);
	u8 *copy = malloc(g->slot_size);
	u32 nr = wire_ring_slots(p.bytes, g->slot_size);

	fill_slots(&p, g->slot_size);
	for (u32 start = UINT32_MAX - 2 * nr; start != nr; start++) {
		struct wire_ring ring;

		if (nr > 64 && start % 7)
			continue;
		sring(&p)->req_prod = start + nr;
		sring(&p)->rsp_prod = start;
		assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, g->slot_size), WIRE_OK);
		for (u32 i = 0; i < nr; i++) {
			memset(copy, CANARY, g->slot_size);
			wire_ring_peek(&ring, i, copy, g->slot_size);
			if (!unit_all_bytes(copy, (u8)((start + i) % nr), g->slot_size))
				fail_msg("request %u from %#x is from the wrong slot", i, start);
		}
		assert_int_equal(ring.req_cons, start);
	}
	free(copy);
	pages_free(&p);
}

static void peek_is_limited(void **state)
{
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring = ring_at(&p, 0, 0);
	u8 copy[2 * SLOT];

	(void)state;
	fill_slots(&p, SLOT);
	memset(copy, CANARY, sizeof(copy));
	wire_ring_peek(&ring, 3, copy, 8);
	assert_true(unit_all_bytes(copy, 3, 8));
	assert_true(unit_all_bytes(copy + 8, CANARY, sizeof(copy) - 8));

	wire_ring_peek(&ring, 4, copy, sizeof(copy));	/* never more than the slot */
	assert_true(unit_all_bytes(copy, 4, SLOT));
	assert_true(unit_all_bytes(copy + SLOT, CANARY, SLOT));
	pages_free(&p);
}

/* Exactly the bytes of a response change, in exactly its slot. */
static void respond(void **state)
{
	const struct geometry *g = *state;
	struct pages p = pages_new(g->pages * WIRE_PAGE_SIZE);
	const u32 nr = wire_ring_slots(p.bytes, g->slot_size);
	const u32 len = g->slot_size < 16 ? g->slot_size : 16;
	u8 *expected = malloc(p.bytes);
	u8 rsp[16];

	memset(rsp, 0xcc, sizeof(rsp));
	for (u32 start = UINT32_MAX - nr; start != nr / 2; start++) {
		struct wire_ring ring;

		if (nr > 64 && start % 13)
			continue;
		sring(&p)->req_prod = start + 1;
		sring(&p)->rsp_prod = start;
		fill_slots(&p, g->slot_size);
		assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, g->slot_size), WIRE_OK);
		wire_ring_consume(&ring, 1);
		memcpy(expected, p.shared, p.bytes);
		memcpy(expected + 64 + start % nr * g->slot_size, rsp, len);

		wire_ring_respond(&ring, rsp, len);
		assert_memory_equal(p.shared, expected, p.bytes);
		assert_int_equal(wire_ring_unanswered(&ring), 0);
		assert_int_equal(sring(&p)->rsp_prod, start);	/* not before publish */
		wire_ring_publish(&ring);
		assert_int_equal(sring(&p)->rsp_prod, start + 1);
	}
	free(expected);
	pages_free(&p);
}

static void respond_is_limited(void **state)
{
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring = ring_at(&p, 3, 1);
	u8 rsp[2 * SLOT];

	(void)state;
	fill_slots(&p, SLOT);
	memset(rsp, 0xcc, sizeof(rsp));
	wire_ring_respond(&ring, rsp, sizeof(rsp));
	assert_true(unit_all_bytes(p.shared + 64 + 2 * SLOT, 0xcc, SLOT));
	assert_true(unit_all_bytes(p.shared + 64 + 3 * SLOT, 3, SLOT));
	pages_free(&p);
}

/* What the frontend does to rsp_prod, which is ours, is not read back. */
static void our_index_is_not_read_back(void **state)
{
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring = ring_at(&p, 100, 4);
	u8 rsp[16] = { 0 };
	u32 nr;

	(void)state;
	sring(&p)->rsp_prod = 5000;
	sring(&p)->req_event = 77;
	assert_int_equal(wire_ring_pending(&ring, &nr), WIRE_OK);
	wire_ring_respond(&ring, rsp, sizeof(rsp));
	wire_ring_publish(&ring);
	assert_int_equal(sring(&p)->rsp_prod, 97);
	assert_int_equal(wire_ring_unanswered(&ring), 3);
	pages_free(&p);
}

/* ---- notification --------------------------------------------------------------------------------- */

/* @rsp responses from @start; the frontend wants to hear of number @event. */
static const struct {
	const char *name;
	u32 start, rsp, event;
	bool notify;
} publish_rows[] = {
	{ "nothing to say", 0, 0, 1, false },
	{ "the awaited one", 0, 1, 1, true },
	{ "one before the awaited one", 0, 1, 2, false },
	{ "the awaited one is the last of many", 0, 8, 8, true },
	{ "the awaited one is the first of many", 0, 8, 1, true },
	{ "the awaited one is in the middle", 100, 8, 104, true },
	{ "one too early", 100, 8, 109, false },
	{ "already told", 100, 8, 100, false },
	{ "long told", 100, 8, 50, false },
	{ "across 2^32, awaited", UINT32_MAX - 2, 8, 2, true },
	{ "across 2^32, awaited at 0", UINT32_MAX - 2, 8, 0, true },
	{ "across 2^32, awaited before", UINT32_MAX - 2, 8, UINT32_MAX, true },
	{ "across 2^32, one too early", UINT32_MAX - 2, 8, 6, false },
	{ "across 2^32, already told", UINT32_MAX - 2, 8, UINT32_MAX - 2, false },
	{ "far away", 0, 8, 1u << 31, false },
};

static void publish(void **state)
{
	const __typeof__(publish_rows[0]) *row = *state;
	struct pages p = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring;
	u8 rsp[16] = { 0 };

	sring(&p)->req_prod = row->start + row->rsp;
	sring(&p)->rsp_prod = row->start;
	assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, SLOT), WIRE_OK);
	sring(&p)->rsp_event = row->event;
	assert_false(wire_ring_wanted(&ring));		/* nothing taken */
	wire_ring_consume(&ring, row->rsp);
	assert_int_equal(wire_ring_wanted(&ring), row->notify);
	for (u32 i = 0; i < row->rsp; i++)
		wire_ring_respond(&ring, rsp, sizeof(rsp));
	assert_int_equal(wire_ring_wanted(&ring), row->notify);
	assert_int_equal(wire_ring_publish(&ring), row->notify);
	assert_false(wire_ring_wanted(&ring));
	assert_int_equal(sring(&p)->rsp_prod, row->start + row->rsp);
	assert_false(wire_ring_publish(&ring));		/* nothing new: never again */
	pages_free(&p);
}

/* The same question to the public header's macro, for many positions. */
static void publish_agrees_with_xen(void **state)
{
	uint64_t seed = 0xeef;
	u8 rsp[16] = { 0 };

	(void)state;
	for (u32 i = 0; i < 20000; i++) {
		struct pages p = pages_new(WIRE_PAGE_SIZE);
		const u32 start = ((u32)unit_random(&seed) & (i & 1 ? UINT32_MAX : 63)) - 32;
		const u32 nr = (u32)unit_random(&seed) % (NR + 1);
		const u32 event = start + (u32)unit_random(&seed) % 80 - 20;
		blkif_back_ring_t back;
		struct wire_ring ring;
		int notify;

		sring(&p)->req_prod = start + nr;
		sring(&p)->rsp_prod = start;
		sring(&p)->rsp_event = event;
		BACK_RING_ATTACH(&back, (blkif_sring_t *)p.shared, start, WIRE_PAGE_SIZE);
		back.rsp_prod_pvt += nr;
		RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);

		sring(&p)->rsp_prod = start;
		assert_int_equal(wire_ring_attach(&ring, p.shared, p.bytes, SLOT), WIRE_OK);
		wire_ring_consume(&ring, nr);
		for (u32 j = 0; j < nr; j++)
			wire_ring_respond(&ring, rsp, sizeof(rsp));
		assert_int_equal(wire_ring_publish(&ring), notify);
		pages_free(&p);
	}
}

/* ---- a second thread ------------------------------------------------------------------------------ */

#ifndef RACE_SECONDS
#define RACE_SECONDS	2
#endif

struct race {
	struct pages pages;
	int stop;
};

/*
 * Every word of a slot always holds one of two values, which are never the
 * same in two neighbours' bytes: a torn word shows.
 */
#define WORD_A	0x11111111u
#define WORD_B	0xeeeeeeeeu

/* Rewrites everything on the pages, as fast as it can. */
static void *hostile_frontend(void *arg)
{
	struct race *race = arg;
	volatile u32 *words = (volatile u32 *)race->pages.shared;
	uint64_t seed = 1;

	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
		u64 r = unit_random(&seed);

		words[r % 4] = r & 1 ? (u32)(r >> 32) : (u32)(r >> 32) % (2 * NR);
		/* All words of one slot, over and over: the reader meets this often. */
		r = unit_random(&seed) % NR;
		for (u32 i = 0; i < 32 * SLOT / 4; i++)
			words[16 + r * SLOT / 4 + i % (SLOT / 4)] =
				i / (SLOT / 4) % 2 ? WORD_A : WORD_B;
	}
	return NULL;
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static void assert_words_whole(const u8 *copy)
{
	for (u32 i = 0; i < SLOT; i += 4) {
		u32 word;

		memcpy(&word, copy + i, sizeof(word));
		if (word != WORD_A && word != WORD_B && word != 0)
			fail_msg("word %u is torn: %#x", i / 4, word);
	}
}

/* Works on the ring like a driver would, whatever the other thread does to it. */
static void race_with_a_hostile_frontend(void **state)
{
	struct race race = { .pages = pages_new(WIRE_PAGE_SIZE) };
	const u64 end = now_ns() + RACE_SECONDS * 1000000000ull;
	u64 passes = 0, taken = 0, fatal = 0;
	struct wire_ring ring;
	u8 rsp[16] = { 0 };
	pthread_t thread;
	u8 *copy = malloc(SLOT);

	(void)state;
	assert_int_equal(wire_ring_attach(&ring, race.pages.shared, race.pages.bytes, SLOT),
			 WIRE_OK);
	assert_int_equal(pthread_create(&thread, NULL, hostile_frontend, &race), 0);
	while (now_ns() < end || !taken || !fatal) {
		const u32 cons = ring.req_cons, rsp_prod = ring.rsp_prod;
		enum wire_verdict v;
		u32 nr = 0xdead;

		if (passes++ & 1)
			v = wire_ring_final_check(&ring, 1, &nr);
		else
			v = wire_ring_pending(&ring, &nr);
		if (v != WIRE_OK) {
			assert_int_equal(v, WIRE_FATAL_PROD);
			assert_int_equal(nr, 0xdead);
			fatal++;
		} else {
			assert_true(nr <= NR - (cons - rsp_prod));
			for (u32 i = 0; i < nr; i++) {
				wire_ring_peek(&ring, i, copy, SLOT);
				assert_words_whole(copy);
			}
			wire_ring_consume(&ring, nr);
			for (u32 i = 0; i < nr; i++)
				wire_ring_respond(&ring, rsp, sizeof(rsp));
			taken += nr;
			assert_int_equal(ring.req_cons, cons + nr);
			assert_int_equal(ring.rsp_prod, rsp_prod + nr);
		}
		wire_ring_publish(&ring);
		assert_ptr_equal(ring.shared, race.pages.shared);
		assert_int_equal(ring.nr_slots, NR);
		if (now_ns() > end + 20000000000ull)
			fail_msg("%llu taken, %llu refused: the other thread does not run",
				 (unsigned long long)taken, (unsigned long long)fatal);
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(copy);
	pages_free(&race.pages);
}

/* The n-th request carries n in every word, and so does its response's id. */
#define LOSSLESS_REQUESTS	200000u

struct lossless {
	struct pages pages;
	sem_t to_back, to_front;	/* the event channel */
	u64 errors;
};

/* Waits for an event; without one for ten seconds the test has found a lost wake-up. */
static bool await(sem_t *sem)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += 10;
	return sem_timedwait(sem, &t) == 0;
}

/* Well-behaved, of Xen's own macros; starts below 2^32 so that indices wrap. */
static void *good_frontend(void *arg)
{
	struct lossless *l = arg;
	blkif_front_ring_t front;
	u32 sent = 0, got = 0;
	RING_IDX end;

	FRONT_RING_ATTACH(&front, (blkif_sring_t *)l->pages.shared, UINT32_MAX - 1000,
			  WIRE_PAGE_SIZE);
	while (got < LOSSLESS_REQUESTS) {
		int notify, more;

		while (sent < LOSSLESS_REQUESTS && !RING_FULL(&front)) {
			u32 *words = (u32 *)RING_GET_REQUEST(&front, front.req_prod_pvt);

			for (u32 i = 0; i < SLOT / 4; i++)
				words[i] = sent;
			front.req_prod_pvt++;
			sent++;
			if (sent % 3)
				continue;
			RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
			if (notify)
				sem_post(&l->to_back);
		}
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&front, notify);
		if (notify)
			sem_post(&l->to_back);

		RING_FINAL_CHECK_FOR_RESPONSES(&front, more);
		if (!more && !await(&l->to_front)) {
			l->errors++;
			break;
		}
		end = wire_read_once(front.sring->rsp_prod);
		xen_rmb();
		for (; front.rsp_cons != end; front.rsp_cons++, got++) {
			if (RING_GET_RESPONSE(&front, front.rsp_cons)->id != got)
				l->errors++;
		}
	}
	return NULL;
}

/* Every request arrives once, in order and whole; every wake-up that is needed comes. */
static void lossless_with_a_good_frontend(void **state)
{
	struct lossless l = { .pages = pages_new(WIRE_PAGE_SIZE) };
	u32 copy[SLOT / 4], taken = 0;
	struct wire_ring ring;
	pthread_t thread;

	(void)state;
	sring(&l.pages)->req_prod = UINT32_MAX - 1000;
	sring(&l.pages)->rsp_prod = UINT32_MAX - 1000;
	sring(&l.pages)->req_event = UINT32_MAX - 1000 + 1;
	sring(&l.pages)->rsp_event = UINT32_MAX - 1000 + 1;
	sem_init(&l.to_back, 0, 0);
	sem_init(&l.to_front, 0, 0);
	assert_int_equal(wire_ring_attach(&ring, l.pages.shared, l.pages.bytes, SLOT), WIRE_OK);
	assert_int_equal(pthread_create(&thread, NULL, good_frontend, &l), 0);

	while (taken < LOSSLESS_REQUESTS) {
		u32 nr;

		assert_int_equal(wire_ring_pending(&ring, &nr), WIRE_OK);
		if (!nr) {
			assert_int_equal(wire_ring_final_check(&ring, 1, &nr), WIRE_OK);
			if (!nr) {
				assert_true(await(&l.to_back));
				continue;
			}
		}
		while (nr--) {
			u64 rsp[2] = { taken, 0 };

			wire_ring_peek(&ring, 0, copy, sizeof(copy));
			wire_ring_consume(&ring, 1);
			for (u32 i = 0; i < SLOT / 4; i++)
				if (copy[i] != taken)
					fail_msg("request %u: word %u is %u", taken, i, copy[i]);
			wire_ring_respond(&ring, rsp, sizeof(rsp));
			taken++;
			if (taken % 5 == 0 && wire_ring_publish(&ring))
				sem_post(&l.to_front);
		}
		if (wire_ring_publish(&ring))
			sem_post(&l.to_front);
	}
	pthread_join(thread, NULL);
	assert_int_equal(l.errors, 0);
	sem_destroy(&l.to_back);
	sem_destroy(&l.to_front);
	pages_free(&l.pages);
}

/* ---- wire.h --------------------------------------------------------------------------------------- */

static void copy_in(void **state)
{
	u8 from[64] __attribute__((aligned(4)));
	u8 to[64 + 3];

	(void)state;
	for (u8 i = 0; i < sizeof(from); i++)
		from[i] = i;
	for (u32 len = 0; len <= sizeof(from); len += 4) {
		memset(to, CANARY, sizeof(to));
		wire_copy_in(to + 3, from, len);	/* the destination may have any alignment */
		assert_memory_equal(to + 3, from, len);
		assert_true(unit_all_bytes(to, CANARY, 3));
		assert_true(unit_all_bytes(to + 3 + len, CANARY, sizeof(from) - len));
	}
}

static void checked_arithmetic(void **state)
{
	static const u64 edges[] = {
		0, 1, 2, 3, UINT32_MAX, 1ull << 32, 1ull << 63, UINT64_MAX - 1, UINT64_MAX,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
	for (size_t j = 0; j < ARRAY_SIZE(edges); j++) {
		const unsigned __int128 sum = (unsigned __int128)edges[i] + edges[j];
		const unsigned __int128 product = (unsigned __int128)edges[i] * edges[j];
		u64 r = 0xdead;

		assert_int_equal(wire_add_u64(edges[i], edges[j], &r), sum <= UINT64_MAX);
		assert_int_equal(r, sum <= UINT64_MAX ? (u64)sum : 0xdead);
		r = 0xdead;
		assert_int_equal(wire_mul_u64(edges[i], edges[j], &r), product <= UINT64_MAX);
		assert_int_equal(r, product <= UINT64_MAX ? (u64)product : 0xdead);
		for (size_t k = 0; k < ARRAY_SIZE(edges); k++)
			assert_int_equal(wire_range_ok(edges[i], edges[j], edges[k]),
					 sum <= edges[k]);
	}
}

static void text_equal(void **state)
{
	(void)state;
	assert_true(wire_text_equal("", ""));
	assert_true(wire_text_equal("abc", "abc"));
	assert_false(wire_text_equal("abc", "ab"));
	assert_false(wire_text_equal("ab", "abc"));
	assert_false(wire_text_equal("abc", "abd"));
	assert_false(wire_text_equal("", "a"));
}

/* A look shows every index once, under its own name, and changes nothing. */
static void look(void **state)
{
	struct pages p = pages_new(WIRE_PAGE_SIZE), same = pages_new(WIRE_PAGE_SIZE);
	struct wire_ring ring = ring_at(&p, 0, 0), before;
	struct wire_ring_view v;

	(void)state;
	ring.req_cons = 3;
	ring.rsp_prod = 2;
	ring.rsp_published = 1;
	*sring(&p) = (struct wire_sring){ 10, 11, 12, 13, { 0 } };
	before = ring;
	memcpy(same.shared, p.shared, p.bytes);
	wire_ring_look(&ring, &v);
	assert_int_equal(v.taken, 3);
	assert_int_equal(v.answered, 2);
	assert_int_equal(v.published, 1);
	assert_int_equal(v.requests, 10);
	assert_int_equal(v.requests_event, 11);
	assert_int_equal(v.responses, 12);
	assert_int_equal(v.responses_event, 13);
	assert_memory_equal(&ring, &before, sizeof(ring));
	assert_memory_equal(p.shared, same.shared, p.bytes);
	pages_free(&same);
	pages_free(&p);
}

int main(void)
{
	UNIT_ADD_TABLE(slots, size_rows);
	UNIT_ADD_TABLE(attach, attach_rows);
	UNIT_ADD(attach_without_room);
	UNIT_ADD_TABLE(pending, pending_rows);
	UNIT_ADD(pending_all_jumps);
	UNIT_ADD_TABLE(peek, geometries);
	UNIT_ADD(peek_is_limited);
	UNIT_ADD_TABLE(respond, geometries);
	UNIT_ADD(respond_is_limited);
	UNIT_ADD(our_index_is_not_read_back);
	UNIT_ADD(look);
	UNIT_ADD_TABLE(publish, publish_rows);
	UNIT_ADD(publish_agrees_with_xen);
	UNIT_ADD(race_with_a_hostile_frontend);
	UNIT_ADD(lossless_with_a_good_frontend);
	UNIT_ADD(copy_in);
	UNIT_ADD(checked_arithmetic);
	UNIT_ADD(text_equal);
	return unit_run("wire-ring");
}
