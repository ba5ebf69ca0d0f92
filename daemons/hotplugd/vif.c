// SPDX-License-Identifier: GPL-2.0-or-later
/* One step of a vif: read what it is to be, look at what it is, do what vif_plan() says. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "hotplugd.h"

/* ---- what it is to be ------------------------------------------------------------------------------ */

/* The guest's name, NULL where it is not ours to read, as in a driver domain. */
static char *read_name(struct device *device)
{
	char path[64], *name = NULL;

	snprintf(path, sizeof(path), "/local/domain/%u/name", device->domid);
	return store_read(device->hotplug->store, path, &name) < 0 ? NULL : name;
}

/* A bridge of the kernel may have a name with a dot, which looks like one with a VLAN. */
static bool is_whole_bridge(struct device *device, const char *bridge)
{
	struct link_info info;

	return bridge && strchr(bridge, '.') && strlen(bridge) < IFNAMSIZ &&
	       link_get(device->hotplug->link, bridge, 0, &info) == 0 && !strcmp(info.kind, "bridge");
}

/* How the vif is to be plugged: as the caller has said, or as when it was plugged first. */
static int read_mode(struct device *device, struct why *why)
{
	_free_ char *by = NULL;

	if (device->mode_known)
		return 0;
	by = device_read(device, "hotplug-by");
	if (!by)
		by = device_read(device, "script");
	if (device_unread(device, why) < 0)
		return -EIO;
	if (!by || !vif_mode_from_script(by, &device->mode))
		return why_key(why, "script", by ? by : "",
			       "vif-openvswitch, vif-bridge, vif-route or vif-nat");
	device->mode_known = true;
	return 0;
}

static int read_keys(struct device *device, struct store_key *keys, size_t n, struct why *why)
{
	const int r = store_read_keys(device->hotplug->store, device->path, keys, n);

	for (size_t i = 0; i < n; i++) {
		if (keys[i].r < 0)
			return why_say(why, "%s: cannot be read from xenstore: %s", keys[i].key,
				       strerror(-keys[i].r));
	}
	return r < 0 ? why_say(why, "cannot read from xenstore: %s", strerror(-r)) : 0;
}

struct device *vif_twin(const struct device *device)
{
	struct device *d;

	for (d = device->hotplug->devices; d; d = d->next) {
		if (d->kind == KIND_VIF && d->emu != device->emu && d->domid == device->domid &&
		    d->devid == device->devid)
			break;
	}
	return d;
}

/*
 * Of the vif and what QEMU emulates beside it, the guest uses the vif once its driver is
 * connected. The other one may stay for as long as the guest, or may have gone before.
 */
static bool is_active(struct device *device)
{
	_free_ char *state = vif_twin(device) ? device_read(device, "state") : NULL;

	return !state || device->emu != !strcmp(state, "4");
}

static int make_want(struct device *device, struct vif_keys *keys, struct why *why)
{
	struct vif_policy policy = {
		.guard_mac = device->hotplug->config.guard_mac,
		.bridges = device->hotplug->config.bridges,
	};
	_free_ char *vm_name = read_name(device);
	char vm_uuid[STORE_UUID_MAX];
	int r;

	store_machine(device->hotplug->store, device->domid, vm_uuid);
	keys->vm_uuid = vm_uuid[0] ? vm_uuid : NULL;
	keys->vm_name = vm_name;
	policy.bridge_is_whole = device->mode == VIF_BRIDGE &&
				 is_whole_bridge(device, keys->bridge);
	device->want = calloc(1, sizeof(*device->want));
	r = device->want ? vif_want(keys, device->mode, device->domid, device->devid,
				    device->emu, &policy,
				    device->want, why) : why_say(why, "there is no memory");
	if (r < 0) {
		free(device->want);
		device->want = NULL;
		return r;
	}
	device->want->active = is_active(device);
	memcpy(device->ifname, device->want->name, sizeof(device->ifname));
	return 0;
}

