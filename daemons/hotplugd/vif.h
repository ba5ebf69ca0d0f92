/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vif: what it is to be (struct vif_want, from its keys), what it is (struct
 * vif_have, from the kernel and OVSDB), and the steps from one to the other
 * (struct vif_plan). All pure: vif_plan.c. Who asks and acts is vif.c.
 */
#ifndef HOTPLUGD_VIF_H
#define HOTPLUGD_VIF_H

#include "parse.h"

/* What the names of the scripts say; vif-bridge also takes a bridge of Open vSwitch. */
enum vif_mode { VIF_OPENVSWITCH, VIF_BRIDGE, VIF_ROUTE, VIF_NAT, VIF_NR_MODES };

/* The names, and the script's file name to a mode. */
const char *vif_mode_name(enum vif_mode mode);
bool vif_mode_from_script(const char *script, enum vif_mode *ret_mode);

/* The values of the keys as they stand in xenstore; NULL: not there. */
struct vif_keys {
	const char *bridge, *mac, *ip, *mtu, *vlan, *rate, *vifname, *gatewaydev;
	const char *iface_id, *network_uuid;
	const char *vm_uuid, *vm_name;		/* of the guest, not of the vif */
};

#define VIF_TEXT_MAX	256u

struct vif_want {
	enum vif_mode mode;
	unsigned int domid, devid;
	bool emu;			/* the tap of the emulated device, not the vif itself */
	char born[IFNAMSIZ];		/* the name it is made with */
	char name[IFNAMSIZ];		/* the name it is to have */
	char owner[40];			/* our tag: "vif/3/0" or "vif/3/0/emu" */
	char bridge[IFNAMSIZ];
	char gatewaydev[IFNAMSIZ];	/* empty: none is given */
	struct vlans vlans;
	bool has_mac;
	uint8_t mac[6];			/* the guest's */
	uint32_t mtu;			/* 0: not given */
	/* frames that are not from the guest's addresses are dropped */
	bool guard;
	bool guard_ip;			/* its IP addresses as well */
	struct link_addr ips[PARSE_IPS_MAX];
	unsigned int n_ips;
	bool active;			/* of two ports of one guest's device, the one in use */
	char iface_id[VIF_TEXT_MAX], network_uuid[VIF_TEXT_MAX];	/* empty: none */
	char vm_uuid[VIF_TEXT_MAX], vm_name[VIF_TEXT_MAX];
};

/* What the administrator has decided for all vifs. */
struct vif_policy {
	bool guard_mac;			/* MAC addresses also of guests without `ip` */
	const char *bridges;		/* the only bridges allowed: words; NULL: any */
	bool bridge_is_whole;		/* a bridge has the whole of `bridge` as its name */
};

/* -EINVAL and a reason if any key cannot be honoured. */
int vif_want(const struct vif_keys *keys, enum vif_mode mode, unsigned int domid,
	     unsigned int devid,
	     bool emu, const struct vif_policy *policy, struct vif_want *ret_want, struct why *why);

/* What a port in OVSDB is, compared with what is wanted. */
enum ovs_port {
	OVS_ABSENT,		/* no port of this name */
	OVS_DIFFERENT,		/* there, but not ours or not as wanted */
	OVS_SENT,		/* we have asked, and not heard yet */
	OVS_PENDING,		/* as wanted, and ovs-vswitchd has not opened it yet */
	OVS_BROKEN,		/* as wanted, and ovs-vswitchd cannot open it */
	OVS_READY,
};

/* What a network device of a bridge's name is. */
enum bridge_kind { BRIDGE_NONE, BRIDGE_LINUX, BRIDGE_OVS, BRIDGE_OTHER };

struct vif_have {
	bool found;
	struct link_info link;

	bool ovs_connected;		/* we know what is in OVSDB */
	bool ovs_bridge;		/* it has the bridge */
	/* which forwards in user space, past the kernel's filters */
	bool ovs_userspace;
	enum ovs_port port;
	const char *port_error;		/* if it is broken */
	bool port_stray;		/* not to be in OVS, and there is a port of ours */

	enum bridge_kind bridge_kind;
	int bridge_index;
	uint32_t bridge_mtu;
	bool bridge_filters;		/* a Linux bridge that knows VLANs */

	/* the port is in the VLANs it is to be in, and in no others */
	bool vlans_set;
	/* What we know to have done to this very device (by its index) since it exists. */
	bool guarded, routed;
};

enum vif_action {
	VIF_DOWN,
	VIF_RENAME,		/* and mark it as ours by its alias */
	VIF_ADDRESS,		/* fe:ff:ff:ff:ff:ff, and no ARP: it is a port, not a station */
	VIF_MTU,
	VIF_GUARD,		/* the filter on what the guest sends */
	VIF_PORT,		/* one OVSDB transaction; it ends later */
	VIF_UNPORT,		/* likewise: takes a port out of OVS that is not to be there */
	VIF_MASTER,
	VIF_VLANS, VIF_ROUTES,
	VIF_UP,
};

const char *vif_action_name(enum vif_action action);

enum vif_state {
	VIF_DONE,		/* nothing left to do */
	VIF_ACT,		/* do the actions, in order, and look again */
	VIF_WAIT_LINK,		/* until the device appears */
	VIF_WAIT_OVS,		/* until OVSDB or ovs-vswitchd has moved */
	VIF_REFUSED,		/* it cannot be */
};

#define VIF_ACTIONS_MAX	12u

struct vif_plan {
	enum vif_state state;
	unsigned int n;
	enum vif_action actions[VIF_ACTIONS_MAX];
	uint32_t mtu;		/* of VIF_MTU, and what the guest is told; 0: nothing */
	struct why why;		/* of VIF_REFUSED, and of waiting */
};

/* A function of its arguments alone; applied to its own result, it says VIF_DONE. */
void vif_plan(const struct vif_want *want, const struct vif_have *have, struct vif_plan *ret_plan);

#define VIF_GUARD_TABLE	"xen-hotplug"	/* of the family netdev */

/* The chain of an owner: "vif/3/0/emu" is vif_3_0_emu. */
void vif_guard_chain(const char *owner, char *name, size_t size);
/* And back; false if no such owner can be. */
bool vif_guard_owner(const char *chain, char *owner, size_t size);

/* The rules of VIF_GUARD in nft's language; to be freed. @ifname is the device's present name. */
char *vif_guard_rules(const struct vif_want *want, const char *ifname);
/* The commands that remove them. */
char *vif_unguard_rules(const char *owner);

#endif
