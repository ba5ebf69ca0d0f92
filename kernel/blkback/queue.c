// SPDX-License-Identifier: GPL-2.0
/*
 * One ring and the thread that serves it. Everything the thread does is in
 * on_queue(): answer what the disk has finished, take what the guest has
 * asked, tell the guest once, sleep.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "../common/trace.h"
#include "blkback.h"

#define TAKE_BUDGET	64u	/* requests of one pass, so that answers do not wait for ever */
#define LOG_INTERVAL	(10 * HZ)
#define MEMORY_RETRY_NS	(10 * NSEC_PER_MSEC)

/* ---- answers ------------------------------------------------------------- */

static void respond(struct blkback_queue *q, u64 id, u8 wire_op, enum wire_blk_status status)
{
	u8 rsp[WIRE_BLK_RSP_MAX];
	u32 len = wire_blk_response(q->vbd->abi, id, wire_op, status, rsp);

	trace_xenbe_response(q->vbd->name, q->index, id, wire_op, status);
	wire_ring_respond(&q->ring.wire, rsp, len);
}

static void reject(struct blkback_queue *q, const struct wire_blk_req *wire, enum wire_verdict v)
{
	trace_xenbe_reject(q->vbd->name, q->index, wire->id, wire->wire_op, v);
	q->count->verdicts[v]++;
	wire_ring_consume(&q->ring.wire, 1);
	respond(q, wire->id, wire->wire_op, wire_blk_verdict_status(v));
}

static enum wire_blk_status disk_status(int err)
{
	if (!err)
		return WIRE_BLK_RSP_OK;
	return err == -EOPNOTSUPP ? WIRE_BLK_RSP_EOPNOTSUPP : WIRE_BLK_RSP_ERROR;
}

/*
 * Answers everything the disk has finished: all pages are given back first, in
 * batches. False: it had finished nothing.
 */
static bool reap(struct blkback_queue *q)
{
	struct llist_node *done = llist_reverse_order(llist_del_all(&q->done));
	struct blkback_req *req, *next;
	u64 now;

	if (!done)
		return false;
	now = ktime_get_ns();
	llist_for_each_entry(req, done, done)
		blkback_req_unmap(req);
	xenbe_grant_unmap_flush(&q->grants);

	llist_for_each_entry_safe(req, next, done, done) {
		if (req->op == WIRE_BLK_BARRIER)
			blkback_order_release(q);
		blkback_stats_answer(q, req, now);
		respond(q, req->id, req->wire_op, disk_status(req->err));
		blkback_req_put(req);
	}
	return true;
}

/* ---- requests ------------------------------------------------------------ */

static void count_request(struct blkback_queue *q, const struct wire_blk_req *wire)
{
	struct blkback_counters *c = q->count;

	c->verdicts[WIRE_OK]++;
	switch (wire->op) {
	case WIRE_BLK_READ:
		c->reads++;
		c->read_sectors += wire->nr_sectors;
		break;
	case WIRE_BLK_FLUSH:
		c->flushes++;
		c->write_sectors += wire->nr_segs ? wire->nr_sectors : 0;
		break;
	case WIRE_BLK_DISCARD:
		c->discards++;
		break;
	default:
		c->writes++;
		c->write_sectors += wire->nr_segs ? wire->nr_sectors : 0;
	}
}

static void submit(struct blkback_req *req, const struct wire_blk_seg *segs)
{
	if (req->op == WIRE_BLK_DISCARD)
		blkback_discard_submit(req);
	else
		blkback_bio_submit(req, segs);
}

/*
 * Gets memory and pages for a request. WIRE_MORE: not now, try again when
 * something of this queue has finished, or the host has memory again. Without
 * anything in flight the idle persistent pages are given up first; a request
 * for which the guest's budget is too small even then is refused.
 */
