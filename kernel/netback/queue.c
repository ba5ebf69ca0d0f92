// SPDX-License-Identifier: GPL-2.0
/* The life of a queue: its two rings, its event channels, its memory. */
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "netback.h"

static void on_tx_event(void *arg)
{
	netback_from_kick(arg);
}

/* Pages for packets to the guest. Only wanted while one is held, and then the poll sends it. */
static void on_rx_event(void *arg)
{
	netback_from_kick(arg);
}

static void on_limit_timer(struct timer_list *timer)
{
	struct netback_queue *q = timer_container_of(q, timer, limit_timer);

	netback_from_kick(q);
}

void netback_queue_give_up(struct netback_queue *q, enum wire_verdict v)
{
	if (cmpxchg(&q->fatal, WIRE_OK, v) == WIRE_OK)
		q->count->verdicts[v]++;
	netback_vif_kick(q->vif);
}

/* Everything that needs no frontend. On failure netback_queue_fini() cleans up. */
int netback_queue_init(struct netback_queue *q, struct netback_vif *vif, unsigned int index)
{
	domid_t domid = vif->dev->otherend_id;
	int err;

	q->vif = vif;
	q->index = index;
	q->count = &vif->counters[index];
	snprintf(q->name, sizeof(q->name), "%s-q%u", vif->netdev->name, index);
	timer_setup(&q->limit_timer, on_limit_timer, 0);
	netback_from_later_init(q);
	netback_to_init(q);
	/* Before any event: Xen raises one as soon as a channel is bound. It is enabled later. */
	rtnl_lock();
	netif_napi_add(vif->netdev, &q->napi, netback_from_poll);
	rtnl_unlock();

	err = xenbe_grants_init(&q->grants, domid, vif->budget, 2);
	if (!err)
		err = xenbe_copies_init(&q->tx_copies, domid, NETBACK_TX_OPS);
	if (!err)
		err = xenbe_copies_init(&q->rx_copies, domid, NETBACK_RX_OPS);
	if (err)
		return err;
	q->tx_slots = kcalloc(NETBACK_RING_SLOTS, WIRE_NET_TX_SLOT, GFP_KERNEL);
	q->from = kvcalloc(NETBACK_TX_BATCH, sizeof(*q->from), GFP_KERNEL);
	q->xdp_tx = kcalloc(NETBACK_TX_BATCH, sizeof(*q->xdp_tx), GFP_KERNEL);
	q->to = kcalloc(NETBACK_RX_BATCH, sizeof(*q->to), GFP_KERNEL);
	q->pages = kcalloc(NETBACK_RING_SLOTS, sizeof(*q->pages), GFP_KERNEL);
	if (!q->tx_slots || !q->from || !q->xdp_tx || !q->to || !q->pages)
		return -ENOMEM;
	err = xdp_rxq_info_reg(&q->xdp_rxq, vif->netdev, index, 0);
	return err ?: xdp_rxq_info_reg_mem_model(&q->xdp_rxq, MEM_TYPE_PAGE_SHARED, NULL);
}

int netback_queue_attach(struct netback_queue *q, grant_ref_t tx_ref, grant_ref_t rx_ref,
			 evtchn_port_t tx_port, evtchn_port_t rx_port, enum wire_verdict *verdict)
{
	struct netback_vif *vif = q->vif;
	int err;

	err = xenbe_ring_map(vif->dev, &q->grants, &tx_ref, 1, WIRE_NET_TX_SLOT, &q->tx, verdict);
	if (!err)
		err = xenbe_ring_map(vif->dev, &q->grants, &rx_ref, 1, WIRE_NET_RX_SLOT, &q->rx,
				     verdict);
	if (!err)
		err = xenbe_evtchn_bind(vif->dev, tx_port, on_tx_event, q, q->name, &q->tx_evtchn);
	if (!err && vif->split_events)
		err = xenbe_evtchn_bind(vif->dev, rx_port, on_rx_event, q, q->name, &q->rx_evtchn);
	return err;
}

void netback_queue_halt(struct netback_queue *q)
{
	xenbe_evtchn_unbind(&q->tx_evtchn);
	xenbe_evtchn_unbind(&q->rx_evtchn);
	if (!q->vif)
		return;
	timer_shutdown_sync(&q->limit_timer);
	cancel_work_sync(&q->later_work);
	/* The wait for those who still look at it is free_queues()'s: one for all queues. */
	rtnl_lock();
	__netif_napi_del(&q->napi);
	rtnl_unlock();
}

void netback_queue_fini(struct netback_queue *q)
{
	unsigned int i;

	if (!q->vif)
		return;
	netback_to_fini(q);
	if (xdp_rxq_info_is_reg(&q->xdp_rxq))
		xdp_rxq_info_unreg(&q->xdp_rxq);
	netback_grefs_fini(q);
	xenbe_ring_unmap(&q->tx);
	xenbe_ring_unmap(&q->rx);
	xenbe_copies_fini(&q->tx_copies);
	xenbe_copies_fini(&q->rx_copies);
	xenbe_grants_fini(&q->grants);
	if (q->frag.page)
		put_page(q->frag.page);
	for (i = 0; i < NETBACK_CHUNKS; i++)
		if (q->chunks[i])
			put_page(q->chunks[i]);
	kfree(q->tx_slots);
	kvfree(q->from);
	kfree(q->xdp_tx);
	kfree(q->to);
	kfree(q->pages);
}
