// SPDX-License-Identifier: GPL-2.0
/*
 * The net device: vif<domid>.<handle>. It is there as long as the driver is
 * bound; it has a carrier while a frontend is connected.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include "netback.h"

#define FEATURES_TO_GUEST	(NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM |	\
				 NETIF_F_TSO | NETIF_F_TSO6)
#define QUEUE_LEN		64	/* packets, for a pfifo; fq_codel keeps 32 MiB */
#define MTU_MAX			(WIRE_NET_LEN_MAX - ETH_HLEN - 4)	/* with a VLAN tag */

struct iface_priv {
	struct netback_vif *vif;
};

static struct netback_vif *vif_of(const struct net_device *netdev)
{
	return ((struct iface_priv *)netdev_priv(netdev))->vif;
}

/* ---- to the guest ---------------------------------------------------------------------------- */

static netdev_tx_t start_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct netback_vif *vif = vif_of(netdev);
	u16 index = skb_get_queue_mapping(skb);
	struct netback_queue *queues = READ_ONCE(vif->queues);

	/* While it is attached, which the caller's lock sees to, the queues stay. */
	if (unlikely(!READ_ONCE(vif->attached) || index >= vif->nr_queues)) {
		dev_core_stats_tx_dropped_inc(netdev);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	skb_tx_timestamp(skb);
	netback_to_xmit(&queues[index], skb, netdev_xmit_more());
	return NETDEV_TX_OK;
}

static u16 select_queue(struct net_device *netdev, struct sk_buff *skb, struct net_device *sb_dev)
{
	u16 queue;

	if (netback_hash_queue(vif_of(netdev), skb, netdev->real_num_tx_queues, &queue))
		return queue;
	return netdev_pick_tx(netdev, skb, sb_dev) % netdev->real_num_tx_queues;
}

/* ---- up, down, settings ------------------------------------------------------------------------ */

/* Under rtnl. */
static void start_polling(struct netback_vif *vif)
{
	unsigned int i;

	for (i = 0; i < vif->nr_queues; i++) {
		napi_enable(&vif->queues[i].napi);
		/* What came in before is waited for by nobody. */
		local_bh_disable();
		netback_from_kick(&vif->queues[i]);
		local_bh_enable();
	}
	netif_tx_start_all_queues(vif->netdev);
}

static void stop_polling(struct netback_vif *vif)
{
	unsigned int i;

	netif_tx_disable(vif->netdev);
	for (i = 0; i < vif->nr_queues; i++) {
		napi_disable(&vif->queues[i].napi);
		/* What waited for it. */
		local_bh_disable();
		netback_to_poll(&vif->queues[i]);
		local_bh_enable();
	}
}

static int iface_open(struct net_device *netdev)
{
	struct netback_vif *vif = vif_of(netdev);

	if (vif->attached)
		start_polling(vif);
	netback_vif_kick(vif);
	return 0;
}

static int iface_stop(struct net_device *netdev)
{
	struct netback_vif *vif = vif_of(netdev);

	if (vif->attached)
		stop_polling(vif);
	netback_vif_kick(vif);
	return 0;
}

static netdev_features_t fix_features(struct net_device *netdev, netdev_features_t features)
{
	struct netback_vif *vif = vif_of(netdev);

	if (!vif->can_sg)
		features &= ~NETIF_F_SG;
	if (!vif->ip_csum)
		features &= ~NETIF_F_IP_CSUM;
	if (!vif->ipv6_csum)
		features &= ~NETIF_F_IPV6_CSUM;
	if (!(vif->gso_mask & 1u << WIRE_NET_GSO_TCPV4))
		features &= ~NETIF_F_TSO;
	if (!(vif->gso_mask & 1u << WIRE_NET_GSO_TCPV6))
		features &= ~NETIF_F_TSO6;
	return features;
}

static int change_mtu(struct net_device *netdev, int mtu)
{
	struct netback_vif *vif = vif_of(netdev);

	/* Without scatter-gather a packet has one page. */
	if (vif->attached && !vif->can_sg && mtu > ETH_DATA_LEN)
		return -EINVAL;
	WRITE_ONCE(netdev->mtu, mtu);
	vif->full_mtu = 0;
	netback_vif_kick(vif);
	return 0;
}

/*
 * A guest that takes one page a packet limits the interface, while it is
 * connected: the boot loader may be such a one, and not the system after it.
 */
static void fit_mtu(struct netback_vif *vif)
{
	struct net_device *netdev = vif->netdev;
	int full = netdev->mtu;

	if (vif->can_sg && vif->full_mtu) {
		dev_set_mtu(netdev, vif->full_mtu);
	} else if (!vif->can_sg && full > ETH_DATA_LEN) {
		netdev_info(netdev, "the guest takes packets of one page: mtu is %u, not %u\n",
			    ETH_DATA_LEN, full);
		dev_set_mtu(netdev, ETH_DATA_LEN);
		vif->full_mtu = full;
	}
}

