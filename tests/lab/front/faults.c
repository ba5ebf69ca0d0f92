// SPDX-License-Identifier: GPL-2.0-or-later
#include "faults.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge.h"

#define CONTROL		"/sys/module/lab_fault/parameters/arm"
#define MOST_CALLS	400u	/* more than one attempt makes at any site */
#define LEAK_MS		util_patience_ms(10000)

static const char *const stage_names[] = { "before the driver had it", "without its disk",
					   "refused", "got on" };

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

static void arm(const char *site, unsigned int n)
{
	char *text = util_printf("%s %u", site, n);

	control(text);
	free(text);
}

static void disarm(void)
{
	control("off");
}

static unsigned int fired_since(void)
{
	unsigned int calls, fired;
	FILE *f = fopen(CONTROL, "r");

	if (!f || fscanf(f, "%*s %u %u", &calls, &fired) != 2)
		util_lab_error("cannot read " CONTROL);
	fclose(f);
	return fired;
}

bool faults_got_there(struct dev *dev, int state, const char *where)
{
	struct check *chk = dev->chk;
	char *error = dev_error_text(dev);
	bool ok = check_that(chk, state >= 0,
			     "%s: the backend stays in state %d and says nothing", where,
			     dev_backend_state(dev));

	if (state == 0 || (DEV_BIT(state) & DEV_SHUT && state > 0))
		ok = check_that(chk, error, "%s: closed without a reason", where) && ok;
	free(error);
	return ok;
}

bool faults_await_connected(struct dev *dev)
{
	const unsigned int ends = DEV_BIT(DEV_CONNECTED) | DEV_SHUT;
	int r = dev_wait_told(dev, ends, DEV_STEP_MS);
	bool ok = faults_got_there(dev, r, "connect");

	if (!r)
		r = dev_wait_backend(dev, ends, DEV_STEP_MS);
	if (ok && r == DEV_CONNECTED)
		return true;
	/* The rings may go once the backend does not use them any more. */
	(void)dev_wait_backend(dev, DEV_SHUT, DEV_STEP_MS);
	return false;
}

static void new_one_serves(const struct faults_kind *kind, void *device, const void *args, u64 seed,
			   struct store *st)
{
	struct check chk;

	check_begin(&chk, "a new device serves", seed);
	kind->serves(device, args, st, &chk);
	check_end(&chk);
}

/* ---- the n-th call fails --------------------------------------------------------------- */

void faults_nth(const struct faults_kind *kind, const void *args, u64 seed, const char *site)
{
	void *device = util_alloc(kind->size);
	struct store *st = store_open();
	unsigned int n, fired;
	struct check chk;
	char *name;

	for (n = 1; n <= MOST_CALLS && !util_stop; n++) {
		enum faults_stage stage;

		name = util_printf("%s call %u fails", site, n);
		check_begin(&chk, name, seed);
		arm(site, n);
		stage = kind->attempt(device, args, st, &chk);
		fired = fired_since();
		check_note(&chk, "%s", fired ? stage_names[stage] : "no such call");
		check_that(&chk, fired || stage == FAULTS_SMOOTH, "nothing failed, but it was %s",
			   stage_names[stage]);
		disarm();
		kind->all_is_well(device, stage);
		check_end(&chk);
		free(name);
		if (!fired)
			break;
	}
	check_begin(&chk, "nothing is held", seed);
	check_that(&chk, n > 1, "site %s was never called", site);
	check_that(&chk, n <= MOST_CALLS, "site %s is called without an end", site);
	judge_nothing_mapped(&chk, 0, LEAK_MS);
	check_end(&chk);
	new_one_serves(kind, device, args, seed, st);
	free(device);
}

/* ---- killed at any point ------------------------------------------------------------------ */

/*
 * Runs @run in a process that is killed after @us, or with 0 once it has written
 * to @ready. How many us it lived.
 */
static u64 one_life(struct check *chk, void (*run)(const void *args, int ready), const void *args,
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

void faults_kill(const struct faults_kind *kind, const void *args, unsigned int devid, u64 seed,
		 unsigned int times)
{
	void *device = util_alloc(kind->size), *varied = util_alloc(kind->args_size);
	struct store *st = store_open();
	struct check chk;
	unsigned int i;
	struct rng rng;
	u64 most;

	memcpy(varied, args, kind->args_size);
	rng_seed(&rng, seed);
	check_begin(&chk, "killed at random points", seed);
	most = one_life(&chk, kind->victim, args, 0);
	dev_remove_leftover(st, &chk, kind->type, devid);
	check_note(&chk, "%u times, connected after %llu ms", times,
		   (unsigned long long)most / 1000);
	most += most / 2;	/* as well in the middle of its work */
	for (i = 0; i < times && !chk.failed; i++) {
		kind->vary(varied, &rng);
		(void)one_life(&chk, kind->victim, varied, 1 + rng_below(&rng, most));
		dev_remove_leftover(st, &chk, kind->type, devid);
	}
	/* By anybody: the dead frontends' grants are not in this process's list. */
	check_that(&chk, judge_mapped_grants(0, false) == 0, "%d grants are still mapped",
		   judge_mapped_grants(0, false));
	check_end(&chk);
	new_one_serves(kind, device, args, seed, st);
	free(varied);
	free(device);
}
