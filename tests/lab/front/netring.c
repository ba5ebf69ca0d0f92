// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <errno.h>
#include <string.h>

u8 *net_slot(struct net_ring *ring, u32 index)
{
	u32 nr = ring->slot_bytes == 16 ? NET_SLOTS / 2 : NET_SLOTS;

	/* The control ring's slots have 16 bytes, so fewer of them fit a page. */
	return ring->page->va + NET_RING_HEAD + index % nr * ring->slot_bytes;
}

static struct check *chk_of(struct net_queue *q)
{
	return q->net->dev->chk;
}

void net_publish(struct net_queue *q, struct net_ring *ring, bool always_notify)
{
	u32 old = ring->published, new = ring->prod;

	shared_mb();
	shared_write(ring->head->req_prod, new);
	shared_mb();
	ring->published = new;
	if (always_notify || new - shared_read(ring->head->req_event) < new - old)
		xen_events_notify(&q->net->events, ring == &q->tx ? q->tx_port : q->rx_port);
}

/* ---- sending ------------------------------------------------------------------------------- */

u32 net_tx_room(const struct net_queue *q)
{
	return NET_SLOTS - (q->tx.prod - q->tx.cons);
}

void net_put_tx(struct net_queue *q, u32 gref, u16 offset, u16 flags, u16 id, u16 size)
{
	u32 at = q->tx.prod++;
	u8 *slot = net_slot(&q->tx, at);

	memcpy(slot, &gref, 4);
	memcpy(slot + 4, &offset, 2);
	memcpy(slot + 6, &flags, 2);
	memcpy(slot + 8, &id, 2);
	memcpy(slot + 10, &size, 2);
	q->tx_owed[at % NET_SLOTS] = id;
	q->tx_extra[at % NET_SLOTS] = false;
}

void net_put_extra(struct net_queue *q, u8 type, bool more, const void *body)
{
	u32 at = q->tx.prod++;
	u8 *slot = net_slot(&q->tx, at);

	memset(slot, 0, NET_TX_SLOT);
	slot[0] = type;
	slot[1] = more;
	memcpy(slot + 2, body, 6);
	q->tx_owed[at % NET_SLOTS] = 0;
	q->tx_extra[at % NET_SLOTS] = true;
}

/* Cuts it page by page. */
static void cut(struct net_packet *p)
{
	u32 left = p->len;

	for (p->nr_pieces = 0; left; p->nr_pieces++) {
		p->piece[p->nr_pieces] = (u16)min(left, PAGE_BYTES);
		p->offset[p->nr_pieces] = 0;
		left -= p->piece[p->nr_pieces];
	}
}

static void put_gso(struct net_queue *q, const struct net_packet *p)
{
	u8 body[6] = { (u8)p->gso_size, (u8)(p->gso_size >> 8), p->gso_type };

	net_put_extra(q, NET_EXTRA_GSO, false, body);
}

bool net_put(struct net_queue *q, const struct net_packet *packet)
{
	struct net_packet p = *packet;
	const u8 *from = p.bytes;
	unsigned int i;
	u16 flags;

	if (!p.nr_pieces)
		cut(&p);
	if (net_tx_room(q) < p.nr_pieces + !!p.gso_type)
		return false;
	for (i = 0; i < p.nr_pieces; i++) {
		u32 page = q->tx.prod % NET_SLOTS;

		/* The page of the slot: free, because the slot is. */
		memcpy(q->tx_pages->va + page * PAGE_BYTES + p.offset[i], from, p.piece[i]);
		from += p.piece[i];
		flags = i + 1 < p.nr_pieces ? NET_MORE_DATA : 0;
		if (!i)
			flags |= p.flags | (p.gso_type ? NET_EXTRA_INFO : 0);
		/* The first names the length of all of the packet. */
		net_put_tx(q, q->tx_pages->gref[page], p.offset[i], flags, (u16)page,
			   i ? p.piece[i] : (u16)p.len);
		if (!i && p.gso_type)
			put_gso(q, &p);
	}
	return true;
}

void net_reap(struct net_queue *q)
{
	u32 prod = shared_read(q->tx.head->rsp_prod);
	struct check *chk = chk_of(q);

	shared_mb();
	if (!check_that(chk, prod - q->tx.cons <= q->tx.prod - q->tx.cons,
			"queue %u: responses up to %u, requests up to %u", q->nr, prod, q->tx.prod))
		return;
	while (q->tx.cons != prod) {
		u32 at = q->tx.cons++ % NET_SLOTS;
		u8 *slot = net_slot(&q->tx, at);
		int16_t status;
		u16 id;

		memcpy(&id, slot, 2);
		memcpy(&status, slot + 2, 2);
		if (q->tx_noise ? status == NET_NULL : q->tx_extra[at]) {
			check_that(chk, status == NET_NULL, "queue %u: extra answered with %d", q->nr,
				   status);
			continue;
		}
		check_that(chk, id == q->tx_owed[at], "queue %u: answer to id %u where %u is due",
			   q->nr, id, q->tx_owed[at]);
		check_that(chk, status <= NET_OKAY && status >= NET_DROPPED,
			   "queue %u: status %d", q->nr, status);
		if (status == NET_OKAY) {
			q->tx_okay++;
		} else {
			q->tx_errors++;
			q->tx_last = status;
		}
	}
	shared_write(q->tx.head->rsp_event, q->tx.cons + 1);
	shared_mb();
}

