// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices, what happens to them, and when they are looked at. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"
#include "report.h"

#define SWEEP_FIRST_US	10000000u	/* toolstacks that were cut off have begun again by then */
#define SWEEP_US	60000000u
/* what was read of a device that is done is kept this long */
#define REST_US		5000000u
#define RETRY_US	5000000u
#define METRICS_US	15000000u

const char *device_state_name(enum device_state state)
{
	static const char *const names[DEVICE_NR_STATES] = {
		[DEVICE_IDLE] = "idle", [DEVICE_PLUGGING] = "plugging", [DEVICE_PLUGGED] = "plugged",
		[DEVICE_UNPLUGGING] = "unplugging", [DEVICE_FAILED] = "failed",
	};

	return names[state];
}

void device_log(const struct device *device, int level, const char *phase, uint64_t duration_us,
		const char *format, ...)
{
	const struct log_about about = {
		.name = device->name, .kind = kind_name(device->kind), .domid = device->domid,
		.devid = device->devid, .phase = phase, .duration_us = duration_us,
	};
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_about(&about, level, "%s", text);
}

/* The one place where a state changes. */
static void set_state(struct device *device, enum device_state state)
{
	if (device->state == state)
		return;
	device_log(device, LOG_DEBUG, NULL, 0, "%s, was %s", device_state_name(state),
		   device_state_name(device->state));
	device->state = state;
}

/* ---- the list -------------------------------------------------------------------------------------- */

struct device *device_find(struct hotplug *hotplug, const char *owner)
{
	struct device *device;

	for (device = hotplug->devices; device && strcmp(device->owner, owner);
	     device = device->next)
		;
	return device;
}

static void make_owner(char owner[40], enum kind kind, unsigned int domid, unsigned int devid,
		       bool emu)
{
	snprintf(owner, 40, "%s/%u/%u%s", kind_name(kind), domid, devid, emu ? "/emu" : "");
}

int device_get(struct hotplug *hotplug, enum kind kind, unsigned int domid, unsigned int devid,
	       bool emu, struct device **ret_device)
{
	struct device *device;
	char owner[40];

	make_owner(owner, kind, domid, devid, emu);
	device = device_find(hotplug, owner);
	if (!device) {
		if (hotplug->n_devices >= DEVICES_MAX)
			return -ENOSPC;
		device = calloc(1, sizeof(*device));
		if (!device)
			return -ENOMEM;
		*device = (struct device){ .hotplug = hotplug, .kind = kind, .domid = domid,
					   .devid = devid, .emu = emu, .next = hotplug->devices };
		memcpy(device->owner, owner, sizeof(owner));
		snprintf(device->path, sizeof(device->path), "backend/%s/%u/%u", kind_name(kind), domid,
			 devid);
		snprintf(device->name, sizeof(device->name), kind == KIND_VIF ? "vif%u.%u%s" : "vbd%u.%u%s",
			 domid, devid, emu ? "-emu" : "");
		hotplug->devices = device;
		hotplug->n_devices++;
	}
	*ret_device = device;
	return 0;
}

static void device_free(struct device *device)
{
	struct device **p;

	for (p = &device->hotplug->devices; *p != device; p = &(*p)->next)
		;
	*p = device->next;
	device->hotplug->n_devices--;
	clients_done(device, false, "xen-hotplugd has forgotten the device");
	vbd_abandon(device);
	vif_hooks_forget(device);
	free(device->want);
	free(device);
}

char *device_read(struct device *device, const char *key)
{
	char path[128];
	char *value = NULL;
	int r;

	snprintf(path, sizeof(path), "%s/%s", device->path, key);
	r = store_read(device->hotplug->store, path, &value);
	/* That there is none, or one that is no text, is known then. */
	if (r < 0 && r != -ENOENT && r != -EBADMSG && r != -EMSGSIZE)
		device->unread = r;
	return r < 0 ? NULL : value;
}

int device_unread(const struct device *device, struct why *why)
{
	return device->unread ? why_say(why, "cannot read from xenstore: %s", strerror(-device->unread)) : 0;
}

