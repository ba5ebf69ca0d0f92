// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <uuid/uuid.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "vif.h"

const char *vif_mode_name(enum vif_mode mode)
{
	static const char *const names[VIF_NR_MODES] = {
		[VIF_OPENVSWITCH] = "vif-openvswitch",
		[VIF_BRIDGE] = "vif-bridge",
		[VIF_ROUTE] = "vif-route",
		[VIF_NAT] = "vif-nat",
	};

	return names[mode];
}

bool vif_mode_from_script(const char *script, enum vif_mode *ret_mode)
{
	const char *slash = strrchr(script, '/');
	const char *name = slash ? slash + 1 : script;

	for (unsigned int i = 0; i < VIF_NR_MODES; i++) {
		if (!strcmp(name, vif_mode_name(i))) {
			*ret_mode = i;
			return true;
		}
	}
	/* Under its own name, it goes by the bridge. */
	*ret_mode = VIF_BRIDGE;
	return !strcmp(name, "xen-hotplug");
}

static bool word_among(const char *word, const char *words)
{
	for (; *words; words += strlen(words) + 1) {
		if (!strcmp(word, words))
			return true;
	}
	return false;
}

/* The device's names. That of the tap is the vif's with "-emu" behind it. */
static int want_names(struct vif_want *want, const char *vifname, struct why *why)
{
	const char *suffix = want->emu ? "-emu" : "";
	char name[IFNAMSIZ];
	int r;

	snprintf(want->owner, sizeof(want->owner), "vif/%u/%u%s", want->domid, want->devid,
		 want->emu ? "/emu" : "");
	if (snprintf(want->born, sizeof(want->born), "vif%u.%u%s", want->domid, want->devid, suffix) >=
	    (int)sizeof(want->born))
		return why_say(why, "vif%u.%u%s: such a name is too long for a network device",
			       want->domid, want->devid, suffix);
	memcpy(want->name, want->born, sizeof(want->name));
	if (!vifname || !*vifname)
		return 0;
	r = parse_ifname("vifname", vifname, name, why);
	if (r < 0)
		return r;
	if (snprintf(want->name, sizeof(want->name), "%.15s%s", name, suffix) >= (int)sizeof(want->name))
		return why_key(why, "vifname", vifname, "at most %d characters, for the emulated device's "
			       "name ends in -emu", IFNAMSIZ - 5);
	return 0;
}

static int want_vlans(struct vif_want *want, const char *vlan, struct why *why)
{
	int r;

	if (!vlan || !*vlan)
		return 0;
	if (want->vlans.any)
		return why_key(why, "vlan", vlan, "left out, as bridge= says which VLANs already");
	r = parse_vlan(vlan, &want->vlans, why);
	return r;
}

static int want_bridge(struct vif_want *want, const struct vif_keys *keys,
		       const struct vif_policy *policy, struct why *why)
{
	int r;

	if (!keys->bridge || !*keys->bridge)
		return why_say(why, "bridge: missing; must be the name of the bridge");
	r = parse_bridge(keys->bridge, policy->bridge_is_whole, want->bridge, &want->vlans, why);
	if (r < 0)
		return r;
	if (policy->bridges && !word_among(want->bridge, policy->bridges))
		return why_key(why, "bridge", keys->bridge, "one of those that the option `bridges` in "
			       "xen-hotplugd.conf allows");
	return want_vlans(want, keys->vlan, why);
}

static int want_routes(struct vif_want *want, const struct vif_keys *keys, struct why *why)
{
	if (keys->vlan && *keys->vlan)
		return why_key(why, "vlan", keys->vlan, "left out: a vif which is not on a bridge has no VLANs");
	if (!want->n_ips && want->mode == VIF_NAT) {
		/* What guests on this kind of network are configured with by default. */
		want->ips[0] = (struct link_addr){ .family = AF_INET, .prefix = 32, .bytes = {
			10, (uint8_t)(want->domid / 256), (uint8_t)want->domid,
				(uint8_t)(want->devid + 1) } };
		want->n_ips = 1;
	}
	if (!want->n_ips)
		return why_say(why, "ip: missing; a routed vif needs the guest's addresses");
	if (keys->gatewaydev && *keys->gatewaydev)
		return parse_ifname("gatewaydev", keys->gatewaydev, want->gatewaydev, why);
	return 0;
}

/* The same vif of the same machine has the same identity, on each host and at each start. */
static void stable_uuid(const char *vm_uuid, unsigned int devid, char ret[VIF_TEXT_MAX])
{
	char name[24], text[UUID_STR_LEN];
	uuid_t space, uuid;

	if (uuid_parse(vm_uuid, space) < 0)
		return;
	snprintf(name, sizeof(name), "vif/%u", devid);
	uuid_generate_sha1(uuid, space, name, strlen(name));
	uuid_unparse_lower(uuid, text);
	memcpy(ret, text, sizeof(text));
}

static int want_identity(struct vif_want *want, const struct vif_keys *keys, struct why *why)
{
	int r;

	/*
	 * The toolstack's words, of any length and content: data for OVSDB, cut where
	 * they get too long.
	 */
	snprintf(want->vm_name, sizeof(want->vm_name), "%s", keys->vm_name ? keys->vm_name : "");
	snprintf(want->vm_uuid, sizeof(want->vm_uuid), "%s", keys->vm_uuid ? keys->vm_uuid : "");
	if (keys->network_uuid && *keys->network_uuid) {
		r = parse_identity("network-uuid", keys->network_uuid, why);
		if (r < 0)
			return r;
		snprintf(want->network_uuid, sizeof(want->network_uuid), "%s", keys->network_uuid);
	}
	if (keys->iface_id && *keys->iface_id) {
		r = parse_identity("iface-id", keys->iface_id, why);
		if (r < 0)
			return r;
		snprintf(want->iface_id, sizeof(want->iface_id), "%s", keys->iface_id);
	} else {
		stable_uuid(want->vm_uuid, want->devid, want->iface_id);
	}
	return 0;
}

int vif_want(const struct vif_keys *keys, enum vif_mode mode, unsigned int domid,
	     unsigned int devid,
	     bool emu, const struct vif_policy *policy, struct vif_want *ret_want, struct why *why)
{
	struct vif_want want = { .mode = mode, .domid = domid, .devid = devid, .emu = emu,
				.active = true };
	uint64_t rate_bytes;
	uint32_t rate_usec;
	int r;

	r = want_names(&want, keys->vifname, why);
	if (r >= 0 && keys->mac && *keys->mac) {
		r = parse_mac(keys->mac, want.mac, why);
		want.has_mac = r >= 0;
	}
	if (r >= 0 && keys->mtu && *keys->mtu)
		r = parse_mtu(keys->mtu, &want.mtu, why);
	/* The driver limits the rate; here it is only seen to that it can. */
	if (r >= 0 && keys->rate && *keys->rate)
		r = parse_rate(keys->rate, &rate_bytes, &rate_usec, why);
	if (r >= 0 && keys->ip)
		r = parse_ips(keys->ip, want.ips, &want.n_ips, why);
	if (r >= 0)
		r = want_identity(&want, keys, why);
	if (r >= 0)
		r = mode == VIF_ROUTE || mode == VIF_NAT ? want_routes(&want, keys, why) :
		    want_bridge(&want, keys, policy, why);
	if (r < 0)
		return r;
	want.guard_ip = want.n_ips > 0;
	want.guard = want.guard_ip || policy->guard_mac;
	if (want.guard && !want.has_mac)
		return why_say(why, "mac: missing; without it, the guest's addresses cannot be enforced");
	*ret_want = want;
	return 0;
}