bool net_flush(struct net_queue *q)
{
	u64 deadline = util_now_ms() + NET_ANSWER_MS;

	for (;;) {
		net_reap(q);
		if (q->tx.cons == q->tx.prod || chk_of(q)->failed)
			return !chk_of(q)->failed;
		/* Asked for an event; look again before sleeping. */
		if (shared_read(q->tx.head->rsp_prod) != q->tx.cons)
			continue;
		if (!check_that(chk_of(q), util_now_ms() < deadline,
				"queue %u: %u slots unanswered", q->nr, q->tx.prod - q->tx.cons))
			return false;
		xen_events_wait(&q->net->events, 100);
	}
}

bool net_send(struct net_queue *q, const struct net_packet *p)
{
	u32 errors = q->tx_errors;

	if (!net_put(q, p))
		util_lab_error("no room for a packet");
	net_publish(q, &q->tx, false);
	return net_flush(q) &&
	       check_that(chk_of(q), q->tx_errors == errors,
			  "queue %u: %u bytes in %u pieces answered with %d", q->nr, p->len,
			  p->nr_pieces, q->tx_last);
}

/* ---- receiving ----------------------------------------------------------------------------- */

#define UNTOUCHED	0xa5

/* What is not announced as data is as we left it: nothing of dom0's is there (XSA-403). */
static void check_untouched(struct net_queue *q, u16 id, u32 offset, u32 len)
{
	const u8 *page = q->rx_pages->va + id * PAGE_BYTES;
	u32 i;

	for (i = 0; i < PAGE_BYTES; i++) {
		if (i == offset)
			i += len;
		if (i < PAGE_BYTES &&
		    !check_that(chk_of(q), page[i] == UNTOUCHED,
				"queue %u: byte %u written, of %u bytes at %u", q->nr, i, len,
				offset))
			return;
	}
}

void net_post(struct net_queue *q, u16 id)
{
	u32 at = q->rx.prod++;
	u8 *slot = net_slot(&q->rx, at);

	memset(q->rx_pages->va + id * PAGE_BYTES, UNTOUCHED, PAGE_BYTES);
	memset(slot, 0, NET_RX_SLOT);
	memcpy(slot, &id, 2);
	memcpy(slot + 4, &q->rx_pages->gref[id], 4);
	q->rx_posted[at % NET_SLOTS] = id;
}

void net_post_all(struct net_queue *q)
{
	u16 id;

	for (id = 0; id < NET_SLOTS; id++)
		net_post(q, id);
	/* Before there is a connection nobody is told; the backend looks by itself. */
	q->rx.published = q->rx.prod;
	shared_write(q->rx.head->req_prod, q->rx.prod);
}

static void take_extra(struct net_queue *q, const u8 *slot, struct net_packet *p)
{
	switch (slot[0]) {
	case NET_EXTRA_GSO:
		memcpy(&p->gso_size, slot + 2, 2);
		p->gso_type = slot[4];
		check_that(chk_of(q), p->gso_size && (p->gso_type == NET_GSO_TCPV4 ||
						      p->gso_type == NET_GSO_TCPV6),
			   "queue %u: gso type %u size %u", q->nr, p->gso_type, p->gso_size);
		break;
	case NET_EXTRA_HASH:
		check_that(chk_of(q), q->net->opts.ctrl, "queue %u: a hash nobody has asked for", q->nr);
		p->hashed = true;
		p->hash_kind = slot[2];
		check_that(chk_of(q), slot[3] == 1, "queue %u: hash algorithm %u", q->nr, slot[3]);
		memcpy(&p->hash, slot + 4, 4);
		break;
	case NET_EXTRA_XDP:
		memcpy(&p->headroom, slot + 2, 2);
		break;
	default:
		check_fail(chk_of(q), "queue %u: extra of type %u", q->nr, slot[0]);
	}
}

