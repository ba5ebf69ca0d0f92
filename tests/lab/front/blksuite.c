// SPDX-License-Identifier: GPL-2.0-or-later
#include "blksuite.h"

#include <stdio.h>
#include <stdlib.h>

#include "blkload.h"

/* One check on one fresh connection. */
struct session {
	struct check chk;
	struct vbd *vbd;
	struct blk *blk;
};

static bool session_begin(struct session *s, struct vbd *vbd, const char *name,
			  const struct blk_opts *opts)
{
	check_begin(&s->chk, name, vbd->args->seed);
	s->vbd = vbd;
	s->blk = util_alloc(sizeof(*s->blk));
	vbd->dev.chk = &s->chk;
	dev_forget_errors(&vbd->dev);
	return vbd_connect(vbd, s->blk, opts);
}

static void session_end(struct session *s)
{
	unsigned int i;

	if (!s->chk.failed) {
		for (i = 0; i < s->blk->nr_queues; i++)
			blk_untouched(&s->blk->queue[i]);
		check_that(&s->chk, !dev_error_count(&s->vbd->dev),
			   "the backend wrote an error node");
		blk_disconnect(s->blk);
		dev_reopen(&s->vbd->dev);
	} else {
		blk_release(s->blk);
		vbd_recover(s->vbd);
	}
	check_end(&s->chk);
	free(s->blk);
}

/* A few requests of each kind on each queue, and more than one lap of each ring. */
static void matrix_io(struct session *s)
{
	bool ro = vbd_readonly(s->vbd);
	struct blkload_opts load = { .depth = 8, .max_segs = 16, .percent_read = ro ? 100 : 50,
				     .requests = 24 };
	struct blkload_result result;
	struct blkio io;
	unsigned int i;

	blkio_init(&io, s->blk, &s->vbd->area, 32);
	for (i = 0; i < s->blk->nr_queues && !s->chk.failed; i++) {
		struct blk_queue *q = &s->blk->queue[i];

		if (!ro)
			blkio_do(&io, q, BLK_WRITE, i * 64, 64, BLKIO_SCATTERED, i & 1);
		blkio_do(&io, q, BLK_READ, i * 64, 64, BLKIO_PACKED, !(i & 1));
		load.requests += q->nr_slots / 8;
	}
	if (!s->chk.failed)
		blkload_run(s->blk, &s->vbd->area, &load, &result);
	blkio_fini(&io);
}

static void matrix_one(struct vbd *vbd, const struct blk_opts *opts)
{
	char *order = opts->order == BLK_NO_ORDER ? util_printf("none") :
		      util_printf("%d", opts->order);
	char *name = util_printf("connect abi=%s queues=%u order=%s persistent=%d",
				 blk_abi_name(opts->abi), opts->queues, order, opts->persistent);
	struct session s;

	if (session_begin(&s, vbd, name, opts))
		matrix_io(&s);
	session_end(&s);
	free(name);
	free(order);
}

void blksuite_matrix(struct vbd *vbd)
{
	static const int orders[] = { BLK_NO_ORDER, 0, 1, BLK_MAX_ORDER };
	unsigned int most = (unsigned int)dev_be_u64(&vbd->dev, "multi-queue-max-queues", 1);
	unsigned int queues[] = { 1, 2, min(most, BLK_MAX_QUEUES) };
	struct blk_opts opts = BLK_OPTS_DEFAULT;
	unsigned int abi, q, o, p;

	for (abi = 0; abi < BLK_NR_ABIS; abi++)
		for (q = 0; q < ARRAY_SIZE(queues); q++) {
			if (queues[q] > most || (q && queues[q] == queues[q - 1]))
				continue;	/* the backend offers fewer: no third value */
			for (o = 0; o < ARRAY_SIZE(orders) && !util_stop; o++)
				for (p = 0; p < 2; p++) {
					opts.abi = (enum blk_abi)abi;
					opts.queues = queues[q];
					opts.order = orders[o];
					opts.persistent = p;
					matrix_one(vbd, &opts);
				}
		}
}

/* io: one function per promise */

static void io_direct(struct session *s, struct blk_queue *q, struct blkio *io)
{
	u64 nr;

	(void)s;
	for (nr = 1; nr <= 88; nr += nr < 12 ? 1 : 7)
		if (!blkio_do(io, q, BLK_WRITE, 8 * nr, nr * io->blk->info.sector_size / 512,
			      BLKIO_PACKED, false) ||
		    !blkio_do(io, q, BLK_READ, 8 * nr, nr * io->blk->info.sector_size / 512,
			      BLKIO_PACKED, false))
			return;
}