static int iface_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	return netback_xdp_setup(vif_of(netdev), bpf);
}

/* Packets another device's program sends here. */
static int xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags)
{
	struct netback_vif *vif = vif_of(netdev);

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	/* While we are in the middle of this the queues stay: see free_queues(). */
	if (!READ_ONCE(vif->attached) || !netif_running(netdev))
		return -ENETDOWN;
	return netback_to_frames(&vif->queues[smp_processor_id() % vif->nr_queues], frames, n);
}

static void get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	netback_stats_sum(vif_of(netdev), stats);
}

static const struct net_device_ops netdev_ops = {
	.ndo_open = iface_open,
	.ndo_stop = iface_stop,
	.ndo_start_xmit = start_xmit,
	.ndo_select_queue = select_queue,
	.ndo_fix_features = fix_features,
	.ndo_change_mtu = change_mtu,
	.ndo_get_stats64 = get_stats64,
	.ndo_bpf = iface_bpf,
	.ndo_xdp_xmit = xdp_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

struct netback_vif *netback_iface_vif(const struct net_device *netdev)
{
	return vif_of(netdev);
}

/* ---- life ---------------------------------------------------------------------------------------- */

int netback_iface_create(struct netback_vif *vif)
{
	static const u8 addr[ETH_ALEN] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct net_device *netdev;
	char name[IFNAMSIZ];
	int err;

	snprintf(name, sizeof(name), "vif%u.%u", vif->dev->otherend_id, vif->handle);
	netdev = alloc_netdev_mqs(sizeof(struct iface_priv), name, NET_NAME_ENUM, ether_setup,
				  vif->max_queues, vif->max_queues);
	if (!netdev)
		return -ENOMEM;
	((struct iface_priv *)netdev_priv(netdev))->vif = vif;
	SET_NETDEV_DEV(netdev, &vif->dev->dev);
	netdev->netdev_ops = &netdev_ops;
	netdev->ethtool_ops = &netback_ethtool_ops;
	netdev->hw_features = FEATURES_TO_GUEST;
	netdev->features = FEATURES_TO_GUEST | NETIF_F_RXCSUM;
	compat_xdp_set_features(netdev);
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = MTU_MAX;
	netdev->tx_queue_len = QUEUE_LEN;
	/*
	 * The highest address there is: a bridge takes its lowest port's for its
	 * own, which must not change with every guest that comes and goes.
	 */
	eth_hw_addr_set(netdev, addr);
	netif_carrier_off(netdev);
	vif->netdev = netdev;

	err = register_netdev(netdev);
	if (err) {
		vif->netdev = NULL;
		free_netdev(netdev);
		return err;
	}
	if (netback_threaded()) {
		rtnl_lock();
		err = compat_set_threaded(netdev);
		rtnl_unlock();
		if (err)
			netdev_warn(netdev, "polled without threads of its own (error %d)\n", err);
	}
	return 0;
}

void netback_iface_remove(struct netback_vif *vif)
{
	unregister_netdev(vif->netdev);
	free_netdev(vif->netdev);
	vif->netdev = NULL;
}

int netback_iface_attach(struct netback_vif *vif)
{
	struct net_device *netdev = vif->netdev;
	unsigned int i;
	int err;

	rtnl_lock();
	err = netif_set_real_num_tx_queues(netdev, vif->nr_queues);
	if (!err)
		err = netif_set_real_num_rx_queues(netdev, vif->nr_queues);
	if (!err) {
		for (i = 0; i < vif->nr_queues; i++)
			netdev_tx_reset_queue(netdev_get_tx_queue(netdev, i));
		WRITE_ONCE(vif->attached, true);
		fit_mtu(vif);
		netdev_update_features(netdev);
		if (netif_running(netdev))
			start_polling(vif);
		netif_carrier_on(netdev);
	}
	rtnl_unlock();
	if (err)
		xenbe_error(&vif->errors, vif->dev, err, "cannot set %s to %u queues", netdev->name,
			    vif->nr_queues);
	return err;
}

void netback_iface_detach(struct netback_vif *vif)
{
	struct net_device *netdev = vif->netdev;

	rtnl_lock();
	/* Whoever has a transmit queue's lock after this sees it, and leaves the carrier alone. */
	WRITE_ONCE(vif->attached, false);
	netif_tx_disable(netdev);
	if (netif_running(netdev))
		stop_polling(vif);
	netif_carrier_off(netdev);
	rtnl_unlock();
}
