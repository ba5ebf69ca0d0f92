// SPDX-License-Identifier: GPL-2.0
/*
 * The control ring: how a guest sets up its hash, and which of its pages stay
 * mapped. A message about the hash is judged in
 * wire/net.c against a copy of what holds now; only a copy that all of it fits
 * into takes the place of the old one, so packets see one or the other.
 */
#include <linux/slab.h>

#include "netback.h"

#define MESSAGES_OF_PASS	32u

static void on_ctrl_event(void *arg)
{
	struct netback_vif *vif = arg;

	queue_work(netback_wq, &vif->ctrl_work);
}

/* ---- what a message brings along ------------------------------------------------------------ */

/* @len bytes of a granted page, into ctrl_page. At most a page. */
static bool fetch(struct netback_vif *vif, grant_ref_t gref, u32 len)
{
	if (!len)
		return true;
	xenbe_copy_in(&vif->ctrl_copies, gref, 0, vif->ctrl_page, len);
	xenbe_copies_flush(&vif->ctrl_copies);
	return xenbe_copies_ok(&vif->ctrl_copies, 0, 1);
}

/* The same back to the guest. */
static bool store(struct netback_vif *vif, grant_ref_t gref, u32 len)
{
	xenbe_copy_out(&vif->ctrl_copies, vif->ctrl_page, gref, 0, len);
	xenbe_copies_flush(&vif->ctrl_copies);
	return xenbe_copies_ok(&vif->ctrl_copies, 0, 1);
}

static enum wire_net_ctrl_status set_key(struct netback_vif *vif, struct wire_net_hash *hash,
					 const u32 *data)
{
	enum wire_net_ctrl_status status = wire_net_ctrl_check_key(data[1]);

	if (status)
		return status;
	if (!fetch(vif, data[0], data[1]))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	wire_net_hash_set_key(hash, vif->ctrl_page, data[1]);
	return WIRE_NET_CTRL_SUCCESS;
}

static enum wire_net_ctrl_status set_mapping(struct netback_vif *vif, struct wire_net_hash *hash,
					     const u32 *data)
{
	enum wire_net_ctrl_status status = wire_net_hash_check_mapping(hash, data[2], data[1]);

	if (status)
		return status;
	if (!fetch(vif, data[0], data[1] * sizeof(u32)))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	return wire_net_hash_set_mapping(hash, data[2], data[1], vif->ctrl_page, vif->nr_queues);
}

static struct netback_queue *queue_of(struct netback_vif *vif, const struct wire_net_ctrl *msg)
{
	return msg->data[0] < vif->nr_queues ? &vif->queues[msg->data[0]] : NULL;
}

/* Pages that are to stay mapped, or no longer (netif.h, "Static Grants"). */
static enum wire_net_ctrl_status change_grefs(struct netback_vif *vif,
					      const struct wire_net_ctrl *msg, u32 *answer)
{
	struct netback_queue *q = queue_of(vif, msg);
	u32 nr = msg->data[2], len = nr * WIRE_NET_GREF_ENTRY;

	if (!q || !nr || nr > WIRE_NET_GREFS_PER_PAGE || !fetch(vif, msg->data[1], len))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	if (msg->type == WIRE_NET_CTRL_ADD_GREF_MAPPING)
		return netback_grefs_add(q, vif->ctrl_page, nr);
	*answer = netback_grefs_del(q, vif->ctrl_page, nr);
	return store(vif, msg->data[1], len) ? WIRE_NET_CTRL_SUCCESS :
	       WIRE_NET_CTRL_INVALID_PARAMETER;
}

/* Changes @hash as @msg says, or leaves it and says why not. */
static enum wire_net_ctrl_status act(struct netback_vif *vif, struct wire_net_hash *hash,
				     const struct wire_net_ctrl *msg, u32 *answer)
{
	switch (msg->type) {
	case WIRE_NET_CTRL_GET_HASH_FLAGS:
		*answer = WIRE_NET_HASH_ALL;
		return WIRE_NET_CTRL_SUCCESS;
	case WIRE_NET_CTRL_SET_HASH_FLAGS:
		return wire_net_hash_set_flags(hash, msg->data[0]);
	case WIRE_NET_CTRL_SET_HASH_KEY:
		return set_key(vif, hash, msg->data);
	case WIRE_NET_CTRL_GET_HASH_MAPPING_SIZE:
		*answer = WIRE_NET_HASH_MAPPING_MAX;
		return WIRE_NET_CTRL_SUCCESS;
	case WIRE_NET_CTRL_SET_HASH_MAPPING_SIZE:
		return wire_net_hash_set_mapping_size(hash, msg->data[0]);
	case WIRE_NET_CTRL_SET_HASH_MAPPING:
		return set_mapping(vif, hash, msg->data);
	case WIRE_NET_CTRL_SET_HASH_ALGORITHM:
		return wire_net_hash_set_algorithm(hash, msg->data[0]);
	default:
		return WIRE_NET_CTRL_NOT_SUPPORTED;
	}
}

