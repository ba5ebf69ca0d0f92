// SPDX-License-Identifier: GPL-2.0
#include "xenbe.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

EXPORT_TRACEPOINT_SYMBOL_GPL(xenbe_request);
EXPORT_TRACEPOINT_SYMBOL_GPL(xenbe_response);
EXPORT_TRACEPOINT_SYMBOL_GPL(xenbe_reject);
EXPORT_TRACEPOINT_SYMBOL_GPL(xenbe_packet);

void xenbe_trace_state(struct xenbus_device *dev, u32 peer, struct wire_state_step step)
{
	trace_xenbe_state(dev_name(&dev->dev), dev->state, peer, step.action, step.publish);
}