static int read_want(struct device *device, struct why *why)
{
	struct vif_keys keys;
	const struct { const char *name; const char **value; } names[] = {
		{ "bridge", &keys.bridge }, { "mac", &keys.mac }, { "ip", &keys.ip },
		{ "mtu", &keys.mtu }, { "vlan", &keys.vlan }, { "rate", &keys.rate },
		{ "vifname", &keys.vifname }, { "gatewaydev", &keys.gatewaydev },
		{ "iface-id", &keys.iface_id }, { "network-uuid", &keys.network_uuid },
	};
	struct store_key read[ARRAY_SIZE(names)] = { 0 };
	int r = read_mode(device, why);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		read[i].key = names[i].name;
	r = read_keys(device, read, ARRAY_SIZE(read), why);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		*names[i].value = read[i].value;
	if (r >= 0)
		r = make_want(device, &keys, why);
	if (r >= 0)
		r = device_unread(device, why);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		free(read[i].value);
	return r;
}

/* ---- what it is ------------------------------------------------------------------------------------ */

/*
 * A device that only has the wanted name may be somebody else's; ours says so, or has its
 * first name.
 */
static bool find_link(struct device *device, struct link_info *info)
{
	const struct vif_want *want = device->want;

	if (link_get(device->hotplug->link, want->name, 0, info) == 0 &&
	    (!strcmp(want->name, want->born) || !strcmp(info->alias, want->owner)))
		return true;
	return strcmp(want->name, want->born) &&
		link_get(device->hotplug->link, want->born, 0, info) == 0;
}

static void look_at_bridge(struct device *device, struct vif_have *have)
{
	const struct vif_want *want = device->want;
	struct link_info info;

	if (want->mode != VIF_BRIDGE)
		return;
	if (link_get(device->hotplug->link, want->bridge, 0, &info) == 0) {
		have->bridge_kind = !strcmp(info.kind, "bridge") ? BRIDGE_LINUX :
			!strcmp(info.kind, "openvswitch") ? BRIDGE_OVS : BRIDGE_OTHER;
		have->bridge_index = info.index;
		have->bridge_mtu = info.mtu;
		have->bridge_filters = info.vlan_filtering;
	}
	/*
	 * One that forwards in user space is an ordinary device to the kernel: Open
	 * vSwitch has to say.
	 */
	if (have->bridge_kind != BRIDGE_LINUX && !device->hotplug->ovs &&
	    access(device->hotplug->config.ovsdb, F_OK) == 0)
		(void)hotplug_ovs(device->hotplug);
	if (have->bridge_kind != BRIDGE_LINUX && device->hotplug->ovs &&
	    (!ovs_is_connected(device->hotplug->ovs) ||
	     ovs_has_bridge(device->hotplug->ovs, want->bridge)))
		have->bridge_kind = BRIDGE_OVS;
}

static bool vlans_are_set(struct device *device, const struct vif_have *have)
{
	const struct vlans *vlans = &device->want->vlans;
	struct link_vlans now;

	return have->link.master && have->link.master == have->bridge_index &&
	       link_get_vlans(device->hotplug->link, have->link.index, &now) == 0 &&
	       !memcmp(now.member, vlans->member, sizeof(now.member)) &&
	       !memcmp(now.untagged, vlans->untagged, sizeof(now.untagged)) &&
		now.pvid == vlans->pvid;
}

static void look(struct device *device, struct vif_have *have)
{
	struct ovs *ovs;

	*have = (struct vif_have){ 0 };
	have->found = find_link(device, &have->link);
	if (have->found && have->link.index != device->index) {
		/* Another device than the one that we know something of. */
		device->index = have->link.index;
		device->guarded = device->routed = false;
	}
	look_at_bridge(device, have);
	if (device->want->mode == VIF_OPENVSWITCH || have->bridge_kind == BRIDGE_OVS)
		(void)hotplug_ovs(device->hotplug);
	ovs = device->hotplug->ovs;
	if (ovs)
		ovs_look(ovs, device->want, have);
	have->guarded = device->guarded;
	have->routed = device->routed;
	have->vlans_set = device->want->vlans.any && have->bridge_kind == BRIDGE_LINUX &&
			  vlans_are_set(device, have);
}