/* Takes the packet that begins at the next response; its end is there. */
static void take_packet(struct net_queue *q, u32 prod, struct net_packet *p)
{
	struct check *chk = chk_of(q);
	bool more = true, extras = false, first = true;
	u16 id, offset, flags;
	int16_t status;

	*p = (struct net_packet){ .bytes = q->net->buffer, .queue = q->nr };
	while (more && q->rx.cons != prod && !chk->failed) {
		u32 at = q->rx.cons++ % NET_SLOTS;
		u8 slot[NET_RX_SLOT];
		u16 posted = q->rx_posted[at];

		memcpy(slot, net_slot(&q->rx, at), sizeof(slot));
		if (extras) {
			take_extra(q, slot, p);
			extras = slot[1] & 1;
			more = extras || p->flags & NET_MORE_DATA;
			if (!q->hold_pages)
				net_post(q, posted);
			continue;
		}
		memcpy(&id, slot, 2);
		memcpy(&offset, slot + 2, 2);
		memcpy(&flags, slot + 4, 2);
		memcpy(&status, slot + 6, 2);
		check_that(chk, id == posted, "queue %u: id %u where %u is due", q->nr, id, posted);
		if (status < 0) {
			p->error = true;
		} else if (check_that(chk, offset >= q->net->opts.headroom &&
				      offset + status <= (int)PAGE_BYTES &&
				      p->len + (u32)status <= NET_LEN_MAX,
				      "queue %u: %d bytes at %u, behind %u", q->nr, status, offset,
				      p->len)) {
			memcpy(q->net->buffer + p->len,
			       q->rx_pages->va + posted * PAGE_BYTES + offset, (size_t)status);
			p->len += (u32)status;
			check_untouched(q, posted, offset, (u32)status);
		}
		if (!q->hold_pages)
			net_post(q, posted);
		if (first) {
			/* The two flags as in a packet that is sent. */
			p->flags = (u16)((flags & ~3u) | (flags & 1 ? NET_DATA_VALIDATED : 0) |
					 (flags & 2 ? NET_CSUM_BLANK : 0));
			extras = flags & NET_EXTRA_INFO;
		} else {
			check_that(chk, !(flags & NET_EXTRA_INFO), "queue %u: extra in the middle",
				   q->nr);
			p->flags = (u16)((p->flags & ~NET_MORE_DATA) | (flags & NET_MORE_DATA));
		}
		first = false;
		more = extras || flags & NET_MORE_DATA;
	}
	check_that(chk, !more || chk->failed, "queue %u: a packet without an end", q->nr);
}

static bool receive_from(struct net_queue *q, struct net_packet *p)
{
	u32 prod = shared_read(q->rx.head->rsp_prod);

	shared_mb();
	/* After a failure what is there is not looked at any more. */
	if (prod == q->rx.cons || chk_of(q)->failed)
		return false;
	if (!check_that(chk_of(q), prod - q->rx.cons <= q->rx.prod - q->rx.cons,
			"queue %u: %u pages filled, %u given", q->nr, prod - q->rx.cons,
			q->rx.prod - q->rx.cons))
		return false;
	take_packet(q, prod, p);
	shared_write(q->rx.head->rsp_event, q->rx.cons + 1);
	net_publish(q, &q->rx, false);
	return true;
}

bool net_receive(struct net *net, struct net_packet *p, u64 deadline_ms)
{
	unsigned int i;
	u64 now;

	for (;;) {
		for (i = 0; i < net->nr_queues; i++)
			if (receive_from(&net->queue[i], p))
				return true;
		now = util_now_ms();
		if (now >= deadline_ms || net->dev->chk->failed)
			return false;
		xen_events_wait(&net->events, (int)min(deadline_ms - now, (u64)100));
	}
}

/* ---- control ------------------------------------------------------------------------------- */

int net_control(struct net *net, const struct net_ctrl_msg *msg, u32 *answer)
{
	struct net_ring *ring = &net->ctrl;
	u64 deadline = util_now_ms() + NET_ANSWER_MS;
	u8 *slot = net_slot(ring, ring->prod++);
	u16 id = ++net->ctrl_id, got_id, got_type;
	u32 status;

	memcpy(slot, &id, 2);
	memcpy(slot + 2, &msg->type, 2);
	memcpy(slot + 4, msg->data, 12);
	shared_mb();
	shared_write(ring->head->req_prod, ring->prod);
	xen_events_notify(&net->events, net->ctrl_port);
	while (shared_read(ring->head->rsp_prod) == ring->cons) {
		if (!check_that(net->dev->chk, util_now_ms() < deadline,
				"control message %u unanswered", msg->type))
			return -ETIMEDOUT;
		xen_events_wait(&net->events, 100);
	}
	shared_mb();
	slot = net_slot(ring, ring->cons++);
	shared_write(ring->head->rsp_event, ring->cons + 1);
	memcpy(&got_id, slot, 2);
	memcpy(&got_type, slot + 2, 2);
	memcpy(&status, slot + 4, 4);
	memcpy(answer, slot + 8, 4);
	check_that(net->dev->chk, got_id == id && got_type == msg->type,
		   "control message %u of type %u answered as %u of type %u", id, msg->type, got_id,
		   got_type);
	return (int)status;
}
