// SPDX-License-Identifier: GPL-2.0
/*
 * Connect and disconnect. All that the frontend wrote is read once into a
 * struct of ours and judged there; the rings are built from that struct.
 */
#include <linux/slab.h>

#include "netback.h"

struct ring_plan {
	grant_ref_t tx_ref, rx_ref;
	evtchn_port_t tx_port, rx_port;
};

struct connect_plan {
	u32 nr_queues;
	bool split_events;
	bool has_ctrl;
	grant_ref_t ctrl_ref;
	evtchn_port_t ctrl_port;

	/* what the frontend can take */
	bool sg, gso_tcpv4, gso_tcpv6, ip_csum, ipv6_csum, rx_notify;

	struct ring_plan rings[];
};

/* ---- what the frontend wrote --------------------------------------------------------------- */

static int optional_flag(struct netback_vif *vif, const char *key, bool *value)
{
	u32 v = *value;
	int err = xenbe_key_optional(&vif->errors, vif->dev, key, 0, 1, &v);

	*value = v;
	return err;
}

static int read_abilities(struct netback_vif *vif, struct connect_plan *plan)
{
	bool rx_copy = false, no_csum = false;
	int err;

	err = optional_flag(vif, "request-rx-copy", &rx_copy);
	if (!err && !rx_copy)
		err = xenbe_key_bad(&vif->errors, vif->dev, 0, vif->dev->otherend, "request-rx-copy",
				    "1");
	err = err ?: optional_flag(vif, "feature-rx-notify", &plan->rx_notify);
	err = err ?: optional_flag(vif, "feature-sg", &plan->sg);
	err = err ?: optional_flag(vif, "feature-gso-tcpv4", &plan->gso_tcpv4);
	err = err ?: optional_flag(vif, "feature-gso-tcpv6", &plan->gso_tcpv6);
	err = err ?: optional_flag(vif, "feature-no-csum-offload", &no_csum);
	err = err ?: optional_flag(vif, "feature-ipv6-csum-offload", &plan->ipv6_csum);
	plan->ip_csum = !no_csum;
	return err;
}

/*
 * A pair of channels if it was offered and the first of them is there, else one
 * for both directions. Linux's frontend leaves those keys behind when it connects
 * again and was not offered a pair this time.
 */
static int read_ports(struct netback_vif *vif, const char *dir, struct ring_plan *ring, bool *split)
{
	int err = -ENOENT;

	if (vif->split_offered)
		err = xenbe_store_read_u32(dir, "event-channel-tx", U32_MAX, &ring->tx_port);
	*split = err != -ENOENT;
	if (!*split)
		return xenbe_key_port(&vif->errors, vif->dev, dir, "event-channel", &ring->tx_port);
	if (err)
		return xenbe_key_bad(&vif->errors, vif->dev, err, dir, "event-channel-tx",
				     "an event channel port");
	return xenbe_key_port(&vif->errors, vif->dev, dir, "event-channel-rx", &ring->rx_port);
}

static int no_memory(struct netback_vif *vif)
{
	xenbe_error(&vif->errors, vif->dev, -ENOMEM, "no memory to connect");
	return -EAGAIN;
}

static int read_ring(struct netback_vif *vif, struct connect_plan *plan, u32 i)
{
	struct ring_plan *ring = &plan->rings[i];
	bool split;
	char *dir;
	int err;

	dir = plan->nr_queues == 1 ? kstrdup(vif->dev->otherend, GFP_KERNEL) :
	      kasprintf(GFP_KERNEL, "%s/queue-%u", vif->dev->otherend, i);
	if (!dir)
		return no_memory(vif);
	err = xenbe_key_gref(&vif->errors, vif->dev, dir, "tx-ring-ref", &ring->tx_ref);
	err = err ?: xenbe_key_gref(&vif->errors, vif->dev, dir, "rx-ring-ref", &ring->rx_ref);
	err = err ?: read_ports(vif, dir, ring, &split);
	if (!err && i && split != plan->split_events)
		err = xenbe_key_bad(&vif->errors, vif->dev, 0, dir, "event-channel-tx",
				    "there for all queues or for none");
	plan->split_events = split;
	kfree(dir);
	return err;
}

