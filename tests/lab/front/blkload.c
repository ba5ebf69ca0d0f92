// SPDX-License-Identifier: GPL-2.0-or-later
#include "blkload.h"

#include <stdio.h>
#include <stdlib.h>

struct load {
	struct blk *blk;
	struct blkio_area *area;
	const struct blkload_opts *opts;
	struct blkload_result *result;
	struct blkio *io;		/* opts->depth of them */
	unsigned int nr_busy;
	u64 last_answer_ms;
};

/* Two requests that are under way at once may touch a sector only if both read it. */
static bool range_free(const struct load *load, u8 op, u64 at, u64 nr)
{
	u64 sector = load->area->first + at;
	unsigned int i;

	for (i = 0; i < load->opts->depth; i++) {
		const struct blkio *io = &load->io[i];

		if (!io->busy || io->op == BLK_FLUSH || (op == BLK_READ && io->op == BLK_READ))
			continue;
		if (sector < io->sector + io->nr && io->sector < sector + nr)
			return false;
	}
	return true;
}

static u8 pick_op(struct load *load)
{
	const struct blkload_opts *o = load->opts;
	const struct blk_info *info = &load->blk->info;
	unsigned int n = (unsigned int)rng_below(&load->blk->rng, 100);

	if (n < o->percent_read)
		return BLK_READ;
	n -= o->percent_read;
	if (n < o->percent_flush)
		return info->flush ? BLK_FLUSH : BLK_READ;
	n -= o->percent_flush;
	if (n < o->percent_barrier)
		return info->barrier ? BLK_BARRIER : BLK_WRITE;
	n -= o->percent_barrier;
	if (n < o->percent_discard)
		return info->discard ? BLK_DISCARD : BLK_WRITE;
	return BLK_WRITE;
}

/* False if no free range was found in a few throws; the next answer frees one. */
static bool start_one(struct load *load, struct blkio *io, struct blk_queue *q)
{
	struct rng *rng = &load->blk->rng;
	u64 block = load->blk->info.sector_size / SECTOR_BYTES;
	u64 most = (u64)load->opts->max_segs * PAGE_BYTES / SECTOR_BYTES;
	u8 op = pick_op(load);
	unsigned int throws;
	u64 at, nr;
	bool indirect;

	for (throws = 0; throws < 8; throws++) {
		/* Small requests are as common as large ones of each size class. */
		nr = 1 + rng_below(rng, rng_below(rng, 2) ? 8 : most);
		nr = (min(nr, load->area->nr) + block - 1) / block * block;
		at = rng_below(rng, (load->area->nr - nr) / block + 1) * block;
		if (op != BLK_FLUSH && !range_free(load, op, at, nr))
			continue;
		indirect = io->ind && op <= BLK_WRITE && rng_below(rng, 2);
		blkio_build(io, op, at, nr, (enum blkio_shape)rng_below(rng, BLKIO_NR_SHAPES),
			    indirect);
		io->busy = true;
		load->nr_busy++;
		blk_put(q, &io->req, io, false);
		return true;
	}
	return false;
}

static struct blk_queue *pick_queue(struct load *load)
{
	struct blk *blk = load->blk;
	unsigned int i, first = (unsigned int)rng_below(&blk->rng, blk->nr_queues);

	for (i = 0; i < blk->nr_queues; i++) {
		struct blk_queue *q = &blk->queue[(first + i) % blk->nr_queues];

		if (!blk_full(q))
			return q;
	}
	return NULL;
}

/* A random number of requests at once, so that all fill levels of a ring occur. */
static void start_some(struct load *load)
{
	unsigned int want = load->opts->depth - load->nr_busy;
	unsigned int i;

	if (!want)
		return;
	want = 1 + (unsigned int)rng_below(&load->blk->rng, want);
	for (i = 0; i < load->opts->depth && want; i++) {
		struct blk_queue *q = pick_queue(load);

		if (load->io[i].busy)
			continue;
		if (!q || !start_one(load, &load->io[i], q))
			break;
		want--;
	}
	for (i = 0; i < load->blk->nr_queues; i++)
		if (load->blk->queue[i].published != load->blk->queue[i].req_prod)
			blk_publish(&load->blk->queue[i], false);
}