static enum wire_verdict prepare(struct blkback_queue *q, const struct wire_blk_req *wire,
				 const struct wire_blk_seg *segs, struct blkback_req **ret_req)
{
	bool others = wire_ring_unanswered(&q->ring.wire);
	struct blkback_req *req = blkback_req_get(q, wire->nr_segs);
	enum wire_verdict v;

	if (!req) {
		q->why = BLKBACK_NO_MEMORY;
		return WIRE_MORE;
	}
	req->start = q->now;
	req->id = wire->id;
	req->sector = wire->sector;
	req->nr_sectors = wire->nr_sectors;
	req->wire_op = wire->wire_op;
	req->op = wire->op;
	req->secure = wire->secure;

	req->nr_segs = wire->nr_segs;
	v = blkback_req_map(req, segs);
	if ((v == WIRE_REJECT_BUDGET || v == WIRE_MORE) && !others) {
		xenbe_pgrants_expire(&q->pgrants, 0);
		req->nr_segs = wire->nr_segs;
		v = blkback_req_map(req, segs);
	}
	if (v) {
		q->why = BLKBACK_NO_PAGES;
		blkback_req_put(req);
		return v == WIRE_REJECT_BUDGET && others ? WIRE_MORE : v;
	}
	*ret_req = req;
	return WIRE_OK;
}

/* Judges the request at the head of the ring. From here on there are only private copies. */
static enum wire_verdict judge(struct blkback_queue *q, struct wire_blk_req *wire,
			       const struct wire_blk_seg **segs)
{
	struct blkback_vbd *vbd = q->vbd;
	enum wire_verdict v;

	wire_ring_peek(&q->ring.wire, 0, q->slot, wire_blk_slot_size(vbd->abi));
	v = wire_blk_parse(vbd->abi, q->slot, &vbd->limits, wire);
	*segs = wire->segs;
	if (v || !wire->indirect)
		return v;

	v = blkback_req_read_descs(q, wire);
	*segs = q->descs;
	return v ?: wire_blk_parse_segs(q->descs, &vbd->limits, wire);
}

/* Host memory is short: a request of this queue that ends will kick us, or else time does. */
static void wait_here(struct blkback_queue *q)
{
	q->count->waits++;
	if (!wire_ring_unanswered(&q->ring.wire))
		q->look_in = MEMORY_RETRY_NS;
}

/* Takes one request off the ring. False: it has to stay there for now. */
static bool take_one(struct blkback_queue *q)
{
	const struct wire_blk_seg *segs;
	struct wire_blk_req wire;
	struct blkback_req *req;
	enum wire_verdict v;

	v = judge(q, &wire, &segs);
	if (v == WIRE_MORE || (v == WIRE_REJECT_BUDGET && wire_ring_unanswered(&q->ring.wire))) {
		q->why = BLKBACK_NO_PAGES;
		wait_here(q);
		return false;
	}
	if (v) {
		reject(q, &wire, v);
		return true;
	}
	q->look_in = blkback_rates_wait(q->vbd, q->now);
	if (q->look_in) {
		q->why = BLKBACK_LIMITED;
		return false;
	}
	if (!blkback_order_enter(q, wire.op == WIRE_BLK_BARRIER)) {
		q->why = BLKBACK_BARRIER;
		return false;
	}

	v = prepare(q, &wire, segs, &req);
	if (v) {
		if (wire.op == WIRE_BLK_BARRIER)
			blkback_order_release(q);
		blkback_order_leave(q);
		if (v == WIRE_MORE) {
			wait_here(q);
			return false;
		}
		reject(q, &wire, v);
		return true;
	}

	wire_ring_consume(&q->ring.wire, 1);
	blkback_rates_charge(q->vbd, q->now, wire.nr_segs ? wire.nr_sectors * WIRE_SECTOR_SIZE : 0);
	count_request(q, &wire);
	trace_xenbe_request(q->vbd->name, q->index, wire.id, wire.op, wire.sector, wire.nr_sectors);
	submit(req, segs);
	return true;
}

static void give_up(struct blkback_queue *q, enum wire_verdict v)
{
	q->count->verdicts[v]++;
	WRITE_ONCE(q->fatal, v);
	WRITE_ONCE(q->stopping, true);
	blkback_vbd_kick(q->vbd);
}

enum take_result {
	TAKE_EMPTY,	/* nothing there: sleep until the guest says more */
	TAKE_MORE,	/* the budget of this pass is used up */
	TAKE_STUCK,	/* the next request must wait, and what it waits for will kick us */
};

/* Takes what is there, within the budget. */
static enum take_result take(struct blkback_queue *q)
{
	struct blk_plug plug;
	enum wire_verdict v;
	bool stuck = false;
	u32 i, nr;

