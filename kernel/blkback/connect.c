// SPDX-License-Identifier: GPL-2.0
/*
 * Connect and disconnect. All that the frontend wrote is read once into a
 * struct of ours and judged there; the rings are built from that struct.
 */
#include <linux/slab.h>

#include "blkback.h"

struct ring_plan {
	grant_ref_t grefs[WIRE_STORE_RING_PAGES_MAX];
	evtchn_port_t port;
};

struct connect_plan {
	enum wire_blk_abi abi;
	bool persistent;
	u32 nr_queues;
	bool has_order;
	u32 nr_pages;		/* of each ring */
	struct ring_plan rings[];
};

/* ---- what the frontend wrote ----------------------------------------------- */

static int read_protocol(struct blkback_vbd *vbd, enum wire_blk_abi *abi)
{
	const char *fe = vbd->dev->otherend;
	char *text = NULL;
	int err = xenbe_store_read_text(fe, "protocol", &text);
	bool ok = (!err || err == -ENOENT) && wire_blk_abi_from_protocol(text, abi);

	kfree(text);
	return ok ? 0 : xenbe_key_bad(&vbd->errors, vbd->dev, err, fe, "protocol",
				      "x86_32-abi or x86_64-abi");
}

static int no_memory(struct blkback_vbd *vbd)
{
	xenbe_error(&vbd->errors, vbd->dev, -ENOMEM, "no memory to connect");
	return -EAGAIN;
}

static int read_ring(struct blkback_vbd *vbd, const struct connect_plan *plan, u32 queue,
		     struct ring_plan *ring)
{
	char key[WIRE_STORE_KEY_MAX];
	char *dir;
	int err = 0;
	u32 i;

	dir = plan->nr_queues == 1 ? kstrdup(vbd->dev->otherend, GFP_KERNEL) :
	      kasprintf(GFP_KERNEL, "%s/queue-%u", vbd->dev->otherend, queue);
	if (!dir)
		return no_memory(vbd);

	for (i = 0; i < plan->nr_pages && !err; i++) {
		wire_store_ring_ref_key(plan->has_order, i, key);
		err = xenbe_key_gref(&vbd->errors, vbd->dev, dir, key, &ring->grefs[i]);
	}
	err = err ?: xenbe_key_port(&vbd->errors, vbd->dev, dir, "event-channel", &ring->port);
	kfree(dir);
	return err;
}

/* No page may serve two rings: the guest could make our responses requests. */
static int check_pages_differ(struct blkback_vbd *vbd, const struct connect_plan *plan)
{
	u32 nr = plan->nr_queues * plan->nr_pages;
	u32 i, j;

	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++) {
			grant_ref_t a = plan->rings[i / plan->nr_pages].grefs[i % plan->nr_pages];
			grant_ref_t b = plan->rings[j / plan->nr_pages].grefs[j % plan->nr_pages];

			if (a != b)
				continue;
			xenbe_error(&vbd->errors, vbd->dev, -EEXIST,
				    "grant reference %u is given for two ring pages", a);
			return -EEXIST;
		}
	return 0;
}

static struct connect_plan *read_plan(struct blkback_vbd *vbd)
{
	struct connect_plan head = { .nr_queues = 1, .nr_pages = 1 }, *plan;
	u32 order = U32_MAX, persistent = 0, i;
	int err;

	err = read_protocol(vbd, &head.abi);
	if (!err)
		err = xenbe_key_optional(&vbd->errors, vbd->dev, "multi-queue-num-queues", 1,
					 vbd->max_queues, &head.nr_queues);
	if (!err)
		err = xenbe_key_optional(&vbd->errors, vbd->dev, "ring-page-order", 0,
					 vbd->max_ring_order, &order);
	if (!err)
		err = xenbe_key_optional(&vbd->errors, vbd->dev, "feature-persistent", 0, 1,
					 &persistent);
	if (err)
		return ERR_PTR(err);
	head.persistent = persistent && blkback_feature_persistent();
	head.has_order = order != U32_MAX;
	if (head.has_order)
		head.nr_pages = 1u << order;

	plan = kzalloc(struct_size(plan, rings, head.nr_queues), GFP_KERNEL);
	if (!plan)
		return ERR_PTR(no_memory(vbd));
	*plan = head;
	for (i = 0; i < plan->nr_queues && !err; i++)
		err = read_ring(vbd, plan, i, &plan->rings[i]);
	if (!err)
		err = check_pages_differ(vbd, plan);
	if (err) {
		kfree(plan);
		return ERR_PTR(err);
	}
	return plan;
}

/* ---- what we write ------------------------------------------------------------ */

