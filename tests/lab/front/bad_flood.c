// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-17, H-36 and H-38: too many events, barriers and flushes, and answers nobody
 * reads. All may cost the frontend that does it, and nobody else.
 */
#include "bad.h"

#include <stdio.h>
#include <string.h>

#include "judge.h"

#define STORM_MS	3000

/*
 * How often an idle channel may interrupt dom0 in a second. After two events
 * without work the event core waits for a tick, of which there are 250.
 */
#define IDLE_INTERRUPTS	600

/* Events without work, or with one request in arg events. */
static void storm(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	u64 events = 0, requests = 0, end;
	struct blk_done done;
	unsigned int i;
	long before, after;

	bad->opts.queues = 0;
	if (!bad_connect(bad))
		return;
	before = judge_interrupts(bad->dev);
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	end = util_now_ms() + STORM_MS;
	while (util_now_ms() < end && !bad->chk->failed) {
		for (i = 0; i < bad->blk->nr_queues; i++) {
			struct blk_queue *q = &bad->blk->queue[i];

			if (row->arg && events % row->arg == 0 && !blk_full(q)) {
				blk_put(q, &req, NULL, false);
				blk_publish(q, true);
				requests++;
			}
			while (blk_take(q, &done) == 1)
				;
			blk_kick(q);
			events++;
		}
	}
	after = judge_interrupts(bad->dev);
	if (before >= 0 && after >= 0) {
		check_note(bad->chk, "%ld interrupts", after - before);
		if (!row->arg)
			check_that(bad->chk,
				   after - before <= IDLE_INTERRUPTS * STORM_MS / 1000 *
						     (long)bad->blk->nr_queues,
				   "%ld interrupts by events without work", after - before);
	}
	if (!row->arg)
		check_that(bad->chk, !xen_events_wait(&bad->blk->events, 0),
			   "the backend announced an answer, and there was none");
	for (i = 0; i < bad->blk->nr_queues; i++) {
		struct blk_queue *q = &bad->blk->queue[i];

		while (q->nr_pending && !bad->chk->failed)
			if (check_that(bad->chk,
				       blk_wait(bad->blk, util_now_ms() + BLK_ANSWER_MS),
				       "queue %u: %u requests unanswered after the storm", i,
				       q->nr_pending))
				blk_take(q, &done);
	}
	if (!bad->chk->failed)
		bad_still_good(bad);
	check_note(bad->chk, "%llu events, %llu requests", (unsigned long long)events,
		   (unsigned long long)requests);
}

/* Events on the ports of a device that is closed; the ports are still open on our side. */
static void storm_when_closed(struct bad *bad, const struct bad_row *row)
{
	u64 end, events = 0;

	(void)row;
	if (!bad_connect(bad))
		return;
	(void)dev_set_state(bad->dev, DEV_CLOSED);
	bad->connected = false;
	end = util_now_ms() + STORM_MS / 3;
	for (; util_now_ms() < end; events++)
		(void)xen_events_notify(&bad->blk->events, bad->blk->queue[0].port);
	check_note(bad->chk, "%llu events", (unsigned long long)events);
}

/* Ring after ring of requests whose answers are never looked at. */
static void never_read_answers(struct bad *bad, const struct bad_row *row)
{
	struct blk_queue *q = &bad->blk->queue[0];
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	u8 bytes[BLK_SLOT_MAX];
	u64 deadline, lap;
	u32 i;

	if (!bad_connect(bad))
		return;
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 0 };
	for (lap = 0; lap < row->arg && !bad->chk->failed; lap++) {
		for (i = 0; i < q->nr_slots; i++) {
			u64 block = bad->blk->info.sector_size / SECTOR_BYTES;

			req.id = i;
			req.sector = (lap * q->nr_slots + i) * 8 % bad->vbd->area.nr;
			req.seg[0].last = (u8)(block - 1);
			blk_abi_encode(bad->blk->opts.abi, &req, bytes);
			__builtin_memcpy(blk_slot(q, q->req_prod), bytes,
					 blk_abi_slot(bad->blk->opts.abi));
			q->req_prod++;
		}
		blk_publish(q, true);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		while (shared_read(q->head->rsp_prod) != q->req_prod && !bad->chk->failed) {
			util_pause_ms(1);	/* no event is asked for */
			check_that(bad->chk, util_now_ms() < deadline,
				   "lap %llu: %u requests unanswered", (unsigned long long)lap,
				   q->req_prod - shared_read(q->head->rsp_prod));
		}
	}
	bad->connected = false;		/* our own idea of the ring is gone */
	check_note(bad->chk, "%llu laps of %u requests", (unsigned long long)lap, q->nr_slots);
}

