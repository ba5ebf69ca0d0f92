/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The xenbus handshake of a backend, as one table.
 *
 * It is level-triggered: the caller reads what is true now (its own state, the
 * frontend's state, `online`, whether the hotplug part is done) and gets one
 * action and the state to publish. Asking again after doing it yields
 * WIRE_STATE_STAY (or WIRE_STATE_REMOVE, as long as the device is there), so
 * events may be lost, merged or repeated.
 */
#ifndef WIRE_STATE_H
#define WIRE_STATE_H

#include "wire.h"

/* Values of the xenstore node `state` (Xen public headers, io/xenbus.h). */
enum wire_xenbus_state {
	WIRE_XENBUS_UNKNOWN = 0,	/* node missing or unreadable */
	WIRE_XENBUS_INITIALISING = 1,
	WIRE_XENBUS_INIT_WAIT = 2,
	WIRE_XENBUS_INITIALISED = 3,
	WIRE_XENBUS_CONNECTED = 4,
	WIRE_XENBUS_CLOSING = 5,
	WIRE_XENBUS_CLOSED = 6,
	WIRE_XENBUS_RECONFIGURING = 7,
	WIRE_XENBUS_RECONFIGURED = 8,
	WIRE_NR_XENBUS_STATES
};

enum wire_state_action {
	WIRE_STATE_STAY,	/* nothing to do */
	WIRE_STATE_PUBLISH,	/* only write .publish */
	WIRE_STATE_CONNECT,	/* map rings and start; on success write .publish */
	WIRE_STATE_DISCONNECT,	/* stop and unmap everything, then write .publish */
	WIRE_STATE_REMOVE,	/* as DISCONNECT, and the device is to go away */
};

/*
 * What is true now. A peer's state above 8 is treated as WIRE_XENBUS_UNKNOWN;
 * an own state that a backend never publishes as WIRE_XENBUS_INITIALISING.
 */
struct wire_state_facts {
	u32 own;		/* enum wire_xenbus_state we last published */
	u32 peer;		/* enum wire_xenbus_state the frontend shows */
	bool online;		/* the toolstack wants the device to exist */
	bool ready;		/* everything but the frontend is there (disk, hotplug-status) */
	bool attached;		/* rings are mapped right now */
};

struct wire_state_step {
	enum wire_state_action action;
	enum wire_xenbus_state publish;	/* meaningless for STAY */
};

/* Total over all inputs, pure. */
struct wire_state_step wire_state_step(const struct wire_state_facts *facts);

/*
 * Whether a frontend in this state has read what was offered, and said what it
 * makes of it; it will not look again unless it begins anew.
 */
bool wire_xenbus_has_answered(u32 peer);

/* "Connected" and so on, "Unknown" outside the enum. */
const char *wire_xenbus_state_name(u32 state);

#endif