/* ---- doing ----------------------------------------------------------------------------------------- */

static void sysctl_write(const char *family, const char *ifname, const char *name,
			 const char *value)
{
	char path[160];
	_close_ int fd = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, ifname, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* Without the protocol there is no such file, and nothing to be set. */
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		log_debug("%s: %s, ignoring", path, strerror(errno));
}

/* A port is no station: it has no address that a guest could talk to. */
static int make_port(struct device *device, int index)
{
	static const uint8_t mac[6] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct link_change change = { LINK_KEEP, .mac = mac };
	const struct link_change noarp = { .up = -1, .noarp = 1, .master = -1 };
	int r = link_change(device->hotplug->link, index, &noarp);

	sysctl_write("ipv6", device->want->name, "disable_ipv6", "1");
	if (r < 0)
		return r;
	r = link_change(device->hotplug->link, index, &change);
	/* Of a device that is up, only the flag was wrong. */
	return r == -EBUSY ? 0 : r;
}

static int set_guard(struct device *device, const char *commands, struct why *why)
{
	struct hotplug *hotplug = device->hotplug;
	_free_ char *complaint = NULL;
	int r = commands ? 0 : -ENOMEM;

	if (r >= 0 && !hotplug->nft)
		r = nft_open(&hotplug->nft);
	if (r >= 0)
		r = nft_apply(hotplug->nft, commands, &complaint);
	if (r == -EINVAL && complaint)
		return why_say(why, "ip: the filter cannot be set: %.200s", complaint);
	return r;
}

static int guard(struct device *device, const char *ifname, struct why *why)
{
	_free_ char *commands = vif_guard_rules(device->want, ifname);
	int r;

	device->has_guard = true;
	r = set_guard(device, commands, why);
	device->guarded = r >= 0;
	return r;
}

/* The address a NATed guest takes for its router: 127 above its own, as guests are configured. */
static int router_address(const struct link_addr *guest, struct link_addr *ret, struct why *why)
{
	char text[INET6_ADDRSTRLEN];

	*ret = *guest;
	ret->prefix = 32;
	inet_ntop(guest->family, guest->bytes, text, sizeof(text));
	if (guest->family != AF_INET || guest->bytes[3] > 128)
		return why_key(why, "ip", text, "an IPv4 address that ends in at most 128, for the router's is "
			       "127 above it");
	ret->bytes[3] = (uint8_t)(guest->bytes[3] + 127);
	return 0;
}

static int add_routes(struct device *device, const struct vif_have *have, struct why *why)
{
	const struct vif_want *want = device->want;
	struct link *link = device->hotplug->link;
	struct link_addr from, *source = NULL;
	struct link_info gateway;
	int r = 0;

	if (want->mode == VIF_NAT) {
		r = router_address(&want->ips[0], &from, why);
		if (r >= 0)
			r = link_add_address(link, have->link.index, &from);
		source = &from;
	} else if (want->gatewaydev[0]) {
		if (link_get(link, want->gatewaydev, 0, &gateway) < 0 ||
		    link_first_address(link, gateway.index, AF_INET, &from) < 0)
			return why_key(why, "gatewaydev", want->gatewaydev, "a network device with an address");
		source = &from;
	}
	for (unsigned int i = 0; i < want->n_ips && r >= 0; i++) {
		struct link_addr to = want->ips[i];

		/* The prefix of a NATed guest is that of its network, not of what is behind it. */
		if (want->mode == VIF_NAT)
			to.prefix = to.family == AF_INET ? 32 : 128;
		r = link_add_route(link, have->link.index, &to,
				   source && to.family == source->family ? source : NULL);
	}
	sysctl_write("ipv4", want->name, "proxy_arp", "1");
	device->routed = r >= 0;
	return r;
}

