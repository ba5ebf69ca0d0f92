// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lab_skb.ko: looks at each packet that an interface hands to the stack, for what
 * no socket and no eBPF program can see: how it lies in memory.
 *
 * insmod lab_skb.ko of=INTERFACE; then in /sys/module/lab_skb/parameters/, each
 * a number of packets:
 *
 *   packets	seen
 *   pieces	with less than 128 bytes, or all there are, in front (XSA-423)
 *   empty	with a fragment of no bytes (XSA-448)
 *   unequal	whose fragments are not as long together as the packet says
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#define FRONT	128u	/* bytes, with the Ethernet header: where protocols look without asking */

static char *of = "";
module_param(of, charp, 0444);
MODULE_PARM_DESC(of, "Interface to watch");

static unsigned long packets, pieces, empty, unequal;
module_param(packets, ulong, 0444);
module_param(pieces, ulong, 0444);
module_param(empty, ulong, 0444);
module_param(unequal, ulong, 0444);

static DEFINE_SPINLOCK(counters_lock);

static void judge(const struct sk_buff *skb)
{
	unsigned int i, size, sum = 0, nr_empty = 0;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		size = skb_frag_size(&skb_shinfo(skb)->frags[i]);
		sum += size;
		nr_empty += !size;
	}
	spin_lock_bh(&counters_lock);
	packets++;
	pieces += ETH_HLEN + skb_headlen(skb) < min(FRONT, ETH_HLEN + skb->len);
	empty += nr_empty > 0;
	unequal += sum != skb->data_len;
	spin_unlock_bh(&counters_lock);
}

/* Its Ethernet header has been taken off. */
static int look(struct sk_buff *skb, struct net_device *dev, struct packet_type *type,
		struct net_device *orig_dev)
{
	if (skb->pkt_type != PACKET_OUTGOING && !strcmp(orig_dev->name, of))
		judge(skb);
	kfree_skb(skb);
	return 0;
}

static struct packet_type all = { .type = htons(ETH_P_ALL), .func = look };

static int __init lab_skb_init(void)
{
	dev_add_pack(&all);
	return 0;
}
module_init(lab_skb_init);

static void __exit lab_skb_exit(void)
{
	dev_remove_pack(&all);
}
module_exit(lab_skb_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Looks how packets of an interface lie in memory");
