/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports in Open vSwitch. ovs_rows.c is pure: what OVSDB has, and the operations
 * that make a port or end it. ovs.c keeps the rows up to date and sends them.
 *
 * Ours is what carries our tag: in a Port's external_ids, xen-backend-owner is
 * the device ("vif/3/0") and xen-backend-bridge where we put it. Nothing else
 * is ever changed or removed, but for a port with the very name of a vif that
 * is being plugged or unplugged, which can only be what another script has left.
 */
#ifndef HOTPLUGD_OVS_H
#define HOTPLUGD_OVS_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "vif.h"

/* ---- ovs_rows.c ------------------------------------------------------------------------------------ */

/* Bridge, Port and Interface: by name to the row, which has its "_uuid" as well. */
struct ovs_rows {
	json_t *bridges, *ports, *interfaces;
	json_t *uuids;			/* uuid to [table, name], to find what an update is about */
};

/* What to monitor: the third parameter of the `monitor` method. */
json_t *ovs_rows_monitor(void);
int ovs_rows_init(struct ovs_rows *rows);
void ovs_rows_fini(struct ovs_rows *rows);

/* Takes in what a connection begins with, or an update. */
void ovs_rows_update(struct ovs_rows *rows, const json_t *tables);

/* What concerns a vif; not ovs_connected and not OVS_SENT, which the rows do not know. */
void ovs_rows_look(const struct ovs_rows *rows, const struct vif_want *want, struct vif_have *have);

/* One transaction that makes the port as wanted, whatever is there; NULL: no bridge, no memory. */
json_t *ovs_rows_plug(const struct ovs_rows *rows, const struct vif_want *want);

/*
 * One that removes the ports of this owner, and if @name is not NULL the one of this name, if
 * it is nobody's; NULL if there are none.
 */
json_t *ovs_rows_unplug(const struct ovs_rows *rows, const char *owner, const char *name);

/* Calls @found with each port of ours. */
void ovs_rows_each(const struct ovs_rows *rows, void (*found)(const char *owner, void *userdata),
		   void *userdata);

/* True if a bridge has this name. */
bool ovs_rows_has_bridge(const struct ovs_rows *rows, const char *name);

/* ---- ovs.c ----------------------------------------------------------------------------------------- */

struct ovs;

struct ovs_events {
	/* Something about a port of this name, or (NULL) about any of them, may have changed. */
	void (*on_change)(const char *name, void *userdata);
	/* A transaction for @owner has ended. */
	void (*on_done)(const char *owner, int r, const char *reason, void *userdata);
};

int ovs_new(sd_event *event, const char *socket, const struct ovs_events *events, void *userdata,
	    struct ovs **ret_ovs);
void ovs_free(struct ovs *ovs);

bool ovs_is_connected(const struct ovs *ovs);
void ovs_kick(struct ovs *ovs);
bool ovs_has_bridge(const struct ovs *ovs, const char *name);
void ovs_look(const struct ovs *ovs, const struct vif_want *want, struct vif_have *have);

/*
 * Both end with on_done(). -EALREADY: one is on its way. The second: -ENOENT: there is
 * nothing of ours.
 */
int ovs_plug(struct ovs *ovs, const struct vif_want *want);
int ovs_unplug(struct ovs *ovs, const char *owner, const char *name);

void ovs_each(const struct ovs *ovs, void (*found)(const char *owner, void *userdata),
	      void *userdata);

#endif
