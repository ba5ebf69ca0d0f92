// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-18: the frontend's `state`, in every order and at every speed. The backend
 * follows or refuses; in the end it is Closed when asked to be, connects again
 * (the runner sees to both), and has leaked nothing.
 */
#include "bad.h"

#include <stdlib.h>
#include <string.h>

#include "judge.h"

#define SETTLE_MS	8	/* longer than the backend takes for a step; nothing announces "ignored" */

/* Valid ring keys, so that 3 and 4 really connect. Rings as if they were fresh. */
static bool lay_out_keys(struct bad *bad)
{
	if (!blk_read_offer(bad->blk, bad->dev))
		return false;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);
	return true;
}

static void fresh_rings(struct bad *bad)
{
	unsigned int i;

	for (i = 0; i < bad->blk->nr_queues; i++) {
		struct blk_ring_head *head = bad->blk->queue[i].head;

		memset(bad->blk->queue[i].ring->va, 0, PAGE_BYTES);
		head->req_event = 1;
		head->rsp_event = 1;
	}
}

/* The kernel's own caches move too; what a device leaked per step would not fit. */
#define AVAILABLE_SLACK_KB	(16l * 1024)
#define SLAB_SLACK_KB		(4l * 1024)

static void expect_memory_flat(struct bad *bad, struct judge_memory before)
{
	struct judge_memory now = judge_memory();
	u64 deadline = util_now_ms() + 20000;

	if (bad->dev->fe_domid != bad->dev->be_domid)
		return;		/* our own memory says nothing about dom0's */
	while ((before.available - now.available > AVAILABLE_SLACK_KB ||
		now.slab - before.slab > SLAB_SLACK_KB) && util_now_ms() < deadline) {
		util_pause_ms(200);	/* freeing is deferred, and not announced */
		now = judge_memory();
	}
	check_that(bad->chk, before.available - now.available <= AVAILABLE_SLACK_KB,
		   "%ld KiB of dom0's memory are gone", before.available - now.available);
	check_that(bad->chk, now.slab - before.slab <= SLAB_SLACK_KB,
		   "dom0's slabs grew by %ld KiB", now.slab - before.slab);
	check_note(bad->chk, "memory %+ld KiB, slabs %+ld KiB", now.available - before.available,
		   now.slab - before.slab);
}

enum pair_way {
	PAIR_SETTLED,		/* the backend has seen the first when the second comes */
	PAIR_BURST,		/* it may see either or both */
	PAIR_TRANSACTION,	/* it sees only the second */
};

static void write_pair(struct bad *bad, enum pair_way way, int a, int b)
{
	struct dev *dev = bad->dev;
	store_tx tx;

	if (way == PAIR_TRANSACTION) {
		do {
			if (store_begin(dev->st, &tx))
				util_lab_error("cannot begin a transaction");
			(void)store_printf(dev->st, tx, dev_fe_path(dev, "state"), "%d", a);
			(void)store_printf(dev->st, tx, dev_fe_path(dev, "state"), "%d", b);
		} while (store_commit(dev->st, tx));
	} else {
		(void)dev_set_state(dev, (enum dev_state)a);
		if (way == PAIR_SETTLED)
			util_pause_ms(SETTLE_MS);
		(void)dev_set_state(dev, (enum dev_state)b);
	}
	util_pause_ms(SETTLE_MS);
}

static void all_pairs(struct bad *bad, const struct bad_row *row)
{
	int a, b;

	if (!lay_out_keys(bad))
		return;
	for (a = 0; a < DEV_NR_STATES; a++)
		for (b = 0; b < DEV_NR_STATES; b++) {
			fresh_rings(bad);
			write_pair(bad, (enum pair_way)row->arg, a, b);
			if (!vbd_recover(bad->vbd)) {
				check_note(bad->chk, "after states %d, %d", a, b);
				return;
			}
		}
}

static void random_walk(struct bad *bad, const struct bad_row *row)
{
	struct judge_memory before;
	u64 i;

	if (!lay_out_keys(bad))
		return;
	before = judge_memory();
	for (i = 0; i < row->arg; i++) {
		if (!rng_below(&bad->rng, 4))
			fresh_rings(bad);
		(void)dev_set_state(bad->dev, (enum dev_state)rng_below(&bad->rng, DEV_NR_STATES));
		if (!rng_below(&bad->rng, 3))
			util_pause_ms(1 + (unsigned int)rng_below(&bad->rng, 3));
	}
	if (vbd_recover(bad->vbd))
		expect_memory_flat(bad, before);
}

