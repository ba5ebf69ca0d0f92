/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What xenbectl and monitors are told; both texts are to be freed. */
#ifndef HOTPLUGD_REPORT_H
#define HOTPLUGD_REPORT_H

struct hotplug;

/* A JSON object: {"devices":[{...}]}. */
char *report_list(const struct hotplug *hotplug);

/* OpenMetrics. */
char *report_metrics(const struct hotplug *hotplug);

/* The same into a file, which is there as a whole or not at all. */
void report_write(const struct hotplug *hotplug, const char *path);

#endif
