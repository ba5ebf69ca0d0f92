// SPDX-License-Identifier: GPL-2.0-or-later
#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blkload.h"
#include "judge.h"

#define CONTROL		"/sys/module/lab_fault/parameters/arm"

/* ---- lab_fault.ko -------------------------------------------------------------------- */

static void control(const char *what)
{
	FILE *f = fopen(CONTROL, "w");
	bool bad = !f || fputs(what, f) < 0;

	if (f)
		bad |= fclose(f) != 0;
	if (bad)
		util_lab_error("cannot write '%s' to " CONTROL ": %s", what, strerror(errno));
}

void faults_arm(const char *site, unsigned int n)
{
	char *text = util_printf("%s %u", site, n);

	control(text);
	free(text);
}

void faults_off(void)
{
	control("off");
}

unsigned int faults_fired(void)
{
	unsigned int calls, fired;
	FILE *f = fopen(CONTROL, "r");

	if (!f || fscanf(f, "%*s %u %u", &calls, &fired) != 2)
		util_lab_error("cannot read " CONTROL);
	fclose(f);
	return fired;
}

/* ---- one attempt ----------------------------------------------------------------------- */

/* How far the attempt came: what has to work afterwards with the same device. */
enum stage {
	NOT_BOUND,	/* the driver did not take the device */
	NOT_OPEN,	/* it did not get the disk */
	DISTURBED,	/* something was refused: the device has to be good for another try */
	SMOOTH,		/* it got on */
};

static const char *const stage_names[] = { "before the driver had it", "without its disk",
					   "refused", "got on" };

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

/* What the backend is waited for; false if it neither got there nor said why. */
static bool got_there(struct vbd *vbd, int state, const char *where)
{
	struct check *chk = vbd->dev.chk;
	char *error = dev_error_text(&vbd->dev);
	bool ok = check_that(chk, state >= 0,
			     "%s: the backend stays in state %d and says nothing", where,
			     dev_backend_state(&vbd->dev));

	if (state == 0 || (DEV_BIT(state) & DEV_SHUT && state > 0))
		ok = check_that(chk, error, "%s: closed without a reason", where) && ok;
	free(error);
	return ok;
}