static void io_scattered(struct session *s, struct blk_queue *q, struct blkio *io)
{
	int i;

	(void)s;
	for (i = 0; i < 20; i++)
		if (!blkio_do(io, q, BLK_WRITE, 128, 80, BLKIO_SCATTERED, false) ||
		    !blkio_do(io, q, BLK_READ, 128, 80, BLKIO_SCATTERED, false))
			return;
}

static void io_indirect(struct session *s, struct blk_queue *q, struct blkio *io)
{
	static const u64 pages[] = { 1, 2, 10, 11, 12, 31, 32, 33, 127, 128, 255, 256 };
	u64 most = s->blk->info.max_indirect;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (pages[i] > most || pages[i] * 8 > s->vbd->area.nr)
			break;
		if (!blkio_do(io, q, BLK_WRITE, 0, pages[i] * 8, BLKIO_PACKED, true) ||
		    !blkio_do(io, q, BLK_READ, 0, pages[i] * 8, BLKIO_SCATTERED, true))
			return;
	}
	check_note(&s->chk, "up to %llu segments", (unsigned long long)most);
}

static void io_flush(struct session *s, struct blk_queue *q, struct blkio *io)
{
	if (!s->blk->info.flush) {
		check_skip(&s->chk, "flush is not offered on this disk");
		return;
	}
	(void)(blkio_do(io, q, BLK_WRITE, 0, 8, BLKIO_PACKED, false) &&
	       blkio_do(io, q, BLK_FLUSH, 0, 0, BLKIO_PACKED, false) &&
	       blkio_do(io, q, BLK_READ, 0, 8, BLKIO_PACKED, false));
}

static void io_barrier(struct session *s, struct blk_queue *q, struct blkio *io)
{
	struct blk_request empty = { .op = BLK_BARRIER };

	if (!s->blk->info.barrier) {
		check_skip(&s->chk, "barriers are not offered on this disk");
		return;
	}
	if (blkio_do(io, q, BLK_BARRIER, 8, 80, BLKIO_SCATTERED, false) &&
	    blkio_do(io, q, BLK_READ, 8, 80, BLKIO_PACKED, false))
		check_that(&s->chk, blk_call(q, &empty) == BLK_OK, "a barrier without data failed");
}

static void io_discard(struct session *s, struct blk_queue *q, struct blkio *io)
{
	if (!s->blk->info.discard) {
		check_skip(&s->chk, "discard is not offered on this disk");
		return;
	}
	(void)(blkio_do(io, q, BLK_WRITE, 0, 256, BLKIO_PACKED, false) &&
	       blkio_do(io, q, BLK_DISCARD, 64, 128, BLKIO_PACKED, false) &&
	       blkio_do(io, q, BLK_READ, 0, 256, BLKIO_PACKED, false));
}

static void io_last_sector(struct session *s, struct blk_queue *q, struct blkio *io)
{
	u64 block = s->blk->info.sector_size / SECTOR_BYTES;
	struct blkio_area tail;

	blkio_area_init(&tail, s->blk->info.sectors - block, block, s->vbd->args->seed);
	io->area = &tail;
	(void)(blkio_do(io, q, BLK_WRITE, 0, block, BLKIO_PACKED, false) &&
	       blkio_do(io, q, BLK_READ, 0, block, BLKIO_PACKED, false));
	io->area = &s->vbd->area;
	blkio_area_fini(&tail);
}

/* As many requests as the ring has slots, made visible at once. */
static void io_full_ring(struct session *s, struct blk_queue *q, struct blkio *io)
{
	struct blk_request req;
	struct blk_done done;
	u64 deadline;
	int lap;

	if (!blkio_do(io, q, BLK_WRITE, 0, 8, BLKIO_PACKED, false))
		return;
	blkio_build(io, BLK_READ, 0, 8, BLKIO_PACKED, false);
	for (lap = 0; lap < 3; lap++) {
		while (!blk_full(q)) {
			req = io->req;
			blk_put(q, &req, NULL, false);
		}
		blk_publish(q, false);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		while (q->nr_pending) {
			if (!check_that(&s->chk, blk_wait(s->blk, deadline),
					"full ring: %u of %u requests unanswered", q->nr_pending,
					q->nr_slots))
				return;
			while (blk_take(q, &done) == 1)
				check_that(&s->chk, done.rsp.status == BLK_OK,
					   "full ring: status %d", done.rsp.status);
			if (s->chk.failed)
				return;
		}
		blkio_finish(io, BLK_OK);
	}
	check_note(&s->chk, "3 x %u requests", q->nr_slots);
}

