// SPDX-License-Identifier: GPL-2.0
/*
 * From the host to the guest. A packet is given pages the guest has put on its
 * receive ring; the data of a burst of packets is copied with one hypercall, by
 * whoever transmits or by the poll's next turn: see end_burst(). Nothing else is
 * queued here: with too few pages one packet is held, and the net device's queue
 * stopped until there are more. So what waits for a guest is bounded by byte
 * queue limits and the queue discipline, in front of us.
 */
#include "../common/trace.h"
#include "netback.h"

#define SLOTS_MOST	24u	/* pages of the largest packet, with headroom and extras */
#define HEAD_APART	256u	/* bytes of headers that every frontend takes out of their page */
/* What one packet can need: its pieces, and each border of the guest's pages and of ours. */
#define OPS_OF_PACKET	(2 * SLOTS_MOST + 2 * (MAX_SKB_FRAGS + 1))
static_assert(OPS_OF_PACKET <= NETBACK_RX_OPS);

static struct netdev_queue *txq_of(struct netback_queue *q)
{
	return netdev_get_tx_queue(q->vif->netdev, q->index);
}

/* @skb: NULL for a frame */
static unsigned int nr_extras(struct netback_queue *q, const struct sk_buff *skb, bool hashed)
{
	return (skb && skb_is_gso(skb)) + hashed + !!q->headroom;
}

/* A batch has one headroom, whatever the guest wishes meanwhile. */
static unsigned int headroom_of(struct netback_queue *q)
{
	if (!q->nr_to)
		q->headroom = READ_ONCE(q->vif->headroom);
	return q->headroom;
}

static unsigned int len_of(const struct netback_to *t)
{
	return t->skb ? t->skb->len : t->frame->len;
}

/* ---- how a packet lies in the guest's pages ------------------------------------------------- */

/* Whether the first piece of a page of ours has room behind the headers; there is one. */
static bool joins_headers(const struct sk_buff *skb)
{
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	unsigned int piece = WIRE_PAGE_SIZE - offset_in_page(skb_frag_off(frag));

	return skb_headlen(skb) + min(piece, skb_frag_size(frag)) <= WIRE_PAGE_SIZE;
}

/* Pages if each piece of a page of ours has one of its own; the first may join the headers. */
static unsigned int pages_apart(const struct sk_buff *skb, bool join)
{
	unsigned int i, nr = !join;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		nr += PFN_UP(offset_in_page(skb_frag_off(frag)) + skb_frag_size(frag));
	}
	return nr;
}

/*
 * Pages the packet takes. Packed, the data of a large one straddles the guest's
 * pages and ours, and a page takes two copies. If each piece has a page of its
 * own, at the place it has in ours, it takes one: q->apart. The first may join
 * the headers: q->join. Worth a few pages more; not with pieces much smaller
 * than a page, and a headroom or pages that stay mapped have their own rules.
 */
static unsigned int pages_of(struct netback_queue *q, const struct sk_buff *skb)
{
	unsigned int packed = wire_net_rx_slots(skb->len, headroom_of(q), 0), apart;

	q->apart = q->join = false;
	if (packed == 1 || skb_headlen(skb) > HEAD_APART || q->headroom || q->grefs)
		return packed;
	q->join = joins_headers(skb);
	apart = pages_apart(skb, q->join);
	q->apart = apart <= packed + 2 && apart <= WIRE_NET_FRAGS;
	return q->apart ? apart : packed;
}

/* Pages and extras the packet takes. */
static unsigned int need_of(struct netback_queue *q, const struct sk_buff *skb, bool hashed)
{
	unsigned int pages = pages_of(q, skb);

	return pages + nr_extras(q, skb, hashed);
}

/* ---- one packet --------------------------------------------------------------------------- */

/* A request off the ring, whose page is to be filled. */
static struct netback_page *next_page(struct netback_queue *q)
{
	struct netback_page *p = &q->pages[q->nr_pages++];
	struct wire_net_rx_req req;

	wire_ring_peek(&q->rx.wire, 0, q->rx_slot, WIRE_NET_RX_SLOT);
	wire_ring_consume(&q->rx.wire, 1);
	wire_net_parse_rx(q->rx_slot, &req);
	p->id = req.id;
	p->gref = req.gref;
	p->offset = q->headroom;
	p->len = 0;
	p->first_op = q->rx_copies.nr;
	return p;
}

/* One more page for the packet, the last of which was *@page. */
static struct netback_page *one_more(struct netback_queue *q, struct netback_to *t,
				     struct netback_page *last)
{
	last->last_op = q->rx_copies.nr;
	t->nr_pages++;
	return next_page(q);
}

