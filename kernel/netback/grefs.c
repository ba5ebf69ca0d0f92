// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the guest's that stay mapped because it asked for that on its
 * control ring: their data is copied without a hypercall. Only the control
 * ring's work changes the table; packets look it up under RCU.
 */
#include <linux/hashtable.h>
#include <linux/slab.h>

#include "netback.h"

struct gref {
	struct hlist_node node;
	grant_ref_t gref;
	bool readonly;
	struct xenbe_map map;
};

struct netback_grefs {
	struct xenbe_grants grants;
	DECLARE_HASHTABLE(table, 8);
	unsigned int nr;
};

/* It stays only under the caller's RCU, or for ctrl_work. */
static struct gref *find(struct netback_grefs *t, grant_ref_t gref)
{
	struct gref *g, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(t->table, g, node, gref)
		if (g->gref == gref)
			found = g;
	rcu_read_unlock();
	return found;
}

void *netback_grefs_find(struct netback_queue *q, grant_ref_t gref, bool write)
{
	struct netback_grefs *t = READ_ONCE(q->grefs);
	struct gref *g;

	if (likely(!t))
		return NULL;
	g = find(t, gref);
	return g && !(write && g->readonly) ? page_address(g->map.page) : NULL;
}

static struct netback_grefs *table_of(struct netback_queue *q)
{
	struct netback_grefs *t = q->grefs;

	if (t)
		return t;
	t = kvzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return NULL;
	if (xenbe_grants_init(&t->grants, q->vif->dev->otherend_id, q->vif->budget, 0)) {
		xenbe_grants_fini(&t->grants);
		kvfree(t);
		return NULL;
	}
	hash_init(t->table);
	smp_store_release(&q->grefs, t);
	return t;
}

/* What nobody can find (any more). */
static void release(struct netback_grefs *t, struct hlist_head *list)
{
	struct hlist_node *next;
	struct gref *g;

	hlist_for_each_entry_safe(g, next, list, node) {
		xenbe_grant_unmap(&t->grants, &g->map);
		kfree(g);
	}
	xenbe_grant_unmap_flush(&t->grants);
}

static enum wire_net_ctrl_status map_one(struct netback_grefs *t, const u8 *entry,
					 struct hlist_head *list)
{
	struct wire_net_gref wanted;
	struct gref *g;

	if (!wire_net_parse_gref(entry, &wanted) || find(t, wanted.gref))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	hlist_for_each_entry(g, list, node)
		if (g->gref == wanted.gref)
			return WIRE_NET_CTRL_INVALID_PARAMETER;
	g = kzalloc(sizeof(*g), GFP_KERNEL);
	if (!g)
		return WIRE_NET_CTRL_BUFFER_OVERFLOW;
	g->gref = wanted.gref;
	g->readonly = wanted.readonly;
	g->map.handle = XENBE_NO_HANDLE;
	hlist_add_head(&g->node, list);
	return xenbe_grant_map(&t->grants, &g->gref, &g->map, 1, g->readonly) ?
	       WIRE_NET_CTRL_INVALID_PARAMETER : WIRE_NET_CTRL_SUCCESS;
}

/* All or none. */
enum wire_net_ctrl_status netback_grefs_add(struct netback_queue *q, const u8 *page, u32 nr)
{
	enum wire_net_ctrl_status status = WIRE_NET_CTRL_SUCCESS;
	struct netback_grefs *t = table_of(q);
	HLIST_HEAD(list);
	struct hlist_node *next;
	struct gref *g;
	u32 i;

	if (!t || t->nr + nr > NETBACK_GREFS_MAX)
		return WIRE_NET_CTRL_BUFFER_OVERFLOW;
	for (i = 0; i < nr && !status; i++)
		status = map_one(t, page + i * WIRE_NET_GREF_ENTRY, &list);
	if (status) {
		release(t, &list);
		return status;
	}
	hlist_for_each_entry_safe(g, next, &list, node) {
		hlist_del(&g->node);
		hash_add_rcu(t->table, &g->node, g->gref);
	}
	t->nr += nr;
	return status;
}

u32 netback_grefs_del(struct netback_queue *q, u8 *page, u32 nr)
{
	struct netback_grefs *t = q->grefs;
	struct gref **found;
	HLIST_HEAD(list);
	u32 i, done = 0;

	found = kvcalloc(nr, sizeof(*found), GFP_KERNEL);
	for (i = 0; i < nr; i++) {
		u8 *entry = page + i * WIRE_NET_GREF_ENTRY;
		struct wire_net_gref wanted;
		struct gref *g = NULL;

		if (t && found && wire_net_parse_gref(entry, &wanted))
			g = find(t, wanted.gref);
		wire_net_gref_status(entry, g ? WIRE_NET_CTRL_SUCCESS :
				     WIRE_NET_CTRL_INVALID_PARAMETER);
		if (!g)
			continue;
		hash_del_rcu(&g->node);
		found[done++] = g;
	}
	if (done)
		synchronize_net();	/* whoever is in the middle of a packet */
	for (i = 0; i < done; i++)
		hlist_add_head(&found[i]->node, &list);
	if (done)
		release(t, &list);
	if (t)
		t->nr -= done;
	kvfree(found);
	return done;
}

void netback_grefs_fini(struct netback_queue *q)
{
	struct netback_grefs *t = q->grefs;
	unsigned int i;

	if (!t)
		return;
	for (i = 0; i < HASH_SIZE(t->table); i++)
		release(t, &t->table[i]);
	xenbe_grants_fini(&t->grants);
	kvfree(t);
	q->grefs = NULL;
}