static bool connect_and_use(struct vbd *vbd, const struct blk_opts *opts)
{
	struct blk *blk = util_alloc(sizeof(*blk));
	struct dev *dev = &vbd->dev;
	bool ok = false;
	int r;

	if (!blk_read_offer(blk, dev))
		goto out;
	blk_prepare(blk, dev, opts);
	blk_write_keys(blk, true);
	r = dev_wait_told(dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT, DEV_STEP_MS);
	if (!got_there(vbd, r, "connect") || r != DEV_CONNECTED) {
		/* The rings may go once the backend does not use them any more. */
		(void)dev_wait_backend(dev, DEV_SHUT, DEV_STEP_MS);
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

/* Makes the device and uses it. */
static enum stage attempt(struct vbd *vbd, const struct vbd_args *args, struct store *st,
			  struct check *chk)
{
	struct dev *dev = &vbd->dev;
	bool ok, open = true;
	char *error;
	int r;

	vbd_make(vbd, args, st, chk);
	r = dev_wait_told(dev, DEV_BIT(DEV_INIT_WAIT) | DEV_SHUT, DEV_STEP_MS);
	if (!got_there(vbd, r, "new device") || r != DEV_INIT_WAIT)
		return NOT_BOUND;

	vbd_give_disk(vbd);
	ok = connect_and_use(vbd, &args->blk);
	/* A disk that was not opened is the one thing that is not tried again. */
	error = dev_error_text(dev);
	if (error)
		open = !strstr(error, "cannot open");
	free(error);
	return !open ? NOT_OPEN : ok ? SMOOTH : DISTURBED;
}

/* With nothing failing any more: what was refused serves, and the device goes. */
static void all_is_well(struct vbd *vbd, enum stage stage)
{
	if (stage == NOT_BOUND) {
		dev_remove_unbound(&vbd->dev);
		return;
	}
	if (stage == DISTURBED)
		(void)(vbd_recover(vbd) && vbd_prove_alive(vbd));
	vbd_close(vbd);
}

void faults_nth(const struct vbd_args *args, const char *site)
{
	struct store *st = store_open();
	unsigned int n, fired;
	struct check chk;
	struct vbd vbd;
	char *name;

	for (n = 1; n <= FAULTS_MOST_CALLS && !util_stop; n++) {
		enum stage stage;

		name = util_printf("%s call %u fails", site, n);
		check_begin(&chk, name, args->seed);
		faults_arm(site, n);
		stage = attempt(&vbd, args, st, &chk);
		fired = faults_fired();
		check_note(&chk, "%s", fired ? stage_names[stage] : "no such call");
		faults_off();
		all_is_well(&vbd, stage);
		check_end(&chk);
		free(name);
		if (!fired)
			break;
	}
	check_begin(&chk, "nothing is held", args->seed);
	check_that(&chk, n > 1, "site %s was never called", site);
	check_that(&chk, n <= FAULTS_MOST_CALLS, "site %s is called without an end", site);
	judge_nothing_mapped(&chk, 0, FAULTS_LEAK_MS);
	check_end(&chk);

	check_begin(&chk, "a new device serves", args->seed);
	if (vbd_open(&vbd, args, st, &chk)) {
		(void)vbd_prove_alive(&vbd);
		vbd_close(&vbd);
	}
	check_end(&chk);
}

/* ---- killed at any point ------------------------------------------------------------------ */

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

u64 faults_one_life(struct check *chk, void (*run)(const void *args, int ready), const void *args,
		    u64 us)
{
	u64 start = util_now_us();
	int fds[2], status;
	pid_t pid;
	char c;

	fflush(stdout);
	if (pipe(fds))
		util_lab_error("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		util_lab_error("fork: %s", strerror(errno));
	if (!pid) {
		close(fds[0]);
		run(args, fds[1]);
	}
	close(fds[1]);
	if (us)
		usleep((useconds_t)us);	/* the point in time is what is tested */
	else
		(void)!read(fds[0], &c, 1);
	close(fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	check_that(chk, WIFSIGNALED(status), "the frontend ended by itself");
	return util_now_us() - start;
}

void faults_kill(const struct vbd_args *args, unsigned int times)
{
	struct store *st = store_open();
	struct vbd_args mine = *args;
	struct check chk;
	struct rng rng;
	unsigned int i;
	struct vbd vbd;
	u64 most;

	mine.devid = args->devid ?: 51712;
	rng_seed(&rng, args->seed);
	check_begin(&chk, "killed at random points", args->seed);
	most = faults_one_life(&chk, victim, &mine, 0);
	dev_remove_leftover(st, &chk, "vbd", mine.devid);
	check_note(&chk, "%u times, connected after %llu ms", times,
		   (unsigned long long)most / 1000);
	most += most / 2;	/* as well in the middle of requests */
	for (i = 0; i < times && !chk.failed; i++) {
		mine.blk.persistent = rng_below(&rng, 2);
		mine.blk.order = (int)rng_below(&rng, 4) - 1;
		mine.blk.queues = 1 + (unsigned int)rng_below(&rng, 2);
		mine.seed = rng_next(&rng);
		(void)faults_one_life(&chk, victim, &mine, 1 + rng_below(&rng, most));
		dev_remove_leftover(st, &chk, "vbd", mine.devid);
	}
	check_end(&chk);

	check_begin(&chk, "afterwards all is well", args->seed);
	mine.blk = (struct blk_opts)BLK_OPTS_DEFAULT;
	if (vbd_open(&vbd, &mine, st, &chk)) {
		(void)vbd_prove_alive(&vbd);
		vbd_close(&vbd);
	}
	/* By anybody: the dead frontends' grants are not in this process's list. */
	check_that(&chk, judge_mapped_grants(0, false) == 0, "%d grants are still mapped",
		   judge_mapped_grants(0, false));
	check_end(&chk);
}
