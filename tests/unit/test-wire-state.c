// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: whatever the two ends' states are, the handshake takes at most one
 * step and then rests; it never connects what is connected, not ready or to be
 * removed, and never calls itself Closed while rings are mapped. The tables
 * replay what real toolstacks and frontends do.
 */
#include "unit.h"

#include "wire/state.h"

/* Short names: the states as they stand in xenstore. */
#define UNK	WIRE_XENBUS_UNKNOWN
#define INI	WIRE_XENBUS_INITIALISING
#define WAI	WIRE_XENBUS_INIT_WAIT
#define INT	WIRE_XENBUS_INITIALISED
#define CON	WIRE_XENBUS_CONNECTED
#define CLG	WIRE_XENBUS_CLOSING
#define CLD	WIRE_XENBUS_CLOSED
#define RCG	WIRE_XENBUS_RECONFIGURING
#define RCD	WIRE_XENBUS_RECONFIGURED

static const u32 all_states[] = {
	UNK, INI, WAI, INT, CON, CLG, CLD, RCG, RCD, 9, 10, 255, 256 + CON, 1u << 31, UINT32_MAX,
};

/* What the caller has to do for an action. */
static struct wire_state_facts after(struct wire_state_facts f, struct wire_state_step step)
{
	switch (step.action) {
	case WIRE_STATE_STAY:
		return f;
	case WIRE_STATE_CONNECT:
		f.attached = true;
		break;
	case WIRE_STATE_DISCONNECT:
	case WIRE_STATE_REMOVE:
		f.attached = false;
		break;
	case WIRE_STATE_PUBLISH:
		break;
	}
	f.own = step.publish;
	return f;
}

/* ---- all facts ------------------------------------------------------------------------------------ */

static bool peer_is_gone(u32 peer)
{
	return peer == UNK || peer == CLD || peer > RCD;
}

static bool peer_is_fresh(u32 peer)
{
	return peer == INI || peer == WAI;
}

static bool peer_is_talking(u32 peer)
{
	return peer == INT || peer == CON;
}

static const char *describe(const struct wire_state_facts *f, struct wire_state_step s)
{
	static const char *const actions[] = { "stay", "publish", "connect", "disconnect", "remove" };
	static char text[160];

	snprintf(text, sizeof(text), "own %u, peer %u,%s%s%s: %s %s", f->own, f->peer,
		 f->online ? " online" : "", f->ready ? " ready" : "",
		 f->attached ? " attached" : "", actions[s.action],
		 wire_xenbus_state_name(s.publish));
	return text;
}

