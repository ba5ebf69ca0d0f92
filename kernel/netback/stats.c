// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers for people: the net device's own, ethtool's for each queue, and in
 * debugfs (xen-netback/<vif>/) what each ring is doing right now.
 */
#include <linux/debugfs.h>
#include <linux/ethtool.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "netback.h"

static const struct {
	char name[ETH_GSTRING_LEN - 8];
	size_t at;
} numbers[] = {
#define NUMBER(name)	{ #name, offsetof(struct netback_counters, name) }
	NUMBER(from_packets),
	NUMBER(from_bytes),
	NUMBER(from_memory),
	NUMBER(from_limited),
	NUMBER(from_groups),
	NUMBER(xdp_dropped),
	NUMBER(xdp_sent),
	NUMBER(xdp_redirected),
	NUMBER(to_packets),
	NUMBER(to_bytes),
	NUMBER(to_grant),
	NUMBER(to_filtered),
	NUMBER(to_large),
	NUMBER(to_timeout),
	NUMBER(to_stopped),
	NUMBER(to_limited),
};

static u64 number(const struct netback_counters *c, unsigned int i)
{
	return READ_ONCE(*(const u64 *)((const char *)c + numbers[i].at));
}

static u64 refused(const struct netback_counters *c)
{
	u64 sum = 0;
	unsigned int v;

	for (v = WIRE_REJECT_OP; v < WIRE_NR_VERDICTS; v++)
		sum += READ_ONCE(c->verdicts[v]);
	return sum;
}

void netback_stats_sum(struct netback_vif *vif, struct rtnl_link_stats64 *sum)
{
	unsigned int i;

	for (i = 0; i < vif->max_queues; i++) {
		const struct netback_counters *c = &vif->counters[i];

		sum->rx_packets += READ_ONCE(c->from_packets);
		sum->rx_bytes += READ_ONCE(c->from_bytes);
		sum->rx_dropped += READ_ONCE(c->from_memory);
		sum->rx_errors += refused(c);
		sum->tx_packets += READ_ONCE(c->to_packets);
		sum->tx_bytes += READ_ONCE(c->to_bytes);
		sum->tx_dropped += READ_ONCE(c->to_timeout) + READ_ONCE(c->to_filtered);
		sum->tx_errors += READ_ONCE(c->to_grant) + READ_ONCE(c->to_large);
	}
}

/* ---- ethtool --------------------------------------------------------------------------------- */

static int get_sset_count(struct net_device *netdev, int set)
{
	struct netback_vif *vif = netback_iface_vif(netdev);

	return set == ETH_SS_STATS ? vif->max_queues * (ARRAY_SIZE(numbers) + 1) : -EOPNOTSUPP;
}

static void get_strings(struct net_device *netdev, u32 set, u8 *data)
{
	struct netback_vif *vif = netback_iface_vif(netdev);
	unsigned int i, q;

	for (q = 0; set == ETH_SS_STATS && q < vif->max_queues; q++) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++, data += ETH_GSTRING_LEN)
			snprintf(data, ETH_GSTRING_LEN, "q%u_%.18s", q, numbers[i].name);
		snprintf(data, ETH_GSTRING_LEN, "q%u_from_refused", q);
		data += ETH_GSTRING_LEN;
	}
}

static void get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats, u64 *data)
{
	struct netback_vif *vif = netback_iface_vif(netdev);
	unsigned int i, q;

	for (q = 0; q < vif->max_queues; q++) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++)
			*data++ = number(&vif->counters[q], i);
		*data++ = refused(&vif->counters[q]);
	}
}

static void get_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct netback_vif *vif = netback_iface_vif(netdev);

	channels->max_combined = vif->max_queues;
	channels->combined_count = netdev->real_num_tx_queues;
}

static void get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	ring->rx_max_pending = ring->rx_pending = NETBACK_RING_SLOTS;
	ring->tx_max_pending = ring->tx_pending = NETBACK_RING_SLOTS;
}

const struct ethtool_ops netback_ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_ethtool_stats,
	.get_channels = get_channels,
	.get_ringparam = get_ringparam,
};

/* ---- debugfs --------------------------------------------------------------------------------- */

static const char *const why_texts[NETBACK_NR_WHYS] = {
	[NETBACK_BUSY] = "busy",
	[NETBACK_EMPTY] = "no packets",
	[NETBACK_LIMITED] = "waits for what its rate allows",
	[NETBACK_STOPPED] = "stopped",
};

static struct dentry *root;

