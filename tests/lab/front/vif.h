/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One network interface under test: the device, made by us in dom0, our
 * frontend's connection, and dom0's end of it.
 */
#ifndef FRONT_VIF_H
#define FRONT_VIF_H

#include "net.h"
#include "peer.h"

struct vif_args {
	unsigned int handle;	/* 0: any free one */
	const char *peer;	/* in a guest: where dom0's end is, "ADDRESS:PORT" */
	u64 seed;
	struct net_opts net;
};

struct vif {
	const struct vif_args *args;
	struct store *st;
	struct dev dev;
	struct dev_entry fe_entries[3];
	struct net net;
	struct peer peer;
	bool peered;
};

/* Makes the device and brings it to InitWait. */
bool vif_open(struct vif *vif, const struct vif_args *args, struct store *st, struct check *chk);
/* Makes it and does not wait. */
void vif_make(struct vif *vif, const struct vif_args *args, struct store *st, struct check *chk);
/* dom0's end, up, for vif->peer; vif_connect() does it as well. */
void vif_peer(struct vif *vif);
void vif_close(struct vif *vif);
void vif_judge(struct vif *vif, struct check *chk);	/* where complaints go from now on */

/* Connects; dom0's end is up and has a carrier. */
bool vif_connect(struct vif *vif, const struct net_opts *opts);
/* Closes in good order, back to InitWait; after a failure by any means. */
bool vif_disconnect(struct vif *vif);
bool vif_recover(struct vif *vif);

/* The proof of health: connect, packets both ways, close. In InitWait before and afterwards. */
bool vif_prove_alive(struct vif *vif);

/* Packets that carry their own proof: nobody else's, and complete. */
#define VIF_LEN_MIN	32u
u8 *vif_packet(struct vif *vif, u8 *buffer, u32 len, u32 number);
/* Whether @bytes are packet @number. */
bool vif_packet_is(struct vif *vif, const u8 *bytes, u32 len, u32 number, const char *where);

/* One from the guest, cut as @cut says (or NULL), and one to it. */
bool vif_from(struct vif *vif, struct net_queue *q, u32 len, const struct net_packet *cut);
bool vif_to(struct vif *vif, u32 len);

#endif
