// SPDX-License-Identifier: GPL-2.0-or-later
#include "blk.h"

#include <errno.h>
#include <string.h>

u8 *blk_slot(struct blk_queue *q, u32 index)
{
	return q->ring->va + BLK_RING_HEAD +
	       (size_t)(index & (q->nr_slots - 1)) * blk_abi_slot(q->blk->opts.abi);
}

static u8 *shadow(struct blk_queue *q, u32 index)
{
	return q->shadow + (size_t)(index & (q->nr_slots - 1)) * BLK_SLOT_MAX;
}

bool blk_full(const struct blk_queue *q)
{
	return q->req_prod - q->rsp_cons == q->nr_slots;
}

/* Ids are random but for their low bits, which find the request again. */
static struct blk_pending *pending_new(struct blk_queue *q)
{
	u32 i;

	for (i = 0; i < q->nr_slots; i++)
		if (!q->pending[i].used)
			return &q->pending[i];
	util_lab_error("more requests than slots");
}

static struct blk_pending *pending_find(struct blk_queue *q, u64 id)
{
	u32 i = (u32)id & 0xffff;

	if (i < q->nr_slots && q->pending[i].used && q->pending[i].id == id)
		return &q->pending[i];
	/* Requests written by blk_put_raw() have any id they like. */
	for (i = 0; i < q->nr_slots; i++)
		if (q->pending[i].used && q->pending[i].id == id)
			return &q->pending[i];
	return NULL;
}

static u8 *put_slot(struct blk_queue *q, struct blk_pending *p, const u8 *bytes, void *cookie)
{
	u8 *slot = blk_slot(q, q->req_prod);
	u32 size = blk_abi_slot(q->blk->opts.abi);

	memcpy(slot, bytes, size);
	memcpy(shadow(q, q->req_prod), bytes, size);
	p->used = true;
	/* What Linux's frontend insists on. */
	p->op = bytes[0] == BLK_INDIRECT ? bytes[1] : bytes[0];
	p->cookie = cookie;
	q->nr_pending++;
	q->req_prod++;
	return slot;
}

/* Of a wild queue, where a response's id may be scribbled over: the one request there is. */
static struct blk_pending *pending_only(struct blk_queue *q)
{
	u32 i;

	for (i = 0; q->nr_pending == 1 && i < q->nr_slots; i++)
		if (q->pending[i].used)
			return &q->pending[i];
	return NULL;
}

u8 *blk_put(struct blk_queue *q, struct blk_request *req, void *cookie, bool keep_id)
{
	struct blk_pending *p = pending_new(q);
	u8 bytes[BLK_SLOT_MAX];

	if (!keep_id)
		req->id = (rng_next(&q->blk->rng) & ~0xffffull) | (u64)(p - q->pending);
	p->id = req->id;
	blk_abi_encode(q->blk->opts.abi, req, bytes);
	return put_slot(q, p, bytes, cookie);
}

u8 *blk_put_raw(struct blk_queue *q, const u8 *raw, void *cookie)
{
	struct blk_pending *p = pending_new(q);

	memcpy(&p->id, raw + blk_abi_id(q->blk->opts.abi), sizeof(p->id));
	return put_slot(q, p, raw, cookie);
}

void blk_kick(struct blk_queue *q)
{
	int r = xen_events_notify(&q->blk->events, q->port);

	if (r)
		util_lab_error("cannot notify port %u: %s", q->port, strerror(-r));
}

void blk_publish(struct blk_queue *q, bool always_notify)
{
	u32 before = q->published;
	u32 wanted;

	shared_mb();	/* slots before the index */
	shared_write(q->head->req_prod, q->req_prod);
	q->published = q->req_prod;
	shared_mb();	/* the index before the backend's wish */
	wanted = shared_read(q->head->req_event);
	if (always_notify || q->req_prod - wanted < q->req_prod - before)
		blk_kick(q);
}

/* Not a byte of dom0's memory may come back with a response. */
static bool response_bytes_ok(struct blk_queue *q, u32 index, const u8 *now)
{
	enum blk_abi abi = q->blk->opts.abi;
	const u8 *old = shadow(q, index);
	u32 i;

	for (i = 0; i < blk_abi_slot(abi); i++) {
		if (blk_abi_rsp_defines(abi, i) || now[i] == old[i])
			continue;
		if (i < blk_abi_rsp(abi) && now[i] == 0)
			continue;
		check_fail(q->blk->dev->chk,
			   "response in slot %u: byte %u was %02x and is now %02x",
			   index & (q->nr_slots - 1), i, old[i], now[i]);
		return false;
	}
	return true;
}

