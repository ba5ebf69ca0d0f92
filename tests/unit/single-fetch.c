// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: of what a frontend can rewrite, the backend's code loads each word
 * once, as the compiler has made it and not only as the source says it: a
 * compiler may load twice what is written once (XSA-155, XSA-478).
 *
 * The shared pages are inaccessible while the code under test runs, so that
 * each of its accesses faults; the fault is noted, the page opened for that
 * one instruction by single-stepping it, and closed again. tools/check-layers
 * builds this with each compiler at each level of optimisation. x86-64 only.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "wire/ring.h"

/* In this file, so that the compiler may inline and merge as it likes. */
#include "wire/blk.c"

#define BYTES		WIRE_PAGE_SIZE
#define FLAG_TRAP	0x100		/* of the flags register: stop after one instruction */
#define FAULT_WRITE	2		/* of a page fault's error code */
#define MAX_ACCESSES	4096

static u8 *shared;

static struct {
	u32 at;
	bool write;
} accesses[MAX_ACCESSES];
static volatile u32 nr_accesses;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)shared;

	if (at >= BYTES || nr_accesses == MAX_ACCESSES) {
		signal(sig, SIG_DFL);
		return;
	}
	accesses[nr_accesses].at = (u32)at;
	accesses[nr_accesses].write = uc->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE;
	nr_accesses++;
	mprotect(shared, BYTES, PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= FLAG_TRAP;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	mprotect(shared, BYTES, PROT_NONE);
	uc->uc_mcontext.gregs[REG_EFL] &= ~FLAG_TRAP;
}

static void watch(void)
{
	nr_accesses = 0;
	mprotect(shared, BYTES, PROT_NONE);
	__asm__ volatile("" : : : "memory");
}

static void unwatch(void)
{
	__asm__ volatile("" : : : "memory");
	mprotect(shared, BYTES, PROT_READ | PROT_WRITE);
}

/* ---- judging -------------------------------------------------------------------------------------- */

static int failures;

static void fail(const char *test, const char *what, u32 at, u32 times)
{
	printf("%s: %s at offset %u: %u times\n", test, what, at, times);
	failures++;
}

static u32 count(u32 at, bool write)
{
	u32 n = 0;

	for (u32 i = 0; i < nr_accesses; i++)
		if (accesses[i].at == at && accesses[i].write == write)
			n++;
	return n;
}

struct range {
	u32 from, to;
};

/* Loads are those of each word in the ranges, once each, and no others. */
static void expect_loads(const char *test, const struct range *ranges, u32 nr)
{
	u32 words = 0, loads = 0;

	for (u32 r = 0; r < nr; r++) {
		for (u32 at = ranges[r].from; at < ranges[r].to; at += 4, words++)
			if (count(at, false) != 1)
				fail(test, "load", at, count(at, false));
	}
	for (u32 i = 0; i < nr_accesses; i++)
		loads += !accesses[i].write;
	if (loads != words)
		fail(test, "loads in all, wanted", words, loads);
}

/*
 * Stores lie in the ranges, and none is left out. How wide they are, and
 * whether they overlap, is the compiler's and the C library's business: nobody
 * looks before the index is published.
 */
static void expect_stores(const char *test, const struct range *ranges, u32 nr)
{
	for (u32 i = 0; i < nr_accesses; i++) {
		bool inside = !accesses[i].write;

		for (u32 r = 0; r < nr; r++)
			if (accesses[i].at >= ranges[r].from && accesses[i].at < ranges[r].to)
				inside = true;
		if (!inside)
			fail(test, "store", accesses[i].at, count(accesses[i].at, true));
	}
	for (u32 r = 0; r < nr; r++)
		if (!count(ranges[r].from, true))
			fail(test, "store", ranges[r].from, 0);
}

#define LOADS(test, ...)							\
	do {									\
		const struct range r_[] = { __VA_ARGS__ };			\
		expect_loads(test, r_, sizeof(r_) / sizeof(r_[0]));		\
	} while (0)

#define STORES(test, ...)							\
	do {									\
		const struct range r_[] = { __VA_ARGS__ };			\
		expect_stores(test, r_, sizeof(r_) / sizeof(r_[0]));		\
	} while (0)

#define NO_LOADS(test)	expect_loads(test, NULL, 0)
#define NO_STORES(test)	expect_stores(test, NULL, 0)

#define REQ_PROD	{ 0, 4 }
#define REQ_EVENT	{ 4, 8 }
#define RSP_PROD	{ 8, 12 }
#define RSP_EVENT	{ 12, 16 }

/* ---- the code under test -------------------------------------------------------------------------- */

static struct wire_ring ring;

static void fresh_ring(u32 slot_size, u32 requests)
{
	struct wire_sring *s = (struct wire_sring *)shared;

	memset(shared, 0, BYTES);
	s->req_prod = requests;
	if (wire_ring_attach(&ring, shared, BYTES, slot_size) != WIRE_OK)
		abort();
}

static void test_attach(void)
{
	struct wire_ring r;
	enum wire_verdict v;

	fresh_ring(112, 3);
	watch();
	v = wire_ring_attach(&r, shared, BYTES, 112);
	unwatch();
	if (v != WIRE_OK)
		fail("attach", "verdict", 0, v);
	LOADS("attach", REQ_PROD, RSP_PROD);
	NO_STORES("attach");
}

