// SPDX-License-Identifier: GPL-2.0
/* The life of a request: its memory, its pages, its way back to the thread. */
#include <linux/slab.h>

#include "blkback.h"

#define SPARE_BIGS	8u	/* idle ones a queue keeps */

static struct blkback_big *big_get(struct blkback_queue *q)
{
	struct blkback_big *big = list_first_entry_or_null(&q->bigs, struct blkback_big, list);

	if (big) {
		list_del(&big->list);
		q->nr_bigs--;
		return big;
	}
	return kvmalloc(sizeof(*big), GFP_NOIO | __GFP_NOWARN);
}

static void big_put(struct blkback_queue *q, struct blkback_big *big)
{
	if (q->nr_bigs >= SPARE_BIGS) {
		kvfree(big);
		return;
	}
	list_add(&big->list, &q->bigs);
	q->nr_bigs++;
}

/*
 * NULL when memory is short: try again when another request of this queue has
 * finished. The queue was given one of each at connect, so there is always one
 * in flight or one free.
 */
struct blkback_req *blkback_req_get(struct blkback_queue *q, unsigned int nr_segs)
{
	struct blkback_req *req = list_first_entry_or_null(&q->free, struct blkback_req, list);

	if (req) {
		list_del_init(&req->list);
	} else {
		req = kmalloc(sizeof(*req), GFP_NOIO | __GFP_NOWARN);
		if (!req)
			return NULL;
		req->queue = q;
		INIT_LIST_HEAD(&req->list);
		q->nr_reqs++;
	}

	req->big = NULL;
	req->segs = req->small_segs;
	req->nr_segs = 0;
	req->err = 0;
	if (nr_segs > WIRE_BLK_SEGS) {
		req->big = big_get(q);
		if (!req->big) {
			blkback_req_put(req);
			return NULL;
		}
		req->segs = req->big->segs;
	}
	return req;
}

void blkback_req_put(struct blkback_req *req)
{
	struct blkback_queue *q = req->queue;

	if (req->big)
		big_put(q, req->big);
	req->big = NULL;
	list_add(&req->list, &q->free);
}

static enum wire_verdict map_verdict(int err)
{
	if (err == -EFAULT)
		return WIRE_REJECT_GRANT;
	return err == -EDQUOT ? WIRE_REJECT_BUDGET : WIRE_MORE;
}

/* Maps what the cache does not have; req->segs[].pgrant is NULL for those. */
static int map_missing(struct blkback_req *req, const struct wire_blk_seg *segs)
{
	struct blkback_queue *q = req->queue;
	/* Guests with the persistent feature grant for writing; others may not. */
	bool readonly = !q->vbd->persistent && req->op != WIRE_BLK_READ;
	grant_ref_t grefs[XENBE_GRANT_BATCH];
	struct xenbe_map maps[XENBE_GRANT_BATCH];
	u16 which[XENBE_GRANT_BATCH];
	unsigned int i = 0, j, n;
	int err = 0;

	while (i < req->nr_segs && !err) {
		for (n = 0; i < req->nr_segs && n < XENBE_GRANT_BATCH; i++) {
			if (req->segs[i].pgrant)
				continue;
			which[n] = i;
			grefs[n++] = segs[i].gref;
		}
		if (!n)
			break;
		err = xenbe_grant_map(&q->grants, grefs, maps, n, readonly);
		for (j = 0; j < n; j++)
			req->segs[which[j]].map = maps[j];
	}
	return err;
}

/* A good request's new pages stay; a bad one's do not touch the cache. */
static void keep_pages(struct blkback_req *req, const struct wire_blk_seg *segs)
{
	struct blkback_seg *seg;
	unsigned int i;

	for (i = 0; i < req->nr_segs; i++) {
		seg = &req->segs[i];
		if (seg->pgrant)
			continue;
		seg->pgrant = xenbe_pgrant_add(&req->queue->pgrants, segs[i].gref, &seg->map);
		if (seg->pgrant)
			seg->map.handle = XENBE_NO_HANDLE;
	}
}

/* Otherwise than WIRE_OK nothing stays mapped. WIRE_MORE: this host's memory is short. */
enum wire_verdict blkback_req_map(struct blkback_req *req, const struct wire_blk_seg *segs)
{
	struct blkback_queue *q = req->queue;
	unsigned int i, missing = 0;
	int err;

	for (i = 0; i < req->nr_segs; i++) {
		req->segs[i].pgrant = q->vbd->persistent ?
				      xenbe_pgrant_get(&q->pgrants, segs[i].gref) : NULL;
		req->segs[i].map.handle = XENBE_NO_HANDLE;
		missing += !req->segs[i].pgrant;
	}
	if (!missing)
		return WIRE_OK;

	err = map_missing(req, segs);
	if (err) {
		blkback_req_unmap(req);
		xenbe_grant_unmap_flush(&q->grants);
		return map_verdict(err);
	}
	if (q->vbd->persistent)
		keep_pages(req, segs);
	return WIRE_OK;
}

/* Gives pages back, or queues them for unmapping: the caller flushes. */
void blkback_req_unmap(struct blkback_req *req)
{
	struct blkback_queue *q = req->queue;
	unsigned int i;

	for (i = 0; i < req->nr_segs; i++) {
		if (req->segs[i].pgrant)
			xenbe_pgrant_put(&q->pgrants, req->segs[i].pgrant);
		else
			xenbe_grant_unmap(&q->grants, &req->segs[i].map);
	}
	req->nr_segs = 0;
}

/*
 * Brings the segment descriptors of an indirect request into q->descs, once.
 * They fit one page: WIRE_BLK_MAX_SEGS is below what a page holds.
 */
enum wire_verdict blkback_req_read_descs(struct blkback_queue *q, const struct wire_blk_req *wire)
{
	unsigned int len = wire->nr_segs * sizeof(struct wire_blk_seg);
	grant_ref_t gref = wire->indirect_grefs[0];
	struct xenbe_pgrant *p = NULL;
	struct xenbe_map map;
	int err;

	BUILD_BUG_ON(WIRE_BLK_MAX_SEGS > WIRE_BLK_SEGS_PER_PAGE);

	if (!q->vbd->persistent)
		return xenbe_grant_copy_in(&q->grants, gref, q->descs, len) ?
		       WIRE_REJECT_GRANT : WIRE_OK;

	p = xenbe_pgrant_get(&q->pgrants, gref);
	if (!p) {
		err = xenbe_grant_map(&q->grants, &gref, &map, 1, false);
		if (err)
			return map_verdict(err);
		p = xenbe_pgrant_add(&q->pgrants, gref, &map);
	}
	wire_copy_in(q->descs, page_address(p ? p->map.page : map.page), len);
	if (p) {
		xenbe_pgrant_put(&q->pgrants, p);
	} else {
		xenbe_grant_unmap(&q->grants, &map);
		xenbe_grant_unmap_flush(&q->grants);
	}
	return WIRE_OK;
}

void blkback_req_done(struct blkback_req *req)
{
	struct blkback_queue *q = req->queue;

	/*
	 * From the moment the thread sees the request the queue may be torn
	 * down; blkback_queue_fini() waits for this read side.
	 */
	rcu_read_lock();
	blkback_order_leave(q);
	/*
	 * A disk that answers while it is being asked need not wake who asks. An
	 * interrupt on top of the thread must: that may be about to sleep.
	 */
	if (llist_add(&req->done, &q->done) && !(in_task() && current == q->thread))
		blkback_queue_kick(q);
	rcu_read_unlock();
}
