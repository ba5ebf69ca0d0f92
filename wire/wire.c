// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Words for verdicts.
 */
#include "wire.h"

static const struct {
	const char *name;
	const char *text;
} words[WIRE_NR_VERDICTS] = {
	[WIRE_OK] = { "ok", "fine" },
	[WIRE_MORE] = { "more", "incomplete, more is to come" },
	[WIRE_REJECT_OP] = { "reject-op", "unknown operation" },
	[WIRE_REJECT_FLAGS] = { "reject-flags", "undefined flags are set" },
	[WIRE_REJECT_COUNT] = { "reject-count", "number of segments out of bounds" },
	[WIRE_REJECT_SEGMENT] = { "reject-segment", "a segment is reversed or leaves its page" },
	[WIRE_REJECT_ALIGN] = { "reject-align", "not a multiple of the logical block size" },
	[WIRE_REJECT_RANGE] = { "reject-range", "past the end of the disk" },
	[WIRE_REJECT_LEN] = { "reject-len", "impossible length" },
	[WIRE_REJECT_READONLY] = { "reject-readonly", "would change a read-only device" },
	[WIRE_REJECT_UNSUPPORTED] = { "reject-unsupported", "an operation that was not offered" },
	[WIRE_REJECT_GRANT] = { "reject-grant", "a grant reference cannot be used" },
	[WIRE_REJECT_BUDGET] = { "reject-budget", "more than this frontend may hold at once" },
	[WIRE_FATAL_PROD] = { "fatal-prod", "frontend advanced past the end of the ring" },
	[WIRE_FATAL_INDEX] = { "fatal-index", "the ring's indices contradict each other" },
	[WIRE_FATAL_CHAIN] = { "fatal-chain", "a request of more slots than any may have" },
};

const char *wire_verdict_name(enum wire_verdict v)
{
	return (u32)v < WIRE_NR_VERDICTS ? words[v].name : "unknown";
}

const char *wire_verdict_text(enum wire_verdict v)
{
	return (u32)v < WIRE_NR_VERDICTS ? words[v].text : "unknown verdict";
}
