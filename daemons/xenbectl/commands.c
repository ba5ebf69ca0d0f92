// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "xenbectl.h"

static const char *get(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_t *gather_all(bool *ret_daemon)
{
	_cleanup_(store_closep) struct store *store = NULL;
	int r = store_open(&store);
	json_t *devices;

	if (r < 0) {
		fprintf(stderr, "xenbectl: cannot connect to xenstored: %s\n", strerror(-r));
		return NULL;
	}
	devices = gather(store, ret_daemon);
	if (!devices)
		fprintf(stderr, "xenbectl: there is no memory\n");
	return devices;
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
	putchar('\n');
}

/* ---- list ------------------------------------------------------------------------------------------ */

static void print_row(const json_t *device)
{
	const json_t *backend = json_object_get(device, "backend");
	const json_t *daemon = json_object_get(device, "daemon");
	const bool emulated = json_is_true(json_object_get(device, "emulated"));
	const char *where = get(backend, "bridge"), *hotplug = get(daemon, "state");

	if (!where)
		where = get(backend, "params");
	if (!hotplug)
		hotplug = get(backend, "hotplug-status");
	printf("%-16s %-12s %-12s %-12s %8.1f  %s\n", get(device, "name"),
	       emulated ? "emulated" : state_name(get(backend, "state")),
	       emulated ? "emulated" : state_name(get(device, "frontend_state")), hotplug && *hotplug ? hotplug : "-",
	       (double)json_integer_value(json_object_get(daemon, "took_us")) / 1000, where ? where : "");
}

int cmd_list(int argc, char **argv)
{
	bool daemon;
	json_t *devices = gather_all(&daemon), *device;
	size_t i;

	if (!devices)
		return -EIO;
	if (arg_is_json()) {
		print_json(devices);
	} else {
		printf("%-16s %-12s %-12s %-12s %8s  %s\n", "DEVICE", "BACKEND", "FRONTEND", "HOTPLUG",
		       "PLUG MS", "WHERE");
		json_array_foreach(devices, i, device)
			print_row(device);
	}
	json_decref(devices);
	return 0;
}

/* ---- show ------------------------------------------------------------------------------------------ */

static const json_t *find(const json_t *devices, const char *name)
{
	json_t *device;
	size_t i;

	json_array_foreach(devices, i, device) {
		if (!strcmp(get(device, "name"), name))
			return device;
	}
	fprintf(stderr, "xenbectl: there is no device %s\n", name);
	return NULL;
}

int cmd_show(int argc, char **argv)
{
	bool daemon;
	json_t *devices;
	const json_t *device;

	if (argc != 1) {
		fprintf(stderr, "xenbectl: show which device? As vif3.0 or vbd3.51712\n");
		return 2;
	}
	devices = gather_all(&daemon);
	device = devices ? find(devices, argv[0]) : NULL;
	if (device)
		print_json(device);
	json_decref(devices);
	return device ? 0 : 1;
}

/* ---- doctor ---------------------------------------------------------------------------------------- */

#define SHOWN	400u	/* of what a guest says */

/* The first thing that keeps a device from working, and what to do; NULL: nothing does. */
static const char *diagnose(const json_t *device, bool daemon, char shown[SHOWN],
			    const char **ret_detail)
{
	const json_t *backend = json_object_get(device, "backend");
	const json_t *told = json_object_get(device, "daemon");
	const char *state = get(backend, "state"), *frontend = get(device, "frontend_state");
	const char *status = get(backend, "hotplug-status"), *error = get(backend, "hotplug-error");
	const bool vif = !strcmp(get(device, "kind"), "vif");
	const char *said = get(device, "error"), *guest_said = get(device, "frontend_error");

	*ret_detail = "";
	if (error) {
		*ret_detail = error;
		return "it was refused when it was plugged";
	}
	if (told && !strcmp(get(told, "state"), "plugging")) {
		*ret_detail = get(told, "reason") ? get(told, "reason") : "";
		return "xen-hotplugd waits";
	}
	if (json_is_true(json_object_get(device, "emulated")))
		return NULL;
	if (!state || !strcmp(state, "1"))
		return "no driver has taken it: is xen-netback or xen-blkback loaded?";
	if (!strcmp(state, "4"))
		return NULL;
	if (vif ? !status || strcmp(status, "connected") : !get(backend, "physical-device"))
		return daemon ? "nobody has plugged it: was its script run?" :
			"nobody has plugged it, and xen-hotplugd does not run";
	/* It stays there when the driver is content again. */
	if (said) {
		*ret_detail = said;
		return "the driver has complained";
	}
	if (guest_said) {
		*ret_detail = str_show(guest_said, shown, SHOWN);
		return "the guest's driver has complained";
	}
	if (!strcmp(state, "5") || !strcmp(state, "6"))
		return "it is closed: the guest, or the toolstack, has ended it";
	if (!frontend || !strcmp(frontend, "1"))
		return "the guest has no driver for it, or has not come to it yet";
	if (!strcmp(frontend, "5") || !strcmp(frontend, "6"))
		return "the guest has closed it";
	return "the guest and the driver are about to connect; if that lasts, see the kernel's log";
}

int cmd_doctor(int argc, char **argv)
{
	bool daemon;
	json_t *devices = gather_all(&daemon), *device, *found = json_array();
	const char *name, *what, *detail;
	char shown[SHOWN];
	int status = 0;
	size_t i;

	if (!devices)
		return -EIO;
	if (!daemon && !arg_is_json())
		printf("xen-hotplugd does not answer: scripts do their work themselves, and nothing is repaired\n");
	json_array_foreach(devices, i, device) {
		name = get(device, "name");
		if (argc && strcmp(name, argv[0]))
			continue;
		what = diagnose(device, daemon, shown, &detail);
		if (!what)
			continue;
		status = 1;
		json_array_append_new(found, json_pack("{s:s,s:s,s:s}", "device", name, "problem", what,
						       "detail", detail));
		if (!arg_is_json())
			printf("%s: %s%s%s\n", name, what, *detail ? ": " : "", detail);
	}
	if (arg_is_json())
		print_json(found);
	else if (!status)
		puts("nothing is wrong");
	json_decref(found);
	json_decref(devices);
	return status;
}

/* ---- metrics --------------------------------------------------------------------------------------- */

int cmd_metrics(int argc, char **argv)
{
	_free_ char *text = NULL;
	int r = ask_daemon("metrics", &text);

	if (r < 0) {
		fprintf(stderr, "xenbectl: xen-hotplugd does not answer: %s\n", strerror(-r));
		return r;
	}
	fputs(text, stdout);
	return 0;
}
