// SPDX-License-Identifier: GPL-2.0
/*
 * Which queue of the guest a packet goes to. A guest that set up receive-side
 * scaling through its control ring decides by Toeplitz hash and table; else the
 * stack decides.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/flow_dissector.h>

#include "netback.h"

struct tuple {
	u8 data[2 * sizeof(struct in6_addr) + 2 * sizeof(__be16)];
	u32 len;
	bool l4;
};

static void add(struct tuple *t, const void *data, u32 len)
{
	memcpy(t->data + t->len, data, len);
	t->len += len;
}

static bool wanted(const struct wire_net_hash *hash, unsigned int kind)
{
	return hash->flags & 1u << kind;
}

/* What of the packet is hashed, by the kinds the guest has chosen; of no length if none fits. */
static void find_tuple(const struct wire_net_hash *hash, const struct sk_buff *skb, struct tuple *t)
{
	struct flow_keys flow;
	bool tcp, v4;

	t->len = 0;
	memset(&flow, 0, sizeof(flow));
	if (!skb_flow_dissect_flow_keys(skb, &flow, 0))
		return;
	v4 = flow.basic.n_proto == htons(ETH_P_IP);
	/* With a VLAN tag the kind could not be told to the guest. */
	if ((!v4 && flow.basic.n_proto != htons(ETH_P_IPV6)) || flow.basic.n_proto != skb->protocol)
		return;
	tcp = flow.basic.ip_proto == IPPROTO_TCP && !(flow.control.flags & FLOW_DIS_IS_FRAGMENT) &&
	      wanted(hash, v4 ? WIRE_NET_HASH_IPV4_TCP : WIRE_NET_HASH_IPV6_TCP);
	if (!tcp && !wanted(hash, v4 ? WIRE_NET_HASH_IPV4 : WIRE_NET_HASH_IPV6))
		return;
	if (v4) {
		add(t, &flow.addrs.v4addrs.src, sizeof(flow.addrs.v4addrs.src));
		add(t, &flow.addrs.v4addrs.dst, sizeof(flow.addrs.v4addrs.dst));
	} else {
		add(t, &flow.addrs.v6addrs.src, sizeof(flow.addrs.v6addrs.src));
		add(t, &flow.addrs.v6addrs.dst, sizeof(flow.addrs.v6addrs.dst));
	}
	if (tcp) {
		add(t, &flow.ports.src, sizeof(flow.ports.src));
		add(t, &flow.ports.dst, sizeof(flow.ports.dst));
	}
	t->l4 = tcp;
}

bool netback_hash_queue(struct netback_vif *vif, struct sk_buff *skb, u32 nr_queues, u16 *queue)
{
	struct netback_hash *h;
	bool decided = false;
	struct tuple t;
	u32 value = 0;

	rcu_read_lock();
	h = rcu_dereference(vif->hash);
	if (h && h->wire.algorithm == WIRE_NET_HASH_TOEPLITZ) {
		find_tuple(&h->wire, skb, &t);
		if (t.len) {
			value = wire_net_toeplitz(&h->wire, t.data, t.len);
			__skb_set_sw_hash(skb, value, t.l4);
		} else {
			/* Nobody computes this anew, and netback_hash_known() does not take it. */
			skb_set_hash(skb, value, PKT_HASH_TYPE_L4);
		}
		*queue = wire_net_hash_queue(&h->wire, value, nr_queues);
		decided = true;
	}
	rcu_read_unlock();
	return decided;
}

bool netback_hash_known(struct netback_vif *vif, const struct sk_buff *skb)
{
	struct netback_hash *h;
	bool known;

	rcu_read_lock();
	h = rcu_dereference(vif->hash);
	known = h && h->wire.algorithm == WIRE_NET_HASH_TOEPLITZ && skb->sw_hash;
	rcu_read_unlock();
	return known;
}