static void show_ring(struct seq_file *m, const char *name, const struct xenbe_ring *ring,
		      const struct xenbe_evtchn *evtchn, const struct xenbe_copies *copies)
{
	struct wire_ring_view v;

	if (!ring->pages)
		return;
	wire_ring_look(&ring->wire, &v);
	seq_printf(m, "  %s: slots %u taken %u answered %u published %u\n", name,
		   ring->wire.nr_slots, v.taken, v.answered, v.published);
	seq_printf(m, "    shared: requests up to %u, event wanted at %u; responses up to %u, event wanted at %u\n",
		   v.requests, v.requests_event, v.responses, v.responses_event);
	seq_printf(m, "    events %llu spurious %llu notifies %llu copies %llu in %llu batches, packets refused %llu\n",
		   READ_ONCE(evtchn->events), READ_ONCE(evtchn->spurious),
		   READ_ONCE(evtchn->notifies), READ_ONCE(copies->done), READ_ONCE(copies->batches),
		   READ_ONCE(copies->failed));
}

static const char *to_text(const struct netback_queue *q)
{
	if (READ_ONCE(q->held))
		return READ_ONCE(q->limited) ? why_texts[NETBACK_LIMITED] :
					       "waits for pages of the guest's";
	return READ_ONCE(q->stalled) ? "drops, the guest gives no pages" : "ready";
}

static void show_queue(struct seq_file *m, struct netback_queue *q)
{
	enum wire_verdict fatal = READ_ONCE(q->fatal);
	enum netback_why why = READ_ONCE(q->why);
	unsigned int i;

	seq_printf(m, "queue %u\n", q->index);
	seq_printf(m, "  from the guest: %s\n", why < NETBACK_NR_WHYS ? why_texts[why] : "?");
	seq_printf(m, "  to the guest: %s\n", to_text(q));
	if (fatal)
		seq_printf(m, "  given up: %s\n", wire_verdict_text(fatal));
	show_ring(m, "tx", &q->tx, &q->tx_evtchn, &q->tx_copies);
	show_ring(m, "rx", &q->rx, netback_queue_rx_evtchn(q), &q->rx_copies);
	for (i = WIRE_REJECT_OP; i < WIRE_NR_VERDICTS; i++)
		if (q->count->verdicts[i])
			seq_printf(m, "  %s %llu\n", wire_verdict_name(i), q->count->verdicts[i]);
}

static int rings_show(struct seq_file *m, void *unused)
{
	struct netback_vif *vif = m->private;
	unsigned int i;

	if (mutex_lock_interruptible(&vif->lock))
		return -EINTR;
	if (!vif->queues)
		seq_printf(m, "not connected, %s is %s%s\n", vif->dev->nodename,
			   wire_xenbus_state_name(vif->dev->state),
			   vif->plugged ? "" : ", hotplug-status is not \"connected\"");
	for (i = 0; i < vif->nr_queues; i++)
		show_queue(m, &vif->queues[i]);
	show_ring(m, "ctrl", &vif->ctrl, &vif->ctrl_evtchn, &vif->ctrl_copies);
	mutex_unlock(&vif->lock);
	return 0;
}

static int rings_open(struct inode *inode, struct file *file)
{
	return single_open(file, rings_show, inode->i_private);
}

/* As if each end of each ring had sent the other an event. */
static void kick_all(struct netback_vif *vif)
{
	unsigned int i;

	for (i = 0; i < vif->nr_queues; i++) {
		struct netback_queue *q = &vif->queues[i];

		netback_from_later(q);
		xenbe_evtchn_notify(&q->tx_evtchn);
		if (vif->split_events)
			xenbe_evtchn_notify(&q->rx_evtchn);
	}
}

/* "kick" is for an event that was lost, by whoever: see whether it helps. */
static ssize_t rings_write(struct file *file, const char __user *text, size_t len, loff_t *unused)
{
	struct netback_vif *vif = file_inode(file)->i_private;
	char word[sizeof("kick\n")] = "";

	if (len >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, text, len))
		return -EFAULT;
	if (!sysfs_streq(word, "kick"))
		return -EINVAL;
	if (mutex_lock_interruptible(&vif->lock))
		return -EINTR;
	kick_all(vif);
	mutex_unlock(&vif->lock);
	return len;
}

static const struct file_operations rings_fops = {
	.owner = THIS_MODULE,
	.open = rings_open,
	.read = seq_read,
	.write = rings_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void netback_debugfs_init(void)
{
	root = debugfs_create_dir("xen-netback", NULL);
}

void netback_debugfs_exit(void)
{
	debugfs_remove(root);
}

void netback_debugfs_add(struct netback_vif *vif)
{
	vif->debugfs = debugfs_create_dir(vif->netdev->name, root);
	debugfs_create_file("rings", 0600, vif->debugfs, vif, &rings_fops);
}

/* Waits for readers. */
void netback_debugfs_remove(struct netback_vif *vif)
{
	debugfs_remove(vif->debugfs);
	vif->debugfs = NULL;
}
