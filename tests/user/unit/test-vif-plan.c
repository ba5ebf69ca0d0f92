// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promises: from any state of a vif, vif_plan() gives the actions that are
 * missing and no others, in an order in which the filter is in force and the
 * port complete before the device is up; what is impossible is refused with a
 * reason; and done, it says so.
 */
#include "check.h"
#include "../../../daemons/hotplugd/vif.h"

static const uint8_t port_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

/* A vif in Open vSwitch as it is made: device there and down, nothing done yet. */
static void fresh(struct vif_want *want, struct vif_have *have)
{
	*want = (struct vif_want){ .mode = VIF_OPENVSWITCH, .domid = 3, .born = "vif3.0", .name = "vif3.0",
				   .owner = "vif/3/0", .bridge = "br", .has_mac = true, .active = true };
	*have = (struct vif_have){ .found = true, .ovs_connected = true, .ovs_bridge = true,
		.link = { .index = 7, .name = "vif3.0", .mac = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff },
			  .mtu = 1500 } };
}

/* The same on a Linux bridge. */
static void fresh_bridge(struct vif_want *want, struct vif_have *have)
{
	fresh(want, have);
	want->mode = VIF_BRIDGE;
	have->ovs_connected = false;
	have->bridge_kind = BRIDGE_LINUX;
	have->bridge_index = 2;
	have->bridge_mtu = 1500;
}

static void done_ovs(struct vif_want *want, struct vif_have *have)
{
	fresh(want, have);
	strcpy(have->link.alias, want->owner);
	have->link.noarp = have->link.up = true;
	have->port = OVS_READY;
}

static void done_bridge(struct vif_want *want, struct vif_have *have)
{
	fresh_bridge(want, have);
	strcpy(have->link.alias, want->owner);
	have->link.noarp = have->link.up = true;
	have->link.master = 2;
}

struct row {
	const char *name;
	void (*base)(struct vif_want *want, struct vif_have *have);
	void (*edit)(struct vif_want *want, struct vif_have *have);
	/* the actions' names, or the state's, and of a refusal a part of its reason */
	const char *plan;
};

#define EDIT(name, ...)								\
	static void name(struct vif_want *want, struct vif_have *have)			\
	{										\
		(void)want;								\
		(void)have;								\
		__VA_ARGS__;								\
	}

EDIT(nothing, )
EDIT(no_link, have->found = false)
EDIT(no_link_up, have->found = false; have->port = OVS_READY)
EDIT(named, strcpy(want->name, "lan"))
EDIT(named_up, strcpy(want->name, "lan"); have->link.up = true)
EDIT(alias_only, have->link.alias[0] = '\0')
EDIT(mac_up, have->link.mac[0] = 0)
EDIT(arp_up, have->link.noarp = false)
EDIT(mtu, want->mtu = 9000)
EDIT(mtu_right, want->mtu = 1500)
EDIT(guard, want->guard = true)
EDIT(guard_done, want->guard = have->guarded = true)
EDIT(guard_userspace, want->guard = have->ovs_userspace = true)
EDIT(userspace, have->ovs_userspace = true)
EDIT(port_sent, have->port = OVS_SENT)
EDIT(port_sent_alias, have->port = OVS_SENT; strcpy(have->link.alias, "vif/3/0"); have->link.noarp = true)
EDIT(port_pending, have->port = OVS_PENDING)
EDIT(port_different, have->port = OVS_DIFFERENT)
EDIT(port_absent, have->port = OVS_ABSENT)
EDIT(port_broken, have->port = OVS_BROKEN; have->port_error = "no such thing")
EDIT(port_broken_mute, have->port = OVS_BROKEN)
EDIT(no_ovs, have->ovs_connected = false)
EDIT(no_ovs_bridge, have->ovs_bridge = false)
EDIT(untagged_vlan, want->vlans = (struct vlans){ .member[0] = 6, .untagged[0] = 6, .pvid = 1,
						 .any = true })
EDIT(down, have->link.up = false)
EDIT(tap_as_bridge, have->bridge_kind = BRIDGE_OVS; have->ovs_connected = true)
EDIT(no_bridge, have->bridge_kind = BRIDGE_NONE)
EDIT(not_a_bridge, have->bridge_kind = BRIDGE_OTHER)
EDIT(other_master, have->link.master = 9)
EDIT(bridge_mtu, have->bridge_mtu = 9000)
EDIT(own_mtu, have->bridge_mtu = 9000; want->mtu = 1500)
EDIT(vlans_unknown, want->vlans.any = true)
EDIT(vlans, want->vlans.any = have->bridge_filters = true)
EDIT(vlans_done, want->vlans.any = have->bridge_filters = have->vlans_set = true)
EDIT(stray, have->port_stray = true)
EDIT(route, want->mode = VIF_ROUTE; have->link.mac[0] = 0)
EDIT(route_up, want->mode = VIF_NAT; have->link.up = true; strcpy(have->link.alias, "vif/3/0"))
EDIT(route_done, want->mode = VIF_NAT; have->link.up = have->routed = true; strcpy(have->link.alias, "vif/3/0"))
EDIT(all, want->guard = true; want->mtu = 9000; strcpy(want->name, "lan"); have->link.mac[0] = 0;
     have->link.up = true; have->port = OVS_ABSENT)