/* Gives each page of @src one of the guest's, behind *@page; if @join, the first goes into that. */
static void put_apart(struct netback_queue *q, struct netback_to *t, struct netback_page **page,
		      const void *src, unsigned int len, bool join)
{
	struct netback_page *p = *page;
	unsigned int n;

	while (len) {
		n = min_t(unsigned int, len, WIRE_PAGE_SIZE - offset_in_page(src));
		if (!join) {
			p = one_more(q, t, p);
			p->offset = offset_in_page(src);
		}
		xenbe_copy_out(&q->rx_copies, src, p->gref, p->offset + p->len, n);
		p->len += n;
		src += n;
		len -= n;
		join = false;
	}
	*page = p;
}

/* Appends @len bytes to the packet's pages, the last of which is *@page. */
static void put_bytes(struct netback_queue *q, struct netback_to *t, struct netback_page **page,
		      const void *src, unsigned int len)
{
	struct netback_page *p = *page;
	unsigned int n;
	void *page_here;

	while (len) {
		if (p->offset + p->len == WIRE_PAGE_SIZE)
			p = one_more(q, t, p);
		n = min_t(unsigned int, len, WIRE_PAGE_SIZE - p->offset - p->len);
		page_here = netback_grefs_find(q, p->gref, true);
		if (page_here)
			memcpy(page_here + p->offset + p->len, src, n);
		else
			xenbe_copy_out(&q->rx_copies, src, p->gref, p->offset + p->len, n);
		p->len += n;
		src += n;
		len -= n;
	}
	*page = p;
}

/* Takes a packet in, for which there are pages, copies and a place. */
static struct netback_page *add_packet(struct netback_queue *q, struct sk_buff *skb,
				       struct xdp_frame *frame, bool hashed)
{
	struct netback_to *t = &q->to[q->nr_to++];
	struct netback_page *p;

	t->skb = skb;
	t->frame = frame;
	t->hashed = hashed;
	t->nr_pages = 1;
	t->first_page = q->nr_pages;
	p = next_page(q);
	/* Extras stand in the ring behind the first page; what was asked for there is not used. */
	t->nr_extras = nr_extras(q, skb, hashed);
	wire_ring_consume(&q->rx.wire, t->nr_extras);
	return p;
}

static void add_frame(struct netback_queue *q, struct xdp_frame *frame)
{
	struct netback_page *p = add_packet(q, NULL, frame, false);

	put_bytes(q, &q->to[q->nr_to - 1], &p, frame->data, frame->len);
	p->last_op = q->rx_copies.nr;
}

static void add_skb(struct netback_queue *q, struct sk_buff *skb, bool hashed)
{
	struct netback_page *p = add_packet(q, skb, NULL, hashed);
	struct netback_to *t = &q->to[q->nr_to - 1];
	unsigned int i;

	/* With this the qdisc learns how many packets it may hand over in one go. */
	netdev_tx_sent_queue(txq_of(q), skb->len);

	put_bytes(q, t, &p, skb->data, skb_headlen(skb));
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		const void *src = skb_frag_address(frag);
		unsigned int len = skb_frag_size(frag);

		if (q->apart)
			put_apart(q, t, &p, src, len, !i && q->join);
		else
			put_bytes(q, t, &p, src, len);
	}
	p->last_op = q->rx_copies.nr;
}

/* ---- answers ------------------------------------------------------------------------------- */

static u16 first_flags(const struct netback_to *t)
{
	u16 flags = 0;

	if (!t->skb)
		;
	else if (t->skb->ip_summed == CHECKSUM_PARTIAL)
		flags = WIRE_NET_RX_CSUM_BLANK | WIRE_NET_RX_DATA_VALIDATED;
	else if (t->skb->ip_summed == CHECKSUM_UNNECESSARY)
		flags = WIRE_NET_RX_DATA_VALIDATED;
	if (t->nr_extras)
		flags |= WIRE_NET_EXTRA_INFO;
	return flags;
}

static u8 hash_kind(const struct sk_buff *skb)
{
	bool v4 = skb->protocol == htons(ETH_P_IP);

	if (skb->l4_hash)
		return v4 ? WIRE_NET_HASH_IPV4_TCP : WIRE_NET_HASH_IPV6_TCP;
	return v4 ? WIRE_NET_HASH_IPV4 : WIRE_NET_HASH_IPV6;
}

