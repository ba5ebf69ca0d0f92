/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The backend's end of a shared ring: the only code that touches a shared
 * index or slot.
 *
 * A ring is one or more granted pages: a 64-byte header of four indices, then
 * a power of two of equal slots. The frontend writes requests and req_prod,
 * the backend overwrites the same slots with responses and advances rsp_prod.
 * Indices run freely through 2^32; a slot is index modulo ring size. (Xen
 * public headers, io/ring.h.)
 *
 * Everything here is written for a peer that may rewrite the pages at any
 * time: an index is fetched once per pass, a slot is copied out once, and our
 * own progress is kept in private memory and never read back.
 *
 * Not thread-safe: each ring has one user at a time (the caller's thread or
 * the caller's lock).
 */
#ifndef WIRE_RING_H
#define WIRE_RING_H

#include "wire.h"

/* The shared header. */
struct wire_sring {
	u32 req_prod;		/* written by the frontend */
	u32 req_event;		/* written by us: wake us when req_prod passes this */
	u32 rsp_prod;		/* written by us */
	u32 rsp_event;		/* written by the frontend: wake it when rsp_prod passes this */
	u8 priv[48];
};

struct wire_ring {
	struct wire_sring *shared;
	u8 *slots;
	u32 nr_slots;		/* power of two */
	u32 slot_size;		/* bytes, multiple of 4 */
	u32 req_cons;		/* next request to take */
	u32 rsp_prod;		/* next response to write */
	u32 rsp_published;	/* what the frontend has been told */
};

/* Number of slots of @slot_size bytes in a ring of @bytes: 0 if not even one fits. */
static inline u32 wire_ring_slots(u32 bytes, u32 slot_size)
{
	u32 n = 1;

	if (!slot_size || bytes < sizeof(struct wire_sring) ||
	    (bytes - sizeof(struct wire_sring)) / slot_size == 0)
		return 0;
	while (n * 2 <= (bytes - sizeof(struct wire_sring)) / slot_size)
		n *= 2;
	return n;
}

/*
 * Attaches to mapped ring pages. A fresh ring has all indices at 0; the ring
 * of a frontend that outlived an earlier backend goes on where the responses
 * ended, and requests without a response are taken again.
 *
 * Returns WIRE_OK, or WIRE_FATAL_INDEX if more requests are outstanding than
 * the ring has slots (then *@ring is all zero).
 */
static inline enum wire_verdict wire_ring_attach(struct wire_ring *ring, void *pages, u32 bytes,
						 u32 slot_size)
{
	struct wire_sring *shared = pages;
	u32 nr = wire_ring_slots(bytes, slot_size);
	u32 rsp_prod = wire_read_once(shared->rsp_prod);
	u32 req_prod = wire_read_once(shared->req_prod);

	memset(ring, 0, sizeof(*ring));
	if (!nr || req_prod - rsp_prod > nr)
		return WIRE_FATAL_INDEX;

	ring->shared = shared;
	ring->slots = (u8 *)pages + sizeof(*shared);
	ring->nr_slots = nr;
	ring->slot_size = slot_size;
	ring->req_cons = rsp_prod;
	ring->rsp_prod = rsp_prod;
	ring->rsp_published = rsp_prod;
	return WIRE_OK;
}

/*
 * How many requests wait to be taken: one fetch of req_prod. Exactly full is
 * legal. Returns WIRE_OK and *@nr, or WIRE_FATAL_PROD when the frontend claims
 * more requests than it can have free slots for (*@nr untouched).
 */
static inline enum wire_verdict wire_ring_pending(const struct wire_ring *ring, u32 *nr)
{
	u32 prod = wire_read_once(ring->shared->req_prod);

	/* Every slot up to req_cons that has no response yet is still in use. */
	if (prod - ring->rsp_prod > ring->nr_slots || prod - ring->req_cons > ring->nr_slots)
		return WIRE_FATAL_PROD;

	wire_rmb();	/* slots after the index; pairs with the frontend's wmb before req_prod */
	*nr = prod - ring->req_cons;
	return WIRE_OK;
}

/*
 * Copies the @i-th waiting request into private memory (@i below what
 * wire_ring_pending() said; at most @len bytes, a multiple of 4). Does not
 * consume it.
 */
static inline void wire_ring_peek(const struct wire_ring *ring, u32 i, void *dst, u32 len)
{
	const u8 *slot = ring->slots + (size_t)((ring->req_cons + i) & (ring->nr_slots - 1)) *
			 ring->slot_size;

	wire_copy_in(dst, slot, len < ring->slot_size ? len : ring->slot_size);
}

/* Marks @n requests as taken. Each will need exactly one response. */
static inline void wire_ring_consume(struct wire_ring *ring, u32 n)
{
	ring->req_cons += n;
}

/* Requests taken and not answered yet. */
static inline u32 wire_ring_unanswered(const struct wire_ring *ring)
{
	return ring->req_cons - ring->rsp_prod;
}

/* Where a ring stands, for people to read: our own word, and what is in the shared page. */
struct wire_ring_view {
	u32 taken, answered, published;
	u32 requests, requests_event;		/* the page's req_prod, req_event */
	u32 responses, responses_event;		/* the page's rsp_prod, rsp_event */
};

/* Needs no lock: the numbers may be of different moments. */
static inline void wire_ring_look(const struct wire_ring *ring, struct wire_ring_view *view)
{
	view->taken = wire_read_once(ring->req_cons);
	view->answered = wire_read_once(ring->rsp_prod);
	view->published = wire_read_once(ring->rsp_published);
	view->requests = wire_read_once(ring->shared->req_prod);
	view->requests_event = wire_read_once(ring->shared->req_event);
	view->responses = wire_read_once(ring->shared->rsp_prod);
	view->responses_event = wire_read_once(ring->shared->rsp_event);
}

/*
 * Writes one response of @len bytes (at most one slot) from private memory.
 * The frontend does not see it before wire_ring_publish(). The caller owes a
 * response: wire_ring_unanswered() is not 0.
 */
static inline void wire_ring_respond(struct wire_ring *ring, const void *rsp, u32 len)
{
	u8 *slot = ring->slots + (size_t)(ring->rsp_prod & (ring->nr_slots - 1)) *
		   ring->slot_size;

	memcpy(slot, rsp, len < ring->slot_size ? len : ring->slot_size);
	ring->rsp_prod++;
}

/*
 * Shows all written responses to the frontend. Returns true if it asked to be
 * notified of one of them.
 */
static inline bool wire_ring_publish(struct wire_ring *ring)
{
	u32 old = ring->rsp_published;
	u32 new = ring->rsp_prod;
	u32 event;

	if (old == new)
		return false;
	wire_wmb();	/* responses before the index; pairs with the frontend's rmb */
	wire_write_once(ring->shared->rsp_prod, new);
	ring->rsp_published = new;
	wire_mb();	/* index before rsp_event; pairs with the frontend's mb after it set that */
	event = wire_read_once(ring->shared->rsp_event);
	return new - event < new - old;
}

/*
 * Whether the frontend has asked to be notified of one of the requests taken and
 * not answered yet. No more than a hint, for batching: it may ask at any time.
 */
static inline bool wire_ring_wanted(const struct wire_ring *ring)
{
	u32 event = wire_read_once(ring->shared->rsp_event);

	return ring->req_cons - event < ring->req_cons - ring->rsp_published;
}

/*
 * Call when fewer than @want requests are there and before going to sleep: asks
 * the frontend to notify the one that makes them @want (at least 1), then looks
 * once more. Returns as wire_ring_pending() does; if *@nr is @want or more, do
 * not sleep.
 */
static inline enum wire_verdict wire_ring_final_check(struct wire_ring *ring, u32 want, u32 *nr)
{
	wire_write_once(ring->shared->req_event, ring->req_cons + want);
	wire_mb();	/* req_event before req_prod; pairs with the frontend's mb after req_prod */
	return wire_ring_pending(ring, nr);
}

#endif