EDIT(all_bridge, want->guard = true; want->mtu = 9000; strcpy(want->name, "lan"); have->link.mac[0] = 0;
     have->link.up = true; want->vlans.any = have->bridge_filters = true; have->port_stray = true)

static const struct row rows[] = {
	{ "new in Open vSwitch", fresh, nothing, "name, make a port, add to Open vSwitch" },
	{ "no device yet", fresh, no_link, "wait for link" },
	{ "device gone", done_ovs, no_link_up, "wait for link" },
	{ "all is right", done_ovs, nothing, "done" },
	{ "to be renamed", fresh, named, "name, make a port, add to Open vSwitch" },
	{ "to be renamed, is up", fresh, named_up, "take down, name, make a port, add to Open vSwitch" },
	{ "not marked as ours, is up", done_ovs, alias_only, "name" },
	{ "wrong address, is up", done_ovs, mac_up, "take down, make a port" },
	{ "answers ARP, is up", done_ovs, arp_up, "make a port" },
	{ "other MTU, is up", done_ovs, mtu, "set MTU" },
	{ "same MTU", done_ovs, mtu_right, "done" },
	{ "filter comes before the port", fresh, guard, "name, make a port, filter, add to Open vSwitch" },
	{ "filter lost under traffic", done_ovs, guard, "filter" },
	{ "filter in force", done_ovs, guard_done, "done" },
	{ "filter on a user-space bridge", fresh, guard_userspace, "refused: cannot be enforced on bridge 'br'" },
	{ "user-space bridge without filter", done_ovs, userspace, "done" },
	{ "nothing new is sent", fresh, port_sent, "name, make a port" },
	{ "transaction on its way", fresh, port_sent_alias, "wait for Open vSwitch" },
	{ "port not opened yet", done_ovs, port_pending, "wait for Open vSwitch" },
	{ "port changed by somebody", done_ovs, port_different, "add to Open vSwitch" },
	{ "port removed by somebody", done_ovs, port_absent, "add to Open vSwitch" },
	{ "port cannot be opened", done_ovs, port_broken, "refused: cannot open vif3.0: no such thing" },
	{ "nor a reason given", done_ovs, port_broken_mute, "refused: it gives no reason" },
	{ "no database", done_ovs, no_ovs, "wait for Open vSwitch" },
	{ "no database, new", fresh, no_ovs, "name, make a port" },
	{ "no such bridge", fresh, no_ovs_bridge, "refused: bridge='br': Open vSwitch has no bridge" },
	{ "two untagged VLANs", fresh, untagged_vlan, "refused: VLAN 2 cannot be untagged beside VLAN 1" },
	{ "down", done_ovs, down, "take up" },
	{ "new on a Linux bridge", fresh_bridge, nothing, "name, make a port, add to bridge, take up" },
	{ "all is right on a bridge", done_bridge, nothing, "done" },
	{ "vif-bridge on a bridge of Open vSwitch", fresh_bridge, tap_as_bridge,
	  "name, make a port, add to Open vSwitch" },
	{ "no such Linux bridge", fresh_bridge, no_bridge, "refused: bridge='br': there is no bridge" },
	{ "no bridge at all", fresh_bridge, not_a_bridge, "refused: is a network device, and not a bridge" },
	{ "moved to another bridge", done_bridge, other_master, "add to bridge" },
	{ "the bridge's MTU", fresh_bridge, bridge_mtu,
	  "name, make a port, set MTU, add to bridge, take up" },
	{ "its own MTU", done_bridge, own_mtu, "done" },
	{ "VLANs the bridge does not know", fresh_bridge, vlans_unknown, "refused: does not know VLANs" },
	{ "VLANs", done_bridge, vlans, "set VLANs" },
	{ "VLANs set", done_bridge, vlans_done, "done" },
	{ "a port of Open vSwitch is left", done_bridge, stray, "remove from Open vSwitch" },
	{ "routed", fresh, route, "name, take up, route" },
	{ "routed, not known", fresh, route_up, "route" },
	{ "routed, known", fresh, route_done, "done" },
	{ "everything at once", fresh, all,
	  "take down, name, make a port, set MTU, filter, add to Open vSwitch" },
	{ "everything at once on a bridge", fresh_bridge, all_bridge,
	  "take down, name, make a port, set MTU, filter, remove from Open vSwitch, add to bridge, "
	  "set VLANs, take up" },
};

