// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: what OVSDB tells is kept, and judged as it is; a transaction makes
 * exactly the port that is wanted, and touches nothing that is not ours.
 */
#include "check.h"
#include "../../../daemons/hotplugd/ovs.h"

#define MINE	"[\"map\",[[\"xen-backend-owner\",\"vif/3/0\"],[\"xen-backend-bridge\",\"br\"]]]"
#define NONE	"[\"set\",[]]"
#define TRANSIENT	"[\"map\",[[\"transient\",\"true\"]]]"
#define IDS	"[\"map\",[[\"attached-mac\",\"00:16:3e:00:00:01\"],[\"xen-backend-owner\",\"vif/3/0\"]," \
		"[\"ovn-installed\",\"true\"]]]"

static json_t *json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	if (!value)
		fail_msg("%s: %s", text, error.text);
	return value;
}

static void update(struct ovs_rows *rows, const char *text)
{
	json_t *tables = json(text);

	ovs_rows_update(rows, tables);
	json_decref(tables);
}

static void bridge_only(struct ovs_rows *rows)
{
	assert_int_equal(ovs_rows_init(rows), 0);
	update(rows, "{\"Bridge\":{\"b1\":{\"new\":{\"name\":\"br\",\"datapath_type\":\"system\"}}},"
	       "\"Port\":{\"p0\":{\"new\":{\"name\":\"eth0\",\"external_ids\":[\"map\",[]]}}}}");
}

static void add_port(struct ovs_rows *rows, const char *tag, const char *trunks, const char *mode,
		     const char *ids, const char *ofport)
{
	char text[1500];

	snprintf(text, sizeof(text), "{\"Port\":{\"p1\":{\"new\":{\"name\":\"vif3.0\",\"tag\":%s,\"trunks\":%s,"
		 "\"vlan_mode\":%s,\"fake_bridge\":false,\"external_ids\":%s,\"other_config\":" TRANSIENT
		 "}}},\"Interface\":{\"i1\":{\"new\":{\"name\":\"vif3.0\",\"ofport\":%s,\"error\":\"why\","
		 "\"external_ids\":" IDS ",\"mtu_request\":" NONE "}}}}", tag, trunks, mode, ids, ofport);
	update(rows, text);
}

static struct vif_want plain(void)
{
	struct vif_want want = { .mode = VIF_OPENVSWITCH, .name = "vif3.0", .owner = "vif/3/0", .bridge = "br",
				 .has_mac = true, .mac = { 0, 0x16, 0x3e, 0, 0, 1 },
					.active = true };

	return want;
}

static enum ovs_port look(const struct ovs_rows *rows, const struct vif_want *want)
{
	struct vif_have have = { 0 };

	ovs_rows_look(rows, want, &have);
	return have.port;
}

