// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: the keys of a vif together make a wish or a refusal; and the filter
 * made of it contains addresses printed by ourselves, and nothing of a guest's.
 */
#include "check.h"
#include "../../../daemons/hotplugd/vif.h"

#define MAC	.mac = "00:16:3e:00:00:01"

struct row {
	const char *name;
	enum vif_mode mode;
	struct vif_keys keys;
	struct vif_policy policy;
	const char *refused;	/* a part of the reason */
	bool emu;
};

static const struct row rows[] = {
	{ "a bridge is enough", VIF_OPENVSWITCH, { .bridge = "br" } },
	{ "no bridge", VIF_OPENVSWITCH, { 0 }, .refused = "bridge: missing" },
	{ "empty bridge", VIF_BRIDGE, { .bridge = "" }, .refused = "bridge: missing" },
	{ "VLANs twice", VIF_OPENVSWITCH, { .bridge = "br.10", .vlan = "10" }, .refused = "bridge= says" },
	{ "VLANs", VIF_OPENVSWITCH, { .bridge = "br", .vlan = "10p/20" } },
	{ "bad VLAN", VIF_OPENVSWITCH, { .bridge = "br", .vlan = "5000" }, .refused = "vlan='5000'" },
	{ "bad MTU", VIF_OPENVSWITCH, { .bridge = "br", .mtu = "12" }, .refused = "mtu='12'" },
	{ "bad rate", VIF_OPENVSWITCH, { .bridge = "br", .rate = "fast" }, .refused = "rate='fast'" },
	{ "bad MAC", VIF_OPENVSWITCH, { .bridge = "br", .mac = "x" }, .refused = "mac='x'" },
	{ "bad address", VIF_OPENVSWITCH, { .bridge = "br", MAC, .ip = "10" }, .refused = "ip='10'" },
	{ "bad name", VIF_OPENVSWITCH, { .bridge = "br", .vifname = "a/b" }, .refused = "vifname='a/b'" },
	{ "long name", VIF_OPENVSWITCH, { .bridge = "br", .vifname = "abcdefghijklmno" } },
	{ "long name of the tap", VIF_OPENVSWITCH, { .bridge = "br", .vifname = "abcdefghijklmno" },
	  .refused = "-emu", .emu = true },
	{ "address without MAC", VIF_OPENVSWITCH, { .bridge = "br", .ip = "10.0.0.1" }, .refused = "mac: missing" },
	{ "filter for all, without MAC", VIF_BRIDGE, { .bridge = "br" }, { .guard_mac = true },
	  .refused = "mac: missing" },
	{ "allowed bridge", VIF_BRIDGE, { .bridge = "br.5" }, { .bridges = "a\0br\0" } },
	{ "other bridge", VIF_BRIDGE, { .bridge = "br1" }, { .bridges = "a\0br\0" }, .refused = "`bridges`" },
	{ "no bridge allowed", VIF_BRIDGE, { .bridge = "br" }, { .bridges = "" }, .refused = "`bridges`" },
	{ "routed", VIF_ROUTE, { MAC, .ip = "10.0.0.1" } },
	{ "routed without address", VIF_ROUTE, { MAC }, .refused = "ip: missing" },
	{ "routed with VLAN", VIF_ROUTE, { MAC, .ip = "10.0.0.1", .vlan = "1" }, .refused = "has no VLANs" },
	{ "NAT has a default", VIF_NAT, { MAC } },
	{ "bad gateway", VIF_ROUTE, { MAC, .ip = "10.0.0.1", .gatewaydev = "a b" }, .refused = "gatewaydev='a b'" },
	{ "identity with a blank", VIF_BRIDGE, { .bridge = "br", .iface_id = "a b" }, .refused = "iface-id='a b'" },
};

static void table(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vif_want want;
		struct why why = { "" };
		const int r = vif_want(&rows[i].keys, rows[i].mode, 3, 1, rows[i].emu,
				       &rows[i].policy, &want, &why);

		if (!!rows[i].refused != (r < 0) || (r < 0 && !strstr(why.text, rows[i].refused)))
			fail_msg("%s: '%s'", rows[i].name, why.text);
	}
}

/* The identity is the same each time, and another one for another device or machine. */
static void identity(void **state)
{
	const struct vif_keys keys = { .bridge = "br", .vm_uuid = "01234567-89ab-cdef-0123-456789abcdef" };
	const struct vif_keys other = { .bridge = "br", .vm_uuid = "01234567-89ab-cdef-0123-456789abcdee" };
	const struct vif_policy policy = { 0 };
	struct vif_want a, b;
	struct why why;

	assert_int_equal(vif_want(&keys, VIF_BRIDGE, 3, 0, false, &policy, &a, &why), 0);
	assert_int_equal(vif_want(&keys, VIF_BRIDGE, 9, 0, false, &policy, &b, &why), 0);
	assert_string_equal(a.iface_id, "669fed4a-930c-5e1a-96ab-d2e91cf4b221");
	assert_string_equal(a.iface_id, b.iface_id);
	assert_int_equal(vif_want(&keys, VIF_BRIDGE, 3, 1, false, &policy, &b, &why), 0);
	assert_string_not_equal(a.iface_id, b.iface_id);
	assert_int_equal(vif_want(&other, VIF_BRIDGE, 3, 0, false, &policy, &b, &why), 0);
	assert_string_not_equal(a.iface_id, b.iface_id);
}

static void filter(void **state)
{
	const struct vif_keys keys = { .bridge = "br", MAC, .ip = "10.0.0.1 2001:db8::/64",
				       .vm_name = "\"; flush ruleset; #", .vm_uuid = "{ drop }" };
	const struct vif_policy policy = { 0 };
	_free_ char *rules = NULL;
	struct vif_want want;
	struct why why;

	assert_int_equal(vif_want(&keys, VIF_BRIDGE, 3, 0, true, &policy, &want, &why), 0);
	rules = vif_guard_rules(&want, "vif3.0-emu");
	assert_non_null(rules);
	assert_non_null(strstr(rules, "chain vif_3_0_emu {"));
	assert_non_null(strstr(rules, "policy drop"));
	assert_non_null(strstr(rules, "10.0.0.1/32"));
	assert_non_null(strstr(rules, "2001:db8::/64"));
	assert_non_null(strstr(rules, "fe80::0216:3eff:fe00:0001"));
	assert_null(strstr(rules, "flush"));
	assert_null(strstr(rules, "{ drop }"));
}

static void scripts(void **state)
{
	enum vif_mode mode;

	assert_true(vif_mode_from_script("/etc/xen/scripts/vif-openvswitch", &mode));
	assert_int_equal(mode, VIF_OPENVSWITCH);
	assert_true(vif_mode_from_script("vif-nat", &mode));
	assert_int_equal(mode, VIF_NAT);
	assert_true(vif_mode_from_script("xen-hotplug", &mode));
	assert_int_equal(mode, VIF_BRIDGE);
	assert_false(vif_mode_from_script("/etc/xen/scripts/vif-own", &mode));
	assert_false(vif_mode_from_script("", &mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(identity), cmocka_unit_test(filter),
		cmocka_unit_test(scripts), };

	return cmocka_run_group_tests_name("vif-want", tests, NULL, NULL);
}
