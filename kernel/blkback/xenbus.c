// SPDX-License-Identifier: GPL-2.0
/*
 * The xenbus side: one device bound, followed through its states, unbound.
 *
 * Everything that happens, on whichever node, only queues state_work. The work
 * looks at what is true now and takes one step after the other until nothing
 * is left to do, so a burst of events costs one pass. It never waits: while
 * queues run dry it ends, and the last one queues it again.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "blkback.h"

#define ASK_INTERVAL	HZ

static void vbd_release(struct kref *ref)
{
	struct blkback_vbd *vbd = container_of(ref, struct blkback_vbd, ref);

	blkback_disk_close(vbd);
	xenbe_budget_put(vbd->budget);
	put_device(&vbd->dev->dev);
	kfree(vbd->counters);
	kfree(vbd);
}

void blkback_vbd_kick(struct blkback_vbd *vbd)
{
	mod_delayed_work(blkback_wq, &vbd->state_work, 0);
}

/* ---- the handshake -------------------------------------------------------------- */

/* Xenstore did not answer. What it would have said may be the last event there is. */
static void ask_again(struct blkback_vbd *vbd)
{
	queue_delayed_work(blkback_wq, &vbd->state_work, ASK_INTERVAL);
}

static void publish(struct blkback_vbd *vbd, enum wire_xenbus_state state)
{
	if (xenbe_state_publish(vbd->dev, state))
		ask_again(vbd);
}

/* The frontend cannot be served as it is: it is told, and has to start again. */
static void refuse(struct blkback_vbd *vbd)
{
	publish(vbd, WIRE_XENBUS_CLOSED);
}

/* False: not now. */
static bool connect_frontend(struct blkback_vbd *vbd, enum wire_xenbus_state state)
{
	int err = blkback_connect(vbd);

	if (err == -EAGAIN) {
		ask_again(vbd);
		return false;
	}
	if (err) {
		refuse(vbd);
		return true;
	}
	xenbe_error_clear(&vbd->errors, vbd->dev);
	kref_get(&vbd->ref);	/* for as long as queues exist */
	__module_get(THIS_MODULE);
	publish(vbd, state);
	return true;
}

/* One step. False: nothing more to do now. */
static bool step(struct blkback_vbd *vbd)
{
	struct wire_state_step s;

	if (xenbe_state_step(vbd->dev, vbd->file, vbd->queues, &s)) {
		ask_again(vbd);
		return false;
	}
	switch (s.action) {
	case WIRE_STATE_STAY:
		return false;
	case WIRE_STATE_PUBLISH:
		if (vbd->disk_failed && s.publish == WIRE_XENBUS_INIT_WAIT)
			return false;
		publish(vbd, s.publish);
		return true;
	case WIRE_STATE_CONNECT:
		return connect_frontend(vbd, s.publish);
	case WIRE_STATE_DISCONNECT:
	case WIRE_STATE_REMOVE:
		if (vbd->queues) {
			blkback_detach_start(vbd);
			return false;
		}
		publish(vbd, s.publish);
		/* Going away is on_own_directory()'s: see there. */
		return s.action == WIRE_STATE_DISCONNECT;
	}
	return false;
}

/* Tried until the toolstack has named a disk; a named disk that cannot be had closes the device. */
static void open_disk(struct blkback_vbd *vbd)
{
	int err;

	if (vbd->file || vbd->disk_failed)
		return;
	err = blkback_disk_open(vbd);
	if (!err || err == -ENOENT)
		return;
	if (err == -EAGAIN) {
		ask_again(vbd);
		return;
	}
	vbd->disk_failed = true;
	publish(vbd, WIRE_XENBUS_CLOSED);
}