static bool may_have_status(const struct load *load, const struct blkio *io, int status)
{
	const struct blkload_opts *o = load->opts;
	bool bad = io->op != BLK_FLUSH && o->bad_nr && io->sector < o->bad_first + o->bad_nr &&
		   o->bad_first < io->sector + io->nr;

	if (o->errors_allowed)
		return true;
	return bad == (status != BLK_OK);
}

static void finish_one(struct load *load, struct blk_done *done)
{
	struct blkio *io = done->cookie;

	blkio_finish(io, done->rsp.status);
	check_that(load->blk->dev->chk, may_have_status(load, io, done->rsp.status),
		   "load: operation %u, sector %llu, %llu sectors in %u segments: status %d",
		   io->op, (unsigned long long)io->sector, (unsigned long long)io->nr,
		   io->nr_segs, done->rsp.status);
	load->result->errors += done->rsp.status != BLK_OK;
	io->busy = false;
	load->nr_busy--;
	load->result->requests++;
	load->result->bytes += io->op <= BLK_BARRIER ? io->nr * SECTOR_BYTES : 0;
}

static bool take_answers(struct load *load)
{
	u64 now, deadline = util_now_ms() + BLK_ANSWER_MS;
	struct blk_done done;
	unsigned int i;
	int r;

	if (!check_that(load->blk->dev->chk, blk_wait(load->blk, deadline),
			"load: %u requests under way and no response within %u ms",
			load->nr_busy, BLK_ANSWER_MS))
		return false;
	now = util_now_ms();
	load->result->longest_gap_ms = max(load->result->longest_gap_ms,
					   now - load->last_answer_ms);
	for (i = 0; i < load->blk->nr_queues; i++) {
		while ((r = blk_take(&load->blk->queue[i], &done)) == 1)
			finish_one(load, &done);
		if (r < 0)
			return false;
	}
	load->last_answer_ms = util_now_ms();
	return true;
}

static bool time_to_stop(const struct load *load, u64 start_ms)
{
	const struct blkload_opts *o = load->opts;

	return load->blk->dev->chk->failed || (o->stop && *o->stop) ||
	       (o->seconds && util_now_ms() - start_ms >= o->seconds * 1000) ||
	       (o->requests && load->result->requests >= o->requests);
}

bool blkload_run(struct blk *blk, struct blkio_area *area, const struct blkload_opts *opts,
		 struct blkload_result *result)
{
	struct load load = { .blk = blk, .area = area, .opts = opts, .result = result };
	u64 start = util_now_ms();
	bool ok = true;
	unsigned int i;

	*result = (struct blkload_result){ 0 };
	load.io = util_alloc(opts->depth * sizeof(*load.io));
	for (i = 0; i < opts->depth; i++)
		blkio_init(&load.io[i], blk, area, opts->max_segs);
	if (opts->announce)
		puts(opts->announce);

	load.last_answer_ms = util_now_ms();
	while (ok && !time_to_stop(&load, start)) {
		if (!load.nr_busy)
			load.last_answer_ms = util_now_ms();
		start_some(&load);
		ok = take_answers(&load);
	}
	while (ok && load.nr_busy)
		ok = take_answers(&load);
	/* Of a disk that is gone there is nothing to read; what was read before has been judged. */
	if (opts->disk_goes)
		ok = ok && check_that(blk->dev->chk, result->errors,
				      "load: no request on a disk that is gone has failed");
	else
		ok = ok && blkio_verify_area(&load.io[0], &blk->queue[0]);
	for (i = 0; ok && i < blk->nr_queues; i++)
		ok = blk_untouched(&blk->queue[i]);

	result->ms = util_now_ms() - start;
	for (i = 0; i < opts->depth; i++)
		blkio_fini(&load.io[i]);
	free(load.io);
	return ok && !blk->dev->chk->failed;
}
