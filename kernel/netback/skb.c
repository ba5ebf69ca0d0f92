// SPDX-License-Identifier: GPL-2.0
/*
 * Packets from the guest as the network stack wants them. All data is copied,
 * so no page of the guest's is held by whatever the stack does with the skb.
 * Protocol headers always end up in the linear part, however the guest cut the
 * packet into slots.
 */
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/tcp.h>

#include "netback.h"

#define LINEAR_MAX	1600u	/* packets up to this length are linear, and one copy */
#define HEADERS		128u	/* of longer ones at least this much, headers fit in it */

/* Where the next byte of a packet is in the guest's pages. */
struct source {
	const struct wire_net_frag *frag;
	u16 done;		/* of it */
};

/* Adds the copies for the next @len bytes of the packet, which it has. */
static void copy_next(struct netback_queue *q, struct source *s, void *dst, unsigned int len)
{
	unsigned int n;
	void *page;

	while (len) {
		n = min_t(unsigned int, len, s->frag->len - s->done);
		page = n ? netback_grefs_find(q, s->frag->gref, false) : NULL;
		if (page)
			memcpy(dst, page + s->frag->offset + s->done, n);
		else if (n)
			xenbe_copy_in(&q->tx_copies, s->frag->gref, s->frag->offset + s->done,
				      dst, n);
		s->done += n;
		if (s->done == s->frag->len) {
			s->frag++;
			s->done = 0;
		}
		dst += n;
		len -= n;
	}
}

void netback_skb_copy(struct netback_queue *q, const struct wire_net_tx *tx, void *dst)
{
	struct source s = { .frag = tx->frags };

	copy_next(q, &s, dst, tx->len);
}

/* How much of the packet goes into the linear part. */
static unsigned int linear_len(const struct wire_net_tx *tx)
{
	if (tx->len <= LINEAR_MAX)
		return tx->len;
	/* A first slot of just the headers, as most frontends make it, is taken whole. */
	return clamp_t(unsigned int, tx->frags[0].len, HEADERS / 2, HEADERS);
}

/*
 * Room for @len bytes at least. Chunks of memory that the stack has given back are
 * filled anew: nothing to allocate, to free and to clear. In line are those that
 * it may still have, the oldest next.
 */
static bool refill(struct netback_queue *q, unsigned int len)
{
	struct page_frag *pf = &q->frag;

	if (pf->page && pf->offset + len <= pf->size)
		return true;
	if (pf->page) {
		swap(pf->page, q->chunks[q->next_chunk]);
		q->next_chunk = (q->next_chunk + 1) % NETBACK_CHUNKS;
	}
	/* A single page is what there was in a shortage of memory: not for ever. */
	if (pf->page && page_ref_count(pf->page) == 1 && !page_is_pfmemalloc(pf->page) &&
	    page_size(pf->page) > PAGE_SIZE) {
		pf->size = page_size(pf->page);
		pf->offset = 0;
		return true;
	}
	if (pf->page)
		put_page(pf->page);
	pf->page = NULL;
	return skb_page_frag_refill(len, pf, GFP_ATOMIC | __GFP_NOWARN);
}

/*
 * Fills @skb's frags with what follows the linear part. Where the guest's data
 * comes page by page ours begins so that borders fall together: one copy a page.
 */
static bool add_frags(struct netback_queue *q, struct sk_buff *skb, const struct wire_net_tx *tx,
		      struct source *s, unsigned int len)
{
	struct page_frag *pf = &q->frag;
	unsigned int n, i, first = s->frag->len - s->done;

	if (!refill(q, PAGE_SIZE))
		return false;
	pf->offset = ALIGN(pf->offset + first, PAGE_SIZE) - first;
	for (i = 0; len; i++, len -= n) {
		if (i == MAX_SKB_FRAGS ||
		    (i && !refill(q, min_t(unsigned int, len, PAGE_SIZE))))
			return false;
		n = min_t(unsigned int, len, pf->size - pf->offset);
		copy_next(q, s, page_address(pf->page) + pf->offset, n);
		get_page(pf->page);
		skb_add_rx_frag(skb, i, pf->page, pf->offset, n, n);
		pf->offset += n;
	}
	return true;
}

static void set_gso(struct sk_buff *skb, const struct wire_net_tx *tx)
{
	skb_shinfo(skb)->gso_size = tx->gso_size;
	skb_shinfo(skb)->gso_type = tx->gso_type == WIRE_NET_GSO_TCPV4 ? SKB_GSO_TCPV4 :
				    SKB_GSO_TCPV6;
}

struct sk_buff *netback_skb_make(struct netback_queue *q, const struct wire_net_tx *tx)
{
	struct source s = { .frag = tx->frags };
	unsigned int linear = linear_len(tx);
	struct sk_buff *skb = napi_alloc_skb(&q->napi, linear);

	if (!skb)
		return NULL;
	copy_next(q, &s, skb_put(skb, linear), linear);
	if (linear < tx->len) {
		/* What is left of this one may be nothing. */
		while (!(s.frag->len - s.done))
			s.frag++;
		if (!add_frags(q, skb, tx, &s, tx->len - linear)) {
			kfree_skb(skb);
			return NULL;
		}
	}
	return skb;
}

/* Where the sum is; it begins behind an IP header, whatever that says of its own length. */
static bool find_sum(struct sk_buff *skb, bool recalculate)
{
	return !skb_checksum_setup(skb, recalculate) &&
	       skb_transport_offset(skb) >= (int)sizeof(struct iphdr);
}

/* A packet the guest wants cut into segments has to be one that can be. */
static bool check_gso(struct sk_buff *skb, const struct wire_net_tx *tx)
{
	unsigned int headers;

	if (skb->protocol != htons(tx->gso_type == WIRE_NET_GSO_TCPV4 ? ETH_P_IP : ETH_P_IPV6))
		return false;
	/* The least any TCP makes, lest one packet become 65,000. The other has its own meaning. */
	if (tx->gso_size < TCP_MIN_GSO_SIZE || tx->gso_size == GSO_BY_FRAGS)
		return false;
	if (skb->csum_offset != offsetof(struct tcphdr, check) ||
	    !pskb_may_pull(skb, skb_transport_offset(skb) + sizeof(struct tcphdr)))
		return false;
	headers = skb_transport_offset(skb) + tcp_hdrlen(skb);
	if (tcp_hdrlen(skb) < sizeof(struct tcphdr) || headers >= skb->len ||
	    !pskb_may_pull(skb, headers))
		return false;
	skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(skb->len - headers, tx->gso_size);
	return true;
}

bool netback_skb_finish(struct netback_queue *q, struct sk_buff *skb, const struct wire_net_tx *tx)
{
	if (!pskb_may_pull(skb, min_t(unsigned int, skb->len, HEADERS)))
		return false;
	skb->dev = q->vif->netdev;
	skb->protocol = eth_type_trans(skb, skb->dev);
	skb_record_rx_queue(skb, q->index);
	skb_reset_network_header(skb);

	if (tx->csum_blank)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (tx->data_validated)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (tx->gso_type) {
		/* Frontends of old do not say so. Then what the sums begin with is missing. */
		bool recalculate = skb->ip_summed != CHECKSUM_PARTIAL;

		set_gso(skb, tx);
		skb->ip_summed = CHECKSUM_PARTIAL;
		return find_sum(skb, recalculate) && check_gso(skb, tx);
	}
	/* What is neither TCP nor UDP has no sum that could be blank. */
	return skb->ip_summed != CHECKSUM_PARTIAL || find_sum(skb, false);
}