static int read_ctrl(struct netback_vif *vif, struct connect_plan *plan)
{
	const char *fe = vif->dev->otherend;
	int err = xenbe_store_read_u32(fe, "ctrl-ring-ref", U32_MAX, &plan->ctrl_ref);

	if (err == -ENOENT)
		return 0;
	if (err)
		return xenbe_key_bad(&vif->errors, vif->dev, err, fe, "ctrl-ring-ref",
				     "a grant reference");
	plan->has_ctrl = true;
	return xenbe_key_port(&vif->errors, vif->dev, fe, "event-channel-ctrl", &plan->ctrl_port);
}

static bool same(struct netback_vif *vif, grant_ref_t a, grant_ref_t b)
{
	if (a != b)
		return false;
	xenbe_error(&vif->errors, vif->dev, -EEXIST, "grant reference %u is given for two rings", a);
	return true;
}

/* No page may serve two rings: the guest could make our answers requests. */
static int check_pages_differ(struct netback_vif *vif, const struct connect_plan *plan)
{
	u32 i, j;

	for (i = 0; i < plan->nr_queues; i++) {
		const struct ring_plan *a = &plan->rings[i];

		if (same(vif, a->tx_ref, a->rx_ref))
			return -EEXIST;
		if (plan->has_ctrl && (same(vif, a->tx_ref, plan->ctrl_ref) ||
				       same(vif, a->rx_ref, plan->ctrl_ref)))
			return -EEXIST;
		for (j = 0; j < i; j++) {
			const struct ring_plan *b = &plan->rings[j];

			if (same(vif, a->tx_ref, b->tx_ref) || same(vif, a->tx_ref, b->rx_ref) ||
			    same(vif, a->rx_ref, b->tx_ref) || same(vif, a->rx_ref, b->rx_ref))
				return -EEXIST;
		}
	}
	return 0;
}

static struct connect_plan *read_plan(struct netback_vif *vif)
{
	struct connect_plan *plan;
	u32 nr_queues = 1, i;
	int err;

	err = xenbe_key_optional(&vif->errors, vif->dev, "multi-queue-num-queues", 1,
				 vif->max_queues, &nr_queues);
	if (err)
		return ERR_PTR(err);
	plan = kzalloc(struct_size(plan, rings, nr_queues), GFP_KERNEL);
	if (!plan)
		return ERR_PTR(no_memory(vif));
	plan->nr_queues = nr_queues;

	err = read_abilities(vif, plan);
	for (i = 0; i < nr_queues && !err; i++)
		err = read_ring(vif, plan, i);
	err = err ?: read_ctrl(vif, plan);
	err = err ?: check_pages_differ(vif, plan);
	if (!err)
		return plan;
	kfree(plan);
	return ERR_PTR(err);
}

int netback_read_headroom(struct netback_vif *vif)
{
	u32 headroom = 0;
	int err = 0;

	if (vif->headroom_offered)
		err = xenbe_key_optional(&vif->errors, vif->dev, "xdp-headroom", 0,
					 NETBACK_HEADROOM_MAX, &headroom);
	if (err == -EAGAIN)
		return err;
	WRITE_ONCE(vif->headroom, err ? 0 : headroom);
	return 0;
}

static int read_mcast(struct netback_vif *vif)
{
	bool filter = false;
	int err = xenbe_store_read_bool(vif->dev->otherend, "request-multicast-control", &filter);

	if (!xenbe_store_answered(err))
		return -EAGAIN;
	if (!filter)
		netback_mcast_clear(vif);
	WRITE_ONCE(vif->mcast_filter, filter);
	return 0;
}

int netback_read_wishes(struct netback_vif *vif)
{
	int rate = netback_rates_read(vif);
	int mcast = read_mcast(vif);
	/* Linux says Reconfiguring before it writes what, and Connected after. */
	int headroom = netback_read_headroom(vif);

	return rate ?: mcast ?: headroom;
}

/* ---- what we write --------------------------------------------------------------------------- */

int netback_advertise(struct netback_vif *vif)
{
	const struct xenbe_key keys[] = {
		{ "feature-sg", 1 },
		{ "feature-gso-tcpv4", 1 },
		{ "feature-gso-tcpv6", 1 },
		{ "feature-ipv6-csum-offload", 1 },
		{ "feature-rx-copy", 1 },
		{ "feature-rx-flip", 0 },
		{ "feature-xdp-headroom", vif->headroom_offered },
		{ "feature-multicast-control", 1 },
		{ "feature-dynamic-multicast-control", 1 },
		{ "feature-split-event-channels", vif->split_offered },
		{ "multi-queue-max-queues", vif->max_queues },
		{ "feature-ctrl-ring", 1 },
	};

	return xenbe_keys_write(&vif->errors, vif->dev, keys, ARRAY_SIZE(keys));
}

