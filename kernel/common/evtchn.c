// SPDX-License-Identifier: GPL-2.0
/*
 * Event channels with late EOI: a guest that fires without pause gets one
 * event taken, and the next only after the queue said it is done with it.
 */
#include <linux/export.h>
#include <linux/interrupt.h>
#include <xen/events.h>

#include "xenbe.h"

static irqreturn_t on_event(int irq, void *arg)
{
	struct xenbe_evtchn *ev = arg;

	ev->events++;
	/* The first event may come before xenbe_evtchn_bind() knows the number. */
	WRITE_ONCE(ev->irq, irq);
	WRITE_ONCE(ev->owed, 1);
	ev->wake(ev->arg);
	return IRQ_HANDLED;
}

int xenbe_evtchn_bind(struct xenbus_device *dev, evtchn_port_t port, void (*wake)(void *arg),
		      void *arg, const char *name, struct xenbe_evtchn *ev)
{
	int irq;

	memset(ev, 0, sizeof(*ev));
	ev->dev = dev;
	ev->wake = wake;
	ev->arg = arg;
	irq = bind_interdomain_evtchn_to_irqhandler_lateeoi(dev, port, on_event, 0, name, ev);
	if (irq < 0)
		return irq;
	ev->irq = irq;
	return 0;
}
EXPORT_SYMBOL_GPL(xenbe_evtchn_bind);

void xenbe_evtchn_unbind(struct xenbe_evtchn *ev)
{
	if (ev->irq)
		unbind_from_irqhandler(ev->irq, ev);
	ev->irq = 0;
}
EXPORT_SYMBOL_GPL(xenbe_evtchn_unbind);

bool xenbe_evtchn_done(struct xenbe_evtchn *ev, bool worked)
{
	if (!READ_ONCE(ev->owed))
		return false;
	/* The channel is masked until the EOI, so nobody sets it in between. */
	WRITE_ONCE(ev->owed, 0);
	if (!worked)
		ev->spurious++;
	xen_irq_lateeoi(ev->irq, worked ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return true;
}
EXPORT_SYMBOL_GPL(xenbe_evtchn_done);

void xenbe_evtchn_notify(struct xenbe_evtchn *ev)
{
	ev->notifies++;
	notify_remote_via_irq(ev->irq);
}
EXPORT_SYMBOL_GPL(xenbe_evtchn_notify);
