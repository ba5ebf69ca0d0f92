/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints at the borders: a request came in, an answer went out, a refusal, a state. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xenbe

#if !defined(XENBE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define XENBE_TRACE_H

#include <linux/tracepoint.h>

#include "../../wire/state.h"
#include "../../wire/wire.h"

TRACE_EVENT(xenbe_request,
	TP_PROTO(const char *dev, unsigned int queue, u64 id, u8 op, u64 sector, u32 sectors),
	TP_ARGS(dev, queue, id, op, sector, sectors),
	TP_STRUCT__entry(
		__string(dev, dev)
		__field(u64, id)
		__field(u64, sector)
		__field(u32, sectors)
		__field(u16, queue)
		__field(u8, op)
	),
	TP_fast_assign(
		compat_assign_str(dev, dev);
		__entry->id = id;
		__entry->sector = sector;
		__entry->sectors = sectors;
		__entry->queue = queue;
		__entry->op = op;
	),
	TP_printk("%s queue %u id %llx op %u sector %llu+%u", __get_str(dev), __entry->queue,
		  __entry->id, __entry->op, __entry->sector, __entry->sectors)
);

TRACE_EVENT(xenbe_response,
	TP_PROTO(const char *dev, unsigned int queue, u64 id, u8 op, int status),
	TP_ARGS(dev, queue, id, op, status),
	TP_STRUCT__entry(
		__string(dev, dev)
		__field(u64, id)
		__field(int, status)
		__field(u16, queue)
		__field(u8, op)
	),
	TP_fast_assign(
		compat_assign_str(dev, dev);
		__entry->id = id;
		__entry->status = status;
		__entry->queue = queue;
		__entry->op = op;
	),
	TP_printk("%s queue %u id %llx op %u status %d", __get_str(dev), __entry->queue,
		  __entry->id, __entry->op, __entry->status)
);

TRACE_EVENT(xenbe_reject,
	TP_PROTO(const char *dev, unsigned int queue, u64 id, u8 op, enum wire_verdict verdict),
	TP_ARGS(dev, queue, id, op, verdict),
	TP_STRUCT__entry(
		__string(dev, dev)
		__field(u64, id)
		__field(u32, verdict)
		__field(u16, queue)
		__field(u8, op)
	),
	TP_fast_assign(
		compat_assign_str(dev, dev);
		__entry->id = id;
		__entry->verdict = verdict;
		__entry->queue = queue;
		__entry->op = op;
	),
	TP_printk("%s queue %u id %llx op %u: %s", __get_str(dev), __entry->queue,
		  __entry->id, __entry->op, wire_verdict_name(__entry->verdict))
);

TRACE_EVENT(xenbe_packet,
	TP_PROTO(const char *dev, unsigned int queue, bool to_guest, u32 len, u32 nr_slots,
		 bool ok),
	TP_ARGS(dev, queue, to_guest, len, nr_slots, ok),
	TP_STRUCT__entry(
		__string(dev, dev)
		__field(u32, len)
		__field(u16, nr_slots)
		__field(u16, queue)
		__field(bool, to_guest)
		__field(bool, ok)
	),
	TP_fast_assign(
		compat_assign_str(dev, dev);
		__entry->len = len;
		__entry->nr_slots = nr_slots;
		__entry->queue = queue;
		__entry->to_guest = to_guest;
		__entry->ok = ok;
	),
	TP_printk("%s queue %u %s the guest, %u bytes in %u slots%s", __get_str(dev),
		  __entry->queue, __entry->to_guest ? "to" : "from", __entry->len, __entry->nr_slots,
		  __entry->ok ? "" : ", lost")
);

TRACE_EVENT(xenbe_state,
	TP_PROTO(const char *dev, u32 own, u32 peer, u32 action, u32 publish),
	TP_ARGS(dev, own, peer, action, publish),
	TP_STRUCT__entry(
		__string(dev, dev)
		__field(u32, own)
		__field(u32, peer)
		__field(u32, action)
		__field(u32, publish)
	),
	TP_fast_assign(
		compat_assign_str(dev, dev);
		__entry->own = own;
		__entry->peer = peer;
		__entry->action = action;
		__entry->publish = publish;
	),
	TP_printk("%s own %s peer %s: action %u, publish %s", __get_str(dev),
		  wire_xenbus_state_name(__entry->own), wire_xenbus_state_name(__entry->peer),
		  __entry->action, wire_xenbus_state_name(__entry->publish))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