static int act(struct device *device, enum vif_action action, const struct vif_have *have,
	       uint32_t mtu, struct why *why)
{
	const struct vif_want *want = device->want;
	struct link *link = device->hotplug->link;
	const int index = have->link.index;
	struct link_change change = { LINK_KEEP };
	struct link_vlans vlans;

	switch (action) {
	case VIF_DOWN:
	case VIF_UP:
		change.up = action == VIF_UP;
		return link_change(link, index, &change);
	case VIF_RENAME:
		change.name = strcmp(have->link.name, want->name) ? want->name : NULL;
		change.alias = want->owner;
		return link_change(link, index, &change);
	case VIF_ADDRESS:
		return make_port(device, index);
	case VIF_MTU:
		change.mtu = mtu;
		return link_change(link, index, &change);
	case VIF_GUARD:
		return guard(device, want->name, why);
	case VIF_PORT:
		device->in_ovs = true;
		return ovs_plug(device->hotplug->ovs, want);
	case VIF_UNPORT:
		return ovs_unplug(device->hotplug->ovs, want->owner, NULL);
	case VIF_MASTER:
		change.master = have->bridge_index;
		return link_change(link, index, &change);
	case VIF_VLANS:
		memcpy(vlans.member, want->vlans.member, sizeof(vlans.member));
		memcpy(vlans.untagged, want->vlans.untagged, sizeof(vlans.untagged));
		vlans.pvid = want->vlans.pvid;
		return link_set_vlans(link, index, &vlans);
	case VIF_ROUTES:
		return add_routes(device, have, why);
	}
	return -EINVAL;
}

/* Why an action has failed, with the key that asked for it. */
static void explain(const struct device *device, enum vif_action action, int error,
		    struct why *why)
{
	const struct vif_want *want = device->want;
	char text[16];

	if (action == VIF_RENAME && error == -EEXIST) {
		why_key(why, "vifname", want->name, "a name that no other network device has");
	} else if (action == VIF_MTU && error == -EINVAL && want->mtu) {
		snprintf(text, sizeof(text), "%u", want->mtu);
		why_key(why, "mtu", text, "one that the device can have");
	} else {
		why_say(why, "cannot %s: %s", vif_action_name(action), strerror(-error));
	}
}

/* True if all was done or begun. */
static bool act_all(struct device *device, const struct vif_plan *plan, const struct vif_have *have)
{
	for (unsigned int i = 0; i < plan->n; i++) {
		struct why why = { "" };
		int r;

		device_log(device, device->hotplug->dry_run ? LOG_NOTICE : LOG_DEBUG, NULL, 0, "%s%s",
			   device->hotplug->dry_run ? "would " : "", vif_action_name(plan->actions[i]));
		if (device->hotplug->dry_run)
			continue;
		r = act(device, plan->actions[i], have, plan->mtu, &why);
		if (r >= 0 || r == -EALREADY || r == -ENOTCONN)
			continue;
		if (!why.text[0])
			explain(device, plan->actions[i], r, &why);
		device_fail(device, why.text);
		return false;
	}
	return true;
}

/* ---- publishing ------------------------------------------------------------------------------------ */

/*
 * The guest's own copy of the MTU, before the guest looks. Its directory is the
 * guest's, but this node the toolstack has made for us and closed to the guest; only
 * its path has to be the one it always is. Once the guest is connected, our driver
 * tells it, and whenever it changes; of drivers, only ours has `carrier`.
 */
