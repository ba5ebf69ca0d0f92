/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xen-netback: the whole driver's structs and who may touch them.
 *
 *   struct netback_vif	  one virtual interface of one guest, and its net device here
 *   struct netback_queue a pair of rings, from connect to disconnect
 *
 * Words: "from the guest" and "to the guest" say which way a packet goes. The
 * net device receives what comes from the guest (the guest's transmit ring, tx
 * here as in the protocol) and transmits what goes to it (its receive ring, rx).
 *
 * Context: what comes from the guest is all done by the queue's NAPI poll. What
 * goes to it is done by whoever transmits, under the lock of the net device's
 * transmit queue; there is no thread and no list of waiting packets. The
 * handshake runs in the vif's state_work.
 *
 * Lock order: vif->lock, rtnl, the transmit queues' locks, vif->rates_lock.
 * Interrupt context takes none.
 */
#ifndef NETBACK_H
#define NETBACK_H

#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <net/xdp.h>
#include <xen/xenbus.h>

#include "../../wire/limit.h"
#include "../../wire/net.h"
#include "../../wire/store.h"
#include "../common/xenbe.h"

#define NETBACK_RING_SLOTS	256u	/* of each of the two rings, which have one page */
#define NETBACK_TX_BATCH	64u	/* packets from the guest with one hypercall */
#define NETBACK_TX_OPS		320u	/* copies of one batch */
#define NETBACK_CHUNKS		16u	/* of 32 KiB, kept by a queue for data from the guest */
#define NETBACK_RX_BATCH	32u	/* packets to the guest with one hypercall */
#define NETBACK_RX_OPS		256u
#define NETBACK_QUEUES_MAX	64u	/* that a guest is offered, whatever the parameter says */
#define NETBACK_MCAST_MAX	64u	/* groups one guest may have */
#define NETBACK_GREFS_MAX	512u	/* of each queue's pages that may stay mapped */
#define NETBACK_HEADROOM_MAX	256u	/* what xdp-headroom may ask for */

/* Numbers of one queue. Kept in the vif, so that they never run backwards. */
struct netback_counters {
	/* written by the poll, read anywhere */
	u64 from_packets, from_bytes;
	u64 from_memory;	/* packets lost because memory was short */
	u64 from_limited;	/* times the guest had to wait for its rate */
	u64 from_groups;	/* orders about multicast groups */
	u64 xdp_dropped, xdp_sent, xdp_redirected;	/* by the program */
	u64 verdicts[WIRE_NR_VERDICTS];

	/* written under the transmit queue's lock */
	u64 to_packets, to_bytes;
	u64 to_grant;		/* the guest's page could not be written */
	u64 to_filtered;	/* a multicast group it has not joined */
	u64 to_large;		/* does not fit its rings */
	u64 to_timeout;		/* waited too long for pages */
	u64 to_stopped;		/* times there were too few pages */
	u64 to_limited;		/* times a packet had to wait for the rate */
};

/* A packet from the guest between its ring and the stack. */
struct netback_from {
	struct sk_buff *skb;	/* neither: nothing to deliver */
	void *buf;		/* what a program sees before there is an skb, see xdp.c */
	enum wire_net_status status;
	u16 first_op, last_op;	/* its copies */
	u16 at;			/* its first slot, of those copied in */
	struct wire_net_tx tx;
};

/* A page of the guest's to be filled. */
struct netback_page {
	u32 gref;
	u16 id;
	u16 offset, len;	/* of what is put there */
	u16 first_op, last_op;
};

/* A packet to the guest that has been given pages. */
struct netback_to {
	struct sk_buff *skb;	/* or */
	struct xdp_frame *frame;
	u16 first_page, nr_pages;
	u16 nr_extras;
	bool hashed;		/* its hash goes along */
};

enum netback_way { NETBACK_FROM, NETBACK_TO, NETBACK_NR_WAYS };

enum netback_why {	/* why nothing is taken off the ring */
	NETBACK_BUSY,
	NETBACK_EMPTY,
	NETBACK_LIMITED,
	NETBACK_STOPPED,
	NETBACK_NR_WHYS
};

struct netback_queue {
	struct netback_vif *vif;
	unsigned int index;
	struct netback_counters *count;
	char name[IFNAMSIZ + 8];	/* "vif3.0-q1" */
	struct xenbe_grants grants;	/* for the ring pages */
	struct netback_grefs *grefs;	/* NULL: no page ever stayed mapped. Set by ctrl_work */

