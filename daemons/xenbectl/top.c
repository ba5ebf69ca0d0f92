// SPDX-License-Identifier: GPL-2.0-or-later
/* xenbectl top: what every device does, again and again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../../wire/store.h"
#include "../hotplugd/counters.h"
#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "xenbectl.h"

#define INTERVAL	2u
#define INTERVAL_MAX	3600u
#define DEVICES_MAX	16384u

/* A device, as it was at the last look and is at this one. */
struct row {
	char name[32];
	const json_t *device;		/* of this look */
	bool before;			/* it was there at the last one */
	struct counters then, now;
};

struct rows {
	struct row *rows;
	size_t n;
};

static uint32_t arg_interval, arg_count;	/* seconds; how often, 0: until it is ended */

static const char *get(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static unsigned int get_number(const json_t *object, const char *key)
{
	return (unsigned int)json_integer_value(json_object_get(object, key));
}

/* ---- looking --------------------------------------------------------------------------------------- */

static void look(const json_t *device, struct counters *counters)
{
	const enum kind kind = strcmp(get(device, "kind"), "vif") ? KIND_VBD : KIND_VIF;

	counters_of(kind, get_number(device, "domid"), get_number(device, "devid"),
		    get(json_object_get(device, "daemon"), "ifname"), counters);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

/* All devices as they are now, each with what it was in @old. */
static int look_at_all(const json_t *devices, const struct rows *old, struct rows *ret_rows)
{
	const size_t n = json_array_size(devices) < DEVICES_MAX ? json_array_size(devices) :
		DEVICES_MAX;
	struct rows rows = { calloc(n + 1, sizeof(struct row)), n };

	if (!rows.rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct row *row = &rows.rows[i];
		const struct row *was;

		row->device = json_array_get(devices, i);
		snprintf(row->name, sizeof(row->name), "%s", get(row->device, "name"));
		look(row->device, &row->now);
		was = old->n ? bsearch(row, old->rows, old->n, sizeof(*row), by_name) : NULL;
		row->before = was;
		if (was)
			row->then = was->now;
	}
	qsort(rows.rows, rows.n, sizeof(*rows.rows), by_name);
	*ret_rows = rows;
	return 0;
}

static double rate(const struct row *row, enum counter counter)
{
	return row->before ? counters_rate(&row->then, &row->now, counter) : -1;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static json_t *number(uint64_t value)
{
	return value == UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static json_t *row_object(const struct row *row)
{
	const json_t *backend = json_object_get(row->device, "backend");
	const char *hotplug = get(json_object_get(row->device, "daemon"), "state");
	json_t *object = json_pack("{s:s,s:s,s:o*,s:o,s:o,s:o}", "name", row->name,
		"state", state_name(get(backend, "state")), "hotplug", hotplug ?
			json_string(hotplug) : NULL,
		"ring_slots", number(row->now.ring_slots), "ring_used", number(row->now.ring_used),
		"errors", number(row->now.values[ERRORS]));
	char key[32];

	for (enum counter c = 0; c < NR_COUNTERS; c++) {
		const double r = rate(row, c);

		snprintf(key, sizeof(key), "%s_per_s", counter_name(c));
		json_object_set_new(object, key, r < 0 ? json_null() : json_real(r));
	}
	return object;
}

static void print_object(const struct rows *rows)
{
	json_t *devices = json_array(), *all;

	for (size_t i = 0; i < rows->n; i++)
		json_array_append_new(devices, row_object(&rows->rows[i]));
	all = json_pack("{s:I,s:i,s:o}", "time", (json_int_t)time(NULL), "interval",
			(int)arg_interval,
			"devices", devices);
	json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	putchar('\n');
	json_decref(all);
}

/* ---- a table --------------------------------------------------------------------------------------- */

/* "1234", "12.3k", "1.2M": five characters that say enough; "-": not known. */
static const char *show(double value, char text[16])
{
	static const char units[] = " kMGTP";
	unsigned int unit = 0;

	if (value < 0)
		return "-";
	for (; value >= 9999.5 && unit + 1 < strlen(units); unit++)
		value /= 1000;
	if (unit)
		snprintf(text, 16, "%.*f%c", value < 100 ? 1 : 0, value, units[unit]);
	else
		snprintf(text, 16, "%.0f", value);
	return text;
}

static int by_bytes(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
	const double p = rate(x, IN_BYTES) + rate(x, OUT_BYTES);
	const double q = rate(y, IN_BYTES) + rate(y, OUT_BYTES);

	return p > q ? -1 : p < q ? 1 : by_name(x, y);
}

static void print_row(const struct row *row)
{
	const char *state = state_name(get(json_object_get(row->device, "backend"), "state"));
	const char *hotplug = get(json_object_get(row->device, "daemon"), "state");
	char text[NR_COUNTERS + 1][16], ring[48] = "-";

	if (row->now.ring_slots != UNKNOWN)
		snprintf(ring, sizeof(ring), "%llu/%llu", (unsigned long long)row->now.ring_used,
			 (unsigned long long)row->now.ring_slots);
	printf("%-16s %-12s %-10s %9s %7s %7s %7s %7s %7s %8s\n", row->name, state,
	       hotplug ? hotplug : "-", ring, show(rate(row, IN), text[IN]),
	       show(rate(row, OUT), text[OUT]), show(rate(row, IN_BYTES), text[IN_BYTES]),
	       show(rate(row, OUT_BYTES), text[OUT_BYTES]), show(rate(row, ERRORS), text[ERRORS]),
	       row->now.values[ERRORS] == UNKNOWN ? "-" :
	       show((double)row->now.values[ERRORS], text[NR_COUNTERS]));
}

/* As many as the terminal has lines for, the busiest first. */
static int print_table(const struct rows *rows)
{
	const struct row **sorted = calloc(rows->n + 1, sizeof(*sorted));
	struct winsize size = { 0 };
	size_t lines = rows->n;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < rows->n; i++)
		sorted[i] = &rows->rows[i];
	qsort(sorted, rows->n, sizeof(*sorted), by_bytes);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row) {
		/* To the top, and clear; two lines are the heading's and the cursor's. */
		fputs("\033[H\033[2J", stdout);
		if (lines + 2 > size.ws_row)
			lines = size.ws_row > 2 ? size.ws_row - 2u : 0;
	}
	printf("%-16s %-12s %-10s %9s %7s %7s %7s %7s %7s %8s\n", "DEVICE", "STATE", "HOTPLUG",
	       "RING", "IN/S",
	       "OUT/S", "IN B/S", "OUT B/S", "ERR/S", "ERRORS");
	for (size_t i = 0; i < lines; i++)
		print_row(sorted[i]);
	free(sorted);
	return 0;
}

/* ---- again and again ------------------------------------------------------------------------------- */

static int parse_top_arguments(int argc, char **argv)
{
	arg_interval = INTERVAL;
	arg_count = 0;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "--interval=", 11) &&
		    wire_store_parse_u32(argv[i] + 11, INTERVAL_MAX, &arg_interval) && arg_interval)
			continue;
		if (!strncmp(argv[i], "--count=", 8) &&
		    wire_store_parse_u32(argv[i] + 8, UINT32_MAX, &arg_count) && arg_count)
			continue;
		fprintf(stderr,
			"xenbectl: top: what is '%s'? Must be --interval=SECONDS, 1 to %u, or --count=N\n",
			argv[i], INTERVAL_MAX);
		return 2;
	}
	return 0;
}