int blk_take(struct blk_queue *q, struct blk_done *done)
{
	struct check *chk = q->blk->dev->chk;
	enum blk_abi abi = q->blk->opts.abi;
	u32 size = blk_abi_slot(abi);
	struct blk_pending *p;
	u8 now[BLK_SLOT_MAX];
	u32 ahead;

	ahead = shared_read(q->head->rsp_prod) - q->rsp_cons;
	if (!ahead)
		return 0;
	if (!check_that(chk, ahead <= q->nr_pending,
			"queue %u: %u responses to %u requests", q->nr, ahead, q->nr_pending))
		return -EPROTO;
	shared_mb();	/* the index before the slot */
	memcpy(now, blk_slot(q, q->rsp_cons), size);

	done->rsp = blk_abi_decode(abi, now);
	p = q->wild ? pending_only(q) : pending_find(q, done->rsp.id);
	if (!check_that(chk, p, "queue %u: response to an unknown request (id %#llx)", q->nr,
			(unsigned long long)done->rsp.id))
		return -EPROTO;
	done->cookie = p->cookie;
	if (!q->wild) {
		check_that(chk, done->rsp.op == p->op,
			   "queue %u: operation %u answered as operation %u", q->nr, p->op,
			   done->rsp.op);
		response_bytes_ok(q, q->rsp_cons, now);
	}
	check_that(chk, done->rsp.status <= BLK_OK && done->rsp.status >= BLK_EOPNOTSUPP,
		   "queue %u: unknown status %d", q->nr, done->rsp.status);

	memcpy(shadow(q, q->rsp_cons), now, size);
	p->used = false;
	q->nr_pending--;
	q->rsp_cons++;
	return 1;
}

static bool answers_waiting(struct blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		struct blk_queue *q = &blk->queue[i];

		if (shared_read(q->head->rsp_prod) != q->rsp_cons)
			return true;
	}
	return false;
}

/* Asks to be told of the next response of each queue that owes us one. */
static void arm(struct blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++)
		if (blk->queue[i].nr_pending)
			shared_write(blk->queue[i].head->rsp_event, blk->queue[i].rsp_cons + 1);
	shared_mb();	/* the wish before looking once more */
}

bool blk_wait(struct blk *blk, u64 deadline_ms)
{
	for (;;) {
		u64 now = util_now_ms();

		if (answers_waiting(blk))
			return true;
		arm(blk);
		if (answers_waiting(blk))
			return true;
		if (now >= deadline_ms)
			return false;
		xen_events_wait(&blk->events, (int)(deadline_ms - now));
	}
}

int blk_call(struct blk_queue *q, struct blk_request *req)
{
	u64 deadline = util_now_ms() + BLK_ANSWER_MS;
	struct blk_done done;
	int r;

	util_trace("queue %u: request %u, sector %llu", q->nr, req->op,
		   (unsigned long long)req->sector);
	blk_put(q, req, NULL, false);
	blk_publish(q, false);
	if (!check_that(q->blk->dev->chk, blk_wait(q->blk, deadline),
			"queue %u: no response within %u ms to operation %u, sector %llu", q->nr,
			BLK_ANSWER_MS, req->op, (unsigned long long)req->sector))
		return -ETIMEDOUT;
	r = blk_take(q, &done);
	util_trace("queue %u: answered", q->nr);
	return r == 1 ? done.rsp.status : -EPROTO;
}

bool blk_untouched(struct blk_queue *q)
{
	u32 size = blk_abi_slot(q->blk->opts.abi);
	struct check *chk = q->blk->dev->chk;
	u32 i;

	for (i = 0; i < q->nr_slots; i++)
		if (memcmp(blk_slot(q, i), shadow(q, i), size)) {
			check_fail(chk, "queue %u: slot %u changed without a response", q->nr, i);
			return false;
		}
	for (i = 0; i < sizeof(q->head->private); i++)
		if (q->head->private[i]) {
			check_fail(chk, "queue %u: byte %u of the ring's head changed", q->nr,
				   i + 16);
			return false;
		}
	return check_that(chk, shared_read(q->head->rsp_prod) == q->rsp_cons,
			  "queue %u: %u responses to no request", q->nr,
			  q->head->rsp_prod - q->rsp_cons);
}