static void judged(void **state)
{
	static const struct { const char *name, *tag, *trunks, *mode, *ids, *ofport;
			     enum ovs_port port; } table[] = {
		{ "as wanted", NONE, NONE, NONE, MINE, "4", OVS_READY },
		{ "not opened", NONE, NONE, NONE, MINE, NONE, OVS_PENDING },
		{ "broken", NONE, NONE, NONE, MINE, "-1", OVS_BROKEN },
		{ "not ours", NONE, NONE, NONE, "[\"map\",[]]", "4", OVS_DIFFERENT },
		{ "another's", NONE, NONE, NONE, "[\"map\",[[\"xen-backend-owner\",\"vif/4/0\"]]]", "4",
		  OVS_DIFFERENT },
		{ "tagged", "5", NONE, NONE, MINE, "4", OVS_DIFFERENT },
		{ "trunk", NONE, "[\"set\",[5,6]]", NONE, MINE, "4", OVS_DIFFERENT },
		{ "one trunk", NONE, "5", NONE, MINE, "4", OVS_DIFFERENT },
		{ "mode", NONE, NONE, "\"access\"", MINE, "4", OVS_DIFFERENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct vif_want want = plain();
		struct ovs_rows rows;

		bridge_only(&rows);
		check_row(table[i].name, look(&rows, &want) == OVS_ABSENT);
		add_port(&rows, table[i].tag, table[i].trunks, table[i].mode, table[i].ids,
			 table[i].ofport);
		check_row(table[i].name, look(&rows, &want) == table[i].port);
		update(&rows, "{\"Port\":{\"p1\":{\"old\":{}}}}");
		check_row(table[i].name, look(&rows, &want) == OVS_ABSENT);
		ovs_rows_fini(&rows);
	}
}

static void vlans(void **state)
{
	struct vif_want want = plain();
	struct ovs_rows rows;

	want.vlans = (struct vlans){ .member = { 1ull << 10 | 1ull << 20 },
				    .untagged = { 1ull << 10 }, .pvid = 10,
				     .any = true, .tagged = true };
	bridge_only(&rows);
	add_port(&rows, "10", "20", "\"native-untagged\"", MINE, "4");
	assert_int_equal(look(&rows, &want), OVS_READY);
	add_port(&rows, "10", "[\"set\",[20]]", "\"native-untagged\"", MINE, "4");
	assert_int_equal(look(&rows, &want), OVS_READY);
	add_port(&rows, "11", "20", "\"native-untagged\"", MINE, "4");
	assert_int_equal(look(&rows, &want), OVS_DIFFERENT);

	/* Trunks alone: without them, a port is one of all VLANs. */
	want.vlans = (struct vlans){ .member = { 1ull << 20 | 1ull << 30 }, .any = true,
				     .tagged = true };
	add_port(&rows, NONE, "[\"set\",[20,30]]", "\"trunk\"", MINE, "4");
	assert_int_equal(look(&rows, &want), OVS_READY);
	add_port(&rows, NONE, NONE, "\"trunk\"", MINE, "4");
	assert_int_equal(look(&rows, &want), OVS_DIFFERENT);
	ovs_rows_fini(&rows);
}

/* The replaced port's end comes after the new one's beginning, or before, in one update. */
static void replaced(void **state)
{
	const struct vif_want want = plain();
	struct ovs_rows rows;

	bridge_only(&rows);
	add_port(&rows, NONE, NONE, NONE, MINE, "4");
	update(&rows, "{\"Port\":{\"p2\":{\"new\":{\"name\":\"vif3.0\",\"external_ids\":[\"map\",[]]}},"
	       "\"p1\":{\"old\":{\"name\":\"vif3.0\"}}}}");
	assert_int_equal(look(&rows, &want), OVS_DIFFERENT);
	update(&rows, "{\"Port\":{\"p2\":{\"old\":{}}}}");
	assert_int_equal(look(&rows, &want), OVS_ABSENT);
	ovs_rows_fini(&rows);
}

static const char *op_name(const json_t *ops, size_t i, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(ops, i), key));

	return text ? text : "";
}

static void plugged(void **state)
{
	struct vif_want want = plain();
	struct ovs_rows rows;
	json_t *ops;

	strcpy(want.vm_name, "\xff not UTF-8");
	bridge_only(&rows);
	ops = ovs_rows_plug(&rows, &want);
	assert_int_equal(json_array_size(ops), 4);
	assert_string_equal(op_name(ops, 0, "op"), "insert");
	assert_string_equal(op_name(ops, 1, "table"), "Port");
	assert_string_equal(op_name(ops, 2, "op"), "mutate");
	json_decref(ops);

	/* Somebody else's port of this name is replaced in the same transaction. */
	add_port(&rows, NONE, NONE, NONE, "[\"map\",[]]", "4");
	ops = ovs_rows_plug(&rows, &want);
	assert_int_equal(json_array_size(ops), 5);
	assert_string_equal(op_name(ops, 0, "op"), "mutate");
	json_decref(ops);

	/* Ours is changed in place. */
	add_port(&rows, "7", NONE, NONE, MINE, "4");
	ops = ovs_rows_plug(&rows, &want);
	assert_int_equal(json_array_size(ops), 5);
	assert_string_equal(op_name(ops, 0, "op"), "update");
	assert_string_equal(op_name(ops, 1, "op"), "mutate");
	assert_string_equal(op_name(ops, 2, "op"), "update");
	assert_string_equal(op_name(ops, 3, "op"), "mutate");
	json_decref(ops);

	/* Ours, and to be in another bridge. */
	strcpy(want.bridge, "br2");
	update(&rows, "{\"Bridge\":{\"b2\":{\"new\":{\"name\":\"br2\",\"datapath_type\":\"\"}}}}");
	ops = ovs_rows_plug(&rows, &want);
	assert_int_equal(json_array_size(ops), 5);
	json_decref(ops);
	ovs_rows_fini(&rows);
}

