// SPDX-License-Identifier: GPL-2.0
/*
 * Persistent grants: pages a frontend promises to use again stay mapped. A
 * hash table finds one in O(1); a list keeps the unused ones in the order they
 * will be given back; a hard cap bounds what a guest can make us hold.
 */
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "xenbe.h"

#define EVICT_AT_ONCE	32u	/* one hypercall instead of one for each new page */

int xenbe_pgrants_init(struct xenbe_pgrants *cache, struct xenbe_grants *grants, unsigned int max)
{
	unsigned int nr_buckets = roundup_pow_of_two(clamp(max, 16u, 4096u));

	memset(cache, 0, sizeof(*cache));
	INIT_LIST_HEAD(&cache->idle);
	cache->grants = grants;
	cache->max = max;
	cache->bucket_bits = ilog2(nr_buckets);
	cache->buckets = kvcalloc(nr_buckets, sizeof(*cache->buckets), GFP_KERNEL);
	return cache->buckets ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(xenbe_pgrants_init);

static struct hlist_head *bucket(struct xenbe_pgrants *cache, grant_ref_t gref)
{
	return &cache->buckets[hash_32(gref, cache->bucket_bits)];
}

static void forget(struct xenbe_pgrants *cache, struct xenbe_pgrant *p)
{
	hlist_del(&p->hash);
	list_del(&p->idle);
	xenbe_grant_unmap(cache->grants, &p->map);
	kfree(p);
	cache->nr--;
	cache->evicted++;
}

void xenbe_pgrants_fini(struct xenbe_pgrants *cache)
{
	struct xenbe_pgrant *p, *next;

	if (!cache->buckets)
		return;
	list_for_each_entry_safe(p, next, &cache->idle, idle)
		forget(cache, p);
	xenbe_grant_unmap_flush(cache->grants);
	kvfree(cache->buckets);
	memset(cache, 0, sizeof(*cache));
}
EXPORT_SYMBOL_GPL(xenbe_pgrants_fini);

static struct xenbe_pgrant *find(struct xenbe_pgrants *cache, grant_ref_t gref)
{
	struct xenbe_pgrant *p;

	hlist_for_each_entry(p, bucket(cache, gref), hash)
		if (p->gref == gref)
			return p;
	return NULL;
}

struct xenbe_pgrant *xenbe_pgrant_get(struct xenbe_pgrants *cache, grant_ref_t gref)
{
	struct xenbe_pgrant *p = find(cache, gref);

	if (!p) {
		cache->misses++;
		return NULL;
	}
	if (!p->users++)
		list_del_init(&p->idle);
	cache->hits++;
	return p;
}
EXPORT_SYMBOL_GPL(xenbe_pgrant_get);

static void make_room(struct xenbe_pgrants *cache)
{
	unsigned int n;

	for (n = 0; n < EVICT_AT_ONCE && !list_empty(&cache->idle); n++)
		forget(cache, list_first_entry(&cache->idle, struct xenbe_pgrant, idle));
	xenbe_grant_unmap_flush(cache->grants);
}

struct xenbe_pgrant *xenbe_pgrant_add(struct xenbe_pgrants *cache, grant_ref_t gref,
				      const struct xenbe_map *map)
{
	struct xenbe_pgrant *p;

	if (!cache->max || find(cache, gref))
		return NULL;
	if (cache->nr >= cache->max)
		make_room(cache);
	if (cache->nr >= cache->max)
		return NULL;

	p = kmalloc(sizeof(*p), GFP_NOIO | __GFP_NOWARN);
	if (!p)
		return NULL;
	p->map = *map;
	p->gref = gref;
	p->users = 1;
	p->last_used = jiffies;
	INIT_LIST_HEAD(&p->idle);
	hlist_add_head(&p->hash, bucket(cache, gref));
	cache->nr++;
	return p;
}
EXPORT_SYMBOL_GPL(xenbe_pgrant_add);

void xenbe_pgrant_put(struct xenbe_pgrants *cache, struct xenbe_pgrant *p)
{
	if (--p->users)
		return;
	p->last_used = jiffies;
	list_add_tail(&p->idle, &cache->idle);
}
EXPORT_SYMBOL_GPL(xenbe_pgrant_put);

long xenbe_pgrants_expire(struct xenbe_pgrants *cache, unsigned long age)
{
	struct xenbe_pgrant *p, *next;
	unsigned long due;
	long left = MAX_SCHEDULE_TIMEOUT;

	list_for_each_entry_safe(p, next, &cache->idle, idle) {
		due = p->last_used + age;
		if (time_after(due, jiffies)) {
			left = due - jiffies;
			break;
		}
		forget(cache, p);
	}
	xenbe_grant_unmap_flush(cache->grants);
	return max(left, 1L);
}
EXPORT_SYMBOL_GPL(xenbe_pgrants_expire);
