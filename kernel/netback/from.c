// SPDX-License-Identifier: GPL-2.0
/*
 * From the guest to the network stack: the NAPI poll, all that a queue does
 * with the guest's transmit ring. Slots are copied once, judged, the data of
 * many packets copied with one hypercall, answered in order, and delivered.
 */
#include <linux/etherdevice.h>

#include "../common/trace.h"
#include "netback.h"

/* A poll that found as much is not the last one of a burst. */
#define BUSY_PACKETS	2
#define BUSY_BYTES	4096u
/* What one packet can need of the copies: each frag and our page borders, and the linear part's. */
#define OPS_OF_PACKET	(2 * WIRE_NET_FRAGS + 4)

void netback_from_kick(struct netback_queue *q)
{
	napi_schedule(&q->napi);
}

static void on_later(struct work_struct *work)
{
	struct netback_queue *q = container_of(work, struct netback_queue, later_work);

	local_bh_disable();
	netback_from_kick(q);
	local_bh_enable();
}

void netback_from_later_init(struct netback_queue *q)
{
	INIT_WORK(&q->later_work, on_later);
}

void netback_from_later(struct netback_queue *q)
{
	queue_work(netback_poll_wq, &q->later_work);
}

/* ---- one packet --------------------------------------------------------------------------- */

static void do_group(struct netback_queue *q, struct netback_from *f)
{
	q->count->from_groups++;
	if (f->tx.mcast_del)
		netback_mcast_del(q->vif, f->tx.mcast_addr);
	else if (!netback_mcast_add(q->vif, f->tx.mcast_addr))
		f->status = WIRE_NET_RSP_ERROR;
}

/* Where its data goes, and the copies. */
static bool make_room(struct netback_queue *q, struct netback_from *f)
{
	if (q->xdp_prog && netback_xdp_fits(&f->tx)) {
		f->buf = netback_xdp_make(q, &f->tx);
		return f->buf;
	}
	f->skb = netback_skb_make(q, &f->tx);
	return f->skb;
}

static void drop(struct netback_from *f)
{
	kfree_skb(f->skb);
	f->skb = NULL;
	if (f->buf)
		netback_xdp_free(f->buf);
	f->buf = NULL;
}

/* Takes in the packet @f->tx describes, or what is to be said about it. */
static void take_packet(struct netback_queue *q, struct netback_from *f, enum wire_verdict v)
{
	f->skb = NULL;
	f->buf = NULL;
	f->status = WIRE_NET_RSP_OKAY;
	f->first_op = q->tx_copies.nr;
	q->count->verdicts[v]++;
	if (v) {
		trace_xenbe_reject(q->name, q->index, f->tx.first_id, 0, v);
		f->status = WIRE_NET_RSP_ERROR;
	} else if (f->tx.mcast_add || f->tx.mcast_del) {
		do_group(q, f);
	} else if (!make_room(q, f)) {
		xenbe_copies_forget(&q->tx_copies, f->first_op);
		q->count->from_memory++;
		f->status = WIRE_NET_RSP_DROPPED;
	}
	f->last_op = q->tx_copies.nr;
}

static void respond(struct netback_queue *q, const struct netback_from *f)
{
	const u8 *slots = q->tx_slots + f->at * WIRE_NET_TX_SLOT;
	u8 rsp[WIRE_NET_TX_RSP];
	unsigned int i;

	for (i = 0; i < f->tx.nr_slots; i++) {
		wire_net_tx_response(slots, i, &f->tx, f->status, rsp);
		wire_ring_respond(&q->tx.wire, rsp, sizeof(rsp));
	}
}

static void deliver(struct netback_queue *q, struct netback_from *f, struct list_head *list)
{
	struct netback_counters *c = q->count;
	bool asked = f->buf;

	c->from_packets++;
	c->from_bytes += f->tx.len;
	if (f->buf) {
		f->skb = netback_xdp_run(q, f->buf, &f->tx);
		if (!f->skb)
			return;
	}
	if (!netback_skb_finish(q, f->skb, &f->tx)) {
		c->verdicts[WIRE_REJECT_LEN]++;
		kfree_skb(f->skb);
		return;
	}
	if (q->xdp_prog && !asked && !netback_xdp_run_skb(q, &f->skb))
		return;
	list_add_tail(&f->skb->list, list);
}

/* ---- a batch ------------------------------------------------------------------------------ */

/* Makes the copies, answers everything taken, hands over what is good. */
static void finish_batch(struct netback_queue *q)
{
	LIST_HEAD(list);
	unsigned int i;

	xenbe_copies_flush(&q->tx_copies);
	for (i = 0; i < q->nr_from; i++) {
		struct netback_from *f = &q->from[i];

		if ((f->skb || f->buf) &&
		    !xenbe_copies_ok(&q->tx_copies, f->first_op, f->last_op)) {
			drop(f);
			f->status = WIRE_NET_RSP_ERROR;
			q->count->verdicts[WIRE_REJECT_GRANT]++;
		}
		trace_xenbe_packet(q->name, q->index, false, f->tx.len, f->tx.nr_slots,
				   f->status == WIRE_NET_RSP_OKAY);
		respond(q, f);
	}
	/* The guest may go on while the stack works. */
	if (wire_ring_publish(&q->tx.wire))
		xenbe_evtchn_notify(&q->tx_evtchn);

	for (i = 0; i < q->nr_from; i++)
		if (q->from[i].skb || q->from[i].buf)
			deliver(q, &q->from[i], &list);
	q->nr_from = 0;
	netback_xdp_flush(q);
	netif_receive_skb_list(&list);
}

