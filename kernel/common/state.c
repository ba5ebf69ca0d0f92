// SPDX-License-Identifier: GPL-2.0
/* The handshake's dealings with xenstore; what to do is wire_state_step()'s. */
#include <linux/export.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "../../wire/store.h"
#include "xenbe.h"

static_assert((int)XenbusStateReconfigured == (int)WIRE_XENBUS_RECONFIGURED);

void xenbe_state_begin(struct xenbus_device *dev)
{
	dev->state = XenbusStateInitialising;
}
EXPORT_SYMBOL_GPL(xenbe_state_begin);

int xenbe_state_step(struct xenbus_device *dev, bool ready, bool attached,
		     struct wire_state_step *step)
{
	struct wire_state_facts facts = {
		.peer = WIRE_XENBUS_UNKNOWN,
		.online = false,
		.ready = ready,
		.attached = attached,
	};
	int own, peer, online;
	u32 stored;

	/*
	 * A toolstack asks for the end of a device by writing Closing into our
	 * own node; the bus core remembers only what it wrote itself.
	 */
	own = xenbe_store_read_u32(dev->nodename, "state", WIRE_XENBUS_RECONFIGURED, &stored);
	if (!xenbe_store_answered(own))
		return own;
	if (!own && stored == WIRE_XENBUS_CLOSING)
		dev->state = XenbusStateClosing;
	facts.own = dev->state;

	/*
	 * A node that is missing or makes no sense leaves the value above. Any
	 * other error says nothing about the device.
	 */
	peer = xenbe_store_read_u32(dev->otherend, "state", WIRE_XENBUS_RECONFIGURED, &facts.peer);
	online = xenbe_store_read_bool(dev->nodename, "online", &facts.online);
	if (!xenbe_store_answered(peer))
		return peer;
	if (!xenbe_store_answered(online))
		return online;

	*step = wire_state_step(&facts);
	xenbe_trace_state(dev, facts.peer, *step);
	return 0;
}
EXPORT_SYMBOL_GPL(xenbe_state_step);

int xenbe_state_publish(struct xenbus_device *dev, enum wire_xenbus_state state)
{
	int err = xenbus_switch_state(dev, (enum xenbus_state)state);

	/* The bus core reports some failures only by not remembering the state. */
	return err ?: dev->state == (enum xenbus_state)state ? 0 : -EIO;
}
EXPORT_SYMBOL_GPL(xenbe_state_publish);

void xenbe_errors_init(struct xenbe_errors *errors)
{
	/* A guest can cause these, so the log takes five a minute and the node the rest. */
	ratelimit_state_init(&errors->limit, 60 * HZ, 5);
	errors->said = false;
	ratelimit_set_flags(&errors->limit, RATELIMIT_MSG_ON_RELEASE);
}
EXPORT_SYMBOL_GPL(xenbe_errors_init);

void xenbe_error(struct xenbe_errors *errors, struct xenbus_device *dev, int err,
		 const char *fmt, ...)
{
	char *text, *dir;
	va_list args;

	va_start(args, fmt);
	text = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);
	dir = kasprintf(GFP_KERNEL, "error/%s", dev->nodename);
	if (text && __ratelimit(&errors->limit))
		dev_err(&dev->dev, "%s (%d)\n", text, err);
	if (text && dir)
		errors->said |= !xenbus_printf(XBT_NIL, dir, "error", "%d %s", err, text);
	kfree(dir);
	kfree(text);
}
EXPORT_SYMBOL_GPL(xenbe_error);

void xenbe_error_clear(struct xenbe_errors *errors, struct xenbus_device *dev)
{
	char *dir;

	if (!errors->said)
		return;
	dir = kasprintf(GFP_KERNEL, "error/%s", dev->nodename);
	if (dir)
		errors->said = xenbus_rm(XBT_NIL, dir, "error");
	kfree(dir);
}
EXPORT_SYMBOL_GPL(xenbe_error_clear);
