// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The xenbus handshake of a backend: see state.h.
 */
#include "state.h"

#define SET(state)	(1u << WIRE_XENBUS_##state)
#define ALL		((1u << WIRE_NR_XENBUS_STATES) - 1)

/* What the frontend's states mean to us. */
#define PEER_GONE	(SET(UNKNOWN) | SET(CLOSED))
#define PEER_FRESH	(SET(INITIALISING) | SET(INIT_WAIT))
#define PEER_TALKING	(SET(INITIALISED) | SET(CONNECTED))

#define NO	1u
#define YES	2u
#define ANY	(NO | YES)

struct row {
	u16 peer;		/* set of states */
	u16 own;		/* set of states */
	u8 online;
	u8 ready;
	u8 attached;
	struct wire_state_step step;
};

/* The first row that matches counts; the last one matches everything. */
static const struct row rows[] = {
	/*
	 * The toolstack wants the device gone. A frontend that is not there (or has no driver) need
	 * not be asked; neither need one that we have closed already. Others are asked to close.
	 */
	{ PEER_GONE | PEER_FRESH, ALL, NO, ANY, ANY, { WIRE_STATE_REMOVE, WIRE_XENBUS_CLOSED } },
	{ ALL, SET(CLOSED), NO, ANY, ANY, { WIRE_STATE_REMOVE, WIRE_XENBUS_CLOSED } },
	{ ALL, SET(CLOSING), NO, ANY, ANY, { WIRE_STATE_STAY, WIRE_XENBUS_CLOSING } },
	{ ALL, ALL, NO, ANY, ANY, { WIRE_STATE_PUBLISH, WIRE_XENBUS_CLOSING } },

	/*
	 * Not there, or done with the device. Ours must become Closed even if it never connected: a
	 * frontend that is started again resets only a backend that it finds Closed (or Connected).
	 */
	{ PEER_GONE, ALL, ANY, ANY, YES, { WIRE_STATE_DISCONNECT, WIRE_XENBUS_CLOSED } },
	{ PEER_GONE, SET(CLOSED), ANY, ANY, NO, { WIRE_STATE_STAY, WIRE_XENBUS_CLOSED } },
	{ PEER_GONE, ALL, ANY, ANY, NO, { WIRE_STATE_PUBLISH, WIRE_XENBUS_CLOSED } },

	/* Begins, for the first time or again. Still attached: it restarted without closing. */
	{ PEER_FRESH, ALL, ANY, ANY, YES, { WIRE_STATE_DISCONNECT, WIRE_XENBUS_INIT_WAIT } },
	{ PEER_FRESH, SET(INIT_WAIT), ANY, ANY, NO, { WIRE_STATE_STAY, WIRE_XENBUS_INIT_WAIT } },
	{ PEER_FRESH, ALL, ANY, ANY, NO, { WIRE_STATE_PUBLISH, WIRE_XENBUS_INIT_WAIT } },

	/* Closed is a promise that nothing is mapped. */
	{ ALL, SET(CLOSED), ANY, ANY, YES, { WIRE_STATE_DISCONNECT, WIRE_XENBUS_CLOSED } },

	/* Winding down; it may still use the rings, which therefore stay until it is Closed. */
	{ SET(CLOSING), SET(CLOSING) | SET(CLOSED), ANY, ANY, ANY,
	  { WIRE_STATE_STAY, WIRE_XENBUS_CLOSING } },
	{ SET(CLOSING), ALL, ANY, ANY, ANY, { WIRE_STATE_PUBLISH, WIRE_XENBUS_CLOSING } },

	/* Has published its rings. If we are Closing on our own account, the end is not undone. */
	{ PEER_TALKING, SET(CONNECTED) | SET(CLOSING), ANY, ANY, YES,
	  { WIRE_STATE_STAY, WIRE_XENBUS_CONNECTED } },
	{ PEER_TALKING, ALL, ANY, ANY, YES, { WIRE_STATE_PUBLISH, WIRE_XENBUS_CONNECTED } },
	{ PEER_TALKING, SET(INITIALISING) | SET(INIT_WAIT), ANY, YES, NO,
	  { WIRE_STATE_CONNECT, WIRE_XENBUS_CONNECTED } },
	{ PEER_TALKING, SET(INITIALISING), ANY, NO, NO,
	  { WIRE_STATE_PUBLISH, WIRE_XENBUS_INIT_WAIT } },
	{ PEER_TALKING, SET(INIT_WAIT), ANY, NO, NO, { WIRE_STATE_STAY, WIRE_XENBUS_INIT_WAIT } },

	/* Refused or closed by us: it has to begin again, so nothing but the end is published. */
	{ PEER_TALKING, SET(CLOSED), ANY, ANY, NO, { WIRE_STATE_STAY, WIRE_XENBUS_CLOSED } },
	{ PEER_TALKING, ALL, ANY, ANY, NO, { WIRE_STATE_PUBLISH, WIRE_XENBUS_CLOSED } },

	/* Reconfiguring means nothing in any protocol we speak. */
	{ ALL, ALL, ANY, ANY, ANY, { WIRE_STATE_STAY, WIRE_XENBUS_UNKNOWN } },
};

#define NR_ROWS	(sizeof(rows) / sizeof(rows[0]))

/* What we never publish counts as not having begun. */
static u32 own_set(u32 own)
{
	switch (own) {
	case WIRE_XENBUS_INIT_WAIT:
	case WIRE_XENBUS_CONNECTED:
	case WIRE_XENBUS_CLOSING:
	case WIRE_XENBUS_CLOSED:
		return 1u << own;
	default:
		return SET(INITIALISING);
	}
}

static u32 peer_set(u32 peer)
{
	return peer < WIRE_NR_XENBUS_STATES ? 1u << peer : SET(UNKNOWN);
}

static u32 bool_set(bool value)
{
	return value ? YES : NO;
}

bool wire_xenbus_has_answered(u32 peer)
{
	return peer_set(peer) & (PEER_TALKING | SET(RECONFIGURING) | SET(RECONFIGURED));
}

struct wire_state_step wire_state_step(const struct wire_state_facts *facts)
{
	const u32 peer = peer_set(facts->peer);
	const u32 own = own_set(facts->own);
	const u32 online = bool_set(facts->online);
	const u32 ready = bool_set(facts->ready);
	const u32 attached = bool_set(facts->attached);
	const struct row *row = rows;

	while (row < rows + NR_ROWS - 1 &&
	       !((row->peer & peer) && (row->own & own) && (row->online & online) &&
		 (row->ready & ready) && (row->attached & attached)))
		row++;
	return row->step;
}

const char *wire_xenbus_state_name(u32 state)
{
	static const char *const names[WIRE_NR_XENBUS_STATES] = {
		[WIRE_XENBUS_UNKNOWN] = "Unknown",
		[WIRE_XENBUS_INITIALISING] = "Initialising",
		[WIRE_XENBUS_INIT_WAIT] = "InitWait",
		[WIRE_XENBUS_INITIALISED] = "Initialised",
		[WIRE_XENBUS_CONNECTED] = "Connected",
		[WIRE_XENBUS_CLOSING] = "Closing",
		[WIRE_XENBUS_CLOSED] = "Closed",
		[WIRE_XENBUS_RECONFIGURING] = "Reconfiguring",
		[WIRE_XENBUS_RECONFIGURED] = "Reconfigured",
	};

	return state < WIRE_NR_XENBUS_STATES ? names[state] : "Unknown";
}
