// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
/* These two come before the kernel's, which then leave out what they define. */
#include <net/if.h>
#include <netinet/in.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "cleanup.h"
#include "link.h"

struct link {
	struct nl_sock *ask;		/* questions and orders */
	struct nl_sock *hear;		/* what the kernel says of links */
	struct nl_sock *hear_chains;	/* and of nftables */
	sd_event_source *source, *chains_source;
	link_fn on_link;
	void *userdata;
	const char *table;
	link_chain_fn on_chain;
	void *chain_userdata;
};

/* ---- questions and orders -------------------------------------------------------------------------- */

/* What one message to the kernel has come to. */
struct talk {
	int error;
	nl_recvmsg_msg_cb_t on_answer;
	void *userdata;
};

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *error, void *userdata)
{
	struct talk *talk = userdata;

	talk->error = error->error;
	return NL_STOP;
}

/* Sends @msg, hands answers to @on_answer, and frees @msg. The kernel's errno, or 0. */
static int talk(struct link *link, struct nl_msg *msg, int flags, nl_recvmsg_msg_cb_t on_answer,
		void *userdata)
{
	struct talk talk = { 0 };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r;

	if (!cb || !msg) {
		nlmsg_free(msg);
		nl_cb_put(cb);
		return -ENOMEM;
	}
	/* A dump has an end of its own. */
	nlmsg_hdr(msg)->nlmsg_flags |= (uint16_t)(flags & NLM_F_DUMP ? flags : flags | NLM_F_ACK);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &talk);
	if (on_answer)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_answer, userdata);
	r = nl_send_auto(link->ask, msg);
	nlmsg_free(msg);
	/*
	 * An answer, if there is one, comes before the acknowledgement. Errors are for
	 * on_error().
	 */
	if (r >= 0)
		r = nl_recvmsgs(link->ask, cb);
	if (r >= 0 && on_answer && !talk.error && !(flags & NLM_F_DUMP))
		r = nl_recvmsgs(link->ask, cb);
	nl_cb_put(cb);
	return talk.error ? talk.error : r < 0 ? -EIO : 0;
}

static void read_info(struct nlattr **attrs, const struct ifinfomsg *header, struct link_info *info)
{
	struct nlattr *kind[IFLA_INFO_MAX + 1], *filtering;

	*info = (struct link_info){
		.index = header->ifi_index,
		.up = header->ifi_flags & IFF_UP,
		.noarp = header->ifi_flags & IFF_NOARP,
	};
	if (attrs[IFLA_IFNAME])
		nla_strlcpy(info->name, attrs[IFLA_IFNAME], sizeof(info->name));
	if (attrs[IFLA_IFALIAS])
		nla_strlcpy(info->alias, attrs[IFLA_IFALIAS], sizeof(info->alias));
	if (attrs[IFLA_MTU])
		info->mtu = nla_get_u32(attrs[IFLA_MTU]);
	if (attrs[IFLA_MASTER])
		info->master = (int)nla_get_u32(attrs[IFLA_MASTER]);
	if (attrs[IFLA_ADDRESS] && nla_len(attrs[IFLA_ADDRESS]) == 6)
		memcpy(info->mac, nla_data(attrs[IFLA_ADDRESS]), 6);
	if (attrs[IFLA_LINKINFO] &&
	    nla_parse_nested(kind, IFLA_INFO_MAX, attrs[IFLA_LINKINFO], NULL) >= 0 &&
	    kind[IFLA_INFO_KIND]) {
		nla_strlcpy(info->kind, kind[IFLA_INFO_KIND], sizeof(info->kind));
		filtering = kind[IFLA_INFO_DATA] && !strcmp(info->kind, "bridge") ?
			nla_find(nla_data(kind[IFLA_INFO_DATA]), nla_len(kind[IFLA_INFO_DATA]),
				 IFLA_BR_VLAN_FILTERING) : NULL;
		info->vlan_filtering = filtering && nla_get_u8(filtering);
	}
}

static int on_get(struct nl_msg *msg, void *userdata)
{
	struct nlattr *attrs[IFLA_MAX + 1];

	if (nlmsg_hdr(msg)->nlmsg_type == RTM_NEWLINK &&
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(struct ifinfomsg), attrs, IFLA_MAX, NULL) >= 0)
		read_info(attrs, nlmsg_data(nlmsg_hdr(msg)), userdata);
	return NL_OK;
}