	q->look_in = 0;
	q->why = BLKBACK_STOPPED;
	if (READ_ONCE(q->stopping))
		return TAKE_STUCK;
	v = wire_ring_pending(&q->ring.wire, &nr);
	if (v) {
		give_up(q, v);
		return TAKE_STUCK;
	}
	q->why = BLKBACK_EMPTY;
	if (!nr)
		return TAKE_EMPTY;
	if (unlikely(blkback_size_changed(q->vbd)))
		blkback_vbd_kick(q->vbd);

	q->why = BLKBACK_BUSY;
	q->now = ktime_get_ns();
	blk_start_plug(&plug);
	for (i = 0; i < min(nr, TAKE_BUDGET) && !stuck; i++)
		stuck = !take_one(q);
	blk_finish_plug(&plug);
	q->worked |= !stuck || i > 1;
	return stuck ? TAKE_STUCK : TAKE_MORE;
}

/* ---- the thread ----------------------------------------------------------- */

static void log_stats(struct blkback_queue *q)
{
	const struct blkback_counters *c = q->count;

	if (!blkback_log_stats() || time_before(jiffies, q->log_at))
		return;
	q->log_at = jiffies + LOG_INTERVAL;
	pr_info("%s: queue %u: reads %llu writes %llu flushes %llu discards %llu waits %llu pages kept %u of %u\n",
		q->vbd->name, q->index, c->reads, c->writes, c->flushes, c->discards, c->waits,
		q->pgrants.nr, q->pgrants.max);
}

/* Gives back what is not used; returns how long there will be nothing of that kind to do. */
static long tidy(struct blkback_queue *q)
{
	unsigned long age = blkback_persistent_age();
	bool squeeze = time_before(jiffies, READ_ONCE(q->vbd->squeeze_until));

	xenbe_grants_shrink(&q->grants, squeeze ? 0 : blkback_buffer_pages());
	return age ? xenbe_pgrants_expire(&q->pgrants, age) : MAX_SCHEDULE_TIMEOUT;
}

static bool something_to_do(struct blkback_queue *q)
{
	return READ_ONCE(q->kicked) || !llist_empty(&q->done) || kthread_should_stop();
}

/*
 * Says that we will sleep, and looks once more: the frontend does the two the
 * other way round. True: something came in meanwhile.
 */
static bool last_look(struct blkback_queue *q)
{
	enum wire_verdict v;
	u32 nr;

	v = wire_ring_final_check(&q->ring.wire, 1, &nr);
	if (v) {
		give_up(q, v);
		return true;
	}
	if (nr)
		return true;
	if (xenbe_evtchn_done(&q->evtchn, q->worked))
		q->worked = false;
	return false;
}

static void sleep_until_kicked(struct blkback_queue *q)
{
	long timeout = tidy(q);

	if (q->look_in)
		timeout = min(timeout, (long)nsecs_to_jiffies(q->look_in) + 1);

	set_current_state(TASK_INTERRUPTIBLE);
	if (!something_to_do(q))
		schedule_timeout(timeout);
	__set_current_state(TASK_RUNNING);
}

/* When nothing is in flight any more a stopping queue tells the handshake, once. */
static void run_dry(struct blkback_queue *q)
{
	if (!READ_ONCE(q->stopping) || q->dry || wire_ring_unanswered(&q->ring.wire))
		return;
	blkback_order_release(q);
	smp_store_release(&q->dry, true);	/* pairs with the handshake's acquire */
	blkback_vbd_kick(q->vbd);
}

static int on_queue(void *arg)
{
	struct blkback_queue *q = arg;
	enum take_result taken;
	bool reaped;

	set_freezable();
	while (!kthread_should_stop()) {
		try_to_freeze();
		WRITE_ONCE(q->kicked, false);
		smp_mb();	/* flag before what it stands for: see blkback_queue_kick() */

		reap(q);
		taken = take(q);
		reaped = reap(q);
		if (wire_ring_publish(&q->ring.wire))
			xenbe_evtchn_notify(&q->evtchn);
		log_stats(q);
		run_dry(q);

		/* A disk that answers in this thread kicks nobody for what is stuck. */
		if (taken == TAKE_MORE || (taken == TAKE_STUCK && reaped) ||
		    (taken == TAKE_EMPTY && last_look(q)))
			cond_resched();
		else
			sleep_until_kicked(q);
	}
	return 0;
}

