/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of a virtual interface: a packet socket on dom0's net device,
 * which says of each packet what the network stack was told about it
 * (checksum, segmentation), and can ask for the same on the way to the guest.
 */
#ifndef FRONT_PEER_H
#define FRONT_PEER_H

#include <linux/virtio_net.h>

#include "check.h"

#define PEER_LEN_MAX	(65535u + 64u)

struct peer {
	struct check *chk;
	char name[16];
	int fd, index;
	bool remote;		/* it is in dom0, and we are not: peerlink.h */
	int link;
	u8 *buffer;		/* what was received last: header and packet */
};

/* The net device has to be there. It is up with the largest MTU when this returns. */
void peer_open(struct peer *peer, const char *name, struct check *chk);
void peer_close(struct peer *peer);
void peer_set_mtu(struct peer *peer, unsigned int mtu);

/* Waits until the net device has a carrier, or has none. */
bool peer_wait_carrier(struct peer *peer, bool carrier, unsigned int ms);

/* @hdr NULL: a packet with a good checksum that is not to be cut. False: no room now. */
bool peer_send(struct peer *peer, const struct virtio_net_hdr *hdr, const void *bytes, u32 len);

/* A packet the guest sent, or NULL when the time is over. Lives until the next call. */
const u8 *peer_receive(struct peer *peer, struct virtio_net_hdr *hdr, u32 *len, u64 deadline_ms);

/* Takes what comes, until nothing has come for @quiet_ms. */
void peer_drain(struct peer *peer, unsigned int quiet_ms);

#endif
