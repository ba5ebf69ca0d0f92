// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "ovs.h"

#define OWNER	"xen-backend-owner"
#define BRIDGE	"xen-backend-bridge"

json_t *ovs_rows_monitor(void)
{
	return json_pack("{s:{s:[s,s]},s:{s:[s,s,s,s,s,s,s]},s:{s:[s,s,s,s,s]}}",
			 "Bridge", "columns", "name", "datapath_type",
			 "Port", "columns", "name", "tag", "trunks", "vlan_mode", "fake_bridge",
			 "external_ids", "other_config",
			 "Interface", "columns", "name", "ofport", "error", "external_ids", "mtu_request");
}

int ovs_rows_init(struct ovs_rows *rows)
{
	*rows = (struct ovs_rows){ json_object(), json_object(), json_object(), json_object() };
	if (rows->bridges && rows->ports && rows->interfaces && rows->uuids)
		return 0;
	ovs_rows_fini(rows);
	return -ENOMEM;
}

void ovs_rows_fini(struct ovs_rows *rows)
{
	json_decref(rows->bridges);
	json_decref(rows->ports);
	json_decref(rows->interfaces);
	json_decref(rows->uuids);
	*rows = (struct ovs_rows){ 0 };
}

/* ---- OVSDB's way of writing values ----------------------------------------------------------------- */

/* The value of a key in a column that is a map: ["map",[[key,value],...]]. */
static const char *map_get(const json_t *map, const char *key)
{
	size_t i;
	json_t *pair;

	json_array_foreach(json_array_get(map, 1), i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));

		if (name && !strcmp(name, key))
			return json_string_value(json_array_get(pair, 1));
	}
	return NULL;
}

/* An optional number: itself, or ["set",[]]. */
static bool get_number(const json_t *value, json_int_t *ret)
{
	if (!json_is_integer(value))
		return false;
	*ret = json_integer_value(value);
	return true;
}

/* A set of numbers: ["set",[...]], or one number alone. */
static void get_numbers(const json_t *value, uint64_t map[64])
{
	size_t i;
	json_t *item;
	json_int_t v;

	memset(map, 0, 64 * sizeof(*map));
	if (get_number(value, &v) && v >= 0 && v <= VLAN_MAX)
		map[v / 64] |= 1ull << (v % 64);
	json_array_foreach(json_array_get(value, 1), i, item) {
		if (get_number(item, &v) && v >= 0 && v <= VLAN_MAX)
			map[v / 64] |= 1ull << (v % 64);
	}
}

/* ---- what there is --------------------------------------------------------------------------------- */

static json_t *table_of(const struct ovs_rows *rows, const char *table)
{
	if (!strcmp(table, "Bridge"))
		return rows->bridges;
	if (!strcmp(table, "Port"))
		return rows->ports;
	return strcmp(table, "Interface") ? NULL : rows->interfaces;
}

static void forget(struct ovs_rows *rows, const char *uuid)
{
	const json_t *where = json_object_get(rows->uuids, uuid);
	const char *name = json_string_value(json_array_get(where, 1));
	json_t *table = name ? table_of(rows, json_string_value(json_array_get(where, 0))) : NULL;
	const json_t *row = table ? json_object_get(table, name) : NULL;
	const char *present = json_string_value(json_object_get(row, "_uuid"));

	/* A port that was replaced has its name taken by the new one already. */
	if (present && !strcmp(present, uuid))
		json_object_del(table, name);
	json_object_del(rows->uuids, uuid);
}

/* Of other people's ports only the name and the identity are kept: there may be thousands. */
static bool is_full_row(const char *table, const json_t *row)
{
	if (!strcmp(table, "Port"))
		return map_get(json_object_get(row, "external_ids"), OWNER) ||
		       json_is_true(json_object_get(row, "fake_bridge"));
	return !strcmp(table, "Bridge") || !strncmp(json_string_value(json_object_get(row, "name")), "vif", 3) ||
	       map_get(json_object_get(row, "external_ids"), OWNER);
}

static void remember(struct ovs_rows *rows, const char *table, const char *uuid, json_t *row)
{
	json_t *all = table_of(rows, table);
	const char *name = json_string_value(json_object_get(row, "name"));
	json_t *keep;

	if (!all || !name)
		return;
	keep = is_full_row(table, row) ? json_copy(row) : json_pack("{s:s}", "name", name);
	if (!keep || json_object_set_new(keep, "_uuid", json_string(uuid)) < 0) {
		json_decref(keep);
		return;
	}
	json_object_set_new(rows->uuids, uuid, json_pack("[s,s]", table, name));
	json_object_set_new(all, name, keep);
}