static void unplugged(void **state)
{
	struct ovs_rows rows;
	json_t *ops;

	bridge_only(&rows);
	assert_null(ovs_rows_unplug(&rows, "vif/3/0", NULL));
	add_port(&rows, NONE, NONE, NONE, "[\"map\",[]]", "4");
	assert_null(ovs_rows_unplug(&rows, "vif/3/0", NULL));
	assert_null(ovs_rows_unplug(&rows, "vif/3/0", "vif3.1"));
	/* Left by another script, and asked for by name. */
	ops = ovs_rows_unplug(&rows, "vif/3/0", "vif3.0");
	assert_int_equal(json_array_size(ops), 2);
	json_decref(ops);
	/* Another device's of ours, whatever it is called. */
	add_port(&rows, NONE, NONE, NONE, "[\"map\",[[\"xen-backend-owner\",\"vif/4/0\"]]]", "4");
	assert_null(ovs_rows_unplug(&rows, "vif/3/0", "vif3.0"));
	add_port(&rows, NONE, NONE, NONE, MINE, "4");
	assert_null(ovs_rows_unplug(&rows, "vif/3/1", NULL));
	ops = ovs_rows_unplug(&rows, "vif/3/0", NULL);
	assert_int_equal(json_array_size(ops), 2);
	json_decref(ops);
	ovs_rows_fini(&rows);
}

/* A bridge that is only a VLAN of another one gives its ports that VLAN, in the real bridge. */
static void fake_bridge(void **state)
{
	struct vif_want want = plain();
	struct ovs_rows rows;
	json_t *ops;
	_free_ char *text = NULL;

	strcpy(want.bridge, "vlan7");
	bridge_only(&rows);
	update(&rows, "{\"Port\":{\"p7\":{\"new\":{\"name\":\"vlan7\",\"fake_bridge\":true,\"tag\":7}}}}");
	assert_true(ovs_rows_has_bridge(&rows, "vlan7"));
	assert_false(ovs_rows_has_bridge(&rows, "eth0"));
	ops = ovs_rows_plug(&rows, &want);
	text = json_dumps(ops, JSON_COMPACT);
	assert_non_null(strstr(text, "\"tag\":7"));
	assert_non_null(strstr(text, "[[\"ports\",\"includes\",[\"uuid\",\"p7\"]]]"));
	json_decref(ops);
	ovs_rows_fini(&rows);
}

/* What a server must not say is passed over. */
static void nonsense(void **state)
{
	static const char *const texts[] = {
		"{\"Port\":{\"p\":{\"new\":{\"name\":7}}}}", "{\"Port\":{\"p\":{\"new\":[]}}}", "{\"Port\":[]}",
		"{\"Port\":{\"p\":7}}", "{\"Other\":{\"p\":{\"new\":{\"name\":\"x\"}}}}", "{\"Port\":{\"p\":{}}}",
		"{\"Port\":{\"p\":{\"new\":{\"name\":\"vif3.0\",\"external_ids\":[\"map\",[7,[7,7],[\"xen-backend-owner\"]]]}}}}",
		"{\"Interface\":{\"i\":{\"new\":{\"name\":\"vif3.0\",\"ofport\":\"x\",\"external_ids\":7}}}}",
	};
	const struct vif_want want = plain();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct ovs_rows rows;
		json_t *ops;

		bridge_only(&rows);
		update(&rows, texts[i]);
		(void)look(&rows, &want);
		ops = ovs_rows_plug(&rows, &want);
		assert_non_null(ops);
		json_decref(ops);
		assert_null(ovs_rows_unplug(&rows, "vif/3/0", NULL));
		ovs_rows_fini(&rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged), cmocka_unit_test(vlans), cmocka_unit_test(replaced),
		cmocka_unit_test(plugged), cmocka_unit_test(unplugged),
			cmocka_unit_test(fake_bridge),
		cmocka_unit_test(nonsense), };

	return cmocka_run_group_tests_name("ovs-rows", tests, NULL, NULL);
}
