// SPDX-License-Identifier: GPL-2.0-or-later
#include "blkfaults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blkload.h"
#include "faults.h"

/* A request's answer may be an error now, but there has to be one. False if it was one. */
static bool try_io(struct blkio *io, struct blk_queue *q, u8 op, u64 at, u64 nr, bool indirect)
{
	int status;

	blkio_build(io, op, at, nr, BLKIO_PACKED, indirect);
	status = blk_call(q, &io->req);
	if (status == -ETIMEDOUT || status == -EPROTO)
		return false;
	blkio_finish(io, status);
	return status == BLK_OK;
}

/* One of each kind, on each queue; with persistent grants a second time, when they are found. */
static bool try_requests(struct vbd *vbd, struct blk *blk)
{
	unsigned int i, round, bad = 0;
	struct blkio io;

	blkio_init(&io, blk, &vbd->area, 100);
	for (i = 0; i < blk->nr_queues; i++) {
		struct blk_queue *q = &blk->queue[i];
		u64 at = i * 1024;

		for (round = 0; round < 1u + blk->opts.persistent; round++) {
			bad += !try_io(&io, q, BLK_WRITE, at, 64, false);
			bad += !try_io(&io, q, BLK_WRITE, at + 64, 800, true);
			bad += !try_io(&io, q, BLK_READ, at, 64, false);
			bad += !try_io(&io, q, BLK_READ, at + 64, 800, true);
			bad += blk->info.flush && !try_io(&io, q, BLK_FLUSH, 0, 0, false);
			bad += blk->info.discard &&
			       !try_io(&io, q, BLK_DISCARD, at + 960, 8, false);
		}
	}
	blkio_fini(&io);
	return !bad;
}

static bool connect_and_use(struct vbd *vbd, const struct blk_opts *opts)
{
	struct blk *blk = util_alloc(sizeof(*blk));
	struct dev *dev = &vbd->dev;
	bool ok = false;

	if (!blk_read_offer(blk, dev))
		goto out;
	blk_prepare(blk, dev, opts);
	blk_write_keys(blk, true);
	if (!faults_await_connected(dev)) {
		blk_release(blk);
		goto out;
	}
	if (!blk_await_connected(blk))
		goto out;
	if (!vbd->has_area) {
		blkio_area_init(&vbd->area, vbd->args->area_first, vbd->args->area_sectors,
				vbd->args->seed);
		vbd->has_area = true;
	}
	ok = try_requests(vbd, blk);
	ok = blk_disconnect(blk) && ok;
out:
	free(blk);
	return ok;
}

static enum faults_stage attempt(void *device, const void *params, struct store *st,
				 struct check *chk)
{
	const struct vbd_args *args = params;
	struct vbd *vbd = device;
	struct dev *dev = &vbd->dev;
	bool ok, open = true;
	char *error;
	int r;

	vbd_make(vbd, args, st, chk);
	r = dev_wait_told(dev, DEV_BIT(DEV_INIT_WAIT) | DEV_SHUT, DEV_STEP_MS);
	if (!faults_got_there(&vbd->dev, r, "new device") || r != DEV_INIT_WAIT)
		return FAULTS_NOT_BOUND;

	vbd_give_disk(vbd);
	ok = connect_and_use(vbd, &args->blk);
	/* A disk that was not opened is the one thing that is not tried again. */
	error = dev_error_text(dev);
	if (error)
		open = !strstr(error, "cannot open");
	free(error);
	return !open ? FAULTS_NOT_OPEN : ok ? FAULTS_SMOOTH : FAULTS_DISTURBED;
}

static void all_is_well(void *device, enum faults_stage stage)
{
	struct vbd *vbd = device;

	if (stage == FAULTS_NOT_BOUND) {
		dev_remove_unbound(&vbd->dev);
		return;
	}
	if (stage == FAULTS_DISTURBED)
		(void)(vbd_recover(vbd) && vbd_prove_alive(vbd));
	vbd_close(vbd);
}

static void serves(void *device, const void *params, struct store *st, struct check *chk)
{
	struct vbd *vbd = device;

	if (vbd_open(vbd, params, st, chk)) {
		(void)vbd_prove_alive(vbd);
		vbd_close(vbd);
	}
}

static void victim(const void *arg, int ready)
{
	const struct vbd_args *args = arg;
	struct blkload_opts load = BLKLOAD_DEFAULT;
	struct blkload_result result;
	struct blk *blk = util_alloc(sizeof(*blk));
	struct check chk;
	struct vbd vbd;

	load.seconds = 0;
	load.depth = 32;
	check_begin(&chk, "victim", args->seed);
	if (vbd_open(&vbd, args, store_open(), &chk)) {
		vbd.dev.chk = &chk;
		if (vbd_connect(&vbd, blk, &args->blk)) {
			(void)!write(ready, "r", 1);
			(void)blkload_run(blk, &vbd.area, &load, &result);
		}
	}
	/* Only reached when something was wrong; the parent prints nothing of its own then. */
	check_end(&chk);
	_exit(EXIT_MISBEHAVED);
}

static void vary(void *params, struct rng *rng)
{
	struct vbd_args *args = params;

	args->blk.persistent = rng_below(rng, 2);
	args->blk.order = (int)rng_below(rng, 4) - 1;
	args->blk.queues = (unsigned int)rng_below(rng, 2);	/* one, or all that are offered */
	args->seed = rng_next(rng);
}

static const struct faults_kind kind = {
	.type = "vbd",
	.size = sizeof(struct vbd),
	.args_size = sizeof(struct vbd_args),
	.attempt = attempt,
	.all_is_well = all_is_well,
	.serves = serves,
	.victim = victim,
	.vary = vary,
};

void blkfaults_nth(const struct vbd_args *args, const char *site)
{
	faults_nth(&kind, args, args->seed, site);
}

void blkfaults_kill(const struct vbd_args *args, unsigned int times)
{
	struct vbd_args mine = *args;

	mine.devid = args->devid ?: 51712;
	faults_kill(&kind, &mine, mine.devid, args->seed, times);
}
