/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said on the daemon's socket. One packet is a request: words with a NUL
 * behind each, REQUEST_VERSION first, then the verb, then NAME=VALUE. Packets of
 * text are the answer; the first begins with "ok" or "error", and the end is the
 * end of the connection. Pure, and used by both ends.
 */
#ifndef HOTPLUGD_REQUEST_H
#define HOTPLUGD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "parse.h"

#define REQUEST_VERSION	"xen-hotplug-1"
#define REQUEST_MAX	4096u
#define REQUEST_SOCKET	"/run/xen-hotplugd/socket"
#define REQUEST_LOCK	"/run/xen-hotplugd/lock"

enum verb {
	VERB_PLUG,	/* online, add */
	VERB_UNPLUG,	/* offline, remove */
	VERB_LIST,	/* one packet of JSON for each device */
	VERB_METRICS,	/* OpenMetrics text */
};

struct request {
	enum verb verb;
	/* of the first two */
	enum kind kind;
	unsigned int domid, devid;
	bool emu;
	char script[64];	/* the name the caller was called by */
};

/* -EINVAL and a reason if this is not a request. */
int request_parse(const char *data, size_t len, struct request *ret_request, struct why *why);

/*
 * The request that a script's arguments and environment mean: "online" or
 * "add" and so on, perhaps "type_if=tap", XENBUS_PATH, and the script's name.
 * Gives its length, or -EINVAL if it does not fit.
 */
int request_make(char *data, size_t size, const char *action, const char *type_if, const char *path,
		 const char *script);

#endif