	/* from the guest: the poll's */
	struct napi_struct napi;
	struct xenbe_ring tx;
	struct xenbe_evtchn tx_evtchn;
	struct xenbe_copies tx_copies;
	struct page_frag frag;		/* where data goes */
	struct page *chunks[NETBACK_CHUNKS];	/* where it went before */
	unsigned int next_chunk;
	struct work_struct later_work;	/* polls again when others have had their turn */
	struct timer_list limit_timer;	/* polls again when the rate allows */
	u8 *tx_slots;			/* private copies, the whole ring */
	struct netback_from *from;	/* NETBACK_TX_BATCH */
	unsigned int nr_from;
	struct xdp_rxq_info xdp_rxq;
	struct bpf_prog *xdp_prog;	/* of the batch */
	struct xdp_frame **xdp_tx;	/* NETBACK_TX_BATCH: to go back to the guest */
	unsigned int nr_xdp_tx;
	bool xdp_redirected;
	bool worked;			/* since the last EOI */
	enum netback_why why;
	enum wire_verdict fatal;	/* why the ring was given up */

	/* to the guest: under the transmit queue's lock */
	struct xenbe_ring rx;
	struct xenbe_evtchn rx_evtchn;	/* not bound if both share one */
	struct xenbe_copies rx_copies;
	struct netback_to *to;		/* NETBACK_RX_BATCH */
	unsigned int nr_to;
	struct netback_page *pages;	/* NETBACK_RING_SLOTS */
	unsigned int nr_pages;
	struct sk_buff *held;		/* waits for pages; the net device's queue is stopped */
	bool limited;			/* it waits for the rate instead */
	bool stalled;			/* one waited too long: drop until there are pages */
	bool dead;			/* stalled so long that the carrier may go */
	unsigned int need;		/* pages the guest has been asked for, 0: none */
	u16 headroom;			/* of the batch */
	bool heard;			/* of the guest, since packets were put there */
	bool apart;			/* the packet's pieces have pages of their own, */
	bool join;			/* but for the first, which joins the headers */
	struct timer_list rx_timer;	/* of the held one, then of being stalled */
	u8 rx_slot[WIRE_NET_RX_SLOT];
};

struct netback_mcast {
	struct hlist_node node;
	struct rcu_head rcu;
	u8 addr[ETH_ALEN];
};

struct netback_hash {
	struct rcu_head rcu;
	struct wire_net_hash wire;
};

struct netback_vif {
	struct xenbus_device *dev;	/* we hold a reference */
	struct net_device *netdev;
	struct xenbe_budget *budget;
	struct xenbe_errors errors;
	u32 handle;

	/* handshake */
	struct mutex lock;		/* everything in this group and the next */
	struct delayed_work state_work;
	struct xenbus_watch watch;	/* our directory: rate, hotplug-status, online */
	struct xenbus_watch mcast_watch;	/* the frontend's wish for a multicast filter */
	bool removed;
	bool script;			/* somebody plugs it, and says so in hotplug-status */
	bool plugged;			/* has said so, or nobody does */
	/* what the guest has been told of our end; -1: nothing yet */
	int carrier_said, mtu_said;

	/* connection */
	struct netback_queue *queues;	/* NULL: not attached */
	unsigned int nr_queues;
	unsigned int max_queues;	/* as advertised at probe */
	bool split_offered;		/* likewise */
	bool headroom_offered;
	bool split_events;
	bool attached;			/* changed under rtnl, with all transmit queues stopped */
	struct bpf_prog __rcu *xdp_prog;	/* changed under rtnl */

	/* what the frontend can take; set at connect */
	bool can_sg, ip_csum, ipv6_csum, rx_notify;
	int full_mtu;			/* of the interface, while it is lowered; or 0 */
	u8 gso_mask;			/* 1 << enum wire_net_gso */
	u16 headroom;			/* bytes kept free in each page for it */

	/* control ring */
	struct xenbe_ring ctrl;
	struct xenbe_grants ctrl_grants;
	struct xenbe_evtchn ctrl_evtchn;
	struct xenbe_copies ctrl_copies;
	struct work_struct ctrl_work;
	void *ctrl_page;		/* what a message brings along, copied in */
	enum wire_verdict ctrl_fatal;	/* why it was given up */
	struct netback_hash __rcu *hash;	/* NULL: none was ever set; changed by ctrl_work */

