// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RBD: `rbd map` prints the device. Its number may be another mapping's later, its
 * sequence number never.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "target.h"

#define TOOL		"/usr/bin/rbd"
#define STATUS_BUSY	16	/* EBUSY: somebody has it open */

/* The device in the first line of what the tool has printed: /dev/rbd and a number. */
static bool take_node(const char *out, char node[64])
{
	const size_t len = strcspn(out, "\n");
	const char *number = out + strlen("/dev/rbd");

	if (len >= 64 || strncmp(out, "/dev/rbd", strlen("/dev/rbd")) || len == strlen("/dev/rbd") ||
	    strspn(number, "0123456789") != len - strlen("/dev/rbd"))
		return false;
	memcpy(node, out, len);
	node[len] = '\0';
	return true;
}

static bool read_seen(const char *node, char seen[32])
{
	return target_read_line(seen, 32, "/sys/block/%s/diskseq", node + strlen("/dev/"));
}

static int connect_rbd(struct target_run *run, struct why *why)
{
	unsigned int n = 0;

	if (run->ran) {
		if (run->end.status)
			return target_tool_failed(run, why);
		if (!take_node(run->end.out, run->node))
			return why_say(why, "rbd says that it has mapped the image, and not where");
		if (!read_seen(run->node, run->seen))
			run->seen[0] = '\0';
		return TARGET_DONE;
	}
	run->argv[n++] = TOOL;
	run->argv[n++] = "map";
	if (*run->target.rbd.id) {
		run->argv[n++] = "--id";
		run->argv[n++] = run->target.rbd.id;
	}
	if (run->readonly)
		run->argv[n++] = "--read-only";
	run->argv[n++] = run->target.rbd.image;
	run->argv[n] = NULL;
	return TARGET_RUN;
}

static int disconnect_rbd(struct target_run *run, struct why *why)
{
	char seen[32];

	/* Not mapped, or not any more: its number may be another image's by now. */
	if (!*run->node || (*run->seen && (!read_seen(run->node, seen) || strcmp(seen, run->seen))))
		return TARGET_DONE;
	if (run->ran && !run->end.status)
		return TARGET_DONE;
	if (run->ran && run->end.status != STATUS_BUSY)
		return target_tool_failed(run, why);
	/* Tried again, after a while, as long as it is open. */
	if (run->ran)
		return TARGET_LATER;
	run->argv[0] = TOOL;
	run->argv[1] = "unmap";
	run->argv[2] = run->node;
	run->argv[3] = NULL;
	return TARGET_RUN;
}

const struct target_ops target_rbd = { connect_rbd, disconnect_rbd };