int device_change(struct device *device, const struct store_change *changes, size_t n)
{
	char state[80];

	snprintf(state, sizeof(state), "%s/state", device->path);
	return store_change(device->hotplug->store, device->path, state, changes, n);
}

/* ---- time ------------------------------------------------------------------------------------------ */

static void arm_timer(struct hotplug *hotplug)
{
	uint64_t due = hotplug->sweep_us ? hotplug->sweep_us : UINT64_MAX;

	if (hotplug->metrics_us && hotplug->metrics_us < due)
		due = hotplug->metrics_us;

	for (const struct device *d = hotplug->devices; d; d = d->next) {
		if (d->due_us && d->due_us < due)
			due = d->due_us;
		if (d->again_us && d->again_us < due)
			due = d->again_us;
	}
	(void)sd_event_source_set_time(hotplug->timer, due);
	(void)sd_event_source_set_enabled(hotplug->timer, due == UINT64_MAX ? SD_EVENT_OFF :
					  SD_EVENT_ONESHOT);
}

static void look_at_time(struct device *device, uint64_t now)
{
	if (device->due_us && now >= device->due_us) {
		char reason[400];

		snprintf(reason, sizeof(reason), "not done within %u s: %.300s",
			 device->hotplug->config.timeout, device->reason);
		device_fail(device, reason);
	} else if (device->again_us && now >= device->again_us) {
		device->again_us = 0;
		if (device->state == DEVICE_PLUGGED) {
			free(device->want);
			device->want = NULL;
		} else {
			device_dirty(device);
		}
	}
}

/* libxenstore does not tell of a connection that has ended while nobody uses it. */
static bool is_store_lost(struct hotplug *hotplug)
{
	_free_ char *value = NULL;
	const int r = store_read(hotplug->store, "domid", &value);

	return r < 0 && r != -ENOENT && r != -EACCES;
}

static void on_store_lost(void *userdata)
{
	struct hotplug *hotplug = userdata;

	log_error("The connection to xenstored has ended");
	(void)sd_event_exit(hotplug->event, EXIT_FAILURE);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct hotplug *hotplug = userdata;
	const uint64_t now = now_us();

	for (struct device *d = hotplug->devices; d; d = d->next)
		look_at_time(d, now);
	if (hotplug->metrics_us && now >= hotplug->metrics_us) {
		hotplug->metrics_us = now + METRICS_US;
		report_write(hotplug, hotplug->config.metrics);
	}
	if (hotplug->sweep_us && now >= hotplug->sweep_us) {
		hotplug->sweep_us = now + SWEEP_US;
		if (is_store_lost(hotplug))
			on_store_lost(hotplug);
		else
			sweep(hotplug);
	}
	arm_timer(hotplug);
	return 0;
}

/* ---- what somebody wants --------------------------------------------------------------------------- */

void device_dirty(struct device *device)
{
	device->dirty = true;
	(void)sd_event_source_set_enabled(device->hotplug->step, SD_EVENT_ONESHOT);
}

static void ask(struct device *device, struct client *client, bool wanted)
{
	device->started_us = now_us();
	device->due_us = device->started_us + (uint64_t)device->hotplug->config.timeout * 1000000;
	device->asked = true;
	device->wanted = wanted;
	vif_hooks_forget(device);
	device->reason[0] = '\0';
	/* What is asked for again may have been changed meanwhile. */
	free(device->want);
	device->want = NULL;
	set_state(device, wanted ? DEVICE_PLUGGING : DEVICE_UNPLUGGING);
	if (client)
		client_wait(client, device);
	device_dirty(device);
}

void device_plug(struct device *device, struct client *client)
{
	ask(device, client, true);
}

void device_unplug(struct device *device, struct client *client)
{
	ask(device, client, false);
}

/* Brings back what has been plugged before, without anybody waiting for it. */
static void restore(struct device *device)
{
	device->wanted = true;
	device->started_us = now_us();
	set_state(device, DEVICE_PLUGGING);
	device_dirty(device);
}