static int tell_mtu(struct device *device, uint32_t mtu)
{
	_free_ char *frontend = device_read(device, "frontend");
	_free_ char *backend_state = device_read(device, "state");
	_free_ char *carrier = device_read(device, "carrier");
	char expected[96], text[16];
	const struct store_change change = { "mtu", text };
	int r = device->unread;

	snprintf(expected, sizeof(expected), "/local/domain/%u/device/vif/%u", device->domid, device->devid);
	snprintf(text, sizeof(text), "%u", mtu);
	if (carrier && backend_state && !strcmp(backend_state, "4"))
		return 0;
	if (r >= 0 && frontend && !strcmp(frontend, expected))
		r = store_change(device->hotplug->store, frontend, frontend, &change, 1);
	/* The guest may have gone; and older toolstacks have made no such node. */
	return r == -ENOENT || r == -EACCES ? 0 : r;
}

/* Says that the vif is plugged, unless it is said already or the device has gone. */
static int publish(struct device *device, uint32_t mtu)
{
	const char *mode = vif_mode_name(device->mode);
	const struct store_change changes[] = {
		{ "hotplug-by", mode },
		{ "hotplug-error", NULL },
		{ "hotplug-status", "connected" },
	};
	_free_ char *status = NULL, *by = NULL;
	int r;

	if (device->emu)
		return 0;
	/* Who has asked is waiting for it to be written, whatever is there. */
	if (!device->asked) {
		status = device_read(device, "hotplug-status");
		by = device_read(device, "hotplug-by");
	}
	if (status && by && !strcmp(status, "connected") && !strcmp(by, mode))
		return 0;
	r = mtu ? tell_mtu(device, mtu) : 0;
	return r < 0 ? r : device_change(device, changes, ARRAY_SIZE(changes));
}

/* ---- steps ----------------------------------------------------------------------------------------- */

/*
 * Of what a script has asked for, or events, and not of what is repaired. True if there
 * is nothing to wait for.
 */
static bool run_hooks(struct device *device, bool online, int *ret_r, struct why *why)
{
	const bool wanted = (device->asked || device->fresh) && !device->hooked;

	*ret_r = wanted ? vif_hooks_run(device, online, why) : 1;
	if (!*ret_r)
		device_wait(device, "a program in vif-post.d runs");
	else
		device->hooked = true;
	return *ret_r;
}

/*
 * The device itself goes with its guest; until then it is down, as after the toolstack's
 * own scripts.
 */
static void take_down(struct device *device)
{
	const struct link_change change = { .up = 0, .noarp = -1, .master = -1 };
	struct link_info info;
	const char *name = device->ifname[0] ? device->ifname : device->name;

	if (link_get(device->hotplug->link, name, 0, &info) < 0 ||
	    (strcmp(name, device->name) && strcmp(info.alias, device->owner)))
		return;
	(void)link_change(device->hotplug->link, info.index, &change);
}

/* A program has said no: before that is told, the port goes, and the device is down. */
static void refuse(struct device *device)
{
	struct ovs *ovs = device->hotplug->ovs;
	struct why why;

	take_down(device);
	if (ovs && device->in_ovs && ovs_unplug(ovs, device->owner, NULL) != -ENOENT) {
		device_wait(device, "what was done is being taken back");
		return;
	}
	/* It is forgotten with the failure. */
	why_say(&why, "%s", device->refusal);
	device_fail(device, why.text);
}

