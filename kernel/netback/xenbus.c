// SPDX-License-Identifier: GPL-2.0
/*
 * The xenbus side: one device bound, followed through its states, unbound.
 *
 * As in xen-blkback: whatever happens on whichever node only queues state_work,
 * which looks at what is true now and takes one step after the other.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "netback.h"

#define ASK_INTERVAL	HZ

static void vif_free(struct netback_vif *vif)
{
	if (vif->budget)
		xenbe_budget_give_frames(vif->budget, vif->max_queues);
	xenbe_budget_put(vif->budget);
	put_device(&vif->dev->dev);
	kvfree(vif->counters);
	kfree(vif);
}

void netback_vif_kick(struct netback_vif *vif)
{
	mod_delayed_work(netback_wq, &vif->state_work, 0);
}

/* ---- the handshake --------------------------------------------------------------------------- */

/* Xenstore did not answer. What it would have said may be the last event there is. */
static void ask_again(struct netback_vif *vif)
{
	queue_delayed_work(netback_wq, &vif->state_work, ASK_INTERVAL);
}

static void publish(struct netback_vif *vif, enum wire_xenbus_state state)
{
	if (xenbe_state_publish(vif->dev, state))
		ask_again(vif);
}

/*
 * Whether the interface has been plugged into whatever it is for: packets of a
 * guest that is let loose earlier would be lost. Without a script nobody says so.
 */
static bool plugged(struct netback_vif *vif)
{
	char *text;
	int err;
	bool is;

	if (!vif->script)
		return true;
	err = xenbe_store_read_text(vif->dev->nodename, "hotplug-status", &text);
	if (err) {
		if (!xenbe_store_answered(err))
			ask_again(vif);
		return false;
	}
	is = !strcmp(text, "connected");
	kfree(text);
	return is;
}

/* False: not now. */
static bool connect_frontend(struct netback_vif *vif, enum wire_xenbus_state state)
{
	int err;

	/* What is said from here on stays: also of a key that it connects without. */
	xenbe_error_clear(&vif->errors, vif->dev);
	err = netback_connect(vif);
	if (err == -EAGAIN) {
		ask_again(vif);
		return false;
	}
	publish(vif, err ? WIRE_XENBUS_CLOSED : state);
	return true;
}

/*
 * A frontend that changes the room it wants in front of packets says
 * Reconfiguring, and is told when that has been read (see on_state_work()). It
 * may do so again before we have seen it Connected in between.
 */
static bool reconfigure(struct netback_vif *vif)
{
	enum xenbus_state own = vif->dev->state;
	u32 peer;
	int err;

	if (!vif->queues || (own != XenbusStateConnected && own != XenbusStateReconfigured))
		return false;
	err = xenbe_store_read_u32(vif->dev->otherend, "state", WIRE_XENBUS_RECONFIGURED, &peer);
	if (xenbe_store_answered(err) && (err || peer != WIRE_XENBUS_RECONFIGURING))
		return false;
	if (err || netback_read_headroom(vif))
		ask_again(vif);
	else
		publish(vif, WIRE_XENBUS_RECONFIGURED);
	return true;
}

/*
 * What the guest is to see of our end's link (netif.h, `carrier`): whether the
 * interface is up here.
 */
static void tell_carrier(struct netback_vif *vif)
{
	const struct xenbe_key key = { "carrier", netif_running(vif->netdev) };

	/* The directory of one that is on its way out may go at any time. */
	if (vif->dev->state == XenbusStateClosing || vif->dev->state == XenbusStateClosed)
		return;
	if (vif->carrier_said != (int)key.value &&
	    !xenbe_keys_write(&vif->errors, vif->dev, &key, 1))
		vif->carrier_said = key.value;
}

/* A guest that wants to know finds the interface's MTU where toolstacks write it, too. */
static void tell_mtu(struct netback_vif *vif)
{
	const struct xenbe_key key = { "mtu", READ_ONCE(vif->netdev->mtu) };
	int err;

	/* Until it is connected scripts may still look there for what was configured. */
	if (vif->dev->state != XenbusStateConnected || vif->mtu_said == (int)key.value)
		return;
	err = xenbe_keys_write_in(vif->dev->otherend, &key, 1);
	/* A driver domain may have no right to it: that is how its toolstack wants it. */
	if (!err || err == -EACCES)
		vif->mtu_said = key.value;
}

/* One step. False: nothing more to do now. */
static bool step(struct netback_vif *vif)
{
	struct wire_state_step s;

	if (reconfigure(vif))
		return false;
	vif->plugged = plugged(vif);
	if (xenbe_state_step(vif->dev, vif->plugged, vif->queues, &s)) {
		ask_again(vif);
		return false;
	}
	switch (s.action) {
	case WIRE_STATE_STAY:
		return false;
	case WIRE_STATE_PUBLISH:
		publish(vif, s.publish);
		return true;
	case WIRE_STATE_CONNECT:
		return connect_frontend(vif, s.publish);
	case WIRE_STATE_DISCONNECT:
	case WIRE_STATE_REMOVE:
		netback_disconnect(vif);
		publish(vif, s.publish);
		/* Going away is on_own_directory()'s. */
		return s.action == WIRE_STATE_DISCONNECT;
	}
	return false;
}

