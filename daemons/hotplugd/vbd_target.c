// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk on another machine, on its way to us or away. Tools do that, one after the
 * other, none of them waited for: each end of one is an event, and the device is
 * looked at again. What is to be taken back later is noted in xenstore before a tool
 * is started, in this domain's own directory, where it outlives the guest and us.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"
#include "target.h"

#define NOTES		"data/xen-hotplugd/targets"
#define CLEAR_US	4000000u	/* of a plug's time, for what is taken back */
#define LATER_US	100000u		/* sysfs does not tell */

enum phase {
	PHASE_CLEARING,		/* what an attempt that was cut off has left */
	PHASE_CONNECTING,
	PHASE_TAKING_BACK,	/* connecting has failed */
	PHASE_DISCONNECTING,
};

struct target_job {
	struct target_run run;
	const struct target_ops *ops;
	enum phase phase;
	uint64_t deadline_us;
	struct exec *exec;
	char *params;
	struct target want;		/* what is connected when that is cleared */
	bool readonly;
	bool connected;			/* and its node is still to be opened */
	struct why why;			/* for which it is taken back */
	bool killed;			/* a tool, when its time was over */
};

static const struct target_ops *const all_ops[TARGET_NR_KINDS] = {
	[TARGET_ISCSI] = &target_iscsi, [TARGET_NBD] = &target_nbd, [TARGET_RBD] = &target_rbd,
};

/* ---- for the kinds --------------------------------------------------------------------------------- */

static const char *tool_name(const struct target_run *run)
{
	return strrchr(run->argv[0], '/') + 1;
}

int target_tool_failed(const struct target_run *run, struct why *why)
{
	const char *name = tool_name(run);
	const size_t len = strlen(name);

	/* Most tools begin with their own name. */
	if (!strncmp(run->end.err, name, len) && run->end.err[len] == ':')
		why_say(why, "%s", run->end.err);
	else if (*run->end.err)
		why_say(why, "%s: %s", name, run->end.err);
	else
		why_say(why, "%s has ended with status %d", tool_name(run), run->end.status);
	return -EIO;
}