/* A ring that lies takes the whole device down: its other rings have the same owner. */
static void check_rings(struct blkback_vbd *vbd)
{
	enum wire_verdict v;
	unsigned int i;

	for (i = 0; i < vbd->nr_queues && !vbd->refused; i++) {
		v = READ_ONCE(vbd->queues[i].fatal);
		if (!v)
			continue;
		vbd->refused = true;
		xenbe_error(&vbd->errors, vbd->dev, -EPROTO, "queue %u stopped: %s", i,
			    wire_verdict_text(v));
		blkback_detach_start(vbd);
	}
}

/* Whether queues are being stopped; if they have run dry, they are gone after this. */
static bool detaching(struct blkback_vbd *vbd, bool *gone)
{
	*gone = false;
	if (!vbd->queues || !READ_ONCE(vbd->queues[0].stopping))
		return false;
	if (!blkback_detach_finish(vbd))
		return true;
	*gone = true;
	if (vbd->refused && !vbd->removed)
		refuse(vbd);
	vbd->refused = false;
	return false;
}

static void on_state_work(struct work_struct *work)
{
	struct blkback_vbd *vbd = container_of(work, struct blkback_vbd, state_work.work);
	unsigned int steps = 0;
	bool gone, more = true;

	mutex_lock(&vbd->lock);
	if (vbd->queues && !vbd->removed)
		check_rings(vbd);
	if (!detaching(vbd, &gone) && !vbd->removed) {
		open_disk(vbd);
		if (vbd->dev->state == XenbusStateConnected)
			blkback_size_update(vbd);
		while (more && ++steps < WIRE_NR_XENBUS_STATES)
			more = step(vbd);
	}
	/* Nobody is left who could queue it once more. */
	if (gone && vbd->removed)
		cancel_delayed_work(&vbd->state_work);
	mutex_unlock(&vbd->lock);

	if (gone) {
		kref_put(&vbd->ref, vbd_release);
		module_put(THIS_MODULE);
	}
}

static void on_frontend_state(struct xenbus_device *dev, enum xenbus_state state)
{
	struct blkback_vbd *vbd = dev_get_drvdata(&dev->dev);

	if (vbd)
		blkback_vbd_kick(vbd);
}

static bool watch_wanted(struct xenbus_watch *watch, const char *path, const char *token)
{
	return !watch->nr_pending;	/* one look at the present serves any number of events */
}

/*
 * From here on the work leaves xenstore alone: what comes to stand there, at the
 * same place, may be the next device's. What is in flight ends by itself.
 */
static void let_go(struct blkback_vbd *vbd)
{
	mutex_lock(&vbd->lock);
	vbd->removed = true;
	blkback_detach_start(vbd);
	mutex_unlock(&vbd->lock);
}

/*
 * Something below our directory changed: physical-device, online, state. When
 * the device is closed and no longer wanted it leaves the bus; that may only be
 * done here, in the bus core's own watch thread, which is also where the core
 * removes devices whose directory is gone.
 */
static void on_own_directory(struct xenbus_watch *watch, const char *path, const char *token)
{
	struct blkback_vbd *vbd = container_of(watch, struct blkback_vbd, watch);
	struct xenbus_device *dev = vbd->dev;

	if (dev->state == XenbusStateClosed && !READ_ONCE(vbd->queues) &&
	    !xenbus_dev_is_online(dev)) {
		let_go(vbd);
		device_unregister(&dev->dev);
	} else {
		blkback_vbd_kick(vbd);
	}
}

/* ---- binding ------------------------------------------------------------------------ */

static struct blkback_vbd *vbd_create(struct xenbus_device *dev)
{
	struct blkback_vbd *vbd = kzalloc(sizeof(*vbd), GFP_KERNEL);
	bool stands;

