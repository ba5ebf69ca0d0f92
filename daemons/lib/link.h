/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network devices: what they are, what they are to be, and what happens to them.
 * rtnetlink, through libnl.
 */
#ifndef LIB_LINK_H
#define LIB_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define LINK_ALIAS_MAX	64	/* as much of an alias as we look at */

struct link;

struct link_info {
	int index;
	char name[IFNAMSIZ];
	char kind[16];			/* "bridge", "openvswitch", "veth"; empty for hardware and vifs */
	char alias[LINK_ALIAS_MAX];
	uint8_t mac[6];
	uint32_t mtu;
	int master;			/* 0: none */
	bool up, noarp;
	bool vlan_filtering;		/* of a Linux bridge */
};

/* What to change; what is zero, NULL or -1 (see LINK_KEEP) stays as it is. */
struct link_change {
	int up, noarp;			/* -1, 0, 1 */
	int master;			/* -1, 0: leave it, else an index */
	const char *name, *alias;
	const uint8_t *mac;
	uint32_t mtu;
};
#define LINK_KEEP	.up = -1, .noarp = -1, .master = -1

/* An IPv4 or IPv6 address with the length of its prefix. */
struct link_addr {
	int family;
	uint8_t prefix;
	uint8_t bytes[16];
};

int link_open(struct link **ret_link);
void link_close(struct link *link);
static inline void link_closep(struct link **link)
{
	link_close(*link);
}

/* -ENODEV: there is none of this name, or (@name NULL) of this index. */
int link_get(struct link *link, const char *name, int index, struct link_info *ret_info);
int link_change(struct link *link, int index, const struct link_change *change);

/*
 * The VLANs of a port of a Linux bridge. The bit maps are indexed by VLAN; of
 * the members, some are sent without a tag, and one (0: none) is for frames that
 * come without one. Setting changes only what differs.
 */
struct link_vlans {
	uint64_t member[64], untagged[64];
	uint16_t pvid;
};

int link_get_vlans(struct link *link, int index, struct link_vlans *ret_vlans);
int link_set_vlans(struct link *link, int index, const struct link_vlans *vlans);

/* That it is there already is fine. */
int link_add_address(struct link *link, int index, const struct link_addr *addr);

/* A route to @to through the device, from source @from (may be NULL); replaces an equal one. */
int link_add_route(struct link *link, int index, const struct link_addr *to,
		   const struct link_addr *from);

/* The first address of a family on a device; -ENOENT: it has none. */
int link_first_address(struct link *link, int index, int family, struct link_addr *ret_addr);

/*
 * Calls @on_link from the loop whenever a device appears, changes or goes; with
 * a NULL name when the kernel has lost count, so that any may have changed.
 */
typedef void (*link_fn)(const char *name, int index, bool gone, void *userdata);
int link_attach(struct link *link, sd_event *event, link_fn on_link, void *userdata);

/* Calls @found with each chain of the packet filter's table netdev @table. */
int link_each_chain(const char *table, void (*found)(const char *chain, void *userdata),
		    void *userdata);

/*
 * Calls @on_chain for each chain of the packet filter's table netdev @table that
 * comes or goes, by whomever; and with a NULL name when all that belongs together
 * has been told, with @gone if something may have been missed.
 */
typedef void (*link_chain_fn)(const char *chain, bool gone, void *userdata);
int link_attach_chains(struct link *link, sd_event *event, const char *table,
		       link_chain_fn on_chain, void *userdata);

#endif