	/* multicast filter */
	bool mcast_filter;
	spinlock_t mcast_lock;
	struct hlist_head mcast_groups;
	unsigned int nr_mcast_groups;

	spinlock_t rates_lock;
	bool has_rates;
	struct wire_limit rates[NETBACK_NR_WAYS];	/* bytes; changed under both locks */
	u64 burst_ms;
	u64 rate_key;			/* bytes a second, as the toolstack last said */

	struct dentry *debugfs;
	struct netback_counters *counters;	/* max_queues of them */
};

/* The one that tells the guest of packets. */
static inline struct xenbe_evtchn *netback_queue_rx_evtchn(struct netback_queue *q)
{
	return q->vif->split_events ? &q->rx_evtchn : &q->tx_evtchn;
}

/* main.c: parameters; workqueues, of which one is for netback_from_later() alone */
extern struct workqueue_struct *netback_wq, *netback_poll_wq;
unsigned int netback_max_queues(void);
unsigned int netback_fatal_slots(void);
unsigned long netback_drain_timeout(void);	/* jiffies */
unsigned long netback_stall_timeout(void);	/* jiffies, 0: never */
bool netback_separate_irqs(void);
bool netback_provides_headroom(void);
bool netback_threaded(void);

/* xenbus.c */
int netback_xenbus_init(void);
void netback_xenbus_exit(void);
/* Looks at the handshake again soon. Any context. */
void netback_vif_kick(struct netback_vif *vif);

/* connect.c: under vif->lock, may sleep */
int netback_advertise(struct netback_vif *vif);
/* On failure the reason has been published; -EAGAIN: the next time may be better. */
int netback_connect(struct netback_vif *vif);
void netback_disconnect(struct netback_vif *vif);
/* What may change while connected. -EAGAIN: no answer from xenstore, and all is as it was. */
int netback_read_headroom(struct netback_vif *vif);
int netback_read_wishes(struct netback_vif *vif);

/* iface.c: the net device. Process context, sleeps, takes rtnl. */
int netback_iface_create(struct netback_vif *vif);
void netback_iface_remove(struct netback_vif *vif);
int netback_iface_attach(struct netback_vif *vif);	/* queues are there */
void netback_iface_detach(struct netback_vif *vif);	/* they are about to go */
struct netback_vif *netback_iface_vif(const struct net_device *netdev);

/* queue.c */
int netback_queue_init(struct netback_queue *q, struct netback_vif *vif, unsigned int index);
int netback_queue_attach(struct netback_queue *q, grant_ref_t tx_ref, grant_ref_t rx_ref,
			 evtchn_port_t tx_port, evtchn_port_t rx_port, enum wire_verdict *verdict);
/* No event comes any more. Sleeps. */
void netback_queue_halt(struct netback_queue *q);
/* Frees a queue halted a grace period ago; accepts a half-built one. Sleeps. */
void netback_queue_fini(struct netback_queue *q);
/* Its ring lies: nothing more is taken, the vif will be closed. Any context. */
void netback_queue_give_up(struct netback_queue *q, enum wire_verdict v);

/* from.c: from the guest. The poll. */
int netback_from_poll(struct napi_struct *napi, int budget);
void netback_from_kick(struct netback_queue *q);	/* any context */
void netback_from_later_init(struct netback_queue *q);
void netback_from_later(struct netback_queue *q);	/* polls in a while; any context */

/* skb.c: the poll */
/* Makes an skb for a packet and adds the copies that fill it. NULL: no memory. */
struct sk_buff *netback_skb_make(struct netback_queue *q, const struct wire_net_tx *tx);
/* After the copies: everything the stack has to know. False: it is to be dropped. */
bool netback_skb_finish(struct netback_queue *q, struct sk_buff *skb, const struct wire_net_tx *tx);

/* Adds the copies that lay all of the packet at @dst. */
void netback_skb_copy(struct netback_queue *q, const struct wire_net_tx *tx, void *dst);