static enum wire_net_ctrl_status handle(struct netback_vif *vif, const struct wire_net_ctrl *msg,
					u32 *answer)
{
	struct netback_hash *old = rcu_dereference_protected(vif->hash, true), *new;
	enum wire_net_ctrl_status status;

	switch (msg->type) {
	case WIRE_NET_CTRL_GET_GREF_MAPPING_SIZE:
		*answer = queue_of(vif, msg) ? NETBACK_GREFS_MAX : 0;
		return *answer ? WIRE_NET_CTRL_SUCCESS : WIRE_NET_CTRL_INVALID_PARAMETER;
	case WIRE_NET_CTRL_ADD_GREF_MAPPING:
	case WIRE_NET_CTRL_DEL_GREF_MAPPING:
		return change_grefs(vif, msg, answer);
	}
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return WIRE_NET_CTRL_BUFFER_OVERFLOW;
	if (old)
		new->wire = old->wire;
	status = act(vif, &new->wire, msg, answer);
	if (status) {
		kfree(new);
		return status;
	}
	rcu_assign_pointer(vif->hash, new);
	if (old)
		kfree_rcu(old, rcu);
	return status;
}

/* ---- the ring --------------------------------------------------------------------------------- */

static void one_message(struct netback_vif *vif)
{
	u8 slot[WIRE_NET_CTRL_SLOT], rsp[WIRE_NET_CTRL_RSP];
	enum wire_net_ctrl_status status;
	struct wire_net_ctrl msg;
	u32 answer = 0;

	wire_ring_peek(&vif->ctrl.wire, 0, slot, sizeof(slot));
	wire_ring_consume(&vif->ctrl.wire, 1);
	wire_net_parse_ctrl(slot, &msg);
	status = handle(vif, &msg, &answer);
	wire_net_ctrl_response(&msg, status, answer, rsp);
	wire_ring_respond(&vif->ctrl.wire, rsp, sizeof(rsp));
}

static void on_ctrl_work(struct work_struct *work)
{
	struct netback_vif *vif = container_of(work, struct netback_vif, ctrl_work);
	enum wire_verdict v;
	u32 i, nr;

	v = wire_ring_pending(&vif->ctrl.wire, &nr);
	for (i = 0; !v && i < min(nr, MESSAGES_OF_PASS); i++)
		one_message(vif);
	if (wire_ring_publish(&vif->ctrl.wire))
		xenbe_evtchn_notify(&vif->ctrl_evtchn);
	if (!v)
		v = wire_ring_final_check(&vif->ctrl.wire, 1, &nr);
	if (v) {
		WRITE_ONCE(vif->ctrl_fatal, v);
		netback_vif_kick(vif);
		return;		/* and no EOI: nothing more is heard */
	}
	if (nr)
		queue_work(netback_wq, work);
	else
		xenbe_evtchn_done(&vif->ctrl_evtchn, i);
}

void netback_ctrl_init(struct netback_vif *vif)
{
	INIT_WORK(&vif->ctrl_work, on_ctrl_work);
}

int netback_ctrl_attach(struct netback_vif *vif, grant_ref_t ref, evtchn_port_t port,
			enum wire_verdict *verdict)
{
	domid_t domid = vif->dev->otherend_id;
	int err;

	vif->ctrl_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!vif->ctrl_page)
		return -ENOMEM;
	err = xenbe_grants_init(&vif->ctrl_grants, domid, vif->budget, 1);
	if (!err)
		err = xenbe_copies_init(&vif->ctrl_copies, domid, 1);
	if (!err)
		err = xenbe_ring_map(vif->dev, &vif->ctrl_grants, &ref, 1, WIRE_NET_CTRL_SLOT,
				     &vif->ctrl, verdict);
	if (!err)
		err = xenbe_evtchn_bind(vif->dev, port, on_ctrl_event, vif, vif->netdev->name,
					&vif->ctrl_evtchn);
	return err;
}

void netback_ctrl_detach(struct netback_vif *vif)
{
	struct netback_hash *old;

	xenbe_evtchn_unbind(&vif->ctrl_evtchn);
	cancel_work_sync(&vif->ctrl_work);
	xenbe_ring_unmap(&vif->ctrl);
	xenbe_copies_fini(&vif->ctrl_copies);
	xenbe_grants_fini(&vif->ctrl_grants);
	free_page((unsigned long)vif->ctrl_page);
	vif->ctrl_page = NULL;
	vif->ctrl_fatal = WIRE_OK;
	old = rcu_replace_pointer(vif->hash, NULL, true);
	if (old)
		kfree_rcu(old, rcu);
}
