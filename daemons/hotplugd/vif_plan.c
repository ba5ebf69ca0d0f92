// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what a vif is to what it is to be. The order of the actions is a promise:
 * the filter is in force, and the port complete, before the device is up.
 */
#include <stdio.h>
#include <string.h>

#include "vif.h"

/*
 * Every port has this address: it can never be a guest's, and the bridge never takes it
 * for its own.
 */
static const uint8_t port_mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

const char *vif_action_name(enum vif_action action)
{
	static const char *const names[] = {
		[VIF_DOWN] = "take down", [VIF_RENAME] = "name", [VIF_ADDRESS] = "make a port",
		[VIF_MTU] = "set MTU", [VIF_GUARD] = "filter", [VIF_PORT] = "add to Open vSwitch",
		[VIF_UNPORT] = "remove from Open vSwitch", [VIF_MASTER] = "add to bridge",
		[VIF_VLANS] = "set VLANs", [VIF_ROUTES] = "route", [VIF_UP] = "take up",
	};

	return names[action];
}

static void add(struct vif_plan *plan, enum vif_action action)
{
	plan->state = VIF_ACT;
	plan->actions[plan->n++] = action;
}

static void refuse(struct vif_plan *plan)
{
	plan->state = VIF_REFUSED;
	plan->n = 0;
}

static bool uses_ovs(const struct vif_want *want, const struct vif_have *have)
{
	return want->mode == VIF_OPENVSWITCH ||
	       (want->mode == VIF_BRIDGE && have->bridge_kind == BRIDGE_OVS);
}

static bool is_routed(const struct vif_want *want)
{
	return want->mode == VIF_ROUTE || want->mode == VIF_NAT;
}

/* What makes it impossible, whatever is done. */
static void judge_ovs(const struct vif_want *want, const struct vif_have *have,
		      struct vif_plan *plan)
{
	if (!have->ovs_connected)
		return;
	if (!have->ovs_bridge) {
		why_say(&plan->why, "bridge='%s': Open vSwitch has no bridge of this name", want->bridge);
		refuse(plan);
	} else if (have->ovs_userspace && want->guard) {
		why_say(&plan->why, "ip: cannot be enforced on bridge '%s', which forwards in user space "
			"(datapath_type=netdev); leave ip= out and use OpenFlow rules", want->bridge);
		refuse(plan);
	} else if (have->port == OVS_BROKEN) {
		why_say(&plan->why, "ovs-vswitchd cannot open %s: %s", want->name,
			have->port_error ? have->port_error : "it gives no reason");
		refuse(plan);
	}
}

/* Untagged VLANs beside the one of frames without a tag are only possible on a Linux bridge. */
static void judge_ovs_vlans(const struct vif_want *want, struct vif_plan *plan)
{
	for (unsigned int vid = 1; vid <= VLAN_MAX; vid++) {
		if (vlans_has(want->vlans.untagged, vid) && vid != want->vlans.pvid) {
			why_say(&plan->why, "vlan: VLAN %u cannot be untagged beside VLAN %u on a bridge of "
				"Open vSwitch", vid, want->vlans.pvid);
			refuse(plan);
			return;
		}
	}
}

static void judge_bridge(const struct vif_want *want, const struct vif_have *have,
			 struct vif_plan *plan)
{
	if (have->bridge_kind == BRIDGE_NONE)
		why_say(&plan->why, "bridge='%s': there is no bridge of this name", want->bridge);
	else if (have->bridge_kind == BRIDGE_OTHER)
		why_say(&plan->why, "bridge='%s': is a network device, and not a bridge", want->bridge);
	else if (want->vlans.any && !have->bridge_filters)
		why_say(&plan->why, "vlan: bridge '%s' does not know VLANs; it must have vlan_filtering 1",
			want->bridge);
	else
		return;
	refuse(plan);
}

/*
 * The MTU the device is to have; 0: as it is. On a Linux bridge that is the bridge's, if
 * none is given.
 */