/* @nr comes out and is used several times, as a driver would. */
static void test_pending(void)
{
	u32 nr = 0, sum = 0;

	fresh_ring(112, 3);
	watch();
	if (wire_ring_pending(&ring, &nr) == WIRE_OK)
		for (u32 i = 0; i < nr; i++)
			sum += nr;
	unwatch();
	if (sum != 9)
		fail("pending", "sum", 0, sum);
	LOADS("pending", REQ_PROD);
	NO_STORES("pending");
}

static void test_peek(u32 slot_size)
{
	u8 copy[112];
	const u32 at = 64 + 2 * slot_size;

	fresh_ring(slot_size, 3);
	watch();
	wire_ring_peek(&ring, 2, copy, slot_size);
	unwatch();
	LOADS("peek", { at, at + slot_size });
	NO_STORES("peek");
}

static void test_copy_in(void)
{
	struct wire_blk_seg segs[256];

	watch();
	wire_copy_in(segs, shared, sizeof(segs));
	unwatch();
	LOADS("copy_in", { 0, sizeof(segs) });
	NO_STORES("copy_in");
}

static void test_respond(void)
{
	u8 rsp[16] = { 1 };

	fresh_ring(112, 3);
	wire_ring_consume(&ring, 3);
	watch();
	wire_ring_respond(&ring, rsp, sizeof(rsp));
	unwatch();
	NO_LOADS("respond");
	STORES("respond", { 64, 80 });
}

static void test_publish(void)
{
	u8 rsp[16] = { 1 };
	bool notify;

	fresh_ring(112, 3);
	wire_ring_consume(&ring, 3);
	wire_ring_respond(&ring, rsp, sizeof(rsp));
	((struct wire_sring *)shared)->rsp_event = 1;
	watch();
	notify = wire_ring_publish(&ring);
	unwatch();
	if (!notify)
		fail("publish", "notify", 0, 0);
	LOADS("publish", RSP_EVENT);
	STORES("publish", RSP_PROD);
}

static void test_final_check(void)
{
	u32 nr = 0;

	fresh_ring(112, 3);
	watch();
	(void)wire_ring_final_check(&ring, 1, &nr);
	unwatch();
	if (nr != 3)
		fail("final check", "pending", 0, nr);
	LOADS("final check", REQ_PROD);
	STORES("final check", REQ_EVENT);
}

static void put_request(u32 i, u8 op, u8 second)
{
	u8 *slot = shared + 64 + i * 112;

	memset(slot, 0, 112);
	slot[0] = op;
	slot[1] = second;
	slot[2] = 1;
	slot[24 + 5] = 7;	/* the first segment's last sector */
}

/*
 * A whole pass over three requests, everything inlined into one function:
 * judged, answered, published. One load per word even so.
 */
static void test_pass(void)
{
	const struct wire_blk_limits limits = {
		.capacity = 1000, .logical_block = 512, .max_indirect_segs = 256, .flush = true,
	};
	u32 nr = 0, good = 0;

	fresh_ring(112, 3);
	put_request(0, WIRE_BLK_READ, 1);
	put_request(1, WIRE_BLK_INDIRECT, WIRE_BLK_WRITE);
	put_request(2, WIRE_BLK_FLUSH, 255);
	watch();
	if (wire_ring_pending(&ring, &nr) == WIRE_OK) {
		for (u32 i = 0; i < nr; i++) {
			u8 slot[WIRE_BLK_SLOT_MAX], rsp[WIRE_BLK_RSP_MAX];
			struct wire_blk_req req;
			enum wire_verdict v;
			u32 len;

			wire_ring_peek(&ring, 0, slot, wire_blk_slot_size(WIRE_BLK_ABI_X86_64));
			wire_ring_consume(&ring, 1);
			v = wire_blk_parse(WIRE_BLK_ABI_X86_64, slot, &limits, &req);
			good += v == WIRE_OK;
			len = wire_blk_response(WIRE_BLK_ABI_X86_64, req.id, req.wire_op,
						wire_blk_verdict_status(v), rsp);
			wire_ring_respond(&ring, rsp, len);
		}
		(void)wire_ring_publish(&ring);
	}
	unwatch();
	if (good != 2)
		fail("pass", "good requests", 0, good);
	LOADS("pass", REQ_PROD, RSP_EVENT, { 64, 64 + 3 * 112 });
	STORES("pass", { 64, 80 }, { 64 + 112, 80 + 112 }, { 64 + 224, 80 + 224 }, RSP_PROD);
}

/* The watch itself must see a second load, or all of the above proves nothing. */
static void test_the_watch(void)
{
	u32 a, b;

	watch();
	a = *(volatile u32 *)shared;
	b = *(volatile u32 *)shared;
	unwatch();
	if (count(0, false) != 2 || a != b) {
		printf("the watch saw %u of 2 loads\n", count(0, false));
		failures++;
	}
}

int main(void)
{
	const struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	const struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	shared = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || sigaction(SIGSEGV, &fault, NULL) ||
	    sigaction(SIGTRAP, &step, NULL)) {
		perror("single-fetch");
		return 2;
	}
	test_the_watch();
	test_attach();
	test_pending();
	test_peek(112);
	test_peek(108);
	test_peek(12);
	test_copy_in();
	test_respond();
	test_publish();
	test_final_check();
	test_pass();
	return failures != 0;
}