int blkback_advertise(struct blkback_vbd *vbd)
{
	const struct xenbe_key keys[] = {
		{ "feature-max-indirect-segments", WIRE_BLK_MAX_SEGS },
		{ "multi-queue-max-queues", vbd->max_queues },
		{ "max-ring-page-order", vbd->max_ring_order },
	};

	return xenbe_keys_write(&vbd->errors, vbd->dev, keys, ARRAY_SIZE(keys));
}

static int publish_disk(struct blkback_vbd *vbd)
{
	const struct wire_blk_limits *l = &vbd->limits;
	struct block_device *bdev = vbd->bdev;
	const struct xenbe_key keys[] = {
		{ "feature-flush-cache", l->flush },
		{ "feature-barrier", l->barrier },
		{ "feature-persistent", blkback_feature_persistent() },
		{ "feature-discard", l->discard },
		{ "discard-granularity", bdev_discard_granularity(bdev), !l->discard },
		{ "discard-alignment", bdev_discard_alignment(bdev), !l->discard },
		{ "discard-secure", l->secure_discard, !l->discard },
		{ "sectors", l->capacity },
		{ "info", vbd->info },
		{ "sector-size", l->logical_block },
		{ "physical-sector-size", bdev_physical_block_size(bdev) },
	};

	return xenbe_keys_write(&vbd->errors, vbd->dev, keys, ARRAY_SIZE(keys));
}

int blkback_publish_size(struct blkback_vbd *vbd)
{
	/* Frontends read the size again when they are told Connected once more. */
	const struct xenbe_key keys[] = {
		{ "sectors", vbd->limits.capacity },
		{ "state", XenbusStateConnected },
	};

	return xenbe_keys_write(&vbd->errors, vbd->dev, keys, ARRAY_SIZE(keys));
}

/* ---- rings -------------------------------------------------------------------- */

static int attach_ring(struct blkback_vbd *vbd, const struct connect_plan *plan, u32 i)
{
	struct blkback_queue *q = &vbd->queues[i];
	enum wire_verdict verdict = WIRE_OK;
	int err;

	err = blkback_queue_init(q, vbd, i);
	if (!err)
		err = blkback_queue_attach(q, plan->rings[i].grefs, plan->nr_pages,
					   plan->rings[i].port, &verdict);
	if (verdict)
		xenbe_error(&vbd->errors, vbd->dev, err, "ring of queue %u, first page %u: %s", i,
			    plan->rings[i].grefs[0], wire_verdict_text(verdict));
	else if (err)
		xenbe_error(&vbd->errors, vbd->dev, err,
			    "cannot set up queue %u with ring page %u and event channel %u", i,
			    plan->rings[i].grefs[0], plan->rings[i].port);
	return err;
}

static void free_queues(struct blkback_vbd *vbd)
{
	unsigned int i;

	blkback_size_unwatch(vbd);
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_halt(&vbd->queues[i]);
	flush_work(&vbd->discard_work);
	synchronize_rcu();	/* the tail of blkback_req_done() */
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_fini(&vbd->queues[i]);
	kvfree(vbd->queues);
	vbd->queues = NULL;
	vbd->nr_queues = 0;
	vbd->barrier = NULL;
}

int blkback_connect(struct blkback_vbd *vbd)
{
	struct connect_plan *plan;
	int err = 0;
	u32 i;

	lockdep_assert_held(&vbd->lock);
	plan = read_plan(vbd);
	if (IS_ERR(plan))
		return PTR_ERR(plan);

	vbd->abi = plan->abi;
	vbd->persistent = plan->persistent;
	vbd->queues = kvcalloc(plan->nr_queues, sizeof(*vbd->queues), GFP_KERNEL);
	if (!vbd->queues) {
		kfree(plan);
		return no_memory(vbd);
	}
	vbd->nr_queues = plan->nr_queues;

	for (i = 0; i < plan->nr_queues && !err; i++)
		err = attach_ring(vbd, plan, i);
	if (!err)
		err = publish_disk(vbd);
	if (err) {
		free_queues(vbd);
	} else {
		for (i = 0; i < vbd->nr_queues; i++)
			blkback_queue_start(&vbd->queues[i]);
		blkback_size_watch(vbd);
		dev_dbg(&vbd->dev->dev, "%u queues of %u pages, layout %d, persistent %d\n",
			plan->nr_queues, plan->nr_pages, plan->abi, plan->persistent);
	}
	kfree(plan);
	return err;
}

void blkback_detach_start(struct blkback_vbd *vbd)
{
	unsigned int i;

	lockdep_assert_held(&vbd->lock);
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_stop(&vbd->queues[i]);
}

bool blkback_detach_finish(struct blkback_vbd *vbd)
{
	unsigned int i;

	lockdep_assert_held(&vbd->lock);
	for (i = 0; i < vbd->nr_queues; i++)
		if (!smp_load_acquire(&vbd->queues[i].dry))	/* pairs with run_dry() */
			return false;
	free_queues(vbd);
	wake_up_all(&vbd->detached);
	return true;
}