static void step_plug(struct device *device)
{
	struct vif_plan plan;
	struct vif_have have;
	struct why why;
	int r;

	if (device->refusal) {
		refuse(device);
		return;
	}
	if (!device->want && read_want(device, &why) < 0) {
		device_fail(device, why.text);
		return;
	}
	/* Each round does what it can; a plan that never ends would be a mistake of ours. */
	for (int round = 0; round < 8; round++) {
		look(device, &have);
		if (device->emu && device->state == DEVICE_PLUGGED && !have.found) {
			/* QEMU ends it when the guest unplugs it, and does not bring it back. */
			device_clear(device);
			return;
		}
		vif_plan(device->want, &have, &plan);
		if (plan.state != VIF_ACT)
			break;
		if (!act_all(device, &plan, &have) || device->hotplug->dry_run)
			return;
	}
	switch (plan.state) {
	case VIF_DONE:
		if (!run_hooks(device, true, &r, &why))
			return;
		if (r < 0) {
			device->refusal = strdup(why.text);
			if (device->refusal)
				refuse(device);
			else
				device_fail(device, why.text);
			return;
		}
		r = publish(device, plan.mtu);
		if (r < 0 && r != -ENOENT) {
			why_say(&why, "cannot write to xenstore: %s", strerror(-r));
			device_fail(device, why.text);
		} else if (r >= 0) {
			device_done(device);
		} else {
			device_dirty(device);	/* it has gone: the next look sees to it */
		}
		return;
	case VIF_REFUSED:
		device_fail(device, plan.why.text);
		return;
	case VIF_WAIT_OVS:
		if (!have.ovs_connected && device->asked && device->hotplug->ovs)
			ovs_kick(device->hotplug->ovs);
		device_wait(device, plan.why.text);
		return;
	case VIF_WAIT_LINK:
		device_wait(device, plan.why.text);
		return;
	case VIF_ACT:
		device_fail(device, "what was done is undone again by somebody");
		return;
	}
}

/* The other of the two, whose turn it is when this one comes or goes. */
static void tell_twin(struct device *device)
{
	struct device *twin = vif_twin(device);

	if (twin && twin->state == DEVICE_PLUGGED) {
		free(twin->want);
		twin->want = NULL;
		device_dirty(twin);
	}
}

static void step_unplug(struct device *device)
{
	const struct store_change changes[] = {
		{ "hotplug-by", NULL },
		{ "hotplug-status", "" },
	};
	struct hotplug *hotplug = device->hotplug;
	const char *name = device->ifname[0] ? device->ifname : device->name;
	_free_ char *commands = NULL, *ip = NULL;
	struct why why;
	int r = -ENOENT;

	/*
	 * After a restart, or for a device of an older start, what there is has to be
	 * looked for.
	 */
	if (!hotplug->ovs && access(hotplug->config.ovsdb, F_OK) == 0)
		(void)hotplug_ovs(hotplug);
	if (hotplug->ovs && (device->in_ovs || device->asked) && !ovs_is_connected(hotplug->ovs)) {
		ovs_kick(hotplug->ovs);
		device_wait(device, "there is no connection to ovsdb-server");
		return;
	}
	if (hotplug->ovs)
		r = ovs_unplug(hotplug->ovs, device->owner, device->asked ? name : NULL);
	if (r != -ENOENT) {
		device_wait(device, "ovsdb-server does not answer");
		return;
	}
	take_down(device);
	/* Without having set it ourselves, we go by the keys. */
	ip = device_read(device, "ip");
	if (device_unread(device, &why) < 0) {
		device_fail(device, why.text);
		return;
	}
	if (device->has_guard || ip || hotplug->config.guard_mac) {
		commands = vif_unguard_rules(device->owner);
		(void)set_guard(device, commands, &why);
		device->has_guard = device->guarded = false;
	}
	if (!run_hooks(device, false, &r, &why))
		return;
	if (r < 0)
		device_log(device, LOG_WARNING, "unplug", 0, "%s, ignoring", why.text);
	r = device->emu ? 0 : device_change(device, changes, ARRAY_SIZE(changes));
	if (r < 0 && r != -ENOENT) {
		why_say(&why, "cannot write to xenstore: %s", strerror(-r));
		device_fail(device, why.text);
		return;
	}
	device_done(device);
	tell_twin(device);
}

void vif_abandon(struct device *device)
{
	if (device->kind == KIND_VIF && device->in_ovs && device->hotplug->ovs)
		(void)ovs_unplug(device->hotplug->ovs, device->owner, NULL);
}

void vif_step(struct device *device)
{
	const bool was_plugged = device->state == DEVICE_PLUGGED;

	if (!device->wanted) {
		step_unplug(device);
		return;
	}
	step_plug(device);
	if (device->emu && !was_plugged && device->state == DEVICE_PLUGGED)
		tell_twin(device);
}