#define CLAIM(claim)									\
	do {										\
		if (!(claim))								\
			fail_msg("%s is not so: %s", #claim, describe(f, s));		\
	} while (0)

static void rests_after_one_step(const struct wire_state_facts *f, struct wire_state_step s)
{
	const struct wire_state_facts next = after(*f, s);
	const struct wire_state_step again = wire_state_step(&next);

	if (s.action == WIRE_STATE_REMOVE)
		CLAIM(again.action == WIRE_STATE_REMOVE);
	else
		CLAIM(again.action == WIRE_STATE_STAY);
}

static void connects_only_when_it_may(const struct wire_state_facts *f, struct wire_state_step s)
{
	if (s.action != WIRE_STATE_CONNECT)
		return;
	CLAIM(f->online);
	CLAIM(f->ready);
	CLAIM(!f->attached);
	CLAIM(peer_is_talking(f->peer));
	CLAIM(f->own != CLG && f->own != CLD);
	CLAIM(s.publish == WIRE_XENBUS_CONNECTED);
}

static void closed_means_nothing_mapped(const struct wire_state_facts *f, struct wire_state_step s)
{
	const struct wire_state_facts next = after(*f, s);

	CLAIM(!(next.own == CLD && next.attached));
}

static void publishes_only_its_five_states(const struct wire_state_facts *f,
					   struct wire_state_step s)
{
	if (s.action == WIRE_STATE_STAY)
		return;
	CLAIM(s.publish == WAI || s.publish == CON || s.publish == CLG || s.publish == CLD);
	CLAIM(s.publish != CON || f->attached || s.action == WIRE_STATE_CONNECT);
}

static void publishes_only_changes(const struct wire_state_facts *f, struct wire_state_step s)
{
	if (s.action == WIRE_STATE_PUBLISH)
		CLAIM(s.publish != f->own);
	if (s.action == WIRE_STATE_DISCONNECT)
		CLAIM(f->attached);
}

static void unmaps_when_the_peer_is_gone(const struct wire_state_facts *f,
					 struct wire_state_step s)
{
	const struct wire_state_facts next = after(*f, s);

	if (peer_is_gone(f->peer)) {
		CLAIM(!next.attached);
		CLAIM(next.own == CLD);
	}
	if (peer_is_fresh(f->peer))
		CLAIM(!next.attached);
}

static void removes_only_when_offline(const struct wire_state_facts *f, struct wire_state_step s)
{
	CLAIM(s.action != WIRE_STATE_REMOVE || !f->online);
	if (!f->online && (peer_is_gone(f->peer) || peer_is_fresh(f->peer)))
		CLAIM(s.action == WIRE_STATE_REMOVE);
	if (!f->online && f->own == CLD)
		CLAIM(s.action == WIRE_STATE_REMOVE);
}

/* A frontend that still uses its rings is asked first, never cut off. */
static void does_not_cut_off_a_live_peer(const struct wire_state_facts *f,
					 struct wire_state_step s)
{
	const struct wire_state_facts next = after(*f, s);

	if (f->attached && f->own != CLD && (peer_is_talking(f->peer) || f->peer == CLG))
		CLAIM(next.attached);
	if (f->attached && !f->online && f->own != CLD && f->peer == CON)
		CLAIM(next.own == CLG);
}

/* A frontend that begins always gets InitWait, one that is ready a connection. */
static void lets_in_whoever_begins(const struct wire_state_facts *f, struct wire_state_step s)
{
	const struct wire_state_facts next = after(*f, s);

	if (!f->online)
		return;
	if (peer_is_fresh(f->peer))
		CLAIM(next.own == WAI);
	if (peer_is_talking(f->peer) && f->ready && !f->attached &&
	    (f->own == WAI || f->own == INI))
		CLAIM(s.action == WIRE_STATE_CONNECT);
}

static const struct {
	const char *name;
	void (*claim)(const struct wire_state_facts *f, struct wire_state_step s);
} claims[] = {
	{ "rests_after_one_step", rests_after_one_step },
	{ "connects_only_when_it_may", connects_only_when_it_may },
	{ "closed_means_nothing_mapped", closed_means_nothing_mapped },
	{ "publishes_only_its_five_states", publishes_only_its_five_states },
	{ "publishes_only_changes", publishes_only_changes },
	{ "unmaps_when_the_peer_is_gone", unmaps_when_the_peer_is_gone },
	{ "removes_only_when_offline", removes_only_when_offline },
	{ "does_not_cut_off_a_live_peer", does_not_cut_off_a_live_peer },
	{ "lets_in_whoever_begins", lets_in_whoever_begins },
};

/* One claim about every combination of facts, states out of range included. */
static void all_facts(void **state)
{
	const size_t *claim = *state;

	for (size_t own = 0; own < ARRAY_SIZE(all_states); own++)
	for (size_t peer = 0; peer < ARRAY_SIZE(all_states); peer++)
	for (u32 bits = 0; bits < 8; bits++) {
		const struct wire_state_facts f = {
			.own = all_states[own],
			.peer = all_states[peer],
			.online = bits & 1,
			.ready = bits & 2,
			.attached = bits & 4,
		};

		claims[*claim].claim(&f, wire_state_step(&f));
	}
}

/* States that no enum has are as good as none. */
static void garbage_is_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all_states); i++) {
		for (u32 bits = 0; bits < 8; bits++) {
			struct wire_state_facts f = {
				.own = CON,
				.peer = all_states[i] > RCD ? all_states[i] : UINT32_MAX,
				.online = bits & 1,
				.ready = bits & 2,
				.attached = bits & 4,
			};
			const struct wire_state_step a = wire_state_step(&f);
			struct wire_state_step b;

			f.peer = UNK;
			b = wire_state_step(&f);
			assert_int_equal(a.action, b.action);
			assert_int_equal(a.publish, b.publish);
		}
	}
}

/* ---- what happens in life ------------------------------------------------------------------------- */

struct moment {
	u32 peer;
	bool online;
	bool ready;
	enum wire_state_action action;	/* what is asked for ... */
	u32 own;			/* ... and what xenstore then says of us */
};

struct story {
	const char *name;
	u32 own;			/* at the beginning */
	bool attached;
	struct moment moments[8];	/* up to the one whose `own` is 0 */
};

