// SPDX-License-Identifier: GPL-2.0-or-later
#include "vif.h"
#include "peerlink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERTYPE	0x88b5	/* for experiments */
#define FIRST_HANDLE	100u
#define LINUX_QUEUES	8u	/* at most, of its frontend */

static bool create(struct vif *vif, struct check *chk, bool wait)
{
	const struct vif_args *args = vif->args;
	struct store *st = vif->st;
	char handle[12];
	struct dev_entry be[] = {
		{ "handle", handle }, { "mac", "00:16:3e:00:00:01" }, { "bridge", "none" },
		{ "type", "vif" }, { NULL, NULL },
	};
	struct dev_spec spec = { .kind = "vif", .first_id = FIRST_HANDLE, .step = 1, .be = be,
				 .fe = vif->fe_entries };

	xen_open();
	spec.id = args->handle;
	/* The interface's name comes from this key, so it has to be chosen here. */
	while (!spec.id) {
		char path[80];

		snprintf(path, sizeof(path), "/local/domain/0/backend/vif/0/%u", spec.first_id);
		if (!store_exists(st, 0, path))
			spec.id = spec.first_id;
		spec.first_id++;
	}
	snprintf(handle, sizeof(handle), "%u", spec.id);
	vif->fe_entries[0] = (struct dev_entry){ "mac", "00:16:3e:00:00:01" };
	if (wait)
		return !dev_create(&vif->dev, st, chk, &spec);
	dev_make(&vif->dev, st, chk, &spec);
	return true;
}

bool vif_open(struct vif *vif, const struct vif_args *args, struct store *st, struct check *chk)
{
	*vif = (struct vif){ .args = args, .st = st };
	if (!args->peer)
		return create(vif, chk, true);
	xen_open();
	dev_adopt(&vif->dev, st, chk, "vif", args->handle);
	vif_peer(vif);
	/* The guest's own driver leaves its keys behind, those of each queue too. */
	net_remove_keys(&vif->dev, LINUX_QUEUES);
	return vif_recover(vif);
}

void vif_make(struct vif *vif, const struct vif_args *args, struct store *st, struct check *chk)
{
	*vif = (struct vif){ .args = args, .st = st };
	(void)create(vif, chk, false);
}

void vif_close(struct vif *vif)
{
	if (vif->peered)
		peer_close(&vif->peer);
	vif->peered = false;
	/* The toolstack's is left as its guest's own driver wants to find it. */
	if (!vif->dev.ours && !vif->dev.chk->failed)
		(void)(dev_close(&vif->dev) && dev_reopen(&vif->dev));
	dev_destroy(&vif->dev);
}

void vif_judge(struct vif *vif, struct check *chk)
{
	vif->dev.chk = chk;
	vif->peer.chk = chk;
}

void vif_peer(struct vif *vif)
{
	char name[16];

	if (!vif->peered && vif->args->peer) {
		peerlink_open(&vif->peer, vif->args->peer, vif->dev.chk);
		vif->peered = true;
	} else if (!vif->peered) {
		snprintf(name, sizeof(name), "vif0.%u", vif->dev.id);
		peer_open(&vif->peer, name, vif->dev.chk);
		vif->peered = true;
	}
	vif->peer.chk = vif->dev.chk;
}

bool vif_connect(struct vif *vif, const struct net_opts *opts)
{
	vif_peer(vif);
	return net_connect(&vif->net, &vif->dev, opts) &&
	       peer_wait_carrier(&vif->peer, true, DEV_STEP_MS);
}

bool vif_recover(struct vif *vif)
{
	struct dev *dev = &vif->dev;
	int r;

	if (vif->net.dev) {
		net_remove_keys(vif->net.dev, vif->net.nr_queues);
		net_release(&vif->net);
	}
	(void)dev_set_state(dev, DEV_CLOSED);
	r = dev_wait_backend(dev, DEV_BIT(DEV_CLOSED), DEV_STEP_MS);
	return check_that(dev->chk, r > 0,
			  "recovery: frontend Closed, but backend is in state %d after %u ms",
			  dev_backend_state(dev), DEV_STEP_MS) &&
	       dev_reopen(dev);
}