/* xdp.c: the poll, but for netback_xdp_setup(), which is called under rtnl */
int netback_xdp_setup(struct netback_vif *vif, struct netdev_bpf *bpf);
bool netback_xdp_fits(const struct wire_net_tx *tx);
/* A buffer with room on both sides, and the copies that fill it. NULL: no memory. */
void *netback_xdp_make(struct netback_queue *q, const struct wire_net_tx *tx);
void netback_xdp_free(void *buf);
/*
 * After the copies, fills in a blank sum, and says so in @tx, and asks the
 * program. NULL: it was not to go on to the stack.
 */
struct sk_buff *netback_xdp_run(struct netback_queue *q, void *buf, struct wire_net_tx *tx);
/* The same for a packet that is an skb already. True: it goes on. */
bool netback_xdp_run_skb(struct netback_queue *q, struct sk_buff **skb);
/* Everything the program sent elsewhere in this batch goes. */
void netback_xdp_flush(struct netback_queue *q);

/* to.c: to the guest. Under the lock of the transmit queue, but for netback_to_frames(). */
void netback_to_xmit(struct netback_queue *q, struct sk_buff *skb, bool more);
/* How many of them were sent; the others remain the caller's. Takes the lock. */
unsigned int netback_to_frames(struct netback_queue *q, struct xdp_frame **frames, unsigned int nr);
/*
 * Copies what waits for the poll, and what was held if the guest has given pages
 * meanwhile. True: it gave what was asked. Takes the lock; softirqs are off.
 */
bool netback_to_poll(struct netback_queue *q);
/* What waits for its rate looks again. Takes the lock; softirqs are off. */
void netback_to_rates_changed(struct netback_queue *q);
void netback_to_init(struct netback_queue *q);
/* Nobody transmits any more. Sleeps. */
void netback_to_fini(struct netback_queue *q);

/* ctrl.c */
/* On failure netback_ctrl_detach() cleans up. */
int netback_ctrl_attach(struct netback_vif *vif, grant_ref_t ref, evtchn_port_t port,
			enum wire_verdict *verdict);
void netback_ctrl_detach(struct netback_vif *vif);
void netback_ctrl_init(struct netback_vif *vif);

/* grefs.c */
/* Act on a message about grants; @page is what it brought, and room for the answer. Sleep. */
enum wire_net_ctrl_status netback_grefs_add(struct netback_queue *q, const u8 *page, u32 nr);
u32 netback_grefs_del(struct netback_queue *q, u8 *page, u32 nr);
/* The page if it is mapped, for writing too if @write, or NULL. Under RCU. */
void *netback_grefs_find(struct netback_queue *q, grant_ref_t gref, bool write);
/* Nobody looks for one any more. Sleeps. */
void netback_grefs_fini(struct netback_queue *q);

/* hash.c */
/*
 * If the guest has chosen a hash: sets the skb's, and *@queue to the queue that
 * goes with it, below @nr_queues. Any context.
 */
bool netback_hash_queue(struct netback_vif *vif, struct sk_buff *skb, u32 nr_queues, u16 *queue);
/* Whether the skb's hash is one of those. Any context. */
bool netback_hash_known(struct netback_vif *vif, const struct sk_buff *skb);

/* mcast.c */
void netback_mcast_init(struct netback_vif *vif);
bool netback_mcast_add(struct netback_vif *vif, const u8 *addr);	/* any context */
void netback_mcast_del(struct netback_vif *vif, const u8 *addr);
void netback_mcast_clear(struct netback_vif *vif);
/* Whether a packet for this group may go to the guest. Under RCU. */
bool netback_mcast_wanted(struct netback_vif *vif, const u8 *addr);

/* rates.c */
void netback_rates_init(struct netback_vif *vif);
int netback_rates_read(struct netback_vif *vif);	/* the `rate` key; as netback_read_*() */
/* Any context: ns until something may pass, 0: now. */
u64 netback_rates_wait(struct netback_vif *vif, enum netback_way way);
void netback_rates_charge(struct netback_vif *vif, enum netback_way way, u64 bytes);
extern const struct attribute_group netback_rates_group;

/* stats.c */
extern const struct ethtool_ops netback_ethtool_ops;
void netback_stats_sum(struct netback_vif *vif, struct rtnl_link_stats64 *sum);
void netback_debugfs_init(void);
void netback_debugfs_exit(void);
void netback_debugfs_add(struct netback_vif *vif);
void netback_debugfs_remove(struct netback_vif *vif);

#endif