static void put_extras(struct netback_queue *q, const struct netback_to *t)
{
	const struct sk_buff *skb = t->skb;
	unsigned int left = t->nr_extras;
	u8 rsp[WIRE_NET_RX_SLOT];

	if (skb && skb_is_gso(skb)) {
		wire_net_rx_extra_gso(skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ?
				      WIRE_NET_GSO_TCPV6 : WIRE_NET_GSO_TCPV4,
				      skb_shinfo(skb)->gso_size, --left, rsp);
		wire_ring_respond(&q->rx.wire, rsp, sizeof(rsp));
	}
	if (q->headroom) {
		wire_net_rx_extra_xdp(q->headroom, --left, rsp);
		wire_ring_respond(&q->rx.wire, rsp, sizeof(rsp));
	}
	if (t->hashed) {
		wire_net_rx_extra_hash(hash_kind(skb), skb_get_hash_raw(skb), --left, rsp);
		wire_ring_respond(&q->rx.wire, rsp, sizeof(rsp));
	}
}

/* One answer for each page; a page of the guest's that cannot be written is its error alone. */
static void answer(struct netback_queue *q, const struct netback_to *t)
{
	struct netback_counters *c = q->count;
	u16 flags = first_flags(t);
	u8 rsp[WIRE_NET_RX_SLOT];
	unsigned int i;
	bool ok = true;

	for (i = 0; i < t->nr_pages; i++) {
		const struct netback_page *p = &q->pages[t->first_page + i];
		bool good = xenbe_copies_ok(&q->rx_copies, p->first_op, p->last_op);

		if (i + 1u < t->nr_pages)
			flags |= WIRE_NET_MORE_DATA;
		wire_net_rx_response(p->id, p->offset, flags,
				     good ? p->len : WIRE_NET_RSP_ERROR, rsp);
		wire_ring_respond(&q->rx.wire, rsp, sizeof(rsp));
		if (!i)
			put_extras(q, t);
		flags = 0;
		ok &= good;
	}
	if (ok) {
		c->to_packets++;
		c->to_bytes += len_of(t);
	} else {
		c->to_grant++;
	}
	trace_xenbe_packet(q->name, q->index, true, len_of(t), t->nr_pages + t->nr_extras, ok);
}

static void free_packet(const struct netback_to *t)
{
	if (t->skb)
		dev_consume_skb_any(t->skb);
	else
		xdp_return_frame(t->frame);
}

static void flush(struct netback_queue *q)
{
	unsigned int i, skbs = 0, bytes = 0;

	if (!q->nr_to)
		return;
	WRITE_ONCE(q->heard, false);
	xenbe_copies_flush(&q->rx_copies);
	for (i = 0; i < q->nr_to; i++) {
		answer(q, &q->to[i]);
		if (q->to[i].skb) {
			skbs++;
			bytes += q->to[i].skb->len;
		}
		free_packet(&q->to[i]);
	}
	q->nr_to = 0;
	q->nr_pages = 0;
	if (wire_ring_publish(&q->rx.wire))
		xenbe_evtchn_notify(netback_queue_rx_evtchn(q));
	netdev_tx_completed_queue(txq_of(q), skbs, bytes);
}

/* ---- pages that are not there -------------------------------------------------------------- */

/* Whether the ring has @need pages now. A ring that lies has none, ever. */
static bool has_pages(struct netback_queue *q, unsigned int need)
{
	enum wire_verdict v;
	u32 nr;

	if (unlikely(READ_ONCE(q->fatal)))
		return false;
	v = wire_ring_pending(&q->rx.wire, &nr);
	if (unlikely(v)) {
		netback_queue_give_up(q, v);
		return false;
	}
	return nr >= need;
}

/* Asks for an event when there are @need pages; true if there are by now. */
static bool ask_for_pages(struct netback_queue *q, unsigned int need)
{
	enum wire_verdict v;
	u32 nr;

	if (READ_ONCE(q->fatal))
		return false;
	/* First this: the event may come at once, and netback_to_poll() looks at nothing else. */
	WRITE_ONCE(q->need, need);
	smp_wmb();	/* before req_event; pairs with the frontend's mb before it reads that */
	v = wire_ring_final_check(&q->rx.wire, need, &nr);
	if (v) {
		netback_queue_give_up(q, v);
		return false;
	}
	return nr >= need;
}

