// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "counters.h"
#include "hotplugd.h"
#include "report.h"

static json_t *device_object(const struct device *device)
{
	json_t *object = json_pack("{s:s,s:s,s:i,s:i,s:b,s:s,s:b,s:I,s:i,s:i,s:i}",
		"name", device->name, "kind", kind_name(device->kind), "domid", (int)device->domid,
		"devid", (int)device->devid, "emulated", device->emu,
		"state", device_state_name(device->state), "wanted", device->wanted,
		"took_us", (json_int_t)device->took_us, "plugs", (int)device->plugs,
		"repairs", (int)device->repairs, "failures", (int)device->failures);

	if (device->reason[0])
		json_object_set_new(object, "reason", json_string(device->reason));
	if (device->ifname[0])
		json_object_set_new(object, "ifname", json_string(device->ifname));
	if (device->mode_known)
		json_object_set_new(object, "script", json_string(vif_mode_name(device->mode)));
	return object;
}

char *report_list(const struct hotplug *hotplug)
{
	json_t *devices = json_array(), *all;
	char *text;

	for (const struct device *d = hotplug->devices; d; d = d->next)
		json_array_append_new(devices, device_object(d));
	all = json_pack("{s:o,s:b}", "devices", devices, "openvswitch",
			hotplug->ovs && ovs_is_connected(hotplug->ovs));
	text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return text;
}

/* ---- metrics: https://prometheus.io/docs/specs/om/open_metrics_spec/ ------------------------------- */

/* "NAMESUFFIX{device="vif3.0",domid="3"" of a sample. */
static void begin(struct str *s, const char *name, const char *suffix, const struct device *device)
{
	str_addf(s, "%s%s{device=\"%s\",domid=\"%u\"", name, suffix, device->name, device->domid);
}

static void whole(struct str *s, const char *name, const char *suffix, const struct device *device,
		  uint64_t value)
{
	begin(s, name, suffix, device);
	str_addf(s, "} %" PRIu64 "\n", value);
}

static void in_state(struct str *s, const char *name, const struct device *device,
		     const struct counters *counters)
{
	begin(s, name, "", device);
	str_addf(s, ",state=\"%s\"} 1\n", device_state_name(device->state));
}

static void plug_seconds(struct str *s, const char *name, const struct device *device,
			 const struct counters *counters)
{
	if (!device->took_us)
		return;
	begin(s, name, "", device);
	str_addf(s, "} %" PRIu64 ".%06" PRIu64 "\n", device->took_us / 1000000, device->took_us % 1000000);
}

static void repairs(struct str *s, const char *name, const struct device *device,
		    const struct counters *counters)
{
	whole(s, name, "_total", device, device->repairs);
}

static void failures(struct str *s, const char *name, const struct device *device,
		     const struct counters *counters)
{
	whole(s, name, "_total", device, device->failures);
}

/* What goes into the guest and out of it; nothing of what the driver does not count. */
static void both_ways(struct str *s, const char *name, const struct device *device, uint64_t in,
		      uint64_t out)
{
	const struct { const char *direction; uint64_t value; } ways[] = { { "in", in }, { "out", out } };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].value == UNKNOWN)
			continue;
		begin(s, name, "_total", device);
		str_addf(s, ",direction=\"%s\"} %" PRIu64 "\n", ways[i].direction, ways[i].value);
	}
}

static void requests(struct str *s, const char *name, const struct device *device,
		     const struct counters *counters)
{
	both_ways(s, name, device, counters->values[IN], counters->values[OUT]);
}

static void bytes(struct str *s, const char *name, const struct device *device,
		  const struct counters *counters)
{
	both_ways(s, name, device, counters->values[IN_BYTES], counters->values[OUT_BYTES]);
}

static void errors(struct str *s, const char *name, const struct device *device,
		   const struct counters *counters)
{
	if (counters->values[ERRORS] != UNKNOWN)
		whole(s, name, "_total", device, counters->values[ERRORS]);
}

static void ring_slots(struct str *s, const char *name, const struct device *device,
		       const struct counters *counters)
{
	if (counters->ring_slots != UNKNOWN)
		whole(s, name, "", device, counters->ring_slots);
}

