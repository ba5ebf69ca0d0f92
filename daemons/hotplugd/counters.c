// SPDX-License-Identifier: GPL-2.0-or-later
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "../../wire/store.h"
#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "counters.h"

#define SECTOR		512u
#define RINGS_MAX	65536u
#define DEVICES	"/sys/bus/xen-backend/devices"
#define DEBUGFS	"/sys/kernel/debug"

static const struct {
	enum kind kind;
	enum counter counter;
	const char *file;
	unsigned int unit;
} files[] = {
	{ KIND_VBD, IN, "rd_req", 1 }, { KIND_VBD, OUT, "wr_req", 1 },
	{ KIND_VBD, OUT, "f_req", 1 }, { KIND_VBD, OUT, "ds_req", 1 },
	{ KIND_VBD, IN_BYTES, "rd_sect", SECTOR }, { KIND_VBD, OUT_BYTES, "wr_sect", SECTOR },
	{ KIND_VBD, ERRORS, "err_req", 1 }, { KIND_VBD, ERRORS, "rej_req", 1 },
	/* Of a network device, which is the other end: what it receives comes from the guest. */
	{ KIND_VIF, IN, "tx_packets", 1 }, { KIND_VIF, OUT, "rx_packets", 1 },
	{ KIND_VIF, IN_BYTES, "tx_bytes", 1 }, { KIND_VIF, OUT_BYTES, "rx_bytes", 1 },
	{ KIND_VIF, ERRORS, "tx_errors", 1 }, { KIND_VIF, ERRORS, "rx_errors", 1 },
	{ KIND_VIF, ERRORS, "tx_dropped", 1 }, { KIND_VIF, ERRORS, "rx_dropped", 1 },
};

const char *counter_name(enum counter counter)
{
	static const char *const names[NR_COUNTERS] = {
		[IN] = "in", [OUT] = "out", [IN_BYTES] = "in_bytes", [OUT_BYTES] = "out_bytes",
		[ERRORS] = "errors",
	};

	return names[counter];
}

static uint64_t read_number(const char *directory, const char *file)
{
	char path[320], line[32];
	_fclose_ FILE *f = NULL;
	uint64_t value;

	if (snprintf(path, sizeof(path), "%s/%s", directory, file) >= (int)sizeof(path))
		return UNKNOWN;
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return UNKNOWN;
	line[strcspn(line, "\n")] = '\0';
	return wire_store_parse_u64(line, UNKNOWN - 1, &value) ? value : UNKNOWN;
}

/* The slots of a ring on which the guest asks; not those on which it only gives pages. */
static bool take_slots(const char *line, unsigned int *slots, unsigned int *answered)
{
	line += strspn(line, " ");
	if (!strncmp(line, "tx: ", 4))
		line += 4;
	return sscanf(line, "slots %u taken %*u answered %u", slots, answered) == 2;
}

void counters_parse_rings(const char *text, uint64_t *ret_slots, uint64_t *ret_used)
{
	unsigned int slots = 0, answered = 0, requests;
	uint64_t all = 0, used = 0;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (take_slots(line, &slots, &answered)) {
			all += slots;
			continue;
		}
		if (slots && sscanf(line, " shared: requests up to %u", &requests) == 1) {
			/* The guest's word, on a ring that wraps. */
			const unsigned int waiting = requests - answered;

			used += waiting <= slots ? waiting : slots;
		}
		slots = 0;
	}
	*ret_slots = all ? all : UNKNOWN;
	*ret_used = all ? used : UNKNOWN;
}

static void read_rings(const char *path, struct counters *counters)
{
	_free_ char *text = malloc(RINGS_MAX);
	_fclose_ FILE *f = fopen(path, "re");
	size_t len;

	counters->ring_slots = counters->ring_used = UNKNOWN;
	if (!text || !f)
		return;
	len = fread(text, 1, RINGS_MAX - 1, f);
	text[len] = '\0';
	counters_parse_rings(text, &counters->ring_slots, &counters->ring_used);
}

void counters_read(enum kind kind, const char *statistics, const char *rings,
		   struct counters *ret_counters)
{
	struct counters counters = { .at_us = now_us() };

	for (unsigned int c = 0; c < NR_COUNTERS; c++)
		counters.values[c] = UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		uint64_t *sum = &counters.values[files[i].counter];
		uint64_t value;

		if (files[i].kind != kind)
			continue;
		/* The kernel's own driver counts less than ours: what there is is summed up. */
		value = read_number(statistics, files[i].file);
		if (value != UNKNOWN)
			*sum = (*sum == UNKNOWN ? 0 : *sum) + value * files[i].unit;
	}
	read_rings(rings, &counters);
	*ret_counters = counters;
}

/* Of a vif's network device, whatever it is called by now. */
static void find_vif(unsigned int domid, unsigned int devid, const char *ifname,
		     char statistics[256])
{
	char pattern[128];
	glob_t found = { 0 };

	snprintf(pattern, sizeof(pattern), DEVICES "/vif-%u-%u/net/*/statistics", domid, devid);
	if (glob(pattern, 0, NULL, &found) == 0)
		snprintf(statistics, 256, "%s", found.gl_pathv[0]);
	else if (ifname)
		snprintf(statistics, 256, "/sys/class/net/%.15s/statistics", ifname);
	else
		snprintf(statistics, 256, "/sys/class/net/vif%u.%u/statistics", domid, devid);
	globfree(&found);
}

void counters_of(enum kind kind, unsigned int domid, unsigned int devid, const char *ifname,
		 struct counters *ret_counters)
{
	char statistics[256], rings[128];

	if (kind == KIND_VIF) {
		find_vif(domid, devid, ifname, statistics);
		snprintf(rings, sizeof(rings), DEBUGFS "/xen-netback/vif%u.%u/rings", domid, devid);
	} else {
		snprintf(statistics, sizeof(statistics), DEVICES "/vbd-%u-%u/statistics", domid, devid);
		snprintf(rings, sizeof(rings), DEBUGFS "/xen-blkback/vbd-%u-%u/rings", domid, devid);
	}
	counters_read(kind, statistics, rings, ret_counters);
}

double counters_rate(const struct counters *before, const struct counters *now,
		     enum counter counter)
{
	const uint64_t a = before->values[counter], b = now->values[counter];

	if (a == UNKNOWN || b == UNKNOWN || b < a || now->at_us <= before->at_us)
		return -1;
	return (double)(b - a) * 1e6 / (double)(now->at_us - before->at_us);
}