/* Looks, and shows what has happened since the last look, if there was one. */
static int turn(struct rows *rows, json_t **devices, bool first)
{
	struct rows next;
	bool daemon;
	json_t *found = gather_all(&daemon);
	int r;

	if (!found)
		return -EIO;
	r = look_at_all(found, rows, &next);
	if (r < 0) {
		json_decref(found);
		return r;
	}
	free(rows->rows);
	json_decref(*devices);
	*rows = next;
	*devices = found;
	if (first)
		return 0;
	if (arg_is_json())
		print_object(rows);
	else
		r = print_table(rows);
	/* Who reads it may have gone. */
	return r < 0 ? r : fflush(stdout) ? -errno : 0;
}

int cmd_top(int argc, char **argv)
{
	int r = parse_top_arguments(argc, argv);
	struct rows rows = { NULL, 0 };
	json_t *devices = NULL;
	struct timespec next;

	if (r)
		return r;
	clock_gettime(CLOCK_MONOTONIC, &next);
	r = turn(&rows, &devices, true);
	for (uint32_t i = 0; r >= 0 && (!arg_count || i < arg_count); i++) {
		next.tv_sec += arg_interval;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
			;
		r = turn(&rows, &devices, false);
	}
	free(rows.rows);
	json_decref(devices);
	return r == -EPIPE ? 0 : r;
}
