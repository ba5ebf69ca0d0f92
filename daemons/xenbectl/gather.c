// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "../hotplugd/parse.h"
#include "../lib/cleanup.h"
#include "xenbectl.h"

const char *state_name(const char *state)
{
	static const char *const names[] = {
		"unknown", "initialising", "waiting", "initialised", "connected", "closing",
		"closed", "reconfiguring", "reconfigured",
	};

	return state && state[0] >= '0' && state[0] <= '8' && !state[1] ? names[state[0] - '0'] : "absent";
}

/* All values directly in a directory. What is no text of UTF-8 is left out. */
static json_t *read_directory(struct store *store, const char *path)
{
	json_t *object = json_object();
	_free_ char **names = NULL;
	unsigned int n;

	if (store_list(store, path, &names, &n) < 0)
		return object;
	for (unsigned int i = 0; i < n; i++) {
		_free_ char *value = NULL;
		char key[512];

		snprintf(key, sizeof(key), "%s/%s", path, names[i]);
		if (store_read(store, key, &value) >= 0)
			json_object_set_new(object, names[i], json_string(value));
	}
	return object;
}

static json_t *read_device(struct store *store, enum kind kind, unsigned int domid,
			   unsigned int devid)
{
	_free_ char *state = NULL, *error = NULL, *guest_error = NULL;
	char path[128], name[64];
	json_t *backend, *device;

	snprintf(path, sizeof(path), "backend/%s/%u/%u", kind_name(kind), domid, devid);
	backend = read_directory(store, path);
	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/%u/state", domid, kind_name(kind), devid);
	(void)store_read(store, path, &state);
	snprintf(path, sizeof(path), "error/backend/%s/%u/%u/error", kind_name(kind), domid, devid);
	(void)store_read(store, path, &error);
	snprintf(path, sizeof(path), "/local/domain/%u/error/device/%s/%u/error", domid, kind_name(kind), devid);
	(void)store_read(store, path, &guest_error);
	snprintf(name, sizeof(name), "%s%u.%u", kind_name(kind), domid, devid);
	device = json_pack("{s:s,s:s,s:i,s:i,s:o}", "name", name, "kind", kind_name(kind), "domid",
			   (int)domid, "devid", (int)devid, "backend", backend);
	if (state)
		json_object_set_new(device, "frontend_state", json_string(state));
	if (error)
		json_object_set_new(device, "error", json_string(error));
	if (guest_error)
		json_object_set_new(device, "frontend_error", json_string(guest_error));
	return device;
}

static void read_kind(struct store *store, enum kind kind, json_t *devices)
{
	_free_ char **domains = NULL;
	unsigned int n, m;
	char path[128];

	snprintf(path, sizeof(path), "backend/%s", kind_name(kind));
	if (store_list(store, path, &domains, &n) < 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		_free_ char **names = NULL;

		snprintf(path, sizeof(path), "backend/%s/%.40s", kind_name(kind), domains[i]);
		if (store_list(store, path, &names, &m) < 0)
			continue;
		for (unsigned int j = 0; j < m; j++) {
			unsigned int domid, devid;

			snprintf(path, sizeof(path), "backend/%s/%.40s/%.40s", kind_name(kind), domains[i],
				 names[j]);
			if (!parse_backend_path(path, &kind, &domid, &devid, NULL))
				continue;
			json_array_append_new(devices, read_device(store, kind, domid, devid));
		}
	}
}

static json_t *find_device(json_t *devices, const json_t *known)
{
	json_t *device;
	size_t i;

	json_array_foreach(devices, i, device) {
		if (json_equal(json_object_get(device, "domid"), json_object_get(known, "domid")) &&
		    json_equal(json_object_get(device, "devid"), json_object_get(known, "devid")) &&
		    json_equal(json_object_get(device, "kind"), json_object_get(known, "kind")))
			return device;
	}
	return NULL;
}

/* What QEMU emulates beside a vif has no directory of its own: it is plugged by the vif's keys. */
static json_t *emulated_device(const json_t *vif, const json_t *known)
{
	return json_pack("{s:O,s:O,s:O,s:O,s:b,s:{s:O*,s:O*}}", "name", json_object_get(known, "name"),
			 "kind", json_object_get(known, "kind"), "domid", json_object_get(known, "domid"),
			 "devid", json_object_get(known, "devid"), "emulated", 1, "backend",
			 "bridge", json_object_get(json_object_get(vif, "backend"), "bridge"),
			 "script", json_object_get(json_object_get(vif, "backend"), "script"));
}

/* Puts what the daemon says to each of its devices. */
static void merge(json_t *devices, const json_t *told)
{
	json_t *known;
	size_t i;

	json_array_foreach(told, i, known) {
		json_t *device = find_device(devices, known);

		if (device && json_is_true(json_object_get(known, "emulated"))) {
			device = emulated_device(device, known);
			json_array_append_new(devices, device);
		}
		if (device)
			json_object_set(device, "daemon", known);
	}
}

json_t *gather(struct store *store, bool *ret_daemon)
{
	json_t *devices = json_array(), *told;
	_free_ char *text = NULL;

	for (enum kind kind = 0; kind < KIND_NR; kind++)
		read_kind(store, kind, devices);
	*ret_daemon = ask_daemon("list", &text) >= 0;
	told = *ret_daemon ? json_loads(text, 0, NULL) : NULL;
	if (*ret_daemon && !told)
		fprintf(stderr, "xenbectl: the answer of xen-hotplugd cannot be read, and is left out\n");
	merge(devices, json_object_get(told, "devices"));
	json_decref(told);
	return devices;
}