/*
 * Takes packets out of the @nr slots copied in, at most @budget. How many slots
 * they were; *@v is why it ended before the slots did: WIRE_OK for no room.
 */
static unsigned int take_batch(struct netback_queue *q, unsigned int nr, int budget,
			       enum wire_verdict *v)
{
	unsigned int at = 0;

	*v = WIRE_OK;
	while (at < nr && q->nr_from < NETBACK_TX_BATCH && budget-- > 0 &&
	       q->tx_copies.nr + OPS_OF_PACKET <= q->tx_copies.max) {
		struct netback_from *f = &q->from[q->nr_from];

		*v = wire_net_parse_tx(q->tx_slots + at * WIRE_NET_TX_SLOT, nr - at,
				       netback_fatal_slots(), &f->tx);
		if (*v == WIRE_MORE || wire_is_fatal(*v))
			break;
		if (netback_rates_wait(q->vif, NETBACK_FROM)) {
			*v = WIRE_REJECT_BUDGET;
			break;
		}
		f->at = at;
		at += f->tx.nr_slots;
		q->nr_from++;
		take_packet(q, f, *v);
		netback_rates_charge(q->vif, NETBACK_FROM, f->tx.len);
		*v = WIRE_OK;
	}
	wire_ring_consume(&q->tx.wire, at);
	return at;
}

/* The rate is used up: the timer polls again. */
static void wait_for_rate(struct netback_queue *q)
{
	u64 wait = netback_rates_wait(q->vif, NETBACK_FROM);

	q->why = NETBACK_LIMITED;
	q->count->from_limited++;
	mod_timer(&q->limit_timer, jiffies + nsecs_to_jiffies(wait) + 1);
}

enum poll_end {
	POLL_AGAIN,	/* there is more */
	POLL_EMPTY,	/* an event comes when the guest says more */
	POLL_LATER,	/* for now there is no more; none does */
	POLL_STOPPED,	/* something else will start it again, or nothing */
};

static enum poll_end stop(struct netback_queue *q, enum wire_verdict v)
{
	q->why = NETBACK_STOPPED;
	netback_queue_give_up(q, v);
	return POLL_STOPPED;
}

/*
 * @rest slots have been looked at and are no whole packet (yet). Asks for an
 * event when there is one more, and looks once more.
 */
static enum poll_end last_look(struct netback_queue *q, u32 rest)
{
	enum wire_verdict v;
	u32 nr;

	/* A packet that fills the ring and has no end yet will never have one. */
	if (rest == q->tx.wire.nr_slots)
		return stop(q, WIRE_FATAL_CHAIN);
	v = wire_ring_final_check(&q->tx.wire, rest + 1, &nr);
	if (v)
		return stop(q, v);
	q->why = NETBACK_EMPTY;
	return nr > rest ? POLL_AGAIN : POLL_EMPTY;
}

static enum poll_end poll_once(struct netback_queue *q, int budget, bool busy, int *done)
{
	enum wire_verdict v;
	unsigned int i, taken;
	u32 nr;

	if (READ_ONCE(q->fatal)) {
		q->why = NETBACK_STOPPED;
		return POLL_STOPPED;
	}
	v = wire_ring_pending(&q->tx.wire, &nr);
	if (v)
		return stop(q, v);
	if (!nr)
		return busy ? POLL_LATER : last_look(q, 0);

	q->why = NETBACK_BUSY;
	for (i = 0; i < nr; i++)
		wire_ring_peek(&q->tx.wire, i, q->tx_slots + i * WIRE_NET_TX_SLOT,
			       WIRE_NET_TX_SLOT);
	rcu_read_lock();
	q->xdp_prog = rcu_dereference(q->vif->xdp_prog);
	taken = take_batch(q, nr, budget, &v);
	*done = q->nr_from;
	q->worked |= taken;
	WRITE_ONCE(q->heard, true);
	finish_batch(q);
	rcu_read_unlock();

	if (v == WIRE_REJECT_BUDGET) {
		wait_for_rate(q);
		return POLL_STOPPED;
	}
	if (wire_is_fatal(v))
		return stop(q, v);
	return v == WIRE_MORE ? last_look(q, nr - taken) : POLL_AGAIN;
}

int netback_from_poll(struct napi_struct *napi, int budget)
{
	struct netback_queue *q = container_of(napi, struct netback_queue, napi);
	u64 bytes = q->count->from_bytes;
	enum poll_end end = POLL_AGAIN;
	int done = 0, n;
	bool came, busy;

	came = netback_to_poll(q);
	q->worked |= came;
	xenbe_evtchn_done(&q->rx_evtchn, came);

	while (done < budget && end == POLL_AGAIN) {
		n = 0;
		busy = done >= BUSY_PACKETS || q->count->from_bytes - bytes >= BUSY_BYTES;
		end = poll_once(q, budget - done, busy, &n);
		done += n;
	}
	if (done >= budget)
		return budget;
	/*
	 * Both while the poll is still ours: once it is complete it may run
	 * elsewhere. An event that comes before that makes it run again. While the
	 * rate keeps the guest waiting none is wanted: the EOI comes after the timer.
	 */
	if (end == POLL_EMPTY && xenbe_evtchn_done(&q->tx_evtchn, q->worked))
		q->worked = false;
	/*
	 * A guest in the middle of a burst need not send an event for each packet,
	 * nor we answer them one by one: the scheduler lets others have their turn,
	 * who may be those that the packets are for, and then we look again. This,
	 * too, while the poll is ours: who waits for its end cancels the work next.
	 */
	if (end == POLL_LATER)
		netback_from_later(q);
	napi_complete_done(napi, done);
	return done;
}