static struct nl_msg *link_message(int type, int family, int index, unsigned int flags,
				   unsigned int change)
{
	struct ifinfomsg header = {
		.ifi_family = (unsigned char)family,
		.ifi_index = index,
		.ifi_flags = flags,
		.ifi_change = change,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST);

	if (msg && nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int link_get(struct link *link, const char *name, int index, struct link_info *ret_info)
{
	struct nl_msg *msg = link_message(RTM_GETLINK, AF_UNSPEC, name ? 0 : index, 0, 0);
	struct link_info info = { 0 };
	int r;

	if (msg && name && nla_put_string(msg, IFLA_IFNAME, name) < 0) {
		nlmsg_free(msg);
		return -ENAMETOOLONG;
	}
	r = talk(link, msg, 0, on_get, &info);
	if (r < 0)
		return r;
	if (!info.index)
		return -ENODEV;
	*ret_info = info;
	return 0;
}

int link_change(struct link *link, int index, const struct link_change *change)
{
	unsigned int flags = 0, mask = 0;
	struct nl_msg *msg;
	int r = 0;

	if (change->up >= 0) {
		mask |= IFF_UP;
		flags |= change->up ? IFF_UP : 0;
	}
	if (change->noarp >= 0) {
		mask |= IFF_NOARP;
		flags |= change->noarp ? IFF_NOARP : 0;
	}
	msg = link_message(RTM_NEWLINK, AF_UNSPEC, index, flags, mask);
	if (!msg)
		return -ENOMEM;
	if (change->name)
		r |= nla_put_string(msg, IFLA_IFNAME, change->name);
	if (change->alias)
		r |= nla_put_string(msg, IFLA_IFALIAS, change->alias);
	if (change->mac)
		r |= nla_put(msg, IFLA_ADDRESS, 6, change->mac);
	if (change->mtu)
		r |= nla_put_u32(msg, IFLA_MTU, change->mtu);
	if (change->master >= 0)
		r |= nla_put_u32(msg, IFLA_MASTER, (uint32_t)change->master);
	if (r) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return talk(link, msg, 0, NULL, NULL);
}

/* ---- VLANs of a bridge's port ---------------------------------------------------------------------- */

static bool has_vlan(const uint64_t map[64], unsigned int vid)
{
	return map[vid / 64] >> (vid % 64) & 1;
}

struct get_vlans {
	int index;
	struct link_vlans vlans;
};

static void read_vlan(struct link_vlans *vlans, const struct bridge_vlan_info *info)
{
	const unsigned int vid = info->vid;

	if (vid < 1 || vid > 4094)
		return;
	vlans->member[vid / 64] |= 1ull << (vid % 64);
	if (info->flags & BRIDGE_VLAN_INFO_UNTAGGED)
		vlans->untagged[vid / 64] |= 1ull << (vid % 64);
	if (info->flags & BRIDGE_VLAN_INFO_PVID)
		vlans->pvid = (uint16_t)vid;
}

static int on_port(struct nl_msg *msg, void *userdata)
{
	const struct ifinfomsg *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *attrs[IFLA_MAX + 1], *attr;
	struct get_vlans *get = userdata;
	int left;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*header), attrs, IFLA_MAX, NULL) < 0 ||
	    header->ifi_index != get->index || !attrs[IFLA_AF_SPEC])
		return NL_OK;
	nla_for_each_nested(attr, attrs[IFLA_AF_SPEC], left) {
		if (nla_type(attr) == IFLA_BRIDGE_VLAN_INFO &&
		    nla_len(attr) == sizeof(struct bridge_vlan_info))
			read_vlan(&get->vlans, nla_data(attr));
	}
	return NL_OK;
}

