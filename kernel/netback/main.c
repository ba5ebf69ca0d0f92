// SPDX-License-Identifier: GPL-2.0
/* The module: parameters, under the in-tree driver's names, and load and unload. */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <xen/xen.h>

#include "netback.h"

static bool separate_tx_rx_irq = true;
module_param(separate_tx_rx_irq, bool, 0644);
MODULE_PARM_DESC(separate_tx_rx_irq,
	"Let frontends have an event channel for each direction (default Y)");

static unsigned int rx_drain_timeout_msecs = 10000;
module_param(rx_drain_timeout_msecs, uint, 0444);
MODULE_PARM_DESC(rx_drain_timeout_msecs,
	"How long a packet waits for a guest that gives no pages for it (default 10000)");

static unsigned int rx_stall_timeout_msecs = 60000;
module_param(rx_stall_timeout_msecs, uint, 0444);
MODULE_PARM_DESC(rx_stall_timeout_msecs,
	"How long all queues may be without pages before the carrier goes (default 60000, 0: it stays)");

static unsigned int max_queues;
module_param(max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
	"Queues offered to each frontend (default: the number of processors, at most 8)");

static unsigned int fatal_skb_slots = WIRE_NET_FRAGS_MOST;
module_param(fatal_skb_slots, uint, 0444);
MODULE_PARM_DESC(fatal_skb_slots,
	"Slots of one packet from which on its frontend is not believed any more (default 20, at least 18)");

static unsigned int hash_cache_size = 64;
module_param(hash_cache_size, uint, 0644);
MODULE_PARM_DESC(hash_cache_size, "Accepted and not used: there is no such cache");

static bool provides_xdp_headroom = true;
module_param(provides_xdp_headroom, bool, 0644);
MODULE_PARM_DESC(provides_xdp_headroom,
	"Offer room in front of packets to frontends that run XDP (default Y)");

static bool threaded;
module_param(threaded, bool, 0644);
MODULE_PARM_DESC(threaded,
	"Poll the queues of new interfaces in threads, not softirqs; /sys/class/net/*/threaded (default N)");

struct workqueue_struct *netback_wq, *netback_poll_wq;

unsigned int netback_max_queues(void)
{
	unsigned int n = READ_ONCE(max_queues);

	return n ? min(n, NETBACK_QUEUES_MAX) : min(num_online_cpus(), 8u);
}

unsigned int netback_fatal_slots(void)
{
	return max(fatal_skb_slots, WIRE_NET_FRAGS);
}

unsigned long netback_drain_timeout(void)
{
	return msecs_to_jiffies(rx_drain_timeout_msecs);
}

unsigned long netback_stall_timeout(void)
{
	return msecs_to_jiffies(rx_stall_timeout_msecs);
}

bool netback_separate_irqs(void)
{
	return READ_ONCE(separate_tx_rx_irq);
}

bool netback_provides_headroom(void)
{
	return READ_ONCE(provides_xdp_headroom);
}

bool netback_threaded(void)
{
	return READ_ONCE(threaded);
}

static void destroy_workqueues(void)
{
	if (netback_wq)
		destroy_workqueue(netback_wq);
	if (netback_poll_wq)
		destroy_workqueue(netback_poll_wq);
}

static int __init netback_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	netback_wq = alloc_workqueue("xen-netback", WQ_UNBOUND, 0);
	/* No packet waits for xenstore, which work of the other kind does. */
	netback_poll_wq = alloc_workqueue("xen-netback-poll", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!netback_wq || !netback_poll_wq) {
		destroy_workqueues();
		return -ENOMEM;
	}
	netback_debugfs_init();
	err = netback_xenbus_init();
	if (err) {
		netback_debugfs_exit();
		destroy_workqueues();
	}
	return err;
}
module_init(netback_init);

static void __exit netback_exit(void)
{
	netback_xenbus_exit();
	netback_debugfs_exit();
	destroy_workqueues();
}
module_exit(netback_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Xen network device backend");
MODULE_VERSION(XENBE_VERSION);
MODULE_ALIAS("xen-backend:vif");