void ovs_rows_update(struct ovs_rows *rows, const json_t *tables)
{
	const char *table, *uuid;
	json_t *changes, *change;

	json_object_foreach((json_t *)tables, table, changes) {
		if (!table_of(rows, table))
			continue;
		json_object_foreach(changes, uuid, change) {
			json_t *row = json_object_get(change, "new");

			forget(rows, uuid);
			if (json_is_object(row))
				remember(rows, table, uuid, row);
		}
	}
}

bool ovs_rows_has_bridge(const struct ovs_rows *rows, const char *name)
{
	return json_object_get(rows->bridges, name) ||
	       json_is_true(json_object_get(json_object_get(rows->ports, name), "fake_bridge"));
}

/* ---- what there is to be --------------------------------------------------------------------------- */

static json_t *identity(const struct vif_want *want)
{
	json_t *pairs = json_array();
	char mac[18];

	if (want->has_mac) {
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", want->mac[0], want->mac[1],
			 want->mac[2], want->mac[3], want->mac[4], want->mac[5]);
		json_array_append_new(pairs, json_pack("[s,s]", "attached-mac", mac));
	}
	json_array_append_new(pairs, json_pack("[s,s]", OWNER, want->owner));
	if (want->iface_id[0]) {
		json_array_append_new(pairs, json_pack("[s,s]", "iface-id", want->iface_id));
		json_array_append_new(pairs, json_pack("[s,s]", "xs-vif-uuid", want->iface_id));
		json_array_append_new(pairs, json_pack("[s,s]", "iface-status",
						       want->active ? "active" : "inactive"));
	}
	if (want->vm_uuid[0]) {
		json_array_append_new(pairs, json_pack("[s,s]", "vm-id", want->vm_uuid));
		json_array_append_new(pairs, json_pack("[s,s]", "xen-vm-uuid", want->vm_uuid));
		json_array_append_new(pairs, json_pack("[s,s]", "xs-vm-uuid", want->vm_uuid));
	}
	/* What is not UTF-8 is no text for OVSDB; jansson makes no string of it. */
	if (want->vm_name[0])
		json_array_append_new(pairs, json_pack("[s,s]", "xen-vm-name", want->vm_name));
	if (want->network_uuid[0])
		json_array_append_new(pairs, json_pack("[s,s]", "xs-network-uuid", want->network_uuid));
	return json_pack("[s,o]", "map", pairs);
}

static json_t *empty_set(void)
{
	return json_pack("[s,[]]", "set");
}

/*
 * The columns of the Port; a bridge that is only a VLAN of another one gives its ports
 * that VLAN.
 */
static json_t *port_row(const struct ovs_rows *rows, const struct vif_want *want)
{
	const struct vlans *vlans = &want->vlans;
	json_t *trunks = json_array(), *tag, *fake = json_object_get(rows->ports, want->bridge);
	const char *mode = NULL;

	for (int vid = 1; vid <= (int)VLAN_MAX; vid++) {
		if (vlans_has(vlans->member, (unsigned int)vid) &&
		    !vlans_has(vlans->untagged, (unsigned int)vid))
			json_array_append_new(trunks, json_integer(vid));
	}
	if (!vlans->any && !json_object_get(rows->bridges, want->bridge) && json_is_true(
		    json_object_get(fake, "fake_bridge"))) {
		tag = json_incref(json_object_get(fake, "tag"));
	} else {
		tag = vlans->pvid ? json_integer(vlans->pvid) : empty_set();
		if (vlans->any)
			mode = !vlans->pvid ? "trunk" : vlans->tagged ? "native-untagged" : "access";
	}
	return json_pack("{s:o,s:[s,o],s:o,s:[s,[[s,s],[s,s]]],s:[s,[[s,s]]]}",
			 "tag", tag, "trunks", "set", trunks,
			 "vlan_mode", mode ? json_string(mode) : empty_set(),
			 "external_ids", "map", OWNER, want->owner, BRIDGE, want->bridge,
			 "other_config", "map", "transient", "true");
}

static json_t *interface_row(const struct vif_want *want)
{
	return json_pack("{s:o,s:o}", "external_ids", identity(want),
			 "mtu_request", want->mtu ? json_integer(want->mtu) : empty_set());
}

/* ---- is it? ---------------------------------------------------------------------------------------- */

/* True if every pair of @want is in @have: others may add theirs to our rows. */
static bool map_has(const json_t *have, const json_t *want)
{
	size_t i;
	json_t *pair;

	json_array_foreach(json_array_get(want, 1), i, pair) {
		const char *value = map_get(have, json_string_value(json_array_get(pair, 0)));

		if (!value || strcmp(value, json_string_value(json_array_get(pair, 1))))
			return false;
	}
	return true;
}

