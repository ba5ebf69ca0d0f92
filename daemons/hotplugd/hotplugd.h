/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon. Read in this order: this file, vif_plan.c, vif.c, vbd.c, device.c,
 * socket.c, main.c; ovs_rows.c, ovs.c and ovsdb.c are Open vSwitch.
 *
 *   xenstore, netlink, OVSDB, clients --> device_dirty() --> step: vif_step() or vbd_step()
 *
 * Disks on other machines: target.h, vbd_target.c.
 *
 * Whatever happens only marks devices. A step looks at what a device is to be and
 * what it is, and does what is missing; so events may be lost, merged or repeated,
 * and it does not matter who has died in between. Nothing here blocks but calls
 * to the kernel and to xenstored, without which there is nothing to do at all.
 */
#ifndef HOTPLUGD_H
#define HOTPLUGD_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "../lib/link.h"
#include "../lib/nft.h"
#include "../lib/store.h"
#include "ovs.h"
#include "parse.h"
#include "vbd.h"
#include "vif.h"

/* ---- config.c -------------------------------------------------------------------------------------- */

enum run_by { RUN_BY_SCRIPT, RUN_BY_EVENTS };

struct config {
	unsigned int run;		/* enum run_by */
	unsigned int timeout;		/* seconds for one plug */
	char *ovsdb;			/* path of ovsdb-server's socket */
	bool guard_mac;
	char *bridges;			/* words; NULL: any */
	char *directories;		/* words */
	unsigned int sectors;		/* enum loop_sectors */
	char *metrics;			/* file for node-exporter; empty: none */
};

int config_load(const char *path, struct config *ret_config);
int config_parse(const char *text, struct config *ret_config, char **ret_why);
void config_fini(struct config *config);

/* ---- device.c -------------------------------------------------------------------------------------- */

struct hotplug;
struct client;

enum device_state {
	DEVICE_IDLE,		/* nobody has asked for it */
	DEVICE_PLUGGING,	/* on its way, or waiting for somebody */
	DEVICE_PLUGGED,
	DEVICE_UNPLUGGING, DEVICE_FAILED,		/* refused; somebody has to ask again */
	DEVICE_NR_STATES
};
const char *device_state_name(enum device_state state);

struct device {
	struct device *next;
	struct hotplug *hotplug;
	enum kind kind;
	unsigned int domid, devid;
	bool emu;			/* the tap beside a vif */
	char owner[40];			/* "vif/3/0", "vif/3/0/emu", "vbd/3/51712": its tag everywhere */
	char path[64];			/* "backend/vif/3/0" */
	char name[32];			/* "vif3.0", for people */

	enum device_state state;
	bool wanted;
	bool over;			/* its directory is ours to remove */
	bool dirty;
	bool asked;			/* by a script, and not only brought back by ourselves */
	bool fresh;			/* comes or goes, though nobody has asked */
	uint64_t started_us;
	uint64_t due_us;		/* when whoever waits gives up; 0: never */
	uint64_t again_us;		/* look again by then, though nothing tells; 0: no need */
	uint64_t took_us;		/* by the last plug */
	unsigned int plugs, repairs, failures;
	char reason[320];		/* why it failed, or what it waits for */
	int unread;			/* why a key could not be read in this step; 0: all could */
	struct client *clients;		/* who waits for it */

	/* vif */
	enum vif_mode mode;
	bool mode_known;
	struct vif_want *want;		/* read from the keys when needed, and not kept */
	char ifname[IFNAMSIZ];
	int index;			/* of the network device that the next two are about */
	bool guarded, routed;
	bool has_guard;			/* there is a chain in the filter */
	bool in_ovs;			/* there may be a port */
	struct vif_hooks *hooks;	/* that run; NULL: none do */
	bool hooked;			/* they have run for what was asked last */
	char *refusal;			/* by one of them: what was done is being taken back */

	/* vbd */
	struct target_job *job;		/* a disk on another machine, on its way: see target.h */
};

