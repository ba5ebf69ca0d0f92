// SPDX-License-Identifier: GPL-2.0-or-later
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool net_read_offer(struct net *net, struct dev *dev)
{
	static const char *const wanted[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-rx-copy",
		"feature-ipv6-csum-offload", "feature-multicast-control", "feature-ctrl-ring",
		"feature-split-event-channels",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!check_that(dev->chk, dev_be_u64(dev, wanted[i], 0) == 1, "no %s", wanted[i]))
			return false;
	net->max_queues = (u32)dev_be_u64(dev, "multi-queue-max-queues", 0);
	return check_that(dev->chk, net->max_queues > 0, "no multi-queue-max-queues");
}

static void make_ring(struct net *net, struct net_ring *ring, u32 slot_bytes)
{
	*ring = (struct net_ring){ .slot_bytes = slot_bytes };
	ring->page = xen_pages_alloc(net->dev->be_domid, 1, true);
	ring->head = (struct net_ring_head *)ring->page->va;
	ring->prod = ring->cons = ring->published = net->opts.start;
	ring->head->req_prod = ring->head->rsp_prod = net->opts.start;
	ring->head->req_event = ring->head->rsp_event = net->opts.start + 1;
}

static void make_queue(struct net *net, unsigned int nr)
{
	struct net_queue *q = &net->queue[nr];
	u16 domid = net->dev->be_domid;

	*q = (struct net_queue){ .net = net, .nr = nr };
	make_ring(net, &q->tx, NET_TX_SLOT);
	make_ring(net, &q->rx, NET_RX_SLOT);
	q->tx_pages = xen_pages_alloc(domid, NET_SLOTS, false);
	q->rx_pages = xen_pages_alloc(domid, NET_SLOTS, true);
	q->tx_port = xen_events_offer(&net->events, domid);
	q->rx_port = net->opts.split ? xen_events_offer(&net->events, domid) : q->tx_port;
	net_post_all(q);
}

void net_prepare(struct net *net, struct dev *dev, const struct net_opts *opts)
{
	unsigned int i;

	xen_open();
	net->dev = dev;
	net->opts = *opts;
	net->nr_queues = min(opts->queues ?: max(net->max_queues, 1u), NET_MAX_QUEUES);
	if (!net->rng.state)
		rng_seed(&net->rng, dev->chk->seed);
	xen_events_init(&net->events);
	net->buffer = util_alloc(NET_LEN_MAX + PAGE_BYTES);
	for (i = 0; i < net->nr_queues; i++)
		make_queue(net, i);
	if (!opts->ctrl)
		return;
	make_ring(net, &net->ctrl, 16);
	net->ctrl_port = xen_events_offer(&net->events, dev->be_domid);
}

static void write_queue_keys(struct net *net, store_tx tx, struct net_queue *q)
{
	struct store *st = net->dev->st;
	char dir[160], key[200];

	if (net->nr_queues > 1)
		snprintf(dir, sizeof(dir), "%s/queue-%u", net->dev->fe, q->nr);
	else
		snprintf(dir, sizeof(dir), "%s", net->dev->fe);
#define WRITE(name, value)							\
	do {									\
		snprintf(key, sizeof(key), "%s/" name, dir);			\
		store_send_printf(st, tx, key, "%u", value);			\
	} while (0)
	WRITE("tx-ring-ref", q->tx.page->gref[0]);
	WRITE("rx-ring-ref", q->rx.page->gref[0]);
	if (net->opts.split) {
		WRITE("event-channel-tx", q->tx_port);
		WRITE("event-channel-rx", q->rx_port);
	} else {
		WRITE("event-channel", q->tx_port);
	}
#undef WRITE
}

