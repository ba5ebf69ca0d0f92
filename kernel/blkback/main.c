// SPDX-License-Identifier: GPL-2.0
/* xen-blkback.ko: parameters under the names administrators know, load and unload. */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <xen/xen.h>

#include "blkback.h"

static unsigned int max_queues;
module_param(max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
	"Rings offered for each virtual disk (0, the default: one for each online CPU); new devices only");

static unsigned int max_ring_page_order = WIRE_STORE_RING_ORDER_MAX;
module_param(max_ring_page_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order, "Largest ring offered, as a power of two of pages, 0 to 4 (default 4)");

static unsigned int max_buffer_pages = 1024;
module_param(max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages, "Spare pages each ring keeps for mapping guest memory (default 1024)");

static unsigned int max_persistent_grants = 1056;
module_param(max_persistent_grants, uint, 0644);
MODULE_PARM_DESC(max_persistent_grants,
	"Guest pages each ring keeps mapped between requests (default 1056); new connections only");

static unsigned int persistent_grant_unused_seconds = 60;
module_param(persistent_grant_unused_seconds, uint, 0644);
MODULE_PARM_DESC(persistent_grant_unused_seconds,
	"Seconds after which an unused persistent grant is unmapped, 0: never (default 60)");

static bool feature_persistent = true;
module_param(feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Offer persistent grants (default Y); new connections only");

static unsigned int buffer_squeeze_duration_ms = 10;
module_param(buffer_squeeze_duration_ms, uint, 0644);
MODULE_PARM_DESC(buffer_squeeze_duration_ms,
	"Milliseconds without spare pages after memory ran short (default 10)");

static bool exclusive = true;
module_param(exclusive, bool, 0644);
MODULE_PARM_DESC(exclusive,
	"Refuse a disk of mode w that dom0 or another guest uses (default Y); new devices only");

static bool log_stats;
module_param(log_stats, bool, 0644);
MODULE_PARM_DESC(log_stats, "Log the counters of each busy ring every 10 seconds (default N)");

struct workqueue_struct *blkback_wq;

unsigned int blkback_max_queues(void)
{
	unsigned int n = READ_ONCE(max_queues);

	return n ? min(n, (unsigned int)nr_cpu_ids) : num_online_cpus();
}

unsigned int blkback_max_ring_order(void)
{
	return min(max_ring_page_order, WIRE_STORE_RING_ORDER_MAX);
}

unsigned int blkback_buffer_pages(void)
{
	return READ_ONCE(max_buffer_pages);
}

unsigned int blkback_persistent_max(void)
{
	return READ_ONCE(max_persistent_grants);
}

unsigned long blkback_persistent_age(void)
{
	return (unsigned long)READ_ONCE(persistent_grant_unused_seconds) * HZ;
}

unsigned long blkback_squeeze_time(void)
{
	return msecs_to_jiffies(READ_ONCE(buffer_squeeze_duration_ms));
}

bool blkback_feature_persistent(void)
{
	return READ_ONCE(feature_persistent);
}

bool blkback_exclusive(void)
{
	return READ_ONCE(exclusive);
}

bool blkback_log_stats(void)
{
	return READ_ONCE(log_stats);
}

static int __init blkback_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;

	/* One work for each disk in its handshake, and one for its discards. */
	blkback_wq = alloc_workqueue("xen-blkback", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkback_wq)
		return -ENOMEM;
	blkback_debugfs_init();
	err = blkback_xenbus_init();
	if (err) {
		blkback_debugfs_exit();
		destroy_workqueue(blkback_wq);
	}
	return err;
}
module_init(blkback_init);

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	blkback_debugfs_exit();
	destroy_workqueue(blkback_wq);
}
module_exit(blkback_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Xen block device backend");
MODULE_VERSION(XENBE_VERSION);
MODULE_ALIAS("xen-backend:vbd");
