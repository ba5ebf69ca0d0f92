/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network frontend's connection: options, queues, packets. Written down from
 * Xen's public header io/netif.h; like blkabi.h it shares nothing with the
 * backend's own reading of it.
 *
 * Everything the backend answers is held against what the protocol allows: one
 * response for each slot, in order, ids echoed, sizes within the page, and
 * nothing written elsewhere. Complaints go to net->dev->chk.
 */
#ifndef FRONT_NET_H
#define FRONT_NET_H

#include "dev.h"
#include "xen.h"

#define NET_MAX_QUEUES	64u
#define NET_RING_HEAD	64u	/* bytes in front of slot 0 */
#define NET_SLOTS	256u	/* of each ring of one page */
#define NET_TX_SLOT	12u
#define NET_RX_SLOT	8u
#define NET_PIECES	18u	/* slots with data in a packet every backend takes */
#define NET_LEN_MAX	65535u
#define NET_ANSWER_MS	util_patience_ms(10000)

/* Flags of a request to send; a packet received has the first two the other way round. */
#define NET_CSUM_BLANK		1u
#define NET_DATA_VALIDATED	2u
#define NET_MORE_DATA		4u
#define NET_EXTRA_INFO		8u

enum net_status { NET_DROPPED = -2, NET_ERROR = -1, NET_OKAY = 0, NET_NULL = 1 };

enum net_extra_type {
	NET_EXTRA_GSO = 1, NET_EXTRA_MCAST_ADD, NET_EXTRA_MCAST_DEL, NET_EXTRA_HASH, NET_EXTRA_XDP,
};

enum net_gso { NET_GSO_NONE, NET_GSO_TCPV4, NET_GSO_TCPV6 };

/* How to connect. */
struct net_opts {
	unsigned int queues;	/* 0: as many as the backend offers */
	bool split;		/* an event channel for each direction */
	bool sg, gso, no_csum, ipv6_csum, rx_notify;
	bool ctrl;		/* with a control ring */
	bool mcast;		/* request-multicast-control */
	u32 headroom;		/* xdp-headroom */
	u32 start;		/* first index of fresh rings */
};

#define NET_OPTS_DEFAULT { .queues = 1, .sg = true, .gso = true, .ipv6_csum = true, \
			   .rx_notify = true }

struct net_ring_head {
	u32 req_prod, req_event;
	u32 rsp_prod, rsp_event;
	u8 private[48];
};

struct net_ring {
	struct xen_pages *page;
	struct net_ring_head *head;
	u32 slot_bytes;
	u32 prod, cons;		/* our own: requests put, responses taken */
	u32 published;
};

struct net;

struct net_queue {
	struct net *net;
	unsigned int nr;
	struct net_ring tx, rx;
	u32 tx_port, rx_port;	/* the same if they share one */

	struct xen_pages *tx_pages;	/* NET_SLOTS: the page of the slot that is sent */
	u16 tx_owed[NET_SLOTS];		/* what has to come back: the slot's id */
	bool tx_extra[NET_SLOTS];	/* or, for an extra, NET_NULL */
	bool tx_noise;			/* changed since: data may be an extra, and an extra data */
	u32 tx_okay;			/* data that was taken */
	u32 tx_errors;			/* and that was not */
	int tx_last;			/* the last of them */

	struct xen_pages *rx_pages;	/* NET_SLOTS: page i is posted as id i */
	u16 rx_posted[NET_SLOTS];	/* id by slot */
	bool hold_pages;		/* what is used up is not posted again */
};

/* A packet to send, or received. */
struct net_packet {
	const u8 *bytes;
	u32 len;
	u16 flags;		/* NET_CSUM_BLANK, NET_DATA_VALIDATED */
	u8 gso_type;
	u16 gso_size;
	/* How it is cut when sent; none: page by page. The pieces' lengths sum up to len. */
	unsigned int nr_pieces;
	u16 piece[NET_PIECES], offset[NET_PIECES];
	/* Of a received one. */
	bool hashed;
	u8 hash_kind;
	u32 hash;
	u16 headroom;		/* as the backend says in an extra */
	unsigned int queue;
	bool error;		/* the backend could not write it */
};

struct net_ctrl_msg {
	u16 type;
	u32 data[3];
};

struct net {
	struct dev *dev;
	struct net_opts opts;
	struct xen_events events;
	unsigned int max_queues;
	unsigned int nr_queues;
	struct net_queue queue[NET_MAX_QUEUES];
	struct net_ring ctrl;
	u32 ctrl_port;
	u16 ctrl_id;
	u8 *buffer;		/* of the packet last received */
	struct rng rng;
};

/* net.c: connection, as in blk.h */
bool net_read_offer(struct net *net, struct dev *dev);
void net_prepare(struct net *net, struct dev *dev, const struct net_opts *opts);
void net_write_keys(struct net *net, bool announce);
void net_remove_keys(struct dev *dev, unsigned int nr_queues);
bool net_connect(struct net *net, struct dev *dev, const struct net_opts *opts);
bool net_await_connected(struct net *net);
bool net_disconnect(struct net *net);
void net_release(struct net *net);

/* netring.c: packets */

/* Slots by hand. */
u8 *net_slot(struct net_ring *ring, u32 index);
void net_put_tx(struct net_queue *q, u32 gref, u16 offset, u16 flags, u16 id, u16 size);
void net_put_extra(struct net_queue *q, u8 type, bool more, const void *body);
void net_publish(struct net_queue *q, struct net_ring *ring, bool always_notify);
u32 net_tx_room(const struct net_queue *q);

/* Puts a packet on the ring, if there is room, and tells nobody yet. */
bool net_put(struct net_queue *q, const struct net_packet *p);
/* Takes the answers that are there; complains about those that are wrong. */
void net_reap(struct net_queue *q);
/* Until nothing is owed any more; false (and a complaint) if that takes too long. */
bool net_flush(struct net_queue *q);
/* put, publish, flush: and the backend has to have taken it. */
bool net_send(struct net_queue *q, const struct net_packet *p);

/* Posts the page of @id again, or all. */
void net_post(struct net_queue *q, u16 id);
void net_post_all(struct net_queue *q);
/* A packet of any queue; false: none until @deadline_ms. *@p lives until the next call. */
bool net_receive(struct net *net, struct net_packet *p, u64 deadline_ms);

/* A control message and its answer; -ETIMEDOUT, and a complaint. */
int net_control(struct net *net, const struct net_ctrl_msg *msg, u32 *answer);

#endif