void device_clear(struct device *device)
{
	device->wanted = false;
	device->started_us = now_us();
	set_state(device, DEVICE_UNPLUGGING);
	device_dirty(device);
}

/* ---- how a step ends ------------------------------------------------------------------------------- */

static void tell(struct device *device, bool plugged, const char *error)
{
	struct hotplug *hotplug = device->hotplug;

	clients_done(device, plugged, error);
	if (hotplug->once) {
		if (error)
			fprintf(stderr, "xen-hotplug: %s: %s\n", device->name, error);
		hotplug->result = error ? 1 : 0;
		(void)sd_event_exit(hotplug->event, 0);
	}
}

void device_done(struct device *device)
{
	const bool news = device->state != (device->wanted ? DEVICE_PLUGGED : DEVICE_IDLE);
	const uint64_t took = now_us() - device->started_us;
	const bool asked = device->asked || device->fresh;

	device->due_us = 0;
	device->reason[0] = '\0';
	if (device->wanted)
		device->again_us = now_us() + REST_US;
	if (news) {
		device->took_us = took;
		if (device->wanted && asked)
			device->plugs++;
		else if (device->wanted)
			device->repairs++;
	}
	set_state(device, device->wanted ? DEVICE_PLUGGED : DEVICE_IDLE);
	device->asked = device->fresh = false;
	/* Who waits is told first: the journal takes its time. */
	tell(device, device->wanted, NULL);
	if (news)
		device_log(device, LOG_INFO, device->wanted ? "plug" : "unplug", took, "%s in %u.%03u ms",
			   !device->wanted ? "unplugged" : asked ? "plugged" : "plugged again",
			   (unsigned int)(took / 1000), (unsigned int)(took % 1000));
}

void device_wait(struct device *device, const char *what)
{
	if (strcmp(device->reason, what)) {
		snprintf(device->reason, sizeof(device->reason), "%s", what);
		device_log(device, LOG_DEBUG, NULL, 0, "waiting: %s", what);
	}
	/* A device that was all right before is repaired, however long that takes. */
	if (device->state == DEVICE_PLUGGED) {
		device->started_us = now_us();
		set_state(device, DEVICE_PLUGGING);
	}
}

void device_fail(struct device *device, const char *reason)
{
	const struct store_change changes[] = {
		{ "hotplug-error", reason },
		{ "hotplug-status", "error" },
	};
	const bool news = strcmp(device->reason, reason);

	if (news)
		device_log(device, LOG_ERR, device->wanted ? "plug" : "unplug", now_us() - device->started_us, "%s", reason);
	snprintf(device->reason, sizeof(device->reason), "%s", reason);
	/* What has been plugged before stays as it is while it is repaired. */
	if (device->wanted && !device->emu && (device->asked || (device->fresh && news)))
		(void)store_change(device->hotplug->store, device->path, device->path, changes,
				   ARRAY_SIZE(changes));
	if (!device->asked) {
		/* Nobody waits: it is tried again when something changes, and now and then. */
		set_state(device, device->wanted ? DEVICE_PLUGGING : DEVICE_UNPLUGGING);
		device->again_us = now_us() + RETRY_US;
		return;
	}
	device->failures++;
	device->due_us = device->again_us = 0;
	device->asked = false;
	device->wanted = false;
	/* What was done so far does not stay; nobody has to wait for that. */
	vif_abandon(device);
	vbd_abandon(device);
	vif_hooks_forget(device);
	set_state(device, DEVICE_FAILED);
	tell(device, false, reason);
}

/* ---- steps ----------------------------------------------------------------------------------------- */

/*
 * Without a toolstack here (`run = events`), a device that is to go and is closed
 * is taken out, and its directory with it: for that the toolstack waits.
 */
static bool is_over(struct device *device)
{
	_free_ char *state = NULL, *online = NULL;

	if (device->hotplug->config.run != RUN_BY_EVENTS)
		return false;
	state = device_read(device, "state");
	online = device_read(device, "online");
	return state && online && !strcmp(state, "6") && !strcmp(online, "0");
}

