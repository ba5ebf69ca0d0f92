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

char *report_metrics(const struct hotplug *hotplug)
{
	unsigned int counts[KIND_NR][DEVICE_NR_STATES] = { 0 };
	_str_ struct str s = { 0 };

	for (const struct device *d = hotplug->devices; d; d = d->next)
		counts[d->kind][d->state]++;
	str_addf(&s, "# TYPE xen_hotplug_devices gauge\n# HELP xen_hotplug_devices Devices by state.\n");
	for (unsigned int k = 0; k < KIND_NR; k++) {
		for (unsigned int state = 0; state < DEVICE_NR_STATES; state++)
			str_addf(&s, "xen_hotplug_devices{kind=\"%s\",state=\"%s\"} %u\n", kind_name(k),
				 device_state_name(state), counts[k][state]);
	}
	str_addf(&s, "# TYPE xen_hotplug_openvswitch_connected gauge\n"
		 "xen_hotplug_openvswitch_connected %d\n", hotplug->ovs && ovs_is_connected(hotplug->ovs));
	str_addf(&s, "# TYPE xen_hotplug_plug_seconds gauge\n# UNIT xen_hotplug_plug_seconds seconds\n"
		 "# HELP xen_hotplug_plug_seconds How long the last plug took.\n");
	for (const struct device *d = hotplug->devices; d; d = d->next) {
		if (d->took_us)
			str_addf(&s, "xen_hotplug_plug_seconds{device=\"%s\",domid=\"%u\"} %" PRIu64
				 ".%06" PRIu64 "\n", d->name, d->domid, d->took_us / 1000000,
				 d->took_us % 1000000);
	}
	str_addf(&s, "# TYPE xen_hotplug_repairs counter\n"
		 "# HELP xen_hotplug_repairs Times a device was brought back without being asked.\n");
	for (const struct device *d = hotplug->devices; d; d = d->next) {
		if (d->repairs)
			str_addf(&s, "xen_hotplug_repairs_total{device=\"%s\",domid=\"%u\"} %u\n", d->name,
				 d->domid, d->repairs);
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