bool vif_disconnect(struct vif *vif)
{
	if (vif->dev.chk->failed)
		return vif_recover(vif) && false;
	return net_disconnect(&vif->net) && dev_reopen(&vif->dev);
}

/* ---- packets -------------------------------------------------------------------------------- */

u8 *vif_packet(struct vif *vif, u8 *buffer, u32 len, u32 number)
{
	static const u8 head[] = {
		0x00, 0x16, 0x3e, 0x00, 0x00, 0x01, 0x00, 0x16, 0x3e, 0x00, 0x00, 0x02,
		ETHERTYPE >> 8, ETHERTYPE & 0xff,
	};
	u64 word = 0;
	u32 i;

	memcpy(buffer, head, min(len, (u32)sizeof(head)));
	for (i = sizeof(head); i < len; i++) {
		if ((i - sizeof(head)) % 8 == 0)
			word = rng_hash(vif->args->seed + number, i);
		buffer[i] = (u8)(word >> (i - sizeof(head)) % 8 * 8);
	}
	return buffer;
}

bool vif_packet_is(struct vif *vif, const u8 *bytes, u32 len, u32 number, const char *where)
{
	u8 *wanted = util_alloc(len + 1);
	bool ok;
	u32 i;

	vif_packet(vif, wanted, len, number);
	for (i = 0; i < len && bytes[i] == wanted[i]; i++)
		;
	ok = check_that(vif->dev.chk, i == len, "%s: packet of %u bytes differs at byte %u", where,
			len, i);
	free(wanted);
	return ok;
}

static u32 next_number(void)
{
	static u32 number;

	return ++number;
}

bool vif_from(struct vif *vif, struct net_queue *q, u32 len, const struct net_packet *cut)
{
	struct net_packet p = cut ? *cut : (struct net_packet){ 0 };
	struct check *chk = vif->dev.chk;
	struct virtio_net_hdr hdr;
	u32 number = next_number(), got;
	u8 *buffer = util_alloc(len);
	const u8 *bytes;
	bool ok;

	p.bytes = vif_packet(vif, buffer, len, number);
	p.len = len;
	ok = net_send(q, &p);
	if (ok) {
		bytes = peer_receive(&vif->peer, &hdr, &got, util_now_ms() + NET_ANSWER_MS);
		ok = check_that(chk, bytes, "%u bytes in %u pieces do not arrive", len, p.nr_pieces) &&
		     check_that(chk, got == len, "%u bytes arrive of %u", got, len) &&
		     vif_packet_is(vif, bytes, len, number, "from the guest");
	}
	free(buffer);
	return ok;
}

bool vif_to(struct vif *vif, u32 len)
{
	struct check *chk = vif->dev.chk;
	u32 number = next_number();
	u8 *buffer = util_alloc(len);
	struct net_packet p;
	bool ok;

	ok = check_that(chk, peer_send(&vif->peer, NULL, vif_packet(vif, buffer, len, number), len),
			"%u bytes cannot be sent", len) &&
	     check_that(chk, net_receive(&vif->net, &p, util_now_ms() + NET_ANSWER_MS),
			"%u bytes do not arrive at the guest", len) &&
	     check_that(chk, p.len == len && !p.error, "%u bytes arrive at the guest of %u", p.len,
			len) &&
	     vif_packet_is(vif, p.bytes, len, number, "to the guest");
	free(buffer);
	return ok;
}

bool vif_prove_alive(struct vif *vif)
{
	struct net_opts opts = NET_OPTS_DEFAULT;
	bool ok;

	ok = vif_connect(vif, &opts) && vif_from(vif, &vif->net.queue[0], 1514, NULL) &&
	     vif_to(vif, 1514) && vif_to(vif, 60);
	/* Also after a failure: the next row starts from the same place. */
	return vif_disconnect(vif) && ok;
}
