/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a driver has counted of one device, and what that is in a second. */
#ifndef HOTPLUGD_COUNTERS_H
#define HOTPLUGD_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/* Into the guest are what it reads and the packets for it, out of it what it writes and sends. */
enum counter { IN, OUT, IN_BYTES, OUT_BYTES, ERRORS, NR_COUNTERS };

#define UNKNOWN		UINT64_MAX

struct counters {
	uint64_t at_us;			/* when they were read, monotonic */
	uint64_t values[NR_COUNTERS];	/* UNKNOWN: the driver, or this one, does not count it */
	/* of the rings on which the guest asks; UNKNOWN: not told */
	uint64_t ring_slots, ring_used;
};

/* As the name of the counter in JSON: "in", "out_bytes" and so on. */
const char *counter_name(enum counter counter);

/*
 * Of a device of this domain's backends. @ifname is what a vif's network device is called
 * by now, for the case that the driver has none in its directory; NULL: as it was born.
 */
void counters_of(enum kind kind, unsigned int domid, unsigned int devid, const char *ifname,
		 struct counters *ret_counters);

/*
 * Of the files in @statistics, as both drivers' devices have one in sysfs, and of the
 * driver's debugfs file @rings.
 */
void counters_read(enum kind kind, const char *statistics, const char *rings,
		   struct counters *ret_counters);

/*
 * What was counted in a second between two looks: pure. Negative if that cannot be
 * said: one of them is not known, or the counter has gone back, as that of a new
 * device of the same name.
 */
double counters_rate(const struct counters *before, const struct counters *now,
		     enum counter counter);

/* The slots of all rings, and how many have a request that is not answered: pure. */
void counters_parse_rings(const char *text, uint64_t *ret_slots, uint64_t *ret_used);

#endif