static void full_speed(struct bad *bad, const struct bad_row *row)
{
	struct judge_memory before;
	char value;
	u64 i;

	if (!lay_out_keys(bad))
		return;
	before = judge_memory();
	for (i = 0; i < row->arg; i++) {
		value = (char)('0' + rng_below(&bad->rng, DEV_NR_STATES));
		store_send_write(bad->dev->st, 0, dev_fe_path(bad->dev, "state"), &value, 1);
	}
	(void)store_drain(bad->dev->st);
	if (vbd_recover(bad->vbd))
		expect_memory_flat(bad, before);
}

/* Initialised and Closed by turns, as fast as xenstore goes: XSA-350. */
static void connect_close_burst(struct bad *bad, const struct bad_row *row)
{
	u64 i;

	if (!lay_out_keys(bad))
		return;
	for (i = 0; i < row->arg; i++) {
		store_send_write(bad->dev->st, 0, dev_fe_path(bad->dev, "state"), i & 1 ? "6" : "3", 1);
		if (i % 50 == 49)
			(void)store_drain(bad->dev->st);
	}
	(void)store_drain(bad->dev->st);
}

/* Full closes and opens while the disk works. */
static void close_under_load(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	u64 i;

	for (i = 0; i < row->arg && !bad->chk->failed; i++) {
		struct blk_queue *q = &bad->blk->queue[0];

		if (!bad_connect(bad))
			return;
		req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
		while (!blk_full(q))
			blk_put(q, &req, NULL, false);
		blk_publish(q, true);
		bad->connected = false;
		vbd_recover(bad->vbd);	/* straight to Closed, nothing awaited */
		blk_release(bad->blk);
	}
}

static void write_odd_value(struct bad *bad, const void *value, size_t len)
{
	if (!lay_out_keys(bad))
		return;
	if (store_write(bad->dev->st, 0, dev_fe_path(bad->dev, "state"), value, len))
		util_lab_error("cannot write the state");
	util_pause_ms(5 * SETTLE_MS);	/* "ignored" is a right answer and announces nothing */
}

static void odd_value(struct bad *bad, const struct bad_row *row)
{
	write_odd_value(bad, row->data, row->arg);
	check_that(bad->chk, dev_backend_state(bad->dev) != DEV_CONNECTED,
		   "the backend took that for a state to connect in");
}

/*
 * dom0's bus core reads the state for every driver and cuts a number to 32
 * bits, so these two may well mean 4 to the backend.
 */
static void cut_value(struct bad *bad, const struct bad_row *row)
{
	write_odd_value(bad, row->data, row->arg);
	check_note(bad->chk, "backend is in state %d", dev_backend_state(bad->dev));
}

static void long_value(struct bad *bad, const struct bad_row *row)
{
	struct bad_row text = *row;
	char *value = util_alloc(2048);

	memset(value, '4', 2048);
	text.arg = 2048;
	text.data = value;
	cut_value(bad, &text);
	free(value);
}

static const struct bad_row rows[] = {
	{ "81-pairs-settled", "H-18", all_pairs, PAIR_SETTLED, NULL },
	{ "81-pairs-burst", "H-18", all_pairs, PAIR_BURST, NULL },
	{ "81-pairs-in-one-transaction", "H-18", all_pairs, PAIR_TRANSACTION, NULL },
	{ "random-walk-1000", "H-18", random_walk, 1000, NULL },
	{ "full-speed-3000", "H-18", full_speed, 3000, NULL },
	{ "connect-close-burst-1000", "H-18", connect_close_burst, 1000, NULL },
	{ "close-with-full-ring-20", "H-18", close_under_load, 20, NULL },
	{ "state-empty", "H-18", odd_value, 0, "" },
	{ "state-9", "H-18", odd_value, 1, "9" },
	{ "state-2^32+4", "H-18", cut_value, 10, "4294967300" },
	{ "state-negative", "H-18", odd_value, 2, "-4" },
	{ "state-text", "H-18", odd_value, 9, "connected" },
	{ "state-binary", "H-18", odd_value, 4, "\xff\x00\x01\x80" },
	{ "state-2KiB", "H-18", long_value, 0, NULL },
};

const struct bad_group bad_state = {
	"state", "the frontend's state in every order and at every speed", rows, ARRAY_SIZE(rows),
};