int link_get_vlans(struct link *link, int index, struct link_vlans *ret_vlans)
{
	struct nl_msg *msg = link_message(RTM_GETLINK, AF_BRIDGE, 0, 0, 0);
	struct get_vlans get = { .index = index };
	int r;

	if (!msg || nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = talk(link, msg, NLM_F_DUMP, on_port, &get);
	if (r >= 0)
		*ret_vlans = get.vlans;
	return r;
}

static int send_vlan(struct link *link, int type, int index, unsigned int vid, unsigned int flags)
{
	struct bridge_vlan_info info = { .flags = (uint16_t)flags, .vid = (uint16_t)vid };
	struct nl_msg *msg = link_message(type, AF_BRIDGE, index, 0, 0);
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;

	if (!spec || nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	nla_nest_end(msg, spec);
	return talk(link, msg, 0, NULL, NULL);
}

int link_set_vlans(struct link *link, int index, const struct link_vlans *vlans)
{
	struct link_vlans have;
	int r = link_get_vlans(link, index, &have);

	for (unsigned int vid = 1; vid <= 4094 && r >= 0; vid++) {
		const bool untagged = has_vlan(vlans->untagged, vid), pvid = vlans->pvid == vid;

		if (!has_vlan(vlans->member, vid)) {
			if (has_vlan(have.member, vid))
				r = send_vlan(link, RTM_DELLINK, index, vid, 0);
		} else if (!has_vlan(have.member, vid) ||
			   has_vlan(have.untagged, vid) != untagged ||
			   (have.pvid == vid) != pvid) {
			r = send_vlan(link, RTM_SETLINK, index, vid,
				      (untagged ? BRIDGE_VLAN_INFO_UNTAGGED : 0) |
				      (pvid ? BRIDGE_VLAN_INFO_PVID : 0));
		}
	}
	return r;
}

/* ---- addresses and routes -------------------------------------------------------------------------- */

static int addr_len(const struct link_addr *addr)
{
	return addr->family == AF_INET ? 4 : 16;
}

int link_add_address(struct link *link, int index, const struct link_addr *addr)
{
	struct ifaddrmsg header = {
		.ifa_family = (uint8_t)addr->family,
		.ifa_prefixlen = addr->prefix,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (uint32_t)index,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWADDR, NLM_F_REQUEST);
	int r;

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFA_LOCAL, addr_len(addr), addr->bytes) < 0 ||
	    nla_put(msg, IFA_ADDRESS, addr_len(addr), addr->bytes) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = talk(link, msg, NLM_F_CREATE | NLM_F_EXCL, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

int link_add_route(struct link *link, int index, const struct link_addr *to,
		   const struct link_addr *from)
{
	struct rtmsg header = {
		.rtm_family = (unsigned char)to->family,
		.rtm_dst_len = to->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = to->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_REQUEST);
	int r = msg ? nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) : -1;

	if (r >= 0)
		r = nla_put(msg, RTA_DST, addr_len(to), to->bytes);
	if (r >= 0)
		r = nla_put_u32(msg, RTA_OIF, (uint32_t)index);
	if (r >= 0 && from)
		r = nla_put(msg, RTA_PREFSRC, addr_len(from), from->bytes);
	if (r < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return talk(link, msg, NLM_F_CREATE | NLM_F_REPLACE, NULL, NULL);
}

struct first_address {
	int index;
	bool found;
	struct link_addr addr;
};

static int on_address(struct nl_msg *msg, void *userdata)
{
	struct first_address *first = userdata;
	struct nlattr *attrs[IFA_MAX + 1], *addr;
	const struct ifaddrmsg *header;

	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*header), attrs, IFA_MAX, NULL) < 0)
		return NL_OK;
	header = nlmsg_data(nlmsg_hdr(msg));
	addr = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (first->found || header->ifa_index != (uint32_t)first->index || !addr ||
	    header->ifa_scope != RT_SCOPE_UNIVERSE ||
	    nla_len(addr) != (header->ifa_family == AF_INET ? 4 : 16))
		return NL_OK;
	first->found = true;
	first->addr.family = header->ifa_family;
	first->addr.prefix = header->ifa_prefixlen;
	memcpy(first->addr.bytes, nla_data(addr), (size_t)nla_len(addr));
	return NL_OK;
}

int link_first_address(struct link *link, int index, int family, struct link_addr *ret_addr)
{
	struct ifaddrmsg header = { .ifa_family = (uint8_t)family };
	struct first_address first = { .index = index };
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_REQUEST);
	int r;

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	r = talk(link, msg, NLM_F_DUMP, on_address, &first);
	if (r < 0)
		return r;
	if (!first.found)
		return -ENOENT;
	*ret_addr = first.addr;
	return 0;
}

/* ---- events ---------------------------------------------------------------------------------------- */

static int on_event(struct nl_msg *msg, void *userdata)
{
	struct link *link = userdata;
	const int type = nlmsg_hdr(msg)->nlmsg_type;
	struct nlattr *attrs[IFLA_MAX + 1];
	const struct ifinfomsg *header;

	if ((type != RTM_NEWLINK && type != RTM_DELLINK) ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*header), attrs, IFLA_MAX, NULL) < 0)
		return NL_OK;
	header = nlmsg_data(nlmsg_hdr(msg));
	/*
	 * A port that leaves its bridge is a DELLINK of the bridge's family: a change,
	 * not an end.
	 */
	if (attrs[IFLA_IFNAME])
		link->on_link(nla_get_string(attrs[IFLA_IFNAME]), header->ifi_index,
			      type == RTM_DELLINK && header->ifi_family == AF_UNSPEC,
				link->userdata);
	return NL_OK;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct link *link = userdata;

	if (nl_recvmsgs_default(link->hear) == -NLE_NOMEM)
		link->on_link(NULL, 0, false, link->userdata);
	return 0;
}

/* Who listens takes messages nobody asked for, without waiting for one. */
static int listen_to(struct nl_sock **ret_sock, int protocol, int group,
		     nl_recvmsg_msg_cb_t on_message,
		     void *userdata)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock)
		return -ENOMEM;
	nl_socket_disable_seq_check(sock);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, userdata);
	if (nl_connect(sock, protocol) < 0 || nl_socket_set_nonblocking(sock) < 0 ||
	    nl_socket_set_buffer_size(sock, 1 << 20, 0) < 0 ||
	    nl_socket_add_membership(sock, group) < 0) {
		nl_socket_free(sock);
		return -EIO;
	}
	*ret_sock = sock;
	return 0;
}