/* ---- rings ------------------------------------------------------------------------------------- */

static void say_not_attached(struct netback_vif *vif, int err, enum wire_verdict verdict,
			     const char *which)
{
	if (verdict)
		xenbe_error(&vif->errors, vif->dev, err, "%s: %s", which,
			    wire_verdict_text(verdict));
	else
		xenbe_error(&vif->errors, vif->dev, err, "cannot set up %s", which);
}

static int attach_queue(struct netback_vif *vif, const struct connect_plan *plan, u32 i)
{
	const struct ring_plan *ring = &plan->rings[i];
	struct netback_queue *q = &vif->queues[i];
	enum wire_verdict verdict = WIRE_OK;
	char which[96];
	int err;

	err = netback_queue_init(q, vif, i);
	if (!err)
		err = netback_queue_attach(q, ring->tx_ref, ring->rx_ref, ring->tx_port,
					   ring->rx_port, &verdict);
	if (err) {
		snprintf(which, sizeof(which), "queue %u with pages %u and %u, event channels %u and %u",
			 i, ring->tx_ref, ring->rx_ref, ring->tx_port, ring->rx_port);
		say_not_attached(vif, err, verdict, which);
	}
	return err;
}

static int attach_ctrl(struct netback_vif *vif, const struct connect_plan *plan)
{
	enum wire_verdict verdict = WIRE_OK;
	char which[64];
	int err;

	if (!plan->has_ctrl)
		return 0;
	err = netback_ctrl_attach(vif, plan->ctrl_ref, plan->ctrl_port, &verdict);
	if (err) {
		snprintf(which, sizeof(which), "control ring with page %u, event channel %u",
			 plan->ctrl_ref, plan->ctrl_port);
		say_not_attached(vif, err, verdict, which);
	}
	return err;
}

static void free_queues(struct netback_vif *vif)
{
	unsigned int i;

	netback_ctrl_detach(vif);
	for (i = 0; i < vif->nr_queues; i++)
		netback_queue_halt(&vif->queues[i]);
	synchronize_net();	/* whoever is in the middle of transmitting, or busy polls */
	for (i = 0; i < vif->nr_queues; i++)
		netback_queue_fini(&vif->queues[i]);
	kvfree(vif->queues);
	vif->queues = NULL;
	vif->nr_queues = 0;
}

int netback_connect(struct netback_vif *vif)
{
	struct connect_plan *plan;
	int err = 0;
	u32 i;

	lockdep_assert_held(&vif->lock);
	plan = read_plan(vif);
	if (IS_ERR(plan))
		return PTR_ERR(plan);

	vif->split_events = plan->split_events;
	vif->can_sg = plan->sg;
	vif->gso_mask = plan->gso_tcpv4 << WIRE_NET_GSO_TCPV4 |
			plan->gso_tcpv6 << WIRE_NET_GSO_TCPV6;
	vif->ip_csum = plan->ip_csum;
	vif->ipv6_csum = plan->ipv6_csum;
	vif->rx_notify = plan->rx_notify;
	err = netback_read_wishes(vif);
	if (err) {
		kfree(plan);
		return err;
	}

	vif->queues = kvcalloc(plan->nr_queues, sizeof(*vif->queues), GFP_KERNEL);
	if (!vif->queues) {
		kfree(plan);
		return no_memory(vif);
	}
	vif->nr_queues = plan->nr_queues;
	for (i = 0; i < plan->nr_queues && !err; i++)
		err = attach_queue(vif, plan, i);
	err = err ?: attach_ctrl(vif, plan);
	kfree(plan);
	if (!err)
		err = netback_iface_attach(vif);
	if (err)
		free_queues(vif);
	return err;
}

void netback_disconnect(struct netback_vif *vif)
{
	lockdep_assert_held(&vif->lock);
	if (!vif->queues)
		return;
	netback_iface_detach(vif);
	free_queues(vif);
	netback_mcast_clear(vif);
}