/* True if there is something left to do or to remember. */
static bool look_at(struct device *device)
{
	char path[80];
	bool gone;

	device->unread = 0;
	snprintf(path, sizeof(path), "%s/state", device->path);
	gone = store_is_gone(device->hotplug->store, path);
	if (!gone && device->state != DEVICE_UNPLUGGING && is_over(device)) {
		device->over = device->fresh = true;
		vif_hooks_forget(device);
		gone = true;
	}
	if (gone && device->state != DEVICE_UNPLUGGING && device->wanted) {
		if (device->asked)
			device_fail(device, "the device has been removed");
		device->wanted = false;
		device->started_us = now_us();
		set_state(device, DEVICE_UNPLUGGING);
	} else if (gone && device->state == DEVICE_FAILED) {
		set_state(device, DEVICE_UNPLUGGING);
	}
	if (device->state == DEVICE_FAILED) {
		/* A transaction that was given up may have come to its end after all. */
		vif_abandon(device);
	} else if (device->state != DEVICE_IDLE) {
		if (device->kind == KIND_VIF)
			vif_step(device);
		else
			vbd_step(device);
	}
	if (device->state == DEVICE_IDLE && device->over && !device->emu)
		(void)store_remove(device->hotplug->store, device->path);
	return device->state != DEVICE_IDLE;
}

static int on_step(sd_event_source *source, void *userdata)
{
	struct hotplug *hotplug = userdata;
	struct device *device, *next;

	for (device = hotplug->devices; device; device = next) {
		next = device->next;
		if (!device->dirty)
			continue;
		device->dirty = false;
		if (!look_at(device))
			device_free(device);
	}
	arm_timer(hotplug);
	return 0;
}

/* ---- what happens ---------------------------------------------------------------------------------- */

static void dirty_all(struct hotplug *hotplug, enum kind kind)
{
	for (struct device *d = hotplug->devices; d; d = d->next) {
		if (d->kind == kind)
			device_dirty(d);
	}
}

static void on_ovs_change(const char *name, void *userdata)
{
	struct hotplug *hotplug = userdata;

	for (struct device *d = hotplug->devices; d; d = d->next) {
		if (d->kind == KIND_VIF && (!name || !strcmp(d->ifname, name)))
			device_dirty(d);
	}
}

static void on_ovs_done(const char *owner, int r, const char *reason, void *userdata)
{
	struct device *device = device_find(userdata, owner);
	char text[320];

	if (!device)
		return;
	/* What was lost on the way is sent again; only a refusal is an answer. */
	if (r == -EPROTO && device->wanted) {
		snprintf(text, sizeof(text), "ovsdb-server refuses: %s", reason);
		device_fail(device, text);
	} else {
		device_dirty(device);
	}
}

struct ovs *hotplug_ovs(struct hotplug *hotplug)
{
	static const struct ovs_events events = { on_ovs_change, on_ovs_done };
	int r;

	if (!hotplug->ovs) {
		r = ovs_new(hotplug->event, hotplug->config.ovsdb, &events, hotplug, &hotplug->ovs);
		if (r < 0)
			(void)log_err_errno(r, "Cannot prepare a connection to %s", hotplug->config.ovsdb);
	}
	return hotplug->ovs;
}

static void on_link(const char *name, int index, bool gone, void *userdata)
{
	struct hotplug *hotplug = userdata;

	if (!name) {
		dirty_all(hotplug, KIND_VIF);
		return;
	}
	for (struct device *d = hotplug->devices; d; d = d->next) {
		if (d->kind != KIND_VIF || (strcmp(d->name, name) && strcmp(d->ifname, name)))
			continue;
		if (gone && d->index == index)
			d->index = 0;
		device_dirty(d);
	}
}

/*
 * Somebody may have flushed all filter rules. Our own changes are seen here as
 * well: a chain goes, and comes at once.
 */
