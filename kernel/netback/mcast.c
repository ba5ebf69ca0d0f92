// SPDX-License-Identifier: GPL-2.0
/*
 * The multicast groups a guest has joined, if it asked us to filter for it. A
 * guest that joins more than we keep gets an error for each, and turns its
 * filter off or does without.
 */
#include <linux/etherdevice.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "netback.h"

void netback_mcast_init(struct netback_vif *vif)
{
	spin_lock_init(&vif->mcast_lock);
	INIT_HLIST_HEAD(&vif->mcast_groups);
}

static struct netback_mcast *find(struct netback_vif *vif, const u8 *addr)
{
	struct netback_mcast *m;

	hlist_for_each_entry_rcu(m, &vif->mcast_groups, node,
				 lockdep_is_held(&vif->mcast_lock))
		if (ether_addr_equal(m->addr, addr))
			return m;
	return NULL;
}

bool netback_mcast_add(struct netback_vif *vif, const u8 *addr)
{
	struct netback_mcast *m;
	bool there = true;

	spin_lock_bh(&vif->mcast_lock);
	if (!find(vif, addr)) {
		m = vif->nr_mcast_groups < NETBACK_MCAST_MAX ?
		    kmalloc(sizeof(*m), GFP_ATOMIC) : NULL;
		there = m;
		if (m) {
			ether_addr_copy(m->addr, addr);
			hlist_add_head_rcu(&m->node, &vif->mcast_groups);
			vif->nr_mcast_groups++;
		}
	}
	spin_unlock_bh(&vif->mcast_lock);
	return there;
}

static void forget(struct netback_vif *vif, struct netback_mcast *m)
{
	hlist_del_rcu(&m->node);
	vif->nr_mcast_groups--;
	kfree_rcu(m, rcu);
}

void netback_mcast_del(struct netback_vif *vif, const u8 *addr)
{
	struct netback_mcast *m;

	spin_lock_bh(&vif->mcast_lock);
	m = find(vif, addr);
	if (m)
		forget(vif, m);
	spin_unlock_bh(&vif->mcast_lock);
}

void netback_mcast_clear(struct netback_vif *vif)
{
	struct netback_mcast *m;
	struct hlist_node *next;

	spin_lock_bh(&vif->mcast_lock);
	hlist_for_each_entry_safe(m, next, &vif->mcast_groups, node)
		forget(vif, m);
	spin_unlock_bh(&vif->mcast_lock);
}

bool netback_mcast_wanted(struct netback_vif *vif, const u8 *addr)
{
	if (!READ_ONCE(vif->mcast_filter) || !is_multicast_ether_addr(addr) ||
	    is_broadcast_ether_addr(addr))
		return true;
	return find(vif, addr);
}