/* A ring that lies takes the whole interface down: its other rings have the same owner. */
static void check_rings(struct netback_vif *vif)
{
	enum wire_verdict v = READ_ONCE(vif->ctrl_fatal);
	unsigned int i;

	if (v)
		xenbe_error(&vif->errors, vif->dev, -EPROTO, "control ring stopped: %s",
			    wire_verdict_text(v));
	for (i = 0; i < vif->nr_queues && !v; i++) {
		v = READ_ONCE(vif->queues[i].fatal);
		if (v)
			xenbe_error(&vif->errors, vif->dev, -EPROTO, "queue %u stopped: %s", i,
				    wire_verdict_text(v));
	}
	if (!v)
		return;
	netback_disconnect(vif);
	publish(vif, WIRE_XENBUS_CLOSED);
}

static void on_state_work(struct work_struct *work)
{
	struct netback_vif *vif = container_of(work, struct netback_vif, state_work.work);
	unsigned int steps = 0;
	bool more = true;

	mutex_lock(&vif->lock);
	if (!vif->removed) {
		if (vif->queues) {
			check_rings(vif);
			if (netback_read_wishes(vif))
				ask_again(vif);
		}
		tell_carrier(vif);
		while (more && ++steps < WIRE_NR_XENBUS_STATES)
			more = step(vif);
		tell_mtu(vif);
	}
	mutex_unlock(&vif->lock);
}

static void on_frontend_state(struct xenbus_device *dev, enum xenbus_state state)
{
	struct netback_vif *vif = dev_get_drvdata(&dev->dev);

	if (vif)
		netback_vif_kick(vif);
}

static bool watch_wanted(struct xenbus_watch *watch, const char *path, const char *token)
{
	return !watch->nr_pending;	/* one look at the present serves any number of events */
}

/*
 * From here on the work leaves xenstore alone: what comes to stand there, at the
 * same place, may be the next device's.
 */
static void let_go(struct netback_vif *vif)
{
	mutex_lock(&vif->lock);
	vif->removed = true;
	netback_disconnect(vif);
	mutex_unlock(&vif->lock);
}

/* See the same function of xen-blkback: only here may the device leave the bus. */
static void on_own_directory(struct xenbus_watch *watch, const char *path, const char *token)
{
	struct netback_vif *vif = container_of(watch, struct netback_vif, watch);
	struct xenbus_device *dev = vif->dev;

	if (dev->state == XenbusStateClosed && !READ_ONCE(vif->queues) &&
	    !xenbus_dev_is_online(dev)) {
		let_go(vif);
		device_unregister(&dev->dev);
	} else {
		netback_vif_kick(vif);
	}
}

static void on_mcast_wish(struct xenbus_watch *watch, const char *path, const char *token)
{
	netback_vif_kick(container_of(watch, struct netback_vif, mcast_watch));
}

/* ---- binding --------------------------------------------------------------------------------- */

/* What the guest may choose from. Of a guest that has chosen, what the last driver offered it. */
static void make_offer(struct netback_vif *vif)
{
	struct xenbus_device *dev = vif->dev;
	bool stands = xenbe_offer_stands(dev);
	u32 has = xenbe_offer(dev, stands, "multi-queue-max-queues", NETBACK_QUEUES_MAX, 0);

	/* The pages in the rings of a queue are 512, or a frame of the guest's grant table. */
	vif->max_queues = xenbe_budget_take_frames(vif->budget, has, netback_max_queues());
	vif->split_offered = xenbe_offer(dev, stands, "feature-split-event-channels", 1,
					 netback_separate_irqs());
	vif->headroom_offered = xenbe_offer(dev, stands, "feature-xdp-headroom", 1,
					    netback_provides_headroom());
}

static struct netback_vif *vif_create(struct xenbus_device *dev)
{
	struct netback_vif *vif = kzalloc(sizeof(*vif), GFP_KERNEL);

	if (!vif)
		return NULL;
	get_device(&dev->dev);
	vif->dev = dev;
	vif->budget = xenbe_budget_get(dev->otherend_id);
	if (!vif->budget)
		goto no_memory;
	make_offer(vif);
	vif->counters = kvcalloc(vif->max_queues, sizeof(*vif->counters), GFP_KERNEL);
	if (!vif->counters)
		goto no_memory;
	vif->carrier_said = -1;
	vif->mtu_said = -1;
	mutex_init(&vif->lock);
	INIT_DELAYED_WORK(&vif->state_work, on_state_work);
	xenbe_errors_init(&vif->errors);
	netback_mcast_init(vif);
	netback_rates_init(vif);
	netback_ctrl_init(vif);
	return vif;

no_memory:
	vif_free(vif);
	return NULL;
}

/*
 * The device's vif. An uevent is asked for by whoever writes to a file in sysfs,
 * at any time; under this lock it has a vif that stays.
 */