static const char *show(const struct vif_plan *plan)
{
	static const char *const states[] = {
		[VIF_DONE] = "done", [VIF_ACT] = "", [VIF_WAIT_LINK] = "wait for link",
		[VIF_WAIT_OVS] = "wait for Open vSwitch", [VIF_REFUSED] = "refused",
	};
	static char text[400];
	int n = snprintf(text, sizeof(text), "%s", states[plan->state]);

	for (unsigned int i = 0; i < plan->n; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%s", i ? ", " : "",
			      vif_action_name(plan->actions[i]));
	return text;
}

static void table(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *refused = strstr(rows[i].plan, "refused: ");
		struct vif_want want;
		struct vif_have have;
		struct vif_plan plan;

		rows[i].base(&want, &have);
		rows[i].edit(&want, &have);
		vif_plan(&want, &have, &plan);
		if (refused) {
			check_row(rows[i].name, plan.state == VIF_REFUSED && !plan.n);
			if (!strstr(plan.why.text, refused + 9))
				fail_msg("%s: '%s'", rows[i].name, plan.why.text);
		} else if (strcmp(show(&plan), rows[i].plan)) {
			fail_msg("%s: '%s'", rows[i].name, show(&plan));
		}
		check_row(rows[i].name, plan.state == VIF_DONE || plan.state == VIF_ACT ||
			  plan.why.text[0]);
	}
}

/* The world as the actions make it. */
static void apply(const struct vif_want *want, struct vif_have *have, const struct vif_plan *plan)
{
	for (unsigned int i = 0; i < plan->n; i++) {
		switch (plan->actions[i]) {
		case VIF_DOWN: have->link.up = false; break;
		case VIF_RENAME:
			assert_true(!have->link.up || !strcmp(have->link.name, want->name));
			strcpy(have->link.name, want->name);
			strcpy(have->link.alias, want->owner);
			break;
		case VIF_ADDRESS:
			memcpy(have->link.mac, port_mac, 6);
			have->link.noarp = true;
			break;
		case VIF_MTU: have->link.mtu = plan->mtu; break;
		case VIF_GUARD: have->guarded = true; break;
		case VIF_PORT: have->port = OVS_READY; break;
		case VIF_UNPORT: have->port_stray = false; break;
		case VIF_MASTER: have->link.master = have->bridge_index; have->vlans_set = false;
			break;
		case VIF_VLANS: have->vlans_set = true; break;
		case VIF_ROUTES: assert_true(have->link.up); have->routed = true; break;
		case VIF_UP:
			assert_true(have->guarded || !want->guard);
			assert_string_equal(have->link.name, want->name);
			have->link.up = true;
			break;
		}
	}
}

/* All combinations of what can be wrong: two rounds make it right, and then nothing is left. */
static void converges(void **state)
{
	for (unsigned int bits = 0; bits < 1u << 14; bits++) {
		const bool ovs = bits & 1, vlan = bits & 2;
		struct vif_want want;
		struct vif_have have;
		struct vif_plan plan;
		int rounds;

		if (ovs)
			fresh(&want, &have);
		else
			fresh_bridge(&want, &have);
		want.guard = bits & 4;
		have.guarded = bits & 8;
		have.link.up = bits & 16;
		if (bits & 32)
			strcpy(want.name, "lan");
		if (bits & 64)
			strcpy(have.link.alias, want.owner);
		have.link.noarp = bits & 128;
		have.link.mac[0] = bits & 256 ? 0xfe : 0;
		want.mtu = bits & 512 ? 9000 : 0;
		have.port = bits & 1024 ? OVS_DIFFERENT : OVS_ABSENT;
		have.link.master = bits & 2048 ? 2 : 0;
		want.vlans.any = have.bridge_filters = !ovs && vlan;
		have.vlans_set = bits & 4096;
		have.port_stray = bits & 8192;
		for (rounds = 0; rounds < 3; rounds++) {
			vif_plan(&want, &have, &plan);
			assert_true(plan.n <= VIF_ACTIONS_MAX);
			if (plan.state != VIF_ACT)
				break;
			apply(&want, &have, &plan);
		}
		if (plan.state != VIF_DONE || rounds > 2 || !have.link.up)
			fail_msg("0x%x: '%s' after %d rounds", bits, show(&plan), rounds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table), cmocka_unit_test(converges),
	};

	return cmocka_run_group_tests_name("vif-plan", tests, NULL, NULL);
}
