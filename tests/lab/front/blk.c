// SPDX-License-Identifier: GPL-2.0-or-later
#include "blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What has to be known before the frontend chooses its rings, so it has to be
 * there no later than InitWait.
 */
bool blk_read_offer(struct blk *blk, struct dev *dev)
{
	struct blk_info *info = &blk->info;

	info->max_indirect = (u32)dev_be_u64(dev, "feature-max-indirect-segments", 0);
	info->max_queues = (u32)dev_be_u64(dev, "multi-queue-max-queues", 0);
	info->max_order = (u32)dev_be_u64(dev, "max-ring-page-order", UINT32_MAX);
	return check_that(dev->chk, info->max_indirect > 0, "no feature-max-indirect-segments") &&
	       check_that(dev->chk, info->max_queues > 0, "no multi-queue-max-queues") &&
	       check_that(dev->chk, info->max_order <= BLK_MAX_ORDER, "no max-ring-page-order");
}

static bool read_disk(struct blk *blk)
{
	struct blk_info *info = &blk->info;
	struct dev *dev = blk->dev;

	info->sectors = dev_be_u64(dev, "sectors", 0);
	info->sector_size = (u32)dev_be_u64(dev, "sector-size", 0);
	info->physical_sector_size = (u32)dev_be_u64(dev, "physical-sector-size", 0);
	info->info = (u32)dev_be_u64(dev, "info", UINT32_MAX);
	info->flush = dev_be_u64(dev, "feature-flush-cache", 0);
	info->barrier = dev_be_u64(dev, "feature-barrier", 0);
	info->discard = dev_be_u64(dev, "feature-discard", 0);
	info->secure_discard = dev_be_u64(dev, "discard-secure", 0);
	info->persistent = dev_be_u64(dev, "feature-persistent", 0);
	return check_that(dev->chk, info->sectors > 0, "connected without sectors") &&
	       check_that(dev->chk, info->sector_size >= SECTOR_BYTES,
			  "connected with sector-size %u", info->sector_size) &&
	       check_that(dev->chk, info->physical_sector_size >= info->sector_size,
			  "connected with physical-sector-size %u", info->physical_sector_size) &&
	       check_that(dev->chk, info->info != UINT32_MAX, "connected without info");
}

static void make_queue(struct blk *blk, unsigned int nr)
{
	struct blk_queue *q = &blk->queue[nr];
	unsigned int pages = blk->opts.order > 0 ? 1u << blk->opts.order : 1;

	*q = (struct blk_queue){ .blk = blk, .nr = nr };
	q->ring = xen_pages_alloc(blk->dev->be_domid, pages, true);
	q->head = (struct blk_ring_head *)q->ring->va;
	q->nr_slots = blk_abi_slots(blk->opts.abi, pages * PAGE_BYTES);
	q->shadow = util_alloc((size_t)q->nr_slots * BLK_SLOT_MAX);
	q->pending = util_alloc(q->nr_slots * sizeof(*q->pending));
	q->port = xen_events_offer(&blk->events, blk->dev->be_domid);

	q->req_prod = blk->opts.start;
	q->rsp_cons = blk->opts.start;
	q->published = blk->opts.start;
	q->head->req_prod = blk->opts.start;
	q->head->rsp_prod = blk->opts.start;
	q->head->req_event = blk->opts.start + 1;
	q->head->rsp_event = blk->opts.start + 1;
}

void blk_prepare(struct blk *blk, struct dev *dev, const struct blk_opts *opts)
{
	unsigned int i;

	xen_open();
	blk->dev = dev;
	blk->opts = *opts;
	blk->nr_queues = min(opts->queues ?: max(blk->info.max_queues, 1u), BLK_MAX_QUEUES);
	if (!blk->rng.state)
		rng_seed(&blk->rng, dev->chk->seed);
	xen_events_init(&blk->events);
	for (i = 0; i < blk->nr_queues; i++)
		make_queue(blk, i);
}

static void write_queue_keys(struct blk *blk, store_tx tx, struct blk_queue *q)
{
	struct store *st = blk->dev->st;
	char dir[160], key[200];
	unsigned int i;

	if (blk->nr_queues > 1)
		snprintf(dir, sizeof(dir), "%s/queue-%u", blk->dev->fe, q->nr);
	else
		snprintf(dir, sizeof(dir), "%s", blk->dev->fe);

	snprintf(key, sizeof(key), "%s/event-channel", dir);
	store_send_printf(st, tx, key, "%u", q->port);
	for (i = 0; i < q->ring->nr; i++) {
		if (blk->opts.order == BLK_NO_ORDER)
			snprintf(key, sizeof(key), "%s/ring-ref", dir);
		else
			snprintf(key, sizeof(key), "%s/ring-ref%u", dir, i);
		store_send_printf(st, tx, key, "%u", q->ring->gref[i]);
	}
}

