// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What carries our tag and belongs to no device: ports, filters and loop devices
 * of guests that went while nobody looked. A thing is removed when it was an orphan
 * the last time as well, for a device that is being made may be there before the
 * rest of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"
#include "target.h"

#define TARGET		"target"
#define ORPHANS_MAX	1024u

struct orphan {
	struct orphan *next;
	char owner[40];
	char path[48];		/* of a loop device, or a chain's name; empty: a port; TARGET */
};

struct sweeping {
	struct hotplug *hotplug;
	struct orphan *found;
	unsigned int n;
};

/* A port of a guest whose directory is still there may be plugged any moment. */
static bool is_orphan(struct hotplug *hotplug, const char *owner)
{
	char path[64];

	if (device_find(hotplug, owner))
		return false;
	snprintf(path, sizeof(path), "backend/%s", owner);
	if (strlen(path) > 4 && !strcmp(path + strlen(path) - 4, "/emu"))
		path[strlen(path) - 4] = '\0';
	return store_is_gone(hotplug->store, path);
}

static void found(struct sweeping *sweeping, const char *path, const char *owner)
{
	struct orphan *orphan;

	if (strlen(owner) >= sizeof(orphan->owner) || sweeping->n >= ORPHANS_MAX ||
	    !is_orphan(sweeping->hotplug, owner))
		return;
	orphan = calloc(1, sizeof(*orphan));
	if (!orphan)
		return;
	(void)str_copy(orphan->owner, sizeof(orphan->owner), owner);
	(void)str_copy(orphan->path, sizeof(orphan->path), path);
	orphan->next = sweeping->found;
	sweeping->found = orphan;
	sweeping->n++;
}

static void on_port(const char *owner, void *userdata)
{
	found(userdata, "", owner);
}

static void on_loop(const char *path, const char *owner, void *userdata)
{
	found(userdata, path, owner);
}

static void on_target(const char *owner, void *userdata)
{
	found(userdata, TARGET, owner);
}

static void on_chain(const char *chain, void *userdata)
{
	char owner[40];

	if (strlen(chain) < 48 && vif_guard_owner(chain, owner, sizeof(owner)))
		found(userdata, chain, owner);
}

static bool seen_before(const struct hotplug *hotplug, const struct orphan *orphan)
{
	const struct orphan *old;

	for (old = hotplug->orphans; old; old = old->next) {
		if (!strcmp(old->owner, orphan->owner) && !strcmp(old->path, orphan->path))
			return true;
	}
	return false;
}

/* A device that is there only for its disk to be disconnected. */
static void remove_target(struct hotplug *hotplug, const char *owner)
{
	unsigned int domid, devid;
	struct device *device;

	if (sscanf(owner, "vbd/%u/%u", &domid, &devid) == 2 &&
	    device_get(hotplug, KIND_VBD, domid, devid, false, &device) >= 0)
		device_clear(device);
}

static void remove_orphan(struct hotplug *hotplug, const struct orphan *orphan)
{
	const bool target = !strcmp(orphan->path, TARGET);
	const char *what = target ? "the connection of a disk" :
		orphan->path[0] ? orphan->path : "a port of Open vSwitch";
	_free_ char *commands = NULL, *why = NULL;

	if (hotplug->dry_run) {
		log_notice("would remove %s, which was for %s", what, orphan->owner);
		return;
	}
	log_notice("removing %s, which was for %s", what, orphan->owner);
	if (target) {
		remove_target(hotplug, orphan->owner);
	} else if (orphan->path[0] == '/') {
		(void)loop_detach(orphan->path, orphan->owner);
	} else if (orphan->path[0]) {
		commands = vif_unguard_rules(orphan->owner);
		if (commands && (hotplug->nft || nft_open(&hotplug->nft) >= 0))
			(void)nft_apply(hotplug->nft, commands, &why);
	} else {
		(void)ovs_unplug(hotplug->ovs, orphan->owner, NULL);
	}
}

void sweep_fini(struct hotplug *hotplug)
{
	while (hotplug->orphans) {
		struct orphan *orphan = hotplug->orphans;

		hotplug->orphans = orphan->next;
		free(orphan);
	}
}

void sweep(struct hotplug *hotplug)
{
	struct sweeping sweeping = { .hotplug = hotplug };

	if (hotplug->ovs && ovs_is_connected(hotplug->ovs))
		ovs_each(hotplug->ovs, on_port, &sweeping);
	loop_each(on_loop, &sweeping);
	target_each(hotplug, on_target, &sweeping);
	(void)link_each_chain(VIF_GUARD_TABLE, on_chain, &sweeping);
	for (const struct orphan *orphan = sweeping.found; orphan; orphan = orphan->next) {
		if (seen_before(hotplug, orphan))
			remove_orphan(hotplug, orphan);
	}
	sweep_fini(hotplug);
	hotplug->orphans = sweeping.found;
}
