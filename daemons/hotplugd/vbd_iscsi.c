// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iSCSI: iscsiadm logs in to a target and out of it; the kernel's list of sessions
 * says what there is. A session that was there before us is somebody else's, and is
 * neither used nor ended.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "target.h"

#define TOOL		"/usr/sbin/iscsiadm"
#define SESSIONS	"/sys/class/iscsi_session"
#define STATUS_EXISTS	15	/* there is such a session: since we have looked */
#define STATUS_NONE	21	/* no such record, or no such session */

/* iscsiadm's steps, in this order; the discovery only for a target that it has no record of. */
enum { LOGIN, DISCOVER, LOGIN_AGAIN, APPEAR };

/* The session with a target: "session3". False if there is none. */
static bool find_session(const char *iqn, char session[32])
{
	DIR *dir = opendir(SESSIONS);
	struct dirent *entry;
	char name[TARGET_NAME_MAX];
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = target_read_line(name, sizeof(name), SESSIONS "/%.31s/targetname",
					 entry->d_name) &&
			!strcmp(name, iqn) && str_copy(session, 32, entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

/* The first path that matches; false if none does. */
static bool find_path(char *path, size_t size, const char *pattern)
{
	glob_t found = { 0 };
	const bool ok = glob(pattern, 0, NULL, &found) == 0 &&
			str_copy(path, size, found.gl_pathv[0]);

	globfree(&found);
	return ok;
}

/* The multipath device that has this disk. */
static bool find_multipath(const char *disk, char node[64])
{
	char pattern[128], path[256], uuid[64], name[48];

	snprintf(pattern, sizeof(pattern), "/sys/block/%.64s/holders/dm-*", disk);
	return find_path(path, sizeof(path), pattern) &&
	       target_read_line(uuid, sizeof(uuid), "%s/dm/uuid", path) &&
	       !strncmp(uuid, "mpath-", 6) &&
	       target_read_line(name, sizeof(name), "%s/dm/name", path) &&
	       snprintf(node, 64, "/dev/mapper/%s", name) < 64;
}

/* Its unit 0, or what multipath has made of it, when it is there. */
static bool find_disk(const struct target_run *run, char node[64])
{
	char session[32], pattern[160], path[256];

	if (!find_session(run->target.iscsi.iqn, session))
		return false;
	snprintf(pattern, sizeof(pattern), SESSIONS "/%s/device/target*/*:0/block/*", session);
	if (!find_path(path, sizeof(path), pattern))
		return false;
	if (run->target.iscsi.multipath)
		return find_multipath(strrchr(path, '/') + 1, node);
	return snprintf(node, 64, "/dev/%s", strrchr(path, '/') + 1) < 64;
}

static int run_node(struct target_run *run, const char *what)
{
	const char *const argv[] = { TOOL, "-m", "node", "-T", run->target.iscsi.iqn, "-p",
				     run->target.iscsi.portal, what, NULL };

	memcpy(run->argv, argv, sizeof(argv));
	return TARGET_RUN;
}

static int run_discovery(struct target_run *run)
{
	const char *const argv[] = { TOOL, "-m", "discovery", "-t", "sendtargets", "-p",
				     run->target.iscsi.portal, NULL };

	memcpy(run->argv, argv, sizeof(argv));
	return TARGET_RUN;
}

static int refuse_session(struct target_run *run, struct why *why)
{
	run->foreign = true;
	return why_key(why, "params: iqn", run->target.iscsi.iqn,
		       "a target that this host has no session with "
		       "yet");
}

static int after_tool(struct target_run *run, struct why *why)
{
	const int status = run->end.status;

	if (run->step == LOGIN && status == STATUS_NONE) {
		run->step = DISCOVER;
		return run_discovery(run);
	}
	if (run->step == DISCOVER && !status) {
		run->step = LOGIN_AGAIN;
		return run_node(run, "--login");
	}
	if (run->step == LOGIN_AGAIN && status == STATUS_NONE)
		return why_key(why, "params: iqn", run->target.iscsi.iqn, "a target that %s offers",
			       run->target.iscsi.portal);
	if (status == STATUS_EXISTS)
		return refuse_session(run, why);
	if (status)
		return target_tool_failed(run, why);
	run->step = APPEAR;
	return TARGET_LATER;
}

static int connect_iscsi(struct target_run *run, struct why *why)
{
	char session[32];

	if (run->ran) {
		const int r = after_tool(run, why);

		if (r != TARGET_LATER)
			return r;
	}
	if (run->step == APPEAR)
		return find_disk(run, run->node) ? TARGET_DONE : TARGET_LATER;
	if (find_session(run->target.iscsi.iqn, session))
		return refuse_session(run, why);
	return run_node(run, "--login");
}

static int disconnect_iscsi(struct target_run *run, struct why *why)
{
	char session[32];

	if (!find_session(run->target.iscsi.iqn, session))
		return TARGET_DONE;
	if (run->ran && run->end.status && run->end.status != STATUS_NONE)
		return target_tool_failed(run, why);
	if (run->step++)
		return TARGET_LATER;
	return run_node(run, "--logout");
}

const struct target_ops target_iscsi = { connect_iscsi, disconnect_iscsi };