#define ON	true
#define OFF	false
#define STAY	WIRE_STATE_STAY
#define PUB	WIRE_STATE_PUBLISH
#define CONN	WIRE_STATE_CONNECT
#define DISC	WIRE_STATE_DISCONNECT
#define REM	WIRE_STATE_REMOVE

static const struct story stories[] = {
	{ "xl attaches, Linux connects", INI, false, {
		{ INI, ON, false, PUB, WAI },	/* the toolstack waits for this before its script */
		{ INI, ON, true, STAY, WAI },	/* the script has named the disk */
		{ INT, ON, true, CONN, CON },
		{ CON, ON, true, STAY, CON } } },
	{ "frontend is faster than the script", INI, false, {
		{ INI, ON, false, PUB, WAI },
		{ INT, ON, false, STAY, WAI },
		{ INT, ON, true, CONN, CON } } },
	{ "frontend goes straight to Connected", INI, false, {
		{ INI, ON, false, PUB, WAI },
		{ CON, ON, true, CONN, CON } } },
	{ "frontend was there first", INI, false, {
		{ INT, ON, false, PUB, WAI },
		{ INT, ON, true, CONN, CON } } },
	{ "firmware closes, the system opens again", CON, true, {
		{ CLG, ON, true, PUB, CLG },
		{ CLD, ON, true, DISC, CLD },
		{ INI, ON, true, PUB, WAI },
		{ INT, ON, true, CONN, CON } } },
	{ "Closing was missed", CON, true, {
		{ CLD, ON, true, DISC, CLD },
		{ INI, ON, true, PUB, WAI } } },
	{ "a crashed kernel's successor resets us", CON, true, {
		{ CON, ON, true, STAY, CON },
		{ CLG, ON, true, PUB, CLG },	/* it waits for each of these */
		{ CLD, ON, true, DISC, CLD },
		{ INI, ON, true, PUB, WAI },
		{ CON, ON, true, CONN, CON } } },
	{ "frontend restarts without closing", CON, true, {
		{ INI, ON, true, DISC, WAI },
		{ INT, ON, true, CONN, CON } } },
	{ "frontend closes before it connected", WAI, false, {
		{ CLG, ON, false, PUB, CLG },
		{ CLD, ON, false, PUB, CLD },
		{ INI, ON, false, PUB, WAI } } },
	{ "frontend is Closed while we wait", WAI, false, {
		{ CLD, ON, true, PUB, CLD },
		{ CLD, ON, true, STAY, CLD },
		{ INI, ON, true, PUB, WAI } } },
	{ "fresh device, frontend long Closed", INI, false, {
		{ CLD, ON, true, PUB, CLD },
		{ CLD, ON, true, STAY, CLD },
		{ INI, ON, true, PUB, WAI } } },
	{ "xl detaches, the guest lets go", CON, true, {
		{ CON, OFF, true, PUB, CLG },
		{ CLG, OFF, true, STAY, CLG },
		{ CLD, OFF, true, REM, CLD },
		{ CLD, OFF, true, REM, CLD } } },
	{ "xl detaches, the guest does not, its directory goes", CON, true, {
		{ CON, OFF, true, PUB, CLG },
		{ CON, OFF, true, STAY, CLG },
		{ UNK, OFF, true, REM, CLD } } },
	{ "xl detaches from a guest without driver", WAI, false, {
		{ INI, OFF, true, REM, CLD } } },
	{ "xl detaches before the disk is there", WAI, false, {
		{ INT, OFF, false, PUB, CLG },
		{ CLD, OFF, false, REM, CLD } } },
	{ "guest is destroyed while connected", CON, true, {
		{ UNK, ON, true, DISC, CLD },
		{ UNK, OFF, true, REM, CLD } } },
	{ "guest is destroyed, and offline comes first", CON, true, {
		{ CON, OFF, true, PUB, CLG },
		{ UNK, OFF, true, REM, CLD } } },
	{ "module is loaded again under a connected guest", INI, false, {
		{ CON, ON, false, PUB, WAI },
		{ CON, ON, true, CONN, CON } } },
	{ "we refused the frontend", CLD, false, {
		{ INT, ON, true, STAY, CLD },	/* it does not get another try for free */
		{ CLG, ON, true, STAY, CLD },
		{ CLD, ON, true, STAY, CLD },
		{ INI, ON, true, PUB, WAI },
		{ INT, ON, true, CONN, CON } } },
	{ "we stopped a lying frontend", CLG, false, {
		{ CON, ON, true, PUB, CLD },
		{ CON, ON, true, STAY, CLD },
		{ CON, OFF, true, REM, CLD } } },
	{ "we are closing and still mapped", CLG, true, {
		{ CON, ON, true, STAY, CLG },
		{ CLD, ON, true, DISC, CLD } } },
	{ "publishing Connected failed", WAI, true, {
		{ INT, ON, true, PUB, CON } } },
	{ "frontend says what block devices never say", CON, true, {
		{ RCG, ON, true, STAY, CON },
		{ RCD, ON, true, STAY, CON },
		{ CON, ON, true, STAY, CON } } },
};

