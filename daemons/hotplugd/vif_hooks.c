// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The administrator's own programs for vifs: what stands in vif-post.d and can be run
 * is run after a script's work is done and before that is told, one after the other.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/cleanup.h"
#include "../lib/exec.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"

#define HOOKS		"/etc/xen/scripts/vif-post.d/*.hook"
#define VARIABLES	10u

struct vif_hooks {
	struct device *device;
	glob_t found;
	size_t at;			/* the one that runs, or is next */
	bool online;
	uint64_t deadline_us;		/* of all of them */
	struct exec *exec;
	bool ran;			/* `end` is that of the one at `at` */
	struct exec_end end;
};

static void stop(struct device *device)
{
	struct vif_hooks *hooks = device->hooks;

	device->hooks = NULL;
	if (!hooks)
		return;
	exec_stop(hooks->exec);
	globfree(&hooks->found);
	free(hooks);
}

void vif_hooks_forget(struct device *device)
{
	stop(device);
	free(device->refusal);
	device->refusal = NULL;
	device->hooked = false;
}

static int begin(struct device *device, bool online)
{
	struct vif_hooks *hooks = calloc(1, sizeof(*hooks));
	int r;

	if (!hooks)
		return -ENOMEM;
	hooks->device = device;
	hooks->online = online;
	/* What is left is for taking it back. */
	hooks->deadline_us = now_us() + (uint64_t)device->hotplug->config.timeout * 1000000 * 2 / 3;
	device->hooks = hooks;
	r = glob(HOOKS, 0, NULL, &hooks->found);
	return !r || r == GLOB_NOMATCH ? 0 : -EIO;
}

static void on_hook_end(const struct exec_end *end, void *userdata)
{
	struct vif_hooks *hooks = userdata;

	hooks->exec = NULL;
	hooks->end = *end;
	hooks->ran = true;
	device_dirty(hooks->device);
}

static int judge_end(const struct vif_hooks *hooks, const char *hook, struct why *why)
{
	if (hooks->end.timed_out)
		return why_say(why, "%s: not done in time, and killed", hook);
	if (hooks->end.status)
		return why_say(why, "%s: status %d%s%s", hook, hooks->end.status,
			       *hooks->end.err ? ": " : "", hooks->end.err);
	return 0;
}

/* As the toolstack's script would be called, and with its variables. */
static int start(struct vif_hooks *hooks, const char *hook, struct why *why)
{
	const struct device *device = hooks->device;
	const char *script = device->mode_known ? vif_mode_name(device->mode) : "xen-hotplug";
	const char *command = device->emu ? hooks->online ? "add" : "remove" :
					    hooks->online ? "online" : "offline";
	char type_if[16], text[VARIABLES][128];
	const char *const argv[] = { hook, command, type_if, NULL };
	const char *env[VARIABLES + 1] = { NULL };
	unsigned int n = 0;
	int r;

	snprintf(type_if, sizeof(type_if), "type_if=%s", device->emu ? "tap" : "vif");
	snprintf(text[n++], sizeof(*text), "command=%s", command);
	snprintf(text[n++], sizeof(*text), "%s", type_if);
	snprintf(text[n++], sizeof(*text), "XENBUS_PATH=%s", device->path);
	snprintf(text[n++], sizeof(*text), "XENBUS_TYPE=vif");
	snprintf(text[n++], sizeof(*text), "XENBUS_BASE_PATH=backend");
	snprintf(text[n++], sizeof(*text), "script=/etc/xen/scripts/%s", script);
	snprintf(text[n++], sizeof(*text), "vif=vif%u.%u", device->domid, device->devid);
	snprintf(text[n++], sizeof(*text), "dev=%s",
		 device->ifname[0] ? device->ifname : device->name);
	if (device->want && device->want->bridge[0])
		snprintf(text[n++], sizeof(*text), "bridge=%s", device->want->bridge);
	for (unsigned int i = 0; i < n; i++)
		env[i] = text[i];
	r = exec_start(device->hotplug->event, argv, env, hooks->deadline_us, on_hook_end, hooks,
		       &hooks->exec);
	return r < 0 ? why_say(why, "cannot run %s: %s", hook, strerror(-r)) : 0;
}

int vif_hooks_run(struct device *device, bool online, struct why *why)
{
	struct vif_hooks *hooks;
	struct stat st;
	int r = device->hooks ? 0 : begin(device, online);

	for (hooks = device->hooks; r >= 0 && hooks->at < hooks->found.gl_pathc; hooks->at++) {
		const char *hook = hooks->found.gl_pathv[hooks->at];

		if (hooks->exec)
			return 0;
		if (hooks->ran) {
			hooks->ran = false;
			r = judge_end(hooks, hook, why);
			continue;
		}
		if (stat(hook, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			continue;
		if (st.st_uid || (st.st_mode & 022)) {
			r = why_say(why,
				    "%s: must belong to root, and nobody else may be able to write it",
				    hook);
			continue;
		}
		r = start(hooks, hook, why);
		if (r >= 0)
			return 0;
	}
	stop(device);
	return r < 0 ? r : 1;
}
