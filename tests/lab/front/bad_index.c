// SPDX-License-Identifier: GPL-2.0-or-later
/* H-16: indices that lie. A ring whose producer cannot be right is stopped at once. */
#include "bad.h"

#include <pthread.h>

#define QUIET_MS	200	/* a stopped queue answers nothing for at least so long */
#define SCRIBBLE_MS	500

/* A good read into the page of the row, not yet published. */
static void put_read(struct bad *bad, struct blk_queue *q)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };

	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	blk_put(q, &req, NULL, false);
}

static void lie(struct blk_queue *q, u32 prod)
{
	shared_mb();
	shared_write(q->head->req_prod, prod);
	blk_kick(q);
}

/* What a stopped queue is offered afterwards stays unanswered. */
static void expect_stopped(struct bad *bad, struct blk_queue *q)
{
	u32 answered = shared_read(q->head->rsp_prod);

	put_read(bad, q);
	blk_publish(q, true);
	util_pause_ms(QUIET_MS);	/* nothing announces that nothing happened */
	check_that(bad->chk, shared_read(q->head->rsp_prod) == answered,
		   "a stopped queue answered %u requests",
		   shared_read(q->head->rsp_prod) - answered);
}

/* arg: what is added to the right producer index; high half 1: times the ring's size. */
#define OF_RING		(1ull << 32)

static u32 distance(const struct blk_queue *q, u64 arg)
{
	return arg & OF_RING ? q->nr_slots + (u32)arg : (u32)arg;
}

static void jump(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];

	if (!bad_connect(bad) || !bad_still_good(bad) || !bad_still_good(bad))
		return;
	lie(q, q->req_prod + distance(q, row->arg));
	if (bad_shut(bad, "impossible req_prod"))
		expect_stopped(bad, q);
}

static void jump_while_busy(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];
	int i;

	(void)row;
	if (!bad_connect(bad) || !bad_still_good(bad))
		return;
	for (i = 0; i < 16; i++)
		put_read(bad, q);
	blk_publish(q, true);
	lie(q, q->req_prod + 2 * q->nr_slots);
	bad_shut(bad, "impossible req_prod with 16 requests under way");
}

/* One of two queues lies; the device is shut, and the other queue's owner is the same guest. */
static void jump_on_second_queue(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[1];

	(void)row;
	if (dev_be_u64(bad->dev, "multi-queue-max-queues", 1) < 2) {
		check_skip(bad->chk, "the backend offers one queue");
		return;
	}
	bad->opts.queues = 2;
	if (!bad_connect(bad) || !bad_still_good(bad))
		return;
	lie(q, q->req_prod + q->nr_slots + 1);
	bad_shut(bad, "impossible req_prod on queue 1");
}

/* Not one wrong value but all of them, at all times. */
struct scribbler {
	struct blk_queue *q;
	volatile bool stop;
	bool req_prod, req_event, rsp_event, private;
	u64 seed;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct blk_ring_head *head = s->q->head;
	struct rng rng;
	size_t i;

	rng_seed(&rng, s->seed);
	while (!s->stop) {
		if (s->req_prod)
			shared_write(head->req_prod, (u32)rng_next(&rng));
		if (s->req_event)
			shared_write(head->req_event, (u32)rng_next(&rng));
		if (s->rsp_event)
			shared_write(head->rsp_event, (u32)rng_next(&rng));
		for (i = 0; s->private && i < sizeof(head->private); i++)
			shared_write(head->private[i], (u8)rng_next(&rng));
	}
	return NULL;
}

static pthread_t start_scribbling(struct scribbler *s)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, scribble, s))
		util_lab_error("cannot start a thread");
	return thread;
}

static void random_prod(struct bad *bad, const struct bad_row *row)
{
	struct scribbler s = { .q = &bad->blk->queue[0], .req_prod = true,
			       .seed = bad->chk->seed };
	u64 end = util_now_ms() + SCRIBBLE_MS;
	pthread_t thread;

	(void)row;
	if (!bad_connect(bad) || !bad_still_good(bad))
		return;
	thread = start_scribbling(&s);
	while (util_now_ms() < end)
		blk_kick(s.q);
	s.stop = true;
	pthread_join(thread, NULL);
	lie(s.q, s.q->req_prod + (1u << 31));
	bad_shut(bad, "random req_prod");
}

/*
 * A spoilt req_event would keep the next requests from being announced: that
 * would be our own fault. An event makes the backend look, and set it again.
 */
static void hints_mended(struct bad *bad, struct blk_queue *q)
{
	u64 deadline = util_now_ms() + BLK_ANSWER_MS;

	shared_write(q->head->rsp_event, q->rsp_cons + 1);
	blk_kick(q);
	while (shared_read(q->head->req_event) != q->req_prod + 1 && !bad->chk->failed) {
		util_pause_ms(1);	/* the backend announces this to nobody */
		check_that(bad->chk, util_now_ms() < deadline, "req_event stays spoilt");
	}
}