static void ring_used(struct str *s, const char *name, const struct device *device,
		      const struct counters *counters)
{
	if (counters->ring_used != UNKNOWN)
		whole(s, name, "", device, counters->ring_used);
}

/* A family's samples have to stand together. */
static const struct {
	const char *name, *type, *unit, *help;
	void (*sample)(struct str *s, const char *name, const struct device *device,
		       const struct counters *counters);
} families[] = {
	{ "xen_hotplug_device", "gauge", NULL, "The state a device is in.", in_state },
	{ "xen_hotplug_plug_seconds", "gauge", "seconds", "How long the last plug took.", plug_seconds },
	{ "xen_hotplug_repairs", "counter", NULL, "Times a device was brought back without being asked.",
	  repairs },
	{ "xen_hotplug_failures", "counter", NULL, "Times a device could not be plugged.", failures },
	{ "xen_backend_requests", "counter", NULL, "Requests, or packets, into the guest and out of it.",
	  requests },
	{ "xen_backend_bytes", "counter", "bytes", "Bytes into the guest and out of it.", bytes },
	{ "xen_backend_errors", "counter", NULL, "Requests and packets that failed or were lost.", errors },
	{ "xen_backend_ring_slots", "gauge", NULL, "Slots of the rings on which the guest asks.",
	  ring_slots },
	{ "xen_backend_ring_used", "gauge", NULL, "Slots with a request that is not answered.", ring_used },
};

static void add_totals(struct str *s, const struct hotplug *hotplug)
{
	unsigned int counts[KIND_NR][DEVICE_NR_STATES] = { 0 };

	for (const struct device *d = hotplug->devices; d; d = d->next)
		counts[d->kind][d->state]++;
	str_addf(s, "# TYPE xen_hotplug_devices gauge\n# HELP xen_hotplug_devices Devices by state.\n");
	for (unsigned int k = 0; k < KIND_NR; k++) {
		for (unsigned int state = 0; state < DEVICE_NR_STATES; state++)
			str_addf(s, "xen_hotplug_devices{kind=\"%s\",state=\"%s\"} %u\n", kind_name(k),
				 device_state_name(state), counts[k][state]);
	}
	str_addf(s, "# TYPE xen_hotplug_openvswitch_connected gauge\n"
		 "xen_hotplug_openvswitch_connected %d\n", hotplug->ovs && ovs_is_connected(hotplug->ovs));
}

char *report_metrics(const struct hotplug *hotplug)
{
	_free_ struct counters *counters = calloc(hotplug->n_devices + 1, sizeof(*counters));
	_str_ struct str s = { 0 };
	unsigned int n = 0;

	if (!counters)
		return NULL;
	/* What QEMU emulates has no driver here. */
	for (const struct device *d = hotplug->devices; d; d = d->next, n++) {
		counters[n] = (struct counters){ .ring_slots = UNKNOWN, .ring_used = UNKNOWN };
		memset(counters[n].values, 0xff, sizeof(counters[n].values));
		if (!d->emu)
			counters_of(d->kind, d->domid, d->devid, d->ifname[0] ? d->ifname : NULL,
				    &counters[n]);
	}
	add_totals(&s, hotplug);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		str_addf(&s, "# TYPE %s %s\n", families[i].name, families[i].type);
		if (families[i].unit)
			str_addf(&s, "# UNIT %s %s\n", families[i].name, families[i].unit);
		str_addf(&s, "# HELP %s %s\n", families[i].name, families[i].help);
		n = 0;
		for (const struct device *d = hotplug->devices; d; d = d->next)
			families[i].sample(&s, families[i].name, d, &counters[n++]);
	}
	str_addf(&s, "# EOF\n");
	return str_take(&s);
}

void report_write(const struct hotplug *hotplug, const char *path)
{
	_free_ char *text = report_metrics(hotplug);
	_fclose_ FILE *file = NULL;
	static bool failed;	/* said once, and not every time */
	char tmp[4096];

	if (!text || snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return;
	file = fopen(tmp, "we");
	if (!file || fputs(text, file) < 0 || fflush(file) < 0 || fchmod(fileno(file), 0644) < 0 ||
	    rename(tmp, path) < 0) {
		if (!failed)
			(void)log_err_errno(-errno, "Cannot write %s, ignoring", path);
		failed = true;
		return;
	}
	failed = false;
}
