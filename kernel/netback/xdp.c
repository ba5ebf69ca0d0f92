// SPDX-License-Identifier: GPL-2.0
/*
 * eBPF programs on what comes from the guest (XDP). A packet that fits one page
 * with room in front and behind is copied into such a page and shown to the
 * program before there is an skb; larger ones are shown as an skb. A sum the
 * guest left blank is filled in first, so that a program can send the packet
 * anywhere.
 */
#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "netback.h"

#define ROOM_BEHIND	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define LEN_MAX		(PAGE_SIZE - XDP_PACKET_HEADROOM - ROOM_BEHIND)

static unsigned int size_for(u32 len)
{
	return SKB_DATA_ALIGN(XDP_PACKET_HEADROOM + len) + ROOM_BEHIND;
}

int netback_xdp_setup(struct netback_vif *vif, struct netdev_bpf *bpf)
{
	struct bpf_prog *old;

	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	old = rtnl_dereference(vif->xdp_prog);
	rcu_assign_pointer(vif->xdp_prog, bpf->prog);
	if (old)
		bpf_prog_put(old);	/* frees after a grace period */
	return 0;
}

/* What is to be cut into segments leaves as an skb, or not at all. */
bool netback_xdp_fits(const struct wire_net_tx *tx)
{
	return tx->len <= LEN_MAX && !tx->gso_type;
}

void *netback_xdp_make(struct netback_queue *q, const struct wire_net_tx *tx)
{
	struct page_frag *pf = &q->frag;
	void *buf;

	pf->offset = SKB_DATA_ALIGN(pf->offset);
	if (!skb_page_frag_refill(size_for(tx->len), pf, GFP_ATOMIC | __GFP_NOWARN))
		return NULL;
	buf = page_address(pf->page) + pf->offset;
	pf->offset += size_for(tx->len);
	get_page(pf->page);
	netback_skb_copy(q, tx, buf + XDP_PACKET_HEADROOM);
	return buf;
}

void netback_xdp_free(void *buf)
{
	put_page(virt_to_head_page(buf));
}

/* False: there is no sum to fill in, though the guest says so. */
static bool fill_sum(u8 *data, u32 len)
{
	struct wire_net_sum s;
	__sum16 sum;
	u32 n;

	if (!wire_net_find_sum(data, len, &s))
		return false;
	n = s.end - s.start;
	memset(data + s.at, 0, sizeof(sum));
	if (s.ipv6)
		sum = csum_ipv6_magic((struct in6_addr *)(data + s.addrs),
				      (struct in6_addr *)(data + s.addrs + 16), n, s.proto,
				      csum_partial(data + s.start, n, 0));
	else
		sum = csum_tcpudp_magic(get_unaligned((__be32 *)(data + s.addrs)),
					get_unaligned((__be32 *)(data + s.addrs + 4)), n, s.proto,
					csum_partial(data + s.start, n, 0));
	/* UDP: nought would mean that there is none. */
	if (!sum && s.proto == IPPROTO_UDP)
		sum = CSUM_MANGLED_0;
	put_unaligned(sum, (__sum16 *)(data + s.at));
	return true;
}

static struct sk_buff *to_skb(struct netback_queue *q, const struct xdp_buff *xdp)
{
	unsigned int meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);

	if (!skb) {
		q->count->from_memory++;
		netback_xdp_free(xdp->data_hard_start);
		return NULL;
	}
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	return skb;
}

/* To be sent back to where it came from. */
static bool bounce(struct netback_queue *q, struct xdp_buff *xdp)
{
	struct xdp_frame *frame = xdp_convert_buff_to_frame(xdp);

	if (!frame)
		return false;
	q->xdp_tx[q->nr_xdp_tx++] = frame;
	return true;
}

struct sk_buff *netback_xdp_run(struct netback_queue *q, void *buf, struct wire_net_tx *tx)
{
	struct net_device *netdev = q->vif->netdev;
	struct xdp_buff xdp;
	u32 act;

	if (tx->csum_blank && !fill_sum(buf + XDP_PACKET_HEADROOM, tx->len)) {
		q->count->verdicts[WIRE_REJECT_LEN]++;
		netback_xdp_free(buf);
		return NULL;
	}
	tx->csum_blank = false;
	xdp_init_buff(&xdp, size_for(tx->len), &q->xdp_rxq);
	xdp_prepare_buff(&xdp, buf, XDP_PACKET_HEADROOM, tx->len, true);
	act = bpf_prog_run_xdp(q->xdp_prog, &xdp);
	switch (act) {
	case XDP_PASS:
		return to_skb(q, &xdp);
	case XDP_TX:
		if (bounce(q, &xdp))
			return NULL;
		break;
	case XDP_REDIRECT:
		if (xdp_do_redirect(netdev, &xdp, q->xdp_prog))
			break;
		q->xdp_redirected = true;
		q->count->xdp_redirected++;
		return NULL;
	case XDP_DROP:
		break;
	default:
		bpf_warn_invalid_xdp_action(netdev, q->xdp_prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(netdev, q->xdp_prog, act);
	}
	q->count->xdp_dropped++;
	netback_xdp_free(buf);
	return NULL;
}

bool netback_xdp_run_skb(struct netback_queue *q, struct sk_buff **skb)
{
	if ((*skb)->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(*skb) && skb_checksum_help(*skb)) {
		q->count->from_memory++;
		kfree_skb(*skb);
		return false;
	}
	if (compat_do_xdp_generic(q->xdp_prog, skb) == XDP_PASS)
		return true;
	q->count->xdp_dropped++;	/* or sent somewhere: it does not say */
	return false;
}

void netback_xdp_flush(struct netback_queue *q)
{
	unsigned int i, sent;

	if (q->xdp_redirected)
		xdp_do_flush();
	q->xdp_redirected = false;
	if (!q->nr_xdp_tx)
		return;
	sent = netback_to_frames(q, q->xdp_tx, q->nr_xdp_tx);
	for (i = sent; i < q->nr_xdp_tx; i++)
		xdp_return_frame(q->xdp_tx[i]);
	q->count->xdp_sent += sent;
	q->nr_xdp_tx = 0;
}