void blkback_queue_kick(struct blkback_queue *q)
{
	WRITE_ONCE(q->kicked, true);
	wake_up_process(q->thread);	/* a full barrier, pairs with the one in on_queue() */
}

static void on_event(void *arg)
{
	struct blkback_queue *q = arg;

	/* Nothing may be taken while other queues of the disk can still fail to attach. */
	if (smp_load_acquire(&q->started))
		blkback_queue_kick(q);
}

/* ---- life ------------------------------------------------------------------ */

/* Everything that needs no frontend. On failure blkback_queue_fini() cleans up. */
int blkback_queue_init(struct blkback_queue *q, struct blkback_vbd *vbd, unsigned int index)
{
	struct blkback_req *req;
	int err;

	q->vbd = vbd;
	q->index = index;
	q->count = &vbd->counters[index];
	q->log_at = jiffies + LOG_INTERVAL;
	INIT_LIST_HEAD(&q->free);
	INIT_LIST_HEAD(&q->bigs);
	init_llist_head(&q->done);

	err = xenbe_grants_init(&q->grants, vbd->dev->otherend_id, vbd->budget,
				WIRE_BLK_MAX_SEGS + WIRE_BLK_INDIRECT_PAGES);
	if (err)
		return err;
	err = xenbe_pgrants_init(&q->pgrants, &q->grants,
				 vbd->persistent ? blkback_persistent_max() : 0);
	if (err)
		return err;

	q->slot = kzalloc(WIRE_BLK_SLOT_MAX, GFP_KERNEL);
	q->descs = (void *)get_zeroed_page(GFP_KERNEL);
	if (!q->slot || !q->descs)
		return -ENOMEM;

	/* The first request of each size: with it the queue always gets on. */
	req = blkback_req_get(q, WIRE_BLK_MAX_SEGS);
	if (!req)
		return -ENOMEM;
	blkback_req_put(req);
	return 0;
}

int blkback_queue_attach(struct blkback_queue *q, const grant_ref_t *grefs, unsigned int nr,
			 evtchn_port_t port, enum wire_verdict *verdict)
{
	struct blkback_vbd *vbd = q->vbd;
	struct task_struct *thread;
	const char *disk;
	char *text;
	int err;

	err = xenbe_ring_map(vbd->dev, &q->grants, grefs, nr, wire_blk_slot_size(vbd->abi),
			     &q->ring, verdict);
	if (err)
		return err;

	/* Administrators know the thread by the guest's name of the disk. */
	if (xenbe_store_read_text(vbd->dev->nodename, "dev", &text))
		text = NULL;
	disk = text ? kbasename(text) : vbd->name;
	thread = vbd->nr_queues == 1 ?
		 kthread_create(on_queue, q, "blkback.%d.%s", vbd->dev->otherend_id, disk) :
		 kthread_create(on_queue, q, "blkback.%d.%s-%u", vbd->dev->otherend_id, disk,
				q->index);
	kfree(text);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	q->thread = get_task_struct(thread);

	return xenbe_evtchn_bind(vbd->dev, port, on_event, q, vbd->name, &q->evtchn);
}

void blkback_queue_start(struct blkback_queue *q)
{
	/* An event before this is made up for by the kick. */
	smp_store_release(&q->started, true);
	blkback_queue_kick(q);
}

void blkback_queue_stop(struct blkback_queue *q)
{
	WRITE_ONCE(q->stopping, true);
	blkback_queue_kick(q);
}

void blkback_queue_halt(struct blkback_queue *q)
{
	xenbe_evtchn_unbind(&q->evtchn);
	if (q->thread)
		kthread_stop(q->thread);
}

void blkback_queue_fini(struct blkback_queue *q)
{
	struct blkback_req *req, *next_req;
	struct blkback_big *big, *next_big;

	if (!q->vbd)
		return;
	xenbe_pgrants_fini(&q->pgrants);
	xenbe_grants_fini(&q->grants);
	xenbe_ring_unmap(&q->ring);
	list_for_each_entry_safe(req, next_req, &q->free, list)
		kfree(req);
	list_for_each_entry_safe(big, next_big, &q->bigs, list)
		kvfree(big);
	kfree(q->slot);
	free_page((unsigned long)q->descs);
	if (q->thread)
		put_task_struct(q->thread);
}