bool target_read_line(char *line, size_t size, const char *format, ...)
{
	_fclose_ FILE *f = NULL;
	char path[320];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(path, sizeof(path), format, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(path))
		return false;
	f = fopen(path, "re");
	if (!f || !fgets(line, (int)size, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

bool target_is_taken(const struct target_run *run, const char *node)
{
	for (const struct device *d = run->device->hotplug->devices; d; d = d->next) {
		if (d->job && d != run->device && !strcmp(d->job->run.node, node))
			return true;
	}
	return false;
}

/* ---- notes ----------------------------------------------------------------------------------------- */

/* xenstore's keys have no dots. */
static void note_key(const struct device *device, char key[40])
{
	snprintf(key, 40, "vbd-%u-%u", device->domid, device->devid);
}

static int write_note(struct target_job *job)
{
	struct device *device = job->run.device;
	_free_ char *note = malloc(STORE_VALUE_MAX);
	char state[80], key[40];
	const struct store_change change = { key, note };
	int r;

	if (!note)
		return -ENOMEM;
	r = target_note(job->run.target.kind, job->run.node, job->run.seen, job->params, note,
			STORE_VALUE_MAX);
	if (r < 0)
		return r;
	note_key(device, key);
	snprintf(state, sizeof(state), "%s/state", device->path);
	r = store_change(device->hotplug->store, NOTES, state, &change, 1);
	job->run.recorded = job->run.recorded || r >= 0;
	return r;
}

static void forget_note(struct device *device)
{
	char key[40];
	const struct store_change change = { key, NULL };

	note_key(device, key);
	(void)store_change(device->hotplug->store, NOTES, NULL, &change, 1);
}

/*
 * Takes what is noted into the job: 1; 0: nothing is. For what is noted alone, there are
 * no params yet.
 */
static int read_note(struct device *device, struct target_job *job)
{
	_free_ char *note = NULL;
	struct target_run run = { .device = device, .recorded = true };
	const char *params;
	enum target_kind kind;
	struct why why;
	char path[96], key[40];

	note_key(device, key);
	snprintf(path, sizeof(path), NOTES "/%s", key);
	if (store_read(device->hotplug->store, path, &note) < 0)
		return 0;
	if (!target_from_note(note, &kind, run.node, run.seen, &params) ||
	    target_parse(kind, params, &run.target, &why) < 0) {
		device_log(device, LOG_WARNING, NULL, 0, "%s is none of our notes, ignoring it",
			   path);
		return 0;
	}
	if (!*job->params) {
		free(job->params);
		job->params = strdup(params);
	}
	job->run = run;
	job->ops = all_ops[kind];
	return job->params ? 1 : -ENOMEM;
}

void target_each(struct hotplug *hotplug, void (*found)(const char *owner, void *userdata),
		 void *userdata)
{
	_free_ char **names = NULL;
	unsigned int n, domid, devid;
	char owner[40];

	if (store_list(hotplug->store, NOTES, &names, &n) < 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		if (sscanf(names[i], "vbd-%u-%u", &domid, &devid) != 2)
			continue;
		snprintf(owner, sizeof(owner), "vbd/%u/%u", domid, devid);
		found(owner, userdata);
	}
}

/* ---- jobs ------------------------------------------------------------------------------------------ */

void target_stop(struct device *device)
{
	struct target_job *job = device->job;

	device->job = NULL;
	if (!job)
		return;
	exec_stop(job->exec);
	free(job->params);
	free(job);
}

static uint64_t connect_time(const struct device *device)
{
	/* The rest is for taking it back. */
	return now_us() + (uint64_t)device->hotplug->config.timeout * 1000000 * 2 / 3;
}

/* What the next tool is for; what is known of the connection stays. */
static void begin(struct target_job *job, enum phase phase, uint64_t deadline_us)
{
	job->phase = phase;
	job->deadline_us = deadline_us;
	job->run.step = 0;
	job->run.ran = false;
}

static void on_tool_end(const struct exec_end *end, void *userdata)
{
	struct target_job *job = userdata;

	job->exec = NULL;
	job->run.end = *end;
	job->run.ran = true;
	device_dirty(job->run.device);
}

static int start_tool(struct target_job *job, struct why *why)
{
	struct target_run *run = &job->run;
	int r = job->phase == PHASE_CONNECTING ? write_note(job) : 0;

	if (r < 0)
		return why_say(why, "cannot write to xenstore: %s", strerror(-r));
	r = exec_start(run->device->hotplug->event, run->argv, NULL, job->deadline_us, on_tool_end,
		       job, &job->exec);
	if (r == -ENOENT)
		return why_say(why, "cannot run %s: must be installed", run->argv[0]);
	if (r < 0)
		return why_say(why, "cannot run %s: %s", run->argv[0], strerror(-r));
	device_log(run->device, LOG_DEBUG, NULL, 0, "runs %s for %s", run->argv[0], job->params);
	return 0;
}

/* 1: this phase is done; 0: it goes on; negative: it has failed. */
static int go_on(struct target_job *job, struct why *why)
{
	struct target_run *run = &job->run;
	int r;

	if (job->exec)
		return 0;
	if (run->ran && run->end.timed_out)
		return why_say(why, "%s: not done in time, and killed", tool_name(run));
	if (job->phase == PHASE_CONNECTING && job->connected)
		return 1;
	r = (job->phase == PHASE_CONNECTING ? job->ops->connect : job->ops->disconnect)(run, why);
	run->ran = false;
	if (r < 0)
		return r;
	if (r == TARGET_DONE) {
		job->connected = true;
		return 1;
	}
	if (now_us() >= job->deadline_us)
		return why_say(why, "params='%.120s': the disk does not %s in time", job->params,
			       job->phase == PHASE_CONNECTING ? "appear" : "go");
	if (r == TARGET_RUN)
		return start_tool(job, why);
	run->device->again_us = now_us() + LATER_US;
	return 0;
}

/*
 * What connecting comes to: a block device that can be opened. 1: it is open. 0: the kernel
 * knows the device, and its node or its driver is not ready yet.
 */
static int open_node(struct target_job *job, int *ret_fd, struct why *why)
{
	const struct target_run *run = &job->run;
	_close_ int fd = open(run->node, O_CLOEXEC | O_NONBLOCK |
			      (run->readonly ? O_RDONLY : O_RDWR));
	struct stat st;

	if (fd < 0 && (errno == ENXIO || errno == ENOENT) && now_us() < job->deadline_us) {
		run->device->again_us = now_us() + LATER_US;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode))
		return why_say(why, "%s cannot be opened: %s", run->node, fd < 0 ? strerror(errno) :
			       "it is no block device");
	*ret_fd = TAKE_FD(fd);
	return 1;
}

static int job_new(struct device *device, const char *params, struct target_job **ret_job)
{
	struct target_job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->run.device = device;
	job->params = strdup(params);
	if (!job->params) {
		free(job);
		return -ENOMEM;
	}
	device->job = job;
	*ret_job = job;
	return 0;
}

/* ---- connecting ------------------------------------------------------------------------------------ */

static void set_out(struct target_job *job)
{
	job->run = (struct target_run){ .device = job->run.device, .target = job->want,
					.readonly = job->readonly };
	job->ops = all_ops[job->want.kind];
	job->connected = false;
	begin(job, PHASE_CONNECTING, connect_time(job->run.device));
}

static int begin_connecting(struct device *device, const struct target *target, const char *params,
			    bool readonly)
{
	struct target_job *job;
	int r = job_new(device, params, &job);

	if (r < 0)
		return r;
	job->want = *target;
	job->readonly = readonly;
	if (read_note(device, job))
		begin(job, PHASE_CLEARING, now_us() + CLEAR_US);
	else
		set_out(job);
	return 0;
}

static int finish(struct target_job *job, char node[64], int *ret_fd, struct why *why)
{
	_close_ int fd = -1;
	int r = open_node(job, &fd, why);

	if (r > 0)
		r = write_note(job);
	if (r < 0 || fd < 0)
		return r;
	(void)str_copy(node, 64, job->run.node);
	*ret_fd = TAKE_FD(fd);
	target_stop(job->run.device);
	return 1;
}

/* If something may be there, it is taken back before the failure is told. */
static int fail(struct target_job *job, int r, const struct why *why)
{
	struct device *device = job->run.device;

	if (job->run.recorded && !job->run.foreign) {
		job->why = *why;
		job->killed = job->run.end.timed_out;
		begin(job, PHASE_TAKING_BACK, now_us() + CLEAR_US);
		return 0;
	}
	if (job->run.recorded)
		forget_note(device);
	target_stop(device);
	return r;
}

static int take_back(struct target_job *job, struct why *why)
{
	struct device *device = job->run.device;
	const int r = go_on(job, why);

	if (!r)
		return 0;
	/* A tool that was killed may have left work to somebody who is still at it: iscsid. */
	if (r > 0 && !job->killed)
		forget_note(device);
	else if (r < 0)
		device_log(device, LOG_WARNING, "plug", 0, "cannot be taken back: %s", why->text);
	*why = job->why;
	target_stop(device);
	return -EIO;
}

int target_connect(struct device *device, const struct target *target, const char *params,
		   bool readonly, char node[64], int *ret_fd, struct why *why)
{
	int r;

	if (device->job && device->job->phase == PHASE_DISCONNECTING)
		target_stop(device);
	r = device->job ? 0 : begin_connecting(device, target, params, readonly);
	if (r < 0)
		return r;
	if (device->job->phase == PHASE_CLEARING) {
		r = go_on(device->job, why);
		if (!r)
			return 0;
		if (r < 0) {
			target_stop(device);
			return r;
		}
		forget_note(device);
		set_out(device->job);
	}
	if (device->job->phase == PHASE_CONNECTING) {
		r = go_on(device->job, why);
		if (r > 0)
			r = finish(device->job, node, ret_fd, why);
		if (r >= 0)
			return r;
		r = fail(device->job, r, why);
		if (r < 0)
			return r;
	}
	return take_back(device->job, why);
}

/* ---- disconnecting --------------------------------------------------------------------------------- */

int target_disconnect(struct device *device, struct why *why)
{
	struct target_job *job;
	int r;

	if (device->job && device->job->phase != PHASE_DISCONNECTING)
		target_stop(device);
	if (!device->job) {
		r = job_new(device, "", &job);
		if (r < 0)
			return r;
		r = read_note(device, job);
		if (r <= 0) {
			target_stop(device);
			return r < 0 ? r : 1;
		}
		begin(job, PHASE_DISCONNECTING, connect_time(device));
	}
	r = go_on(device->job, why);
	if (!r)
		return 0;
	if (r > 0)
		forget_note(device);
	target_stop(device);
	return r;
}