static void on_chain(const char *chain, bool gone, void *userdata)
{
	struct hotplug *hotplug = userdata;

	for (struct device *d = hotplug->devices; d; d = d->next) {
		char name[48];

		if (!d->has_guard)
			continue;
		vif_guard_chain(d->owner, name, sizeof(name));
		if (chain && !strcmp(chain, name))
			d->guarded = !gone;
		else if (!chain && gone)
			d->guarded = false;
		if (!chain && !d->guarded)
			device_dirty(d);
	}
}

/*
 * A device that nobody has told us of: is it one of those that we have plugged, or are to
 * plug? An error if xenstore does not say.
 */
static int consider(struct hotplug *hotplug, enum kind kind, unsigned int domid,
		     unsigned int devid)
{
	_free_ char *by = NULL, *state = NULL;
	struct device device = { .hotplug = hotplug }, *found;
	char emu[IFNAMSIZ];
	struct link_info info;

	snprintf(device.path, sizeof(device.path), "backend/%s/%u/%u", kind_name(kind), domid, devid);
	by = device_read(&device, "hotplug-by");
	if (!by && hotplug->config.run == RUN_BY_EVENTS)
		state = device_read(&device, "state");
	if (device.unread)
		return device.unread;
	if (!by && !(state && !strcmp(state, "2")))
		return 0;
	if (device_get(hotplug, kind, domid, devid, false, &found) < 0 || found->wanted)
		return 0;
	restore(found);
	found->fresh = !by;
	if (kind != KIND_VIF || snprintf(emu, sizeof(emu), "vif%u.%u-emu", domid, devid) >= (int)sizeof(emu) ||
	    link_get(hotplug->link, emu, 0, &info) < 0)
		return 0;
	if (device_get(hotplug, kind, domid, devid, true, &found) >= 0)
		restore(found);
	return 0;
}

/* The keys whose change may mean something to us; the drivers write dozens of others. */
static bool is_news(const struct hotplug *hotplug, const char *key)
{
	static const char *const keys[] = { "", "hotplug-status", "bridge", "vlan", "mtu", "ip", "mac" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(key, keys[i]))
			return true;
	}
	return hotplug->config.run == RUN_BY_EVENTS && (!strcmp(key, "state") || !strcmp(key, "online"));
}

static void on_watch(const char *path, const char *token, void *userdata)
{
	struct hotplug *hotplug = userdata;
	const size_t len = strlen(path);
	unsigned int domid, devid;
	struct device *device;
	enum kind kind;
	const char *key;
	bool known = false, news;

	if (!parse_backend_path(path, &kind, &domid, &devid, &key)) {
		/* A directory above devices: they may have gone with it. */
		for (device = hotplug->devices; device; device = device->next) {
			if (!strncmp(device->path, path, len) && device->path[len] == '/')
				device_dirty(device);
		}
		return;
	}
	/* What is not known now would not be known later: it is looked at anew, after a restart. */
	if (kind == KIND_VBD && (!*key || !strcmp(key, "physical-device")) &&
	    vbd_index(hotplug, domid, devid) < 0)
		on_store_lost(hotplug);
	/* Which of two devices the guest uses goes by the state. */
	news = is_news(hotplug, key);
	if (!news && (kind != KIND_VIF || strcmp(key, "state")))
		return;
	for (device = hotplug->devices; device; device = device->next) {
		if (device->kind != kind || device->domid != domid || device->devid != devid)
			continue;
		known = known || !device->emu;
		if (!news && !vif_twin(device))
			continue;
		if (strcmp(key, "hotplug-status")) {
			free(device->want);
			device->want = NULL;
		}
		device_dirty(device);
	}
	if (!known && news && (!*key || !strcmp(key, "state")) &&
	    consider(hotplug, kind, domid, devid) < 0)
		on_store_lost(hotplug);
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

/* The names below a directory that may not be there. */
static int list_below(struct hotplug *hotplug, const char *path, char ***ret_names,
		      unsigned int *ret_n)
{
	const int r = store_list(hotplug->store, path, ret_names, ret_n);

	if (r == -ENOENT)
		*ret_n = 0;
	return r == -ENOENT ? 0 : r;
}

static int scan_domain(struct hotplug *hotplug, enum kind kind, const char *domain)
{
	_free_ char **names = NULL;
	unsigned int n, domid, devid;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "backend/%s/%.40s", kind_name(kind), domain);
	r = list_below(hotplug, path, &names, &n);
	for (unsigned int i = 0; r >= 0 && i < n; i++) {
		snprintf(path, sizeof(path), "backend/%s/%.40s/%.40s", kind_name(kind), domain, names[i]);
		if (!parse_backend_path(path, &kind, &domid, &devid, NULL))
			continue;
		if (kind == KIND_VBD)
			r = vbd_index(hotplug, domid, devid);
		if (r >= 0 && !hotplug->once)
			r = consider(hotplug, kind, domid, devid);
	}
	return r;
}