static DEFINE_MUTEX(uevent_lock);

static void set_vif(struct xenbus_device *dev, struct netback_vif *vif)
{
	mutex_lock(&uevent_lock);
	dev_set_drvdata(&dev->dev, vif);
	mutex_unlock(&uevent_lock);
}

/* What the toolstack wrote before it made the device known. */
static int read_identity(struct netback_vif *vif)
{
	const char *dir = vif->dev->nodename;
	char *script;
	int err = xenbe_store_read_u32(dir, "handle", INT_MAX, &vif->handle);

	if (err)
		return xenbe_key_bad(&vif->errors, vif->dev, err, dir, "handle",
				     "the number of the interface");
	if (!xenbe_store_read_text(dir, "script", &script)) {
		vif->script = true;
		kfree(script);
	}
	return 0;
}

static int watch_both(struct netback_vif *vif)
{
	struct xenbus_device *dev = vif->dev;
	char *path = kasprintf(GFP_KERNEL, "%s/request-multicast-control", dev->otherend);
	int err;

	if (!path)
		return -ENOMEM;
	err = xenbus_watch_path(dev, path, &vif->mcast_watch, watch_wanted, on_mcast_wish);
	if (err) {
		kfree(path);
		return err;
	}
	err = xenbus_watch_path(dev, dev->nodename, &vif->watch, watch_wanted, on_own_directory);
	if (err) {
		unregister_xenbus_watch(&vif->mcast_watch);
		kfree(path);
	}
	return err;
}

static void watch_neither(struct netback_vif *vif)
{
	unregister_xenbus_watch(&vif->watch);
	unregister_xenbus_watch(&vif->mcast_watch);
	kfree(vif->mcast_watch.node);
}

/*
 * Ends a vif that has its net device; watches, sysfs and debugfs are gone. The
 * work comes last: it is queued by events, by rings, and by a net device that
 * goes down, which it does when it is removed.
 */
static void vif_end(struct netback_vif *vif)
{
	netback_iface_remove(vif);
	cancel_delayed_work_sync(&vif->state_work);
	vif_free(vif);
}

static int probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct netback_vif *vif = vif_create(dev);
	int err;

	if (!vif)
		return -ENOMEM;
	err = read_identity(vif);
	if (!err)
		err = netback_advertise(vif);
	if (!err) {
		err = netback_iface_create(vif);
		if (err)
			xenbe_error(&vif->errors, dev, err, "cannot make the interface vif%u.%u",
				    dev->otherend_id, vif->handle);
	}
	if (err) {
		vif_free(vif);
		return err;
	}
	xenbe_state_begin(dev);
	set_vif(dev, vif);
	err = watch_both(vif);
	if (err)
		goto err_iface;
	err = sysfs_create_group(&dev->dev.kobj, &netback_rates_group);
	if (err)
		goto err_watch;
	netback_debugfs_add(vif);
	/* For scripts that udev runs. The net device is there. */
	kobject_uevent(&dev->dev.kobj, KOBJ_ONLINE);
	/* The first step is InitWait, after which the toolstack runs its script. */
	netback_vif_kick(vif);
	return 0;

err_watch:
	watch_neither(vif);
err_iface:
	set_vif(dev, NULL);
	let_go(vif);
	vif_end(vif);
	return err;
}

static void remove(struct xenbus_device *dev)
{
	struct netback_vif *vif = dev_get_drvdata(&dev->dev);

	let_go(vif);
	watch_neither(vif);
	kobject_uevent(&dev->dev.kobj, KOBJ_OFFLINE);
	netback_debugfs_remove(vif);
	sysfs_remove_group(&dev->dev.kobj, &netback_rates_group);

	/* The next driver's interface has to be plugged in again. */
	if (vif->script && xenbus_exists(XBT_NIL, dev->nodename, "state"))
		xenbus_rm(XBT_NIL, dev->nodename, "hotplug-status");
	set_vif(dev, NULL);
	vif_end(vif);
}

static int uevent(compat_uevent_const struct xenbus_device *dev, struct kobj_uevent_env *env)
{
	struct netback_vif *vif;
	char *script;
	int err = 0;

	if (!xenbe_store_read_text(dev->nodename, "script", &script)) {
		err = add_uevent_var(env, "script=%s", script);
		kfree(script);
	}
	mutex_lock(&uevent_lock);
	vif = dev_get_drvdata(&dev->dev);
	if (vif && !err)
		err = add_uevent_var(env, "vif=%s", vif->netdev->name);
	mutex_unlock(&uevent_lock);
	return err;
}

static const struct xenbus_device_id ids[] = {
	{ "vif" },
	{ "" }
};

static struct xenbus_driver driver = {
	.ids = ids,
	.probe = probe,
	.remove = remove,
	.uevent = uevent,
	.otherend_changed = on_frontend_state,
	.allow_rebind = true,
};

int netback_xenbus_init(void)
{
	return xenbus_register_backend(&driver);
}

void netback_xenbus_exit(void)
{
	xenbus_unregister_driver(&driver);
}