/* Nobody waits for pages any more. */
static void got_pages(struct netback_queue *q)
{
	WRITE_ONCE(q->need, 0);
	WRITE_ONCE(q->stalled, false);
	timer_delete(&q->rx_timer);
	if (q->dead) {
		WRITE_ONCE(q->dead, false);
		if (!netif_carrier_ok(q->vif->netdev) && net_ratelimit())
			netdev_info(q->vif->netdev, "the guest takes packets again: carrier on\n");
		netif_carrier_on(q->vif->netdev);
	}
}

/* Whether there are @need pages; if not, the guest has been asked for that many. */
static bool get_pages(struct netback_queue *q, unsigned int need)
{
	if (!has_pages(q, need) && !ask_for_pages(q, need))
		return false;
	if (unlikely(q->need))
		got_pages(q);
	return true;
}

/* Waited long enough. From now on packets are dropped, and the guest is listened to. */
static void drop_held(struct netback_queue *q)
{
	unsigned long timeout = netback_stall_timeout();

	q->count->to_timeout++;
	dev_kfree_skb_any(q->held);
	q->held = NULL;
	WRITE_ONCE(q->stalled, true);
	netif_tx_wake_queue(txq_of(q));
	/* A frontend that does not tell us of pages may just be slow. */
	if (timeout && q->vif->rx_notify)
		mod_timer(&q->rx_timer, jiffies + timeout);
}

/* The carrier goes when no queue of the vif gets anything through any more. */
static void give_up_carrier(struct netback_queue *q)
{
	struct netback_vif *vif = q->vif;
	unsigned int i;

	WRITE_ONCE(q->dead, true);
	for (i = 0; i < vif->nr_queues; i++)
		if (!READ_ONCE(vif->queues[i].dead))
			return;
	if (netif_carrier_ok(vif->netdev) && net_ratelimit())
		netdev_info(vif->netdev, "the guest takes no packets: carrier off\n");
	netif_carrier_off(vif->netdev);
}

/* Nothing to be seen of the guest: the timer sends it. */
static void hold_for_rate(struct netback_queue *q, struct sk_buff *skb, u64 wait)
{
	WRITE_ONCE(q->held, skb);
	q->limited = true;
	q->count->to_limited++;
	netif_tx_stop_queue(txq_of(q));
	mod_timer(&q->rx_timer, jiffies + nsecs_to_jiffies(wait) + 1);
}

static void hold(struct netback_queue *q, struct sk_buff *skb)
{
	unsigned long timeout = q->vif->rx_notify ? netback_drain_timeout() : msecs_to_jiffies(30);

	WRITE_ONCE(q->held, skb);
	q->count->to_stopped++;
	netif_tx_stop_queue(txq_of(q));
	mod_timer(&q->rx_timer, jiffies + timeout);
}

/* There might be no room for one more packet. */
static bool is_full(const struct netback_queue *q)
{
	return q->nr_to == NETBACK_RX_BATCH ||
	       q->rx_copies.nr + OPS_OF_PACKET > q->rx_copies.max ||
	       q->nr_pages + SLOTS_MOST > NETBACK_RING_SLOTS;
}

/* Too few pages: this one waits, or goes if one has waited too long already. */
static void hold_or_drop(struct netback_queue *q, struct sk_buff *skb)
{
	if (!q->stalled) {
		hold(q, skb);
		return;
	}
	q->count->to_timeout++;
	dev_kfree_skb_any(skb);
}

/*
 * No more packets are announced. One small packet for a guest that has said
 * something since the last and now waits (question and answer) goes at once. Of
 * a stream more may come until the poll's next turn, and a guest still at work
 * on others would not see this before it is done with those.
 */
static void end_burst(struct netback_queue *q)
{
	if (!q->nr_to)
		return;
	if (q->nr_pages == 1 && READ_ONCE(q->heard) && wire_ring_wanted(&q->rx.wire))
		flush(q);
	else
		netback_from_later(q);
}

static void send(struct netback_queue *q, struct sk_buff *skb, bool more)
{
	bool hashed = netback_hash_known(q->vif, skb);
	unsigned int need = need_of(q, skb, hashed);
	u64 wait;

	if (need > SLOTS_MOST || skb_has_frag_list(skb)) {
		q->count->to_large++;
		dev_kfree_skb_any(skb);
	} else if (unlikely(!get_pages(q, need))) {
		hold_or_drop(q, skb);
	} else if (unlikely((wait = netback_rates_wait(q->vif, NETBACK_TO)))) {
		hold_for_rate(q, skb, wait);
	} else {
		netback_rates_charge(q->vif, NETBACK_TO, skb->len);
		add_skb(q, skb, hashed);
	}
	if (q->held || is_full(q) || netif_xmit_stopped(txq_of(q)))
		flush(q);
	else if (!more)
		end_burst(q);
}