static void write_keys(struct net *net, store_tx tx)
{
	const struct net_opts *o = &net->opts;
	const struct {
		const char *key;
		u32 value;
	} keys[] = {
		{ "request-rx-copy", 1 },
		{ "feature-rx-notify", o->rx_notify },
		{ "feature-sg", o->sg },
		{ "feature-gso-tcpv4", o->gso },
		{ "feature-gso-tcpv6", o->gso },
		{ "feature-no-csum-offload", o->no_csum },
		{ "feature-ipv6-csum-offload", o->ipv6_csum },
		{ "request-multicast-control", o->mcast },
		{ "xdp-headroom", o->headroom },
	};
	struct dev *dev = net->dev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		store_send_printf(dev->st, tx, dev_fe_path(dev, keys[i].key), "%u", keys[i].value);
	if (net->nr_queues > 1)
		store_send_printf(dev->st, tx, dev_fe_path(dev, "multi-queue-num-queues"), "%u",
				  net->nr_queues);
	if (o->ctrl) {
		store_send_printf(dev->st, tx, dev_fe_path(dev, "ctrl-ring-ref"), "%u",
				  net->ctrl.page->gref[0]);
		store_send_printf(dev->st, tx, dev_fe_path(dev, "event-channel-ctrl"), "%u",
				  net->ctrl_port);
	}
	for (i = 0; i < net->nr_queues; i++)
		write_queue_keys(net, tx, &net->queue[i]);
}

void net_write_keys(struct net *net, bool announce)
{
	struct dev *dev = net->dev;

	/* Nothing reads them before the state says so: no transaction is needed. */
	write_keys(net, 0);
	if (store_drain(dev->st))
		util_lab_error("cannot write %s", dev->fe);
	dev_forget_errors(dev);
	if (announce)
		(void)dev_set_state(dev, DEV_CONNECTED);
}

void net_remove_keys(struct dev *dev, unsigned int nr_queues)
{
	static const char *const keys[] = {
		"request-rx-copy", "feature-rx-notify", "feature-sg", "feature-gso-tcpv4",
		"feature-gso-tcpv6", "feature-no-csum-offload", "feature-ipv6-csum-offload",
		"request-multicast-control", "xdp-headroom", "multi-queue-num-queues",
		"ctrl-ring-ref", "event-channel-ctrl", "tx-ring-ref", "rx-ring-ref",
		"event-channel", "event-channel-tx", "event-channel-rx",
	};
	char key[200];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		store_send_rm(dev->st, 0, dev_fe_path(dev, keys[i]));
	for (i = 0; nr_queues > 1 && i < nr_queues; i++) {
		snprintf(key, sizeof(key), "%s/queue-%u", dev->fe, i);
		store_send_rm(dev->st, 0, key);
	}
	(void)store_drain(dev->st);
}

bool net_await_connected(struct net *net)
{
	struct dev *dev = net->dev;
	int r = dev_wait_told(dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT, DEV_STEP_MS);
	char *error = dev_error_text(dev);
	bool ok;

	ok = check_that(dev->chk, r == DEV_CONNECTED, "connect: backend is in state %d%s%s",
			dev_backend_state(dev), error ? ", " : "", error ?: "");
	free(error);
	return ok;
}

bool net_connect(struct net *net, struct dev *dev, const struct net_opts *opts)
{
	if (!net_read_offer(net, dev))
		return false;
	net_prepare(net, dev, opts);
	net_write_keys(net, true);
	return net_await_connected(net);
}

bool net_disconnect(struct net *net)
{
	bool ok = dev_close(net->dev);

	net_remove_keys(net->dev, net->nr_queues);
	net_release(net);
	return ok;
}

void net_release(struct net *net)
{
	unsigned int i;

	if (!net->dev)
		return;
	for (i = 0; i < net->nr_queues; i++) {
		struct net_queue *q = &net->queue[i];

		xen_pages_free(q->tx.page);
		xen_pages_free(q->rx.page);
		xen_pages_free(q->tx_pages);
		xen_pages_free(q->rx_pages);
	}
	xen_pages_free(net->ctrl.page);
	net->ctrl.page = NULL;
	if (net->buffer)
		xen_events_fini(&net->events);
	free(net->buffer);
	net->buffer = NULL;
	net->nr_queues = 0;
	net->dev = NULL;
}