static void io_many_laps(struct session *s, struct blk_queue *q, struct blkio *io)
{
	u32 laps = 20 * q->nr_slots, i;

	if (laps > 1500)
		laps = 1500;
	for (i = 0; i < laps && !s->chk.failed; i++)
		blkio_do(io, q, i & 1 ? BLK_READ : BLK_WRITE, 8 * (i / 2 % 64), 8, BLKIO_PACKED,
			 false);
	check_note(&s->chk, "%u requests over %u slots", laps, q->nr_slots);
}

static const struct io_case {
	const char *name;
	void (*run)(struct session *s, struct blk_queue *q, struct blkio *io);
} io_cases[] = {
	{ "direct requests of 1 to 11 segments", io_direct },
	{ "segments at odd places of their pages", io_scattered },
	{ "indirect requests", io_indirect },
	{ "flush", io_flush },
	{ "barrier with and without data", io_barrier },
	{ "discard leaves its neighbours alone", io_discard },
	{ "last sector of the disk", io_last_sector },
	{ "as many requests as slots", io_full_ring },
	{ "many laps around the ring", io_many_laps },
};

static void io_load(struct vbd *vbd, const struct blk_opts *opts)
{
	struct blkload_opts load = BLKLOAD_DEFAULT;
	struct blkload_result result;
	struct session s;

	load.seconds = 0;
	load.requests = 600;
	load.max_segs = 64;
	if (session_begin(&s, vbd, "random verified load", opts) &&
	    blkload_run(s.blk, &vbd->area, &load, &result))
		check_note(&s.chk, "%llu requests, %llu KiB, seed %llu",
			   (unsigned long long)result.requests,
			   (unsigned long long)result.bytes / 1024,
			   (unsigned long long)s.chk.seed);
	session_end(&s);
}

static void io_across_zero(struct vbd *vbd, const struct blk_opts *opts)
{
	struct blkload_opts load = { .depth = 8, .max_segs = 11, .percent_read = 50,
				     .requests = 200 };
	struct blk_opts late = *opts;
	struct blkload_result result;
	struct session s;

	late.start = UINT32_MAX - 20;
	if (session_begin(&s, vbd, "ring indices run over 2^32", &late))
		blkload_run(s.blk, &vbd->area, &load, &result);
	session_end(&s);
}

void blksuite_io(struct vbd *vbd)
{
	const struct blk_opts *opts = &vbd->args->blk;
	struct session s;
	struct blkio io;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(io_cases) && !util_stop; i++) {
		if (session_begin(&s, vbd, io_cases[i].name, opts)) {
			blkio_init(&io, s.blk, &vbd->area, 256);
			io_cases[i].run(&s, &s.blk->queue[0], &io);
			blkio_fini(&io);
		}
		session_end(&s);
	}
	io_load(vbd, opts);
	io_across_zero(vbd, opts);
}

/* Each time with other features, so that what an earlier connection left shows. */
void blksuite_reconnect(struct vbd *vbd, unsigned int times)
{
	unsigned int most = (unsigned int)dev_be_u64(&vbd->dev, "multi-queue-max-queues", 1);
	struct blkload_opts load = { .depth = 4, .max_segs = 11, .percent_read = 50,
				     .requests = 8 };
	struct blkload_result result;
	struct rng rng;
	unsigned int i;

	rng_seed(&rng, vbd->args->seed);
	for (i = 0; i < times && !util_stop; i++) {
		struct blk_opts opts = BLK_OPTS_DEFAULT;
		struct session s;
		char *name;

		opts.abi = (enum blk_abi)rng_below(&rng, BLK_NR_ABIS);
		opts.queues = 1 + (unsigned int)rng_below(&rng, min(most, 4u));
		opts.order = (int)rng_below(&rng, BLK_MAX_ORDER + 2) - 1;
		opts.persistent = rng_below(&rng, 2);
		opts.announce = rng_below(&rng, 4) ? DEV_INITIALISED : DEV_CONNECTED;
		name = util_printf("reconnect %u: abi=%s queues=%u order=%d persistent=%d state=%d",
				   i + 1, blk_abi_name(opts.abi), opts.queues, opts.order,
				   opts.persistent, opts.announce);
		if (session_begin(&s, vbd, name, &opts))
			blkload_run(s.blk, &vbd->area, &load, &result);
		session_end(&s);
		free(name);
	}
}