static uint32_t wanted_mtu(const struct vif_want *want, const struct vif_have *have)
{
	if (want->mtu)
		return want->mtu;
	return want->mode == VIF_BRIDGE && have->bridge_kind == BRIDGE_LINUX ? have->bridge_mtu : 0;
}

/* What has to be right before the device can be seen by anybody. */
static void plan_device(const struct vif_want *want, const struct vif_have *have,
			struct vif_plan *plan)
{
	const bool rename = strcmp(have->link.name, want->name);
	const bool readdress = !is_routed(want) && memcmp(have->link.mac, port_mac, 6);

	plan->mtu = wanted_mtu(want, have);
	/*
	 * A device that is up keeps its name and address. Everything else is done under
	 * running traffic.
	 */
	if (have->link.up && (rename || readdress))
		add(plan, VIF_DOWN);
	if (rename || strcmp(have->link.alias, want->owner))
		add(plan, VIF_RENAME);
	if (readdress || (!is_routed(want) && !have->link.noarp))
		add(plan, VIF_ADDRESS);
	if (plan->mtu && have->link.mtu != plan->mtu)
		add(plan, VIF_MTU);
	if (want->guard && !have->guarded)
		add(plan, VIF_GUARD);
}

/* Nothing is done behind a transaction: its end is a new look at everything. */
static void plan_ovs(const struct vif_want *want, const struct vif_have *have,
		     struct vif_plan *plan)
{
	switch (have->ovs_connected ? have->port : OVS_SENT) {
	case OVS_ABSENT:
	case OVS_DIFFERENT:
		add(plan, VIF_PORT);
		return;
	case OVS_SENT:
	case OVS_PENDING:
		if (plan->state == VIF_ACT)
			return;
		plan->state = VIF_WAIT_OVS;
		why_say(&plan->why, "%s", !have->ovs_connected ? "there is no connection to ovsdb-server" :
			have->port == OVS_SENT ? "ovsdb-server does not answer" :
			"ovs-vswitchd does not open the port");
		return;
	case OVS_BROKEN:
	case OVS_READY:
		break;
	}
	if (!have->link.up)
		add(plan, VIF_UP);
}

static void plan_bridge(const struct vif_want *want, const struct vif_have *have,
			struct vif_plan *plan)
{
	if (have->link.master != have->bridge_index)
		add(plan, VIF_MASTER);
	if (want->vlans.any && !have->vlans_set)
		add(plan, VIF_VLANS);
	if (!have->link.up || (plan->n && plan->actions[0] == VIF_DOWN))
		add(plan, VIF_UP);
}

/* A route is only taken by a device that is up. */
static void plan_routes(const struct vif_have *have, struct vif_plan *plan)
{
	const bool was_down = !have->link.up || (plan->n && plan->actions[0] == VIF_DOWN);

	if (was_down)
		add(plan, VIF_UP);
	if (was_down || !have->routed)
		add(plan, VIF_ROUTES);
}

void vif_plan(const struct vif_want *want, const struct vif_have *have, struct vif_plan *ret_plan)
{
	const bool ovs = uses_ovs(want, have);
	struct vif_plan *plan = ret_plan;

	*plan = (struct vif_plan){ .state = VIF_DONE };
	if (ovs)
		judge_ovs(want, have, plan);
	if (ovs && plan->state == VIF_DONE)
		judge_ovs_vlans(want, plan);
	if (!ovs && !is_routed(want))
		judge_bridge(want, have, plan);
	if (plan->state == VIF_REFUSED)
		return;
	if (!have->found) {
		plan->state = VIF_WAIT_LINK;
		why_say(&plan->why, "there is no network device %s", want->born);
		return;
	}
	plan_device(want, have, plan);
	if (!ovs && have->port_stray)
		add(plan, VIF_UNPORT);
	if (ovs)
		plan_ovs(want, have, plan);
	else if (is_routed(want))
		plan_routes(have, plan);
	else
		plan_bridge(want, have, plan);
}
