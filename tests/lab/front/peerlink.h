/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer.h over a TCP connection: a frontend in a guest asks a xenfront in dom0,
 * which has the packet socket. It is no part of what is tested, and goes over
 * another interface.
 */
#ifndef FRONT_PEERLINK_H
#define FRONT_PEERLINK_H

#include "peer.h"

/* In the guest: @address is "ADDRESS:PORT" of dom0. Afterwards peer->link >= 0. */
void peerlink_open(struct peer *peer, const char *address, struct check *chk);
void peerlink_close(struct peer *peer);
bool peerlink_wait_carrier(struct peer *peer, bool carrier, unsigned int ms);
void peerlink_send(struct peer *peer, const struct virtio_net_hdr *hdr, const void *bytes,
		   u32 len);
const u8 *peerlink_receive(struct peer *peer, struct virtio_net_hdr *hdr, u32 *len,
			   u64 deadline_ms);

/* In dom0: for @name's packets, on this port, until the guest hangs up. Prints "listening". */
void peerlink_serve(const char *name, unsigned int port, struct check *chk);

#endif