/* A full ring of which nothing is read, left like that until the device is closed. */
static void full_and_silent(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	unsigned int i;

	(void)row;
	bad->opts.queues = 0;
	bad->opts.order = BLK_MAX_ORDER;
	if (!bad_connect(bad))
		return;
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	for (i = 0; i < bad->blk->nr_queues; i++) {
		while (!blk_full(&bad->blk->queue[i]))
			blk_put(&bad->blk->queue[i], &req, NULL, false);
		blk_publish(&bad->blk->queue[i], true);
	}
	bad->connected = false;		/* nothing more is said on it */
}

/*
 * Barriers and flushes between writes, on all rings at once. With arg the
 * frontend leaves in the middle of it.
 */
static void ordering_storm(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .nr_segs = 1 };
	u64 nr = 0, deadline, ok = 0, other = 0;
	struct blk_done done;
	unsigned int i;

	bad->opts.queues = 0;
	bad->opts.order = 2;
	if (!bad_connect(bad))
		return;
	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	for (i = 0; i < bad->blk->nr_queues; i++) {
		for (; !blk_full(&bad->blk->queue[i]); nr++) {
			u64 n = rng_below(&bad->rng, 6);

			req.op = n == 0 ? BLK_BARRIER : n == 1 ? BLK_FLUSH : BLK_WRITE;
			req.nr_segs = req.op != BLK_FLUSH;
			/* Behind what is verified. */
			req.sector = req.nr_segs * (bad->vbd->area.first + bad->vbd->area.nr +
						    rng_below(&bad->rng, 256) * 8);
			blk_put(&bad->blk->queue[i], &req, NULL, false);
		}
		blk_publish(&bad->blk->queue[i], true);
	}
	check_note(bad->chk, "%llu requests", (unsigned long long)nr);
	if (row->arg) {
		bad->connected = false;
		return;
	}
	deadline = util_now_ms() + 2 * BLK_ANSWER_MS;
	for (i = 0; i < bad->blk->nr_queues; i++) {
		struct blk_queue *q = &bad->blk->queue[i];

		while (q->nr_pending && !bad->chk->failed) {
			while (blk_take(q, &done) == 1)
				*(done.rsp.status == BLK_OK ? &ok : &other) += 1;
			if (q->nr_pending)
				check_that(bad->chk, util_now_ms() < deadline,
					   "queue %u: %u requests unanswered", i, q->nr_pending);
			util_pause_ms(1);	/* other rings' answers would wake it as well */
		}
	}
	if (!bad->chk->failed)
		bad_still_good(bad);
	check_note(bad->chk, "%llu served, %llu not", (unsigned long long)ok,
		   (unsigned long long)other);
}

static const struct bad_row rows[] = {
	{ "events-without-work", "H-17", storm, 0, NULL },
	{ "events-1000-per-request", "H-17", storm, 1000, NULL },
	{ "events-10-per-request", "H-17", storm, 10, NULL },
	{ "events-when-closed", "H-17", storm_when_closed, 0, NULL },
	{ "barriers-and-flushes", "H-36", ordering_storm, 0, NULL },
	{ "barriers-and-flushes-and-away", "H-36", ordering_storm, 1, NULL },
	{ "answers-never-read", "H-38", never_read_answers, 60, NULL },
	{ "full-rings-and-silence", "H-38", full_and_silent, 0, NULL },
};

const struct bad_group bad_flood = {
	"flood", "too many events, barriers and flushes, and answers nobody reads", rows, ARRAY_SIZE(rows),
};