int link_attach(struct link *link, sd_event *event, link_fn on_link, void *userdata)
{
	int r;

	link->on_link = on_link;
	link->userdata = userdata;
	r = listen_to(&link->hear, NETLINK_ROUTE, RTNLGRP_LINK, on_event, link);
	if (r < 0)
		return r;
	return sd_event_add_io(event, &link->source, nl_socket_get_fd(link->hear), EPOLLIN,
			       on_readable, link);
}

/* Chains of one transaction come one after the other, and then the new generation's number. */
static int on_chain_message(struct nl_msg *msg, void *userdata)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	const int type = NFNL_MSG_TYPE(header->nlmsg_type);
	const struct nfgenmsg *nfgen = nlmsg_data(header);
	struct nlattr *attrs[NFTA_CHAIN_MAX + 1];
	struct link *link = userdata;

	if (NFNL_SUBSYS_ID(header->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    nlmsg_parse(header, sizeof(*nfgen), attrs, NFTA_CHAIN_MAX, NULL) < 0)
		return NL_OK;
	if (type == NFT_MSG_NEWGEN)
		link->on_chain(NULL, false, link->chain_userdata);
	else if ((type == NFT_MSG_NEWCHAIN || type == NFT_MSG_DELCHAIN) &&
		 nfgen->nfgen_family == NFPROTO_NETDEV && attrs[NFTA_CHAIN_TABLE] &&
		 attrs[NFTA_CHAIN_NAME] && !nla_strcmp(attrs[NFTA_CHAIN_TABLE], link->table))
		link->on_chain(nla_get_string(attrs[NFTA_CHAIN_NAME]), type == NFT_MSG_DELCHAIN,
			       link->chain_userdata);
	return NL_OK;
}

static int on_chains_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct link *link = userdata;

	if (nl_recvmsgs_default(link->hear_chains) == -NLE_NOMEM)
		link->on_chain(NULL, true, link->chain_userdata);
	return 0;
}

int link_attach_chains(struct link *link, sd_event *event, const char *table,
		       link_chain_fn on_chain, void *userdata)
{
	int r;

	link->table = table;
	link->on_chain = on_chain;
	link->chain_userdata = userdata;
	r = listen_to(&link->hear_chains, NETLINK_NETFILTER, NFNLGRP_NFTABLES, on_chain_message,
		      link);
	if (r < 0)
		return r;
	return sd_event_add_io(event, &link->chains_source, nl_socket_get_fd(link->hear_chains),
			       EPOLLIN, on_chains_readable, link);
}

struct each_chain {
	const char *table;
	void (*found)(const char *chain, void *userdata);
	void *userdata;
};

static int on_each_chain(struct nl_msg *msg, void *userdata)
{
	struct nlattr *attrs[NFTA_CHAIN_MAX + 1];
	struct each_chain *each = userdata;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(struct nfgenmsg), attrs, NFTA_CHAIN_MAX,
			NULL) >= 0 && attrs[NFTA_CHAIN_TABLE] && attrs[NFTA_CHAIN_NAME] &&
	    !nla_strcmp(attrs[NFTA_CHAIN_TABLE], each->table))
		each->found(nla_get_string(attrs[NFTA_CHAIN_NAME]), each->userdata);
	return NL_OK;
}

int link_each_chain(const char *table, void (*found)(const char *chain, void *userdata),
		    void *userdata)
{
	const struct nfgenmsg header = { .nfgen_family = NFPROTO_NETDEV };
	struct each_chain each = { table, found, userdata };
	struct nl_sock *sock = nl_socket_alloc();
	int r = sock ? nl_connect(sock, NETLINK_NETFILTER) : -NLE_NOMEM;

	if (r >= 0) {
		nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_each_chain, &each);
		r = nl_send_simple(sock, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN,
				   NLM_F_REQUEST | NLM_F_DUMP, (void *)&header, sizeof(header));
	}
	if (r >= 0)
		r = nl_recvmsgs_default(sock);
	nl_socket_free(sock);
	return r < 0 ? -EIO : 0;
}

int link_open(struct link **ret_link)
{
	_cleanup_(link_closep) struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->ask = nl_socket_alloc();
	if (!link->ask)
		return -ENOMEM;
	if (nl_connect(link->ask, NETLINK_ROUTE) < 0)
		return -EIO;
	*ret_link = TAKE_PTR(link);
	return 0;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	sd_event_source_disable_unref(link->source);
	sd_event_source_disable_unref(link->chains_source);
	nl_socket_free(link->ask);
	nl_socket_free(link->hear);
	nl_socket_free(link->hear_chains);
	free(link);
}
