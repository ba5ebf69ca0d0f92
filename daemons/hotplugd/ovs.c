// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "ovs.h"
#include "ovsdb.h"

#define TRANSACTION_US	20000000u

/* A transaction that has been sent, for one of our ports. */
struct sent {
	struct sent *next;
	struct ovs *ovs;
	char owner[40];
	size_t must_change;	/* which of its operations has to have found something */
};

struct ovs {
	struct ovsdb *db;
	struct ovs_rows rows;
	struct ovs_events events;
	void *userdata;
	struct sent *sent;
};

/* ---- what OVSDB says ------------------------------------------------------------------------------- */

static void on_connected(json_t *tables, void *userdata)
{
	struct ovs *ovs = userdata;

	ovs_rows_fini(&ovs->rows);
	if (ovs_rows_init(&ovs->rows) < 0)
		return;
	ovs_rows_update(&ovs->rows, tables);
	ovs->events.on_change(NULL, ovs->userdata);
}

/* Calls on_change() once for each name in what has changed, before and after. */
static void on_update(json_t *tables, void *userdata)
{
	struct ovs *ovs = userdata;
	const char *table, *uuid;
	json_t *changes, *change;

	ovs_rows_update(&ovs->rows, tables);
	json_object_foreach(tables, table, changes) {
		/* A bridge that appears or goes is for all who want to be in it. */
		if (!strcmp(table, "Bridge")) {
			ovs->events.on_change(NULL, ovs->userdata);
			continue;
		}
		json_object_foreach(changes, uuid, change) {
			const json_t *row = json_object_get(change, "new");
			const char *name;

			if (!row)
				row = json_object_get(change, "old");
			name = json_string_value(json_object_get(row, "name"));
			if (name)
				ovs->events.on_change(name, ovs->userdata);
		}
	}
}

static void on_lost(void *userdata)
{
	struct ovs *ovs = userdata;

	ovs->events.on_change(NULL, ovs->userdata);
}

/* ---- transactions ---------------------------------------------------------------------------------- */

static struct sent *find_sent(const struct ovs *ovs, const char *owner)
{
	struct sent *sent;

	for (sent = ovs->sent; sent && strcmp(sent->owner, owner); sent = sent->next)
		;
	return sent;
}

static void on_done(int r, const json_t *results, const char *reason, void *userdata)
{
	struct sent *sent = userdata;
	struct ovs *ovs = sent->ovs;
	const json_t *count = json_object_get(json_array_get(results, sent->must_change), "count");
	struct sent **p;

	for (p = &ovs->sent; *p != sent; p = &(*p)->next)
		;
	*p = sent->next;
	/* What matches no row is no error for OVSDB, only without effect. */
	if (!r && json_is_integer(count) && !json_integer_value(count)) {
		r = -EAGAIN;
		reason = "the bridge or port has gone meanwhile";
	}
	ovs->events.on_done(sent->owner, r, reason, ovs->userdata);
	free(sent);
}

/* Steals @ops. */
static int send_ops(struct ovs *ovs, const char *owner, json_t *ops, size_t must_change)
{
	struct sent *sent;
	int r;

	if (!ops)
		return -ENOMEM;
	if (find_sent(ovs, owner)) {
		json_decref(ops);
		return -EALREADY;
	}
	sent = calloc(1, sizeof(*sent));
	if (!sent) {
		json_decref(ops);
		return -ENOMEM;
	}
	sent->ovs = ovs;
	sent->must_change = must_change;
	(void)str_copy(sent->owner, sizeof(sent->owner), owner);
	r = ovsdb_transact(ovs->db, ops, TRANSACTION_US, on_done, sent);
	if (r < 0) {
		free(sent);
		return r;
	}
	sent->next = ovs->sent;
	ovs->sent = sent;
	return 0;
}

int ovs_plug(struct ovs *ovs, const struct vif_want *want)
{
	json_t *ops = ovs_rows_plug(&ovs->rows, want);

	/* The last but the comment: into the bridge, or the update of the interface. */
	return send_ops(ovs, want->owner, ops, ops ? json_array_size(ops) - 2 : 0);
}

int ovs_unplug(struct ovs *ovs, const char *owner, const char *name)
{
	json_t *ops;

	/* A port that has been asked for is not among the rows yet. */
	if (find_sent(ovs, owner))
		return -EALREADY;
	ops = ovs_rows_unplug(&ovs->rows, owner, name);
	return ops ? send_ops(ovs, owner, ops, 0) : -ENOENT;
}

/* ---- looking --------------------------------------------------------------------------------------- */

bool ovs_is_connected(const struct ovs *ovs)
{
	return ovsdb_is_connected(ovs->db);
}

void ovs_kick(struct ovs *ovs)
{
	ovsdb_kick(ovs->db);
}

bool ovs_has_bridge(const struct ovs *ovs, const char *name)
{
	return ovs_rows_has_bridge(&ovs->rows, name);
}

void ovs_look(const struct ovs *ovs, const struct vif_want *want, struct vif_have *have)
{
	ovs_rows_look(&ovs->rows, want, have);
	have->ovs_connected = ovsdb_is_connected(ovs->db);
	if (find_sent(ovs, want->owner))
		have->port = OVS_SENT;
}

void ovs_each(const struct ovs *ovs, void (*found)(const char *owner, void *userdata),
	      void *userdata)
{
	ovs_rows_each(&ovs->rows, found, userdata);
}

int ovs_new(sd_event *event, const char *socket, const struct ovs_events *events, void *userdata,
	    struct ovs **ret_ovs)
{
	static const struct ovsdb_events db_events = { on_connected, on_update, on_lost };
	struct ovs *ovs = calloc(1, sizeof(*ovs));
	int r;

	if (!ovs)
		return -ENOMEM;
	ovs->events = *events;
	ovs->userdata = userdata;
	r = ovs_rows_init(&ovs->rows);
	if (r >= 0)
		r = ovsdb_new(event, socket, ovs_rows_monitor(), &db_events, ovs, &ovs->db);
	if (r < 0) {
		ovs_free(ovs);
		return r;
	}
	*ret_ovs = ovs;
	return 0;
}

void ovs_free(struct ovs *ovs)
{
	if (!ovs)
		return;
	ovsdb_free(ovs->db);
	while (ovs->sent) {
		struct sent *sent = ovs->sent;

		ovs->sent = sent->next;
		free(sent);
	}
	ovs_rows_fini(&ovs->rows);
	free(ovs);
}