/*
 * The frontend spoils what only the hold-off of notifications needs. Requests
 * are served all the same: it notifies always and looks by itself.
 */
static void spoil_hints(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];
	struct scribbler s = { .q = q, .req_event = row->arg & 1, .rsp_event = row->arg & 2,
			       .private = row->arg & 4, .seed = bad->chk->seed };
	struct blk_done done;
	pthread_t thread;
	u64 deadline;
	int i;

	if (!bad_connect(bad))
		return;
	thread = start_scribbling(&s);
	for (i = 0; i < 200 && !bad->chk->failed; i++) {
		put_read(bad, q);
		blk_publish(q, true);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		while (!blk_take(q, &done) && !bad->chk->failed) {
			util_pause_ms(1);	/* the event may rightly never come */
			check_that(bad->chk, util_now_ms() < deadline, "request %d unanswered", i);
		}
	}
	s.stop = true;
	pthread_join(thread, NULL);
	hints_mended(bad, q);
}

/* rsp_prod belongs to the backend, which therefore never reads it back. */
static void spoil_rsp_prod(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];
	u64 deadline = util_now_ms() + BLK_ANSWER_MS;
	struct blk_done done;
	int i;

	(void)row;
	if (!bad_connect(bad))
		return;
	for (i = 0; i < 50 && !bad->chk->failed; i++) {
		put_read(bad, q);
		shared_write(q->head->rsp_prod, q->rsp_cons - 7 - (u32)rng_below(&bad->rng, 1000));
		blk_publish(q, true);
		while (shared_read(q->head->rsp_prod) != q->rsp_cons + 1 && !bad->chk->failed) {
			util_pause_ms(1);	/* the event may rightly never come */
			check_that(bad->chk, util_now_ms() < deadline,
				   "rsp_prod is %u and never became %u",
				   shared_read(q->head->rsp_prod), q->rsp_cons + 1);
		}
		if (!bad->chk->failed)
			blk_take(q, &done);
	}
}

/* A fresh ring whose indices contradict each other. */
static void connect_with(struct bad *bad, u32 req_prod, u32 rsp_prod)
{
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	bad->blk->queue[0].head->req_prod = req_prod;
	bad->blk->queue[0].head->rsp_prod = rsp_prod;
	blk_write_keys(bad->blk, true);
	bad_not_connected(bad, "contradicting indices of a fresh ring");
}

static void fresh_prod_ahead(struct bad *bad, const struct bad_row *row)
{
	connect_with(bad, (u32)row->arg, 0);
}

static void fresh_prod_behind(struct bad *bad, const struct bad_row *row)
{
	connect_with(bad, 0, (u32)row->arg);
}

/* Requests that are there before the backend is; legal, and served. */
static void early_requests(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];
	struct blk_done done;
	int i;

	(void)row;
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	for (i = 0; i < 5; i++)
		put_read(bad, q);
	blk_publish(q, false);
	blk_write_keys(bad->blk, true);
	bad->connected = blk_await_connected(bad->blk);
	if (!bad->connected)
		return;
	for (i = 0; i < 5 && !bad->chk->failed; i++)
		if (check_that(bad->chk, blk_wait(bad->blk, util_now_ms() + BLK_ANSWER_MS),
			       "early request %d unanswered", i))
			blk_take(q, &done);
}

static const struct bad_row rows[] = {
	{ "prod-plus-ring-plus-1", "H-16", jump, OF_RING + 1, NULL },
	{ "prod-plus-ring-plus-32", "H-16", jump, OF_RING + 32, NULL },
	{ "prod-plus-2^31", "H-16", jump, 1u << 31, NULL },
	{ "prod-minus-1", "H-16", jump, UINT32_MAX, NULL },
	{ "prod-minus-2^31+1", "H-16", jump, (1u << 31) + 1, NULL },
	{ "prod-jump-while-busy", "H-16", jump_while_busy, 0, NULL },
	{ "prod-jump-on-second-queue", "H-16", jump_on_second_queue, 0, NULL },
	{ "prod-random", "H-16", random_prod, 0, NULL },
	{ "req_event-random", "H-16", spoil_hints, 1, NULL },
	{ "rsp_event-random", "H-16", spoil_hints, 2, NULL },
	{ "private-area-scribbled", "H-16", spoil_hints, 4, NULL },
	{ "all-hints-random", "H-16", spoil_hints, 7, NULL },
	{ "rsp_prod-scribbled", "H-16", spoil_rsp_prod, 0, NULL },
	{ "fresh-prod-ahead-33", "H-16", fresh_prod_ahead, 33, NULL },
	{ "fresh-prod-ahead-2^31", "H-16", fresh_prod_ahead, 1u << 31, NULL },
	{ "fresh-prod-behind", "H-16", fresh_prod_behind, 5, NULL },
	{ "early-requests-are-fine", "H-16", early_requests, 0, NULL },
};

const struct bad_group bad_index = {
	"index", "ring indices that lie", rows, ARRAY_SIZE(rows),
};
