// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter on what a guest sends, in nft's language: a chain at the device's
 * own ingress, which every frame passes before any bridge, switch or route sees
 * it. So there is one mechanism for all of them, it is replaced as a whole, and
 * Open vSwitch, which removes ingress qdiscs from ports it opens, leaves it be.
 *
 * Everything that is not allowed is dropped. Names are checked words (parse.c),
 * addresses are printed from numbers: nothing of a guest's gets into the rules
 * as it stands.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "../lib/str.h"
#include "vif.h"

#define TABLE	"netdev " VIF_GUARD_TABLE

void vif_guard_chain(const char *owner, char *name, size_t size)
{
	size_t i;

	for (i = 0; owner[i] && i + 1 < size; i++)
		name[i] = owner[i] == '/' ? '_' : owner[i];
	name[i] = '\0';
}

bool vif_guard_owner(const char *chain, char *owner, size_t size)
{
	size_t i;

	for (i = 0; chain[i] && i + 1 < size; i++)
		owner[i] = chain[i] == '_' ? '/' : chain[i];
	owner[i] = '\0';
	return !chain[i] && !strncmp(owner, "vif/", 4);
}

/* "{ 10.0.0.1/32, 10.1.0.0/16 }" of one family; false, and nothing, if there are none. */
static bool add_addresses(struct str *s, const struct vif_want *want, int family)
{
	bool any = false;

	for (unsigned int i = 0; i < want->n_ips; i++) {
		char text[INET6_ADDRSTRLEN];

		if (want->ips[i].family != family)
			continue;
		inet_ntop(family, want->ips[i].bytes, text, sizeof(text));
		str_addf(s, "%s%s/%u", any ? ", " : "{ ", text, want->ips[i].prefix);
		any = true;
	}
	if (any)
		str_addf(s, " }");
	return any;
}

/*
 * The guest's MAC address gives it one link-local address (modified EUI-64),
 * which it needs for neighbour discovery.
 */
static void add_link_local(struct str *s, const uint8_t mac[6])
{
	str_addf(s, "fe80::%02x%02x:%02xff:fe%02x:%02x%02x", mac[0] ^ 2, mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

static void add_ip_rules(struct str *s, const struct vif_want *want)
{
	_str_ struct str four = { 0 }, six = { 0 };

	if (add_addresses(&four, want, AF_INET)) {
		/* A guest may ask for its address, and for whether somebody else has it. */
		str_addf(s, "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept\n");
		str_addf(s, "arp saddr ether != %02x:%02x:%02x:%02x:%02x:%02x drop\n", want->mac[0],
			 want->mac[1], want->mac[2], want->mac[3], want->mac[4], want->mac[5]);
		str_addf(s, "arp saddr ip 0.0.0.0 accept\n");
		str_addf(s, "arp saddr ip %s accept\n", four.text ? four.text : "");
		str_addf(s, "ip saddr %s accept\n", four.text ? four.text : "");
	}
	if (add_addresses(&six, want, AF_INET6)) {
		/*
		 * No guest of ours is a router; the unspecified address is for detecting
		 * duplicates.
		 */
		str_addf(s, "icmpv6 type nd-router-advert drop\n");
		str_addf(s, "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, mld2-listener-report } accept\n");
		str_addf(s, "ip6 saddr ");
		add_link_local(s, want->mac);
		str_addf(s, " accept\n");
		str_addf(s, "ip6 saddr %s accept\n", six.text ? six.text : "");
	}
	if (four.failed || six.failed)
		s->failed = true;
}

char *vif_guard_rules(const struct vif_want *want, const char *ifname)
{
	_str_ struct str s = { 0 };
	char chain[48];

	vif_guard_chain(want->owner, chain, sizeof(chain));
	/* Adding it first makes the removal succeed also when there is none. */
	str_addf(&s, "add table " TABLE "\n");
	str_addf(&s, "add chain " TABLE " %s\ndelete chain " TABLE " %s\n", chain, chain);
	str_addf(&s, "table " TABLE " {\nchain %s {\n", chain);
	str_addf(&s, "type filter hook ingress device \"%s\" priority filter; policy %s;\n", ifname,
		 want->guard_ip ? "drop" : "accept");
	str_addf(&s, "ether saddr != %02x:%02x:%02x:%02x:%02x:%02x drop\n", want->mac[0], want->mac[1],
		 want->mac[2], want->mac[3], want->mac[4], want->mac[5]);
	if (want->guard_ip)
		add_ip_rules(&s, want);
	str_addf(&s, "}\n}\n");
	return str_take(&s);
}

char *vif_unguard_rules(const char *owner)
{
	_str_ struct str s = { 0 };
	char chain[48];

	vif_guard_chain(owner, chain, sizeof(chain));
	str_addf(&s, "add table " TABLE "\nadd chain " TABLE " %s\ndelete chain " TABLE " %s\n", chain,
		 chain);
	return str_take(&s);
}