void netback_to_xmit(struct netback_queue *q, struct sk_buff *skb, bool more)
{
	u16 unused;

	/* Only who does not look whether the queue is stopped comes here with one held. */
	if (unlikely(q->held)) {
		q->count->to_timeout++;
		dev_kfree_skb_any(skb);
		return;
	}
	if (unlikely(!netback_mcast_wanted(q->vif, skb->data))) {
		q->count->to_filtered++;
		dev_kfree_skb_any(skb);
		/* Those before it have been waiting for the last one. */
		if (!more)
			end_burst(q);
		return;
	}
	/* Which of one queue it is to be the stack did not ask, but the guest wants the hash. */
	if (q->vif->nr_queues == 1)
		(void)netback_hash_queue(q->vif, skb, 1, &unused);
	send(q, skb, more);
}

unsigned int netback_to_frames(struct netback_queue *q, struct xdp_frame **frames, unsigned int nr)
{
	struct netback_vif *vif = q->vif;
	struct netdev_queue *txq = txq_of(q);
	unsigned int i;

	__netif_tx_lock(txq, smp_processor_id());
	for (i = 0; i < nr; i++) {
		unsigned int len = frames[i]->len, headroom = headroom_of(q);

		/* A packet that is held was here first. Who sends frames does not wait. */
		if (q->held || !len || len > WIRE_PAGE_SIZE ||
		    netback_rates_wait(vif, NETBACK_TO) ||
		    !has_pages(q, wire_net_rx_slots(len, headroom, !!headroom)))
			break;
		netback_rates_charge(vif, NETBACK_TO, len);
		add_frame(q, frames[i]);
		if (is_full(q))
			flush(q);
	}
	flush(q);
	q->count->to_timeout += nr - i;
	__netif_tx_unlock(txq);
	return i;
}

/* ---- pages come, time passes ----------------------------------------------------------------- */

/* What was held, which may have to wait for something else now. */
static void resend(struct netback_queue *q, struct sk_buff *skb)
{
	send(q, skb, false);
	if (!q->held)
		netif_tx_wake_queue(txq_of(q));
}

bool netback_to_poll(struct netback_queue *q)
{
	struct netdev_queue *txq = txq_of(q);
	bool came = false;
	struct sk_buff *skb;

	if (!READ_ONCE(q->need) && !READ_ONCE(q->nr_to))
		return false;
	__netif_tx_lock(txq, smp_processor_id());
	/* Frames may have used some since: then the guest is asked again. */
	if (q->need && get_pages(q, q->need)) {
		came = true;
		skb = q->held;
		WRITE_ONCE(q->held, NULL);
		if (skb)
			resend(q, skb);
	}
	flush(q);
	__netif_tx_unlock(txq);
	return came;
}

static void time_is_up(struct netback_queue *q)
{
	struct sk_buff *skb = q->held;

	if (q->limited) {
		q->limited = false;
		WRITE_ONCE(q->held, NULL);
		resend(q, skb);
	} else if (skb) {
		drop_held(q);
	} else if (q->stalled && !get_pages(q, q->need)) {
		give_up_carrier(q);
	}
}

static void on_rx_timer(struct timer_list *timer)
{
	struct netback_queue *q = timer_container_of(q, timer, rx_timer);
	struct netdev_queue *txq = txq_of(q);

	__netif_tx_lock(txq, smp_processor_id());
	/* Set anew while we waited for the lock, it is for another packet. */
	if (READ_ONCE(q->vif->attached) && !timer_pending(timer))
		time_is_up(q);
	__netif_tx_unlock(txq);
}

void netback_to_rates_changed(struct netback_queue *q)
{
	struct netdev_queue *txq = txq_of(q);

	__netif_tx_lock(txq, smp_processor_id());
	if (q->limited)
		mod_timer(&q->rx_timer, jiffies);
	__netif_tx_unlock(txq);
}

void netback_to_init(struct netback_queue *q)
{
	timer_setup(&q->rx_timer, on_rx_timer, 0);
}

void netback_to_fini(struct netback_queue *q)
{
	unsigned int i;

	timer_shutdown_sync(&q->rx_timer);
	/* What was announced to have a follower that did not come. */
	for (i = 0; i < q->nr_to; i++)
		free_packet(&q->to[i]);
	q->nr_to = 0;
	dev_kfree_skb_any(q->held);
	q->held = NULL;
}