static bool same_numbers(const json_t *a, const json_t *b)
{
	uint64_t x[64], y[64];

	get_numbers(a, x);
	get_numbers(b, y);
	return !memcmp(x, y, sizeof(x));
}

static bool same_text(const json_t *a, const json_t *b)
{
	const char *x = json_string_value(a), *y = json_string_value(b);

	return x && y ? !strcmp(x, y) : !x && !y;
}

static bool port_is(const json_t *row, const json_t *want)
{
	return map_has(json_object_get(row, "external_ids"), json_object_get(want, "external_ids")) &&
	       map_has(json_object_get(row, "other_config"), json_object_get(want, "other_config")) &&
	       same_numbers(json_object_get(row, "tag"), json_object_get(want, "tag")) &&
	       same_numbers(json_object_get(row, "trunks"), json_object_get(want, "trunks")) &&
	       same_text(json_object_get(row, "vlan_mode"), json_object_get(want, "vlan_mode"));
}

static bool interface_is(const json_t *row, const json_t *want)
{
	json_int_t have_mtu = 0, want_mtu = 0;

	(void)get_number(json_object_get(row, "mtu_request"), &have_mtu);
	(void)get_number(json_object_get(want, "mtu_request"), &want_mtu);
	return have_mtu == want_mtu &&
	       map_has(json_object_get(row, "external_ids"), json_object_get(want, "external_ids"));
}

void ovs_rows_look(const struct ovs_rows *rows, const struct vif_want *want, struct vif_have *have)
{
	const json_t *port = json_object_get(rows->ports, want->name);
	const json_t *interface = json_object_get(rows->interfaces, want->name);
	const char *owner = map_get(json_object_get(port, "external_ids"), OWNER);
	const char *type = json_string_value(json_object_get(json_object_get(rows->bridges,
									     want->bridge),
							     "datapath_type"));
	json_t *want_port, *want_interface;
	json_int_t ofport;

	have->ovs_bridge = ovs_rows_has_bridge(rows, want->bridge);
	have->ovs_userspace = type && !strcmp(type, "netdev");
	have->port_stray = owner && !strcmp(owner, want->owner);
	have->port_error = NULL;
	have->port = OVS_ABSENT;
	if (!port)
		return;
	want_port = port_row(rows, want);
	want_interface = interface_row(want);
	if (!port_is(port, want_port) || !interface_is(interface, want_interface)) {
		have->port = OVS_DIFFERENT;
	} else if (!get_number(json_object_get(interface, "ofport"), &ofport)) {
		have->port = OVS_PENDING;
	} else if (ofport < 0) {
		have->port = OVS_BROKEN;
		have->port_error = json_string_value(json_object_get(interface, "error"));
	} else {
		have->port = OVS_READY;
	}
	json_decref(want_port);
	json_decref(want_interface);
}

/* ---- transactions ---------------------------------------------------------------------------------- */

static json_t *remove_op(const char *uuid)
{
	return json_pack("{s:s,s:s,s:[[s,s,[s,s]]],s:[[s,s,[s,s]]]}", "op", "mutate", "table", "Bridge",
			 "where", "ports", "includes", "uuid", uuid,
			 "mutations", "ports", "delete", "uuid", uuid);
}

/* A comment, for ovs-vswitchd's and ovsdb-tool's logs. */
static json_t *comment_op(const char *what, const char *owner)
{
	char text[96];

	snprintf(text, sizeof(text), "xen-hotplugd: %s %s", what, owner);
	return json_pack("{s:s,s:s}", "op", "comment", "comment", text);
}

/* Puts pairs into a column that is a map, and leaves those of others in it. */
static void append_merge(json_t *mutations, const char *column, json_t *map)
{
	json_t *keys = json_array(), *pair;
	size_t i;

	json_array_foreach(json_array_get(map, 1), i, pair)
		json_array_append(keys, json_array_get(pair, 0));
	json_array_append_new(mutations, json_pack("[s,s,[s,o]]", column, "delete", "set", keys));
	json_array_append_new(mutations, json_pack("[s,s,O]", column, "insert", map));
}