static void write_keys(struct blk *blk, store_tx tx)
{
	struct dev *dev = blk->dev;
	struct store *st = dev->st;
	unsigned int i;

	if (!blk->opts.no_protocol)
		store_send_printf(st, tx, dev_fe_path(dev, "protocol"), "%s",
				  blk_abi_protocol(blk->opts.abi));
	store_send_printf(st, tx, dev_fe_path(dev, "feature-persistent"), "%d",
			  blk->opts.persistent);
	if (blk->opts.order != BLK_NO_ORDER)
		store_send_printf(st, tx, dev_fe_path(dev, "ring-page-order"), "%d",
				  blk->opts.order);
	if (blk->nr_queues > 1)
		store_send_printf(st, tx, dev_fe_path(dev, "multi-queue-num-queues"), "%u",
				  blk->nr_queues);
	for (i = 0; i < blk->nr_queues; i++)
		write_queue_keys(blk, tx, &blk->queue[i]);
}

/* Whatever an earlier connection, or a misdeed, left. */
static void remove_keys(struct blk *blk, store_tx tx)
{
	static const char *const single[] = { "protocol", "feature-persistent", "ring-page-order",
					      "multi-queue-num-queues", "event-channel" };
	struct dev *dev = blk->dev;
	char *names, *name;
	unsigned int i;

	if (store_list(dev->st, tx, dev->fe, &names))
		return;
	for (i = 0; i < ARRAY_SIZE(single); i++)
		store_send_rm(dev->st, tx, dev_fe_path(dev, single[i]));
	for (name = names; *name; name += strlen(name) + 1)
		if (!strncmp(name, "ring-ref", 8) || !strncmp(name, "queue-", 6))
			store_send_rm(dev->st, tx, dev_fe_path(dev, name));
	free(names);
}

void blk_remove_keys(struct blk *blk)
{
	int r;

	remove_keys(blk, 0);
	r = store_drain(blk->dev->st);
	if (r)
		util_lab_error("cannot remove ring keys: %s", strerror(-r));
}

void blk_write_keys(struct blk *blk, bool announce)
{
	struct dev *dev = blk->dev;
	store_tx tx;
	int r;

	util_trace("writing ring keys");
	do {
		r = store_begin(dev->st, &tx);
		if (!r) {
			remove_keys(blk, tx);
			write_keys(blk, tx);
			if (announce)
				store_send_printf(dev->st, tx, dev_fe_path(dev, "state"), "%d",
						  blk->opts.announce);
			r = store_drain(dev->st);
		}
		if (r)
			util_lab_error("cannot write ring keys: %s", strerror(-r));
		r = store_commit(dev->st, tx);
	} while (r == -EAGAIN);
	if (r)
		util_lab_error("cannot write ring keys: %s", strerror(-r));
}

bool blk_await_connected(struct blk *blk)
{
	struct dev *dev = blk->dev;
	char *error;
	int r;

	r = dev_wait_backend(dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT, DEV_STEP_MS);
	if (r != DEV_CONNECTED) {
		error = dev_error_text(dev);
		check_fail(dev->chk, "connect: backend is in state %d, not Connected%s%s",
			   dev_backend_state(dev), error ? ": " : "", error ?: "");
		free(error);
		return false;
	}
	if (blk->opts.announce != DEV_CONNECTED)
		(void)dev_set_state(dev, DEV_CONNECTED);
	return read_disk(blk);
}

bool blk_connect(struct blk *blk, struct dev *dev, const struct blk_opts *opts)
{
	if (!blk_read_offer(blk, dev))
		return false;
	blk_prepare(blk, dev, opts);
	blk_write_keys(blk, true);
	return blk_await_connected(blk);
}

void blk_release(struct blk *blk)
{
	unsigned int i;

	for (i = 0; i < blk->nr_queues; i++) {
		struct blk_queue *q = &blk->queue[i];

		xen_pages_free(q->ring);
		free(q->shadow);
		free(q->pending);
	}
	if (blk->nr_queues)
		xen_events_fini(&blk->events);
	blk->nr_queues = 0;
}

bool blk_disconnect(struct blk *blk)
{
	bool ok = dev_close(blk->dev);

	blk_release(blk);
	return ok;
}
