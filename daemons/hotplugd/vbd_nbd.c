// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NBD: nbd-client gives a connection to the kernel, through netlink, and ends. Which
 * one is ours is told by the process that the kernel says has made it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "target.h"

#define TOOL		"/usr/sbin/nbd-client"
#define DEVICES_MAX	1024u
#define TRIES		16u	/* others may take the device that was free a moment ago */

static bool is_connected(const char *node, char maker[32])
{
	return target_read_line(maker, 32, "/sys/block/%s/pid", node + strlen("/dev/"));
}

/* The first free one from @from on, into run->node. */
static bool find_free(struct target_run *run, unsigned int from)
{
	char line[32], node[64];

	for (unsigned int i = from; i < DEVICES_MAX; i++) {
		snprintf(node, sizeof(node), "/dev/nbd%u", i);
		if (!target_read_line(line, sizeof(line), "/sys/block/nbd%u/size", i))
			return false;
		if (!is_connected(node, line) && !target_is_taken(run, node))
			return str_copy(run->node, sizeof(run->node), node);
	}
	return false;
}

static int run_tool(struct target_run *run, struct why *why)
{
	const unsigned int from = *run->node ? (unsigned int)atoi(run->node + strlen("/dev/nbd")) + 1 : 0;
	unsigned int n = 0;
	char line[32];

	if (!target_read_line(line, sizeof(line), "/sys/block/nbd0/size"))
		return why_say(why, "there is no /dev/nbd0: must have the kernel's module nbd loaded");
	if (!find_free(run, from))
		return why_say(why, "all devices of the kernel's module nbd are in use: its parameter nbds_max "
			       "says how many there are");
	run->step++;
	run->argv[n++] = TOOL;
	run->argv[n++] = run->target.nbd.host;
	run->argv[n++] = run->target.nbd.port;
	run->argv[n++] = run->node;
	if (*run->target.nbd.name) {
		run->argv[n++] = "-name";
		run->argv[n++] = run->target.nbd.name;
	}
	run->argv[n] = NULL;
	return TARGET_RUN;
}

static int connect_nbd(struct target_run *run, struct why *why)
{
	const bool connected = *run->node && is_connected(run->node, run->seen);

	if (!run->ran)
		return run_tool(run, why);
	if (!run->end.status && connected)
		return TARGET_DONE;
	run->seen[0] = '\0';
	if (run->end.status && connected && run->step < TRIES)
		return run_tool(run, why);
	if (!run->end.status)
		return why_say(why, "nbd-client says that it has connected %s, and the kernel does not", run->node);
	return target_tool_failed(run, why);
}

static int disconnect_nbd(struct target_run *run, struct why *why)
{
	char maker[32], own[32];

	if (!*run->node || !is_connected(run->node, maker))
		return TARGET_DONE;
	/* Killed after the kernel had the connection, and before we heard of it. */
	snprintf(own, sizeof(own), "%d", run->end.pid);
	if (strcmp(maker, *run->seen ? run->seen : own))
		return TARGET_DONE;
	if (run->ran && run->end.status)
		return target_tool_failed(run, why);
	/* It is gone when nobody has it open any more. */
	if (run->step++)
		return TARGET_LATER;
	(void)str_copy(run->seen, sizeof(run->seen), maker);
	run->argv[0] = TOOL;
	run->argv[1] = "-d";
	run->argv[2] = run->node;
	run->argv[3] = NULL;
	return TARGET_RUN;
}

const struct target_ops target_nbd = { connect_nbd, disconnect_nbd };