/* Makes a row of ours as wanted: maps are merged, other columns set. Steals @want. */
static void append_update(json_t *ops, const char *table, const json_t *row, json_t *want)
{
	static const char *const maps[] = { "external_ids", "other_config" };
	json_t *where = json_pack("[[s,s,[s,O]]]", "_uuid", "==", "uuid", json_object_get(row, "_uuid"));
	json_t *mutations = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		if (!json_object_get(want, maps[i]))
			continue;
		append_merge(mutations, maps[i], json_object_get(want, maps[i]));
		json_object_del(want, maps[i]);
	}
	json_array_append_new(ops, json_pack("{s:s,s:s,s:O,s:o}", "op", "update", "table", table,
					     "where", where, "row", want));
	json_array_append_new(ops, json_pack("{s:s,s:s,s:o,s:o}", "op", "mutate", "table", table,
					     "where", where, "mutations", mutations));
}

/* Ours and where it is to be: its columns are changed, and traffic goes on. */
static json_t *update_ops(const json_t *port, const json_t *interface, json_t *want_port,
			  json_t *want_interface)
{
	json_t *ops = json_array();

	append_update(ops, "Port", port, want_port);
	append_update(ops, "Interface", interface, want_interface);
	return ops;
}

static json_t *insert_ops(const struct ovs_rows *rows, const struct vif_want *want,
			  json_t *want_port, json_t *want_interface)
{
	const json_t *port = json_object_get(rows->ports, want->name);
	const json_t *bridge = json_object_get(rows->bridges, want->bridge);
	json_t *ops = json_array();

	if (port)
		json_array_append_new(ops, remove_op(json_string_value(json_object_get(port, "_uuid"))));
	json_object_set_new(want_port, "name", json_string(want->name));
	json_object_set_new(want_port, "interfaces", json_pack("[s,s]", "named-uuid", "interface"));
	json_object_set_new(want_interface, "name", json_string(want->name));
	json_array_append_new(ops, json_pack("{s:s,s:s,s:s,s:o}", "op", "insert", "table", "Interface",
					     "uuid-name", "interface", "row", want_interface));
	json_array_append_new(ops, json_pack("{s:s,s:s,s:s,s:o}", "op", "insert", "table", "Port",
					     "uuid-name", "port", "row", want_port));
	/* A bridge that is only a VLAN of another: its port is in the real bridge. */
	if (bridge)
		json_array_append_new(ops, json_pack("{s:s,s:s,s:[[s,s,s]],s:[[s,s,[s,s]]]}",
			"op", "mutate", "table", "Bridge", "where", "name", "==", want->bridge,
			"mutations", "ports", "insert", "named-uuid", "port"));
	else
		json_array_append_new(ops, json_pack("{s:s,s:s,s:[[s,s,[s,O]]],s:[[s,s,[s,s]]]}",
			"op", "mutate", "table", "Bridge", "where", "ports", "includes", "uuid",
			json_object_get(json_object_get(rows->ports, want->bridge), "_uuid"),
			"mutations", "ports", "insert", "named-uuid", "port"));
	return ops;
}

json_t *ovs_rows_plug(const struct ovs_rows *rows, const struct vif_want *want)
{
	const json_t *port = json_object_get(rows->ports, want->name);
	const json_t *interface = json_object_get(rows->interfaces, want->name);
	const json_t *ids = json_object_get(port, "external_ids");
	const char *owner = map_get(ids, OWNER), *bridge = map_get(ids, BRIDGE);
	json_t *want_port, *want_interface, *ops;

	if (!ovs_rows_has_bridge(rows, want->bridge))
		return NULL;
	want_port = port_row(rows, want);
	want_interface = interface_row(want);
	if (port && interface && owner && bridge && !strcmp(owner, want->owner) &&
	    !strcmp(bridge, want->bridge))
		ops = update_ops(port, interface, want_port, want_interface);
	else
		ops = insert_ops(rows, want, want_port, want_interface);
	if (ops)
		json_array_append_new(ops, comment_op("plug", want->owner));
	return ops;
}

json_t *ovs_rows_unplug(const struct ovs_rows *rows, const char *owner, const char *name)
{
	json_t *ops = NULL, *port;
	const char *port_name;

	json_object_foreach(rows->ports, port_name, port) {
		const char *present = map_get(json_object_get(port, "external_ids"), OWNER);

		if (present ? strcmp(present, owner) : !name || strcmp(port_name, name))
			continue;
		if (!ops)
			ops = json_array();
		json_array_append_new(ops, remove_op(json_string_value(json_object_get(port, "_uuid"))));
	}
	if (ops)
		json_array_append_new(ops, comment_op("unplug", owner));
	return ops;
}

void ovs_rows_each(const struct ovs_rows *rows, void (*found)(const char *owner, void *userdata),
		   void *userdata)
{
	const char *name;
	json_t *port;

	json_object_foreach(rows->ports, name, port) {
		const char *owner = map_get(json_object_get(port, "external_ids"), OWNER);

		if (owner)
			found(owner, userdata);
	}
}