struct hotplug {
	sd_event *event;
	struct config config;
	struct store *store;
	struct link *link;
	struct nft *nft;		/* from when a filter is first needed */
	struct ovs *ovs;		/* from when a port is first needed */
	bool once;			/* do one thing and end: no watching, no repairs */
	bool dry_run;			/* only say what would be done */
	struct device *devices;
	unsigned int n_devices;
	struct shares shares;
	sd_event_source *step, *timer;
	struct orphan *orphans;		/* seen once: see sweep.c */
	uint64_t sweep_us, metrics_us;	/* when it is time; 0: never */
	int result;			/* of once */
};

#define DEVICES_MAX	16384u		/* more than all domains with all their devices */

int hotplug_open(struct hotplug *hotplug, sd_event *event);
void hotplug_close(struct hotplug *hotplug);

/* The connection to OVSDB, which is made when it is first asked for. NULL: no memory. */
struct ovs *hotplug_ovs(struct hotplug *hotplug);

/* Brings what is, as xenstore has it, under watch; and what it finds wanted, up to date. */
int hotplug_start(struct hotplug *hotplug);

struct device *device_find(struct hotplug *hotplug, const char *owner);
int device_get(struct hotplug *hotplug, enum kind kind, unsigned int domid, unsigned int devid,
	       bool emu, struct device **ret_device);

/* Somebody wants it plugged or unplugged; @client, if not NULL, is told the end. */
void device_plug(struct device *device, struct client *client);
void device_unplug(struct device *device, struct client *client);
void device_dirty(struct device *device);
/* Nobody wants it any more, and nobody waits for that: what is left of it goes. */
void device_clear(struct device *device);

/* How a step ends. */
void device_done(struct device *device);			/* it is as wanted */
/* something will tell, or the time ends */
void device_wait(struct device *device, const char *what);
void device_fail(struct device *device, const char *reason);
void device_log(const struct device *device, int level, const char *phase, uint64_t duration_us,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A key of the device as it stands in xenstore; NULL if there is none. To be freed. */
char *device_read(struct device *device, const char *key);
/* Makes all changes to its keys or none; -ENOENT: it has gone. */
int device_change(struct device *device, const struct store_change *changes, size_t n);
/* 0, or an error with its reason if a key could not be read in this step: then none counts. */
int device_unread(const struct device *device, struct why *why);

/* ---- vif.c, vbd.c: one step towards what is wanted ------------------------------------------------- */

void vif_step(struct device *device);
/* Runs what is in vif-post.d. 1: all have ended well; 0: it goes on; negative: one has not. */
int vif_hooks_run(struct device *device, bool online, struct why *why);
/* Ends those that run, and forgets what others have said. */
void vif_hooks_forget(struct device *device);
/* The emulated device of a vif, or the vif of one; NULL: there is none. */
struct device *vif_twin(const struct device *device);
/* Takes out the port of a vif that was refused, whenever it should appear. */
void vif_abandon(struct device *device);
void vbd_step(struct device *device);
/* Ends what is under way for a disk. */
void vbd_abandon(struct device *device);

/*
 * Takes in who has which disk from xenstore, where it has been written by whomever. An
 * error if xenstore does not say, or there is no memory.
 */
int vbd_index(struct hotplug *hotplug, unsigned int domid, unsigned int devid);

/* ---- sweep.c --------------------------------------------------------------------------------------- */

/* Removes what carries our tag and belongs to no device, if it was so the last time as well. */
void sweep(struct hotplug *hotplug);
void sweep_fini(struct hotplug *hotplug);

/* ---- socket.c -------------------------------------------------------------------------------------- */

struct server;

int server_open(struct hotplug *hotplug, int listen_fd, struct server **ret_server);
int server_adopt(struct server *server, int fd, const char *name);
void server_close(struct server *server);

/* Tells who waits for a device, and forgets them. */
void clients_done(struct device *device, bool plugged, const char *error);
/* Puts a client on the device's list. */
void client_wait(struct client *client, struct device *device);

#endif