static int scan(struct hotplug *hotplug, enum kind kind)
{
	_free_ char **names = NULL;
	unsigned int n;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "backend/%s", kind_name(kind));
	r = list_below(hotplug, path, &names, &n);
	for (unsigned int i = 0; r >= 0 && i < n; i++)
		r = scan_domain(hotplug, kind, names[i]);
	return r;
}

int hotplug_open(struct hotplug *hotplug, sd_event *event)
{
	int r;

	hotplug->event = event;
	r = store_open(&hotplug->store);
	if (r < 0)
		return log_err_errno(r, "Cannot connect to xenstored");
	r = link_open(&hotplug->link);
	if (r < 0)
		return log_err_errno(r, "Cannot open a netlink socket");
	r = sd_event_add_defer(event, &hotplug->step, on_step, hotplug);
	if (r >= 0)
		r = sd_event_source_set_enabled(hotplug->step, SD_EVENT_OFF);
	/* Last of all: many events, one step. */
	if (r >= 0)
		r = sd_event_source_set_priority(hotplug->step, SD_EVENT_PRIORITY_IDLE);
	if (r >= 0)
		r = sd_event_add_time(event, &hotplug->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000,
				      on_timer, hotplug);
	if (r >= 0)
		r = link_attach(hotplug->link, event, on_link, hotplug);
	if (r < 0)
		return log_err_errno(r, "Cannot set up the event loop");
	return 0;
}

int hotplug_start(struct hotplug *hotplug)
{
	int r;

	/* The watch before the look, so that nothing falls between them. */
	if (!hotplug->once) {
		r = store_attach(hotplug->store, hotplug->event, on_watch, on_store_lost, hotplug);
		if (r >= 0)
			r = store_watch(hotplug->store, "backend", "backend");
		if (r < 0)
			return log_err_errno(r, "Cannot watch xenstore");
		r = link_attach_chains(hotplug->link, hotplug->event, VIF_GUARD_TABLE, on_chain,
				       hotplug);
		if (r < 0)
			log_warning("The kernel does not tell of changed filter rules");
		if (access(hotplug->config.ovsdb, F_OK) == 0)
			(void)hotplug_ovs(hotplug);
		r = scan(hotplug, KIND_VIF);
		if (r < 0)
			return log_err_errno(r, "Cannot read from xenstore which devices there are");
		hotplug->sweep_us = now_us() + SWEEP_FIRST_US;
		if (hotplug->config.metrics && *hotplug->config.metrics && !hotplug->dry_run)
			hotplug->metrics_us = now_us();
	}
	r = scan(hotplug, KIND_VBD);
	if (r < 0)
		return log_err_errno(r, "Cannot read from xenstore who has which disk");
	arm_timer(hotplug);
	return 0;
}

void hotplug_close(struct hotplug *hotplug)
{
	while (hotplug->devices)
		device_free(hotplug->devices);
	sweep_fini(hotplug);
	shares_fini(&hotplug->shares);
	ovs_free(hotplug->ovs);
	nft_close(hotplug->nft);
	link_close(hotplug->link);
	store_close(hotplug->store);
	sd_event_source_disable_unref(hotplug->step);
	sd_event_source_disable_unref(hotplug->timer);
	config_fini(&hotplug->config);
}