static void story(void **state)
{
	const struct story *story = *state;
	struct wire_state_facts f = { .own = story->own, .attached = story->attached };

	for (size_t i = 0; i < ARRAY_SIZE(story->moments) && story->moments[i].own; i++) {
		const struct moment *m = &story->moments[i];
		struct wire_state_step step;

		f.peer = m->peer;
		f.online = m->online;
		f.ready = m->ready;
		step = wire_state_step(&f);
		if (step.action != m->action)
			fail_msg("moment %zu: %s", i, describe(&f, step));
		f = after(f, step);
		if (f.own != m->own)
			fail_msg("moment %zu: published %s", i, wire_xenbus_state_name(f.own));
	}
}

/*
 * A frontend that writes its state at random, events merged and repeated at
 * random: mapped only in Connected or Closing, no two connects without a
 * disconnect between, and a frontend that comes to its senses gets its disk.
 */
static void random_walks(void **state)
{
	uint64_t seed = 0x5eed;

	(void)state;
	for (u32 walk = 0; walk < 2000; walk++) {
		struct wire_state_facts f = { .own = INI, .online = true };

		for (u32 i = 0; i < 1000; i++) {
			struct wire_state_step step;
			bool was_attached = f.attached;

			f.peer = (u32)(unit_random(&seed) % 10);
			f.ready = f.ready || unit_random(&seed) % 16 == 0;
			step = wire_state_step(&f);
			if (step.action == WIRE_STATE_CONNECT && was_attached)
				fail_msg("connected twice: %s", describe(&f, step));
			f = after(f, step);
			if (f.attached != (f.own == CON || (f.own == CLG && f.attached)))
				fail_msg("mapped and not Connected, or the reverse: %s",
					 describe(&f, step));
		}
		f.ready = true;
		f.peer = CLD;
		f = after(f, wire_state_step(&f));
		f.peer = INI;
		f = after(f, wire_state_step(&f));
		assert_int_equal(f.own, WAI);
		f.peer = CON;
		f = after(f, wire_state_step(&f));
		assert_int_equal(f.own, CON);
		assert_true(f.attached);
	}
}

static void state_names(void **state)
{
	static const char *const names[] = {
		"Unknown", "Initialising", "InitWait", "Initialised", "Connected", "Closing",
		"Closed", "Reconfiguring", "Reconfigured",
	};

	(void)state;
	for (u32 i = 0; i < WIRE_NR_XENBUS_STATES; i++)
		assert_string_equal(wire_xenbus_state_name(i), names[i]);
	assert_string_equal(wire_xenbus_state_name(WIRE_NR_XENBUS_STATES), "Unknown");
	assert_string_equal(wire_xenbus_state_name(UINT32_MAX), "Unknown");
}

/* What was offered stays for those a new driver connects to at once, or who only change details. */
static void answered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all_states); i++) {
		const u32 peer = all_states[i];
		const struct wire_state_facts begins = {
			.own = INI, .peer = peer, .online = true, .ready = true,
		};

		bool would = wire_state_step(&begins).action == WIRE_STATE_CONNECT;

		assert_int_equal(wire_xenbus_has_answered(peer),
				 would || peer == RCG || peer == RCD);
	}
}

int main(void)
{
	static size_t index[ARRAY_SIZE(claims)];

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		index[i] = i;
		unit_add(all_facts, &index[i], "all_facts: %s", claims[i].name);
	}
	UNIT_ADD(garbage_is_unknown);
	UNIT_ADD_TABLE(story, stories);
	UNIT_ADD(random_walks);
	UNIT_ADD(state_names);
	UNIT_ADD(answered);
	return unit_run("wire-state");
}