	if (!vbd)
		return NULL;
	/* Of a guest that has chosen already, what the last driver offered it. */
	stands = xenbe_offer_stands(dev);
	vbd->max_queues = xenbe_offer(dev, stands, "multi-queue-max-queues", nr_cpu_ids,
				      blkback_max_queues());
	vbd->max_ring_order = xenbe_offer(dev, stands, "max-ring-page-order",
					  WIRE_STORE_RING_ORDER_MAX, blkback_max_ring_order());
	vbd->counters = kcalloc(vbd->max_queues, sizeof(*vbd->counters), GFP_KERNEL);
	vbd->budget = xenbe_budget_get(dev->otherend_id);
	if (!vbd->counters || !vbd->budget) {
		xenbe_budget_put(vbd->budget);
		kfree(vbd->counters);
		kfree(vbd);
		return NULL;
	}
	get_device(&dev->dev);
	vbd->dev = dev;
	kref_init(&vbd->ref);
	strscpy(vbd->name, dev_name(&dev->dev), sizeof(vbd->name));
	mutex_init(&vbd->lock);
	INIT_DELAYED_WORK(&vbd->state_work, on_state_work);
	init_waitqueue_head(&vbd->detached);
	blkback_discard_init(vbd);
	blkback_size_init(vbd);
	blkback_rates_init(vbd);
	ratelimit_state_init(&vbd->disk_errors, 60 * HZ, 10);
	xenbe_errors_init(&vbd->errors);
	vbd->squeeze_until = jiffies;
	return vbd;
}

static int probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct blkback_vbd *vbd = vbd_create(dev);
	int err;

	if (!vbd)
		return -ENOMEM;
	xenbe_state_begin(dev);
	dev_set_drvdata(&dev->dev, vbd);

	err = blkback_advertise(vbd);
	if (err)
		goto err_put;
	err = sysfs_create_groups(&dev->dev.kobj, blkback_groups);
	if (err)
		goto err_put;

	err = xenbus_watch_path(dev, dev->nodename, &vbd->watch, watch_wanted, on_own_directory);
	if (err)
		goto err_sysfs;
	blkback_debugfs_add(vbd);
	/* The first step is InitWait, after which the toolstack runs the hotplug script. */
	blkback_vbd_kick(vbd);
	return 0;

err_sysfs:
	sysfs_remove_groups(&dev->dev.kobj, blkback_groups);
err_put:
	dev_set_drvdata(&dev->dev, NULL);
	kref_put(&vbd->ref, vbd_release);
	return err;
}

static void remove(struct xenbus_device *dev)
{
	struct blkback_vbd *vbd = dev_get_drvdata(&dev->dev);

	let_go(vbd);
	unregister_xenbus_watch(&vbd->watch);
	blkback_debugfs_remove(vbd);
	sysfs_remove_groups(&dev->dev.kobj, blkback_groups);
	dev_set_drvdata(&dev->dev, NULL);

	/*
	 * Unbound under a running guest: the next driver goes on where this one
	 * has answered everything. With the directory gone nobody waits, and
	 * pages stay mapped until the disk is done with them.
	 */
	if (xenbus_exists(XBT_NIL, dev->nodename, "state"))
		wait_event_idle(vbd->detached, !READ_ONCE(vbd->queues));
	if (!READ_ONCE(vbd->queues))
		cancel_delayed_work_sync(&vbd->state_work);
	kref_put(&vbd->ref, vbd_release);
}

/* Memory is short: spare pages go back now, and are not kept for a while. */
static void reclaim_memory(struct xenbus_device *dev)
{
	struct blkback_vbd *vbd = dev_get_drvdata(&dev->dev);
	unsigned int i;

	if (!vbd)
		return;
	WRITE_ONCE(vbd->squeeze_until, jiffies + blkback_squeeze_time());
	if (!mutex_trylock(&vbd->lock))
		return;
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_kick(&vbd->queues[i]);
	mutex_unlock(&vbd->lock);
}

static const struct xenbus_device_id ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver driver = {
	.ids = ids,
	.probe = probe,
	.remove = remove,
	.otherend_changed = on_frontend_state,
	.reclaim_memory = reclaim_memory,
	.allow_rebind = true,
};

int blkback_xenbus_init(void)
{
	return xenbus_register_backend(&driver);
}

void blkback_xenbus_exit(void)
{
	xenbus_unregister_driver(&driver);
}
