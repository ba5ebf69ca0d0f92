// SPDX-License-Identifier: GPL-2.0-or-later
#include "dev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *dev_fe_path(struct dev *dev, const char *key)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dev->fe, key);
	return path;
}

const char *dev_be_path(struct dev *dev, const char *key)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dev->be, key);
	return path;
}

static void name_paths(struct dev *dev)
{
	/*
	 * Below "device" the frontend drivers of this kernel would take a device
	 * of ours for theirs. The backend follows the path it is told.
	 */
	snprintf(dev->fe, sizeof(dev->fe), "/local/domain/%u/%s/%s/%u", dev->fe_domid,
		 dev->ours ? "xenfront" : "device", dev->kind, dev->id);
	snprintf(dev->be, sizeof(dev->be), "/local/domain/%u/backend/%s/%u/%u", dev->be_domid,
		 dev->kind, dev->fe_domid, dev->id);
	snprintf(dev->err, sizeof(dev->err), "/local/domain/%u/error/backend/%s/%u/%u/error",
		 dev->be_domid, dev->kind, dev->fe_domid, dev->id);
}

/* The backend's state, and the errors it reports, wake store_wait(). */
static void watch_backend(struct dev *dev)
{
	if (store_watch(dev->st, dev_be_path(dev, "state")))
		util_lab_error("cannot watch %s", dev->be);
	if (dev->be_domid == dev->fe_domid && store_watch(dev->st, dev->err))
		util_lab_error("cannot watch %s", dev->err);
	dev_forget_errors(dev);
}

static void unwatch_backend(struct dev *dev)
{
	(void)store_unwatch(dev->st, dev_be_path(dev, "state"));
	(void)store_unwatch(dev->st, dev->err);
}

static int write_entries(struct dev *dev, store_tx tx, bool backend, const struct dev_entry *e)
{
	for (; e && e->key; e++)
		store_send_printf(dev->st, tx,
				  backend ? dev_be_path(dev, e->key) : dev_fe_path(dev, e->key),
				  "%s", e->value);
	return store_drain(dev->st);
}

static int write_common(struct dev *dev, store_tx tx)
{
	char fe_domid[8], be_domid[8];
	struct dev_entry be[] = {
		{ "frontend", dev->fe }, { "frontend-id", fe_domid }, { "online", "1" },
		{ "state", "1" }, { NULL, NULL },
	};
	struct dev_entry fe[] = {
		{ "backend", dev->be }, { "backend-id", be_domid }, { "state", "1" },
		{ NULL, NULL },
	};

	snprintf(fe_domid, sizeof(fe_domid), "%u", dev->fe_domid);
	snprintf(be_domid, sizeof(be_domid), "%u", dev->be_domid);
	return write_entries(dev, tx, true, be) ?: write_entries(dev, tx, false, fe);
}

static void pick_id(struct dev *dev, store_tx tx, const struct dev_spec *spec)
{
	dev->id = spec->id ?: spec->first_id;
	name_paths(dev);
	while (!spec->id && store_exists(dev->st, tx, dev->be)) {
		dev->id += spec->step;
		name_paths(dev);
	}
}

static int write_nodes(struct dev *dev, const struct dev_spec *spec)
{
	store_tx tx;
	int r;

	do {
		r = store_begin(dev->st, &tx);
		if (r)
			return r;
		pick_id(dev, tx, spec);
		if (store_exists(dev->st, tx, dev->be)) {
			(void)store_abort(dev->st, tx);
			return -EEXIST;
		}
		r = store_rm(dev->st, tx, dev->fe) ?: write_common(dev, tx) ?:
		    write_entries(dev, tx, true, spec->be) ?:
		    write_entries(dev, tx, false, spec->fe);
		if (r) {
			(void)store_abort(dev->st, tx);
			return r;
		}
		r = store_commit(dev->st, tx);
	} while (r == -EAGAIN);
	return r;
}

/* Devices we made: they must go when the program ends, whatever ends it. */
static struct dev *made[64];

static void forget_made(struct dev *dev)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i] == dev)
			made[i] = NULL;
}

static void remove_made(void)
{
	struct check nowhere;
	size_t i;

	check_begin(&nowhere, "exit", 0);
	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (made[i]) {
			made[i]->chk = &nowhere;
			dev_destroy(made[i]);
		}
}

static void remember_made(struct dev *dev)
{
	static bool registered;
	size_t i;

	if (!registered)
		atexit(remove_made);
	registered = true;
	for (i = 0; i < ARRAY_SIZE(made); i++)
		if (!made[i]) {
			made[i] = dev;
			return;
		}
	util_lab_error("more than %zu devices at once", ARRAY_SIZE(made));
}

void dev_make(struct dev *dev, struct store *st, struct check *chk, const struct dev_spec *spec)
{
	int r;

	*dev = (struct dev){ .st = st, .chk = chk, .kind = spec->kind, .ours = true };
	r = write_nodes(dev, spec);
	if (r)
		util_lab_error("cannot make the nodes of %s %u: %s", spec->kind, dev->id,
			       strerror(-r));
	dev->fe_entries = spec->fe;
	remember_made(dev);
	watch_backend(dev);
}

int dev_create(struct dev *dev, struct store *st, struct check *chk, const struct dev_spec *spec)
{
	int r;

	dev_make(dev, st, chk, spec);
	r = dev_wait_backend(dev, DEV_BIT(DEV_INIT_WAIT), DEV_STEP_MS);
	check_that(chk, r > 0, "new device: backend is in state %d, not InitWait, after %u ms",
		   dev_backend_state(dev), DEV_STEP_MS);
	return r > 0 ? 0 : r;
}

int dev_adopt(struct dev *dev, struct store *st, struct check *chk, const char *kind,
	      unsigned int id)
{
	u64 fe_domid, be_domid;

	*dev = (struct dev){ .st = st, .chk = chk, .kind = kind, .id = id };
	if (store_read_u64(st, 0, "domid", &fe_domid))
		util_lab_error("cannot read this domain's number");
	dev->fe_domid = (u16)fe_domid;
	name_paths(dev);
	if (store_read_u64(st, 0, dev_fe_path(dev, "backend-id"), &be_domid))
		util_lab_error("there is no device %s", dev->fe);
	dev->be_domid = (u16)be_domid;
	name_paths(dev);
	watch_backend(dev);
	return 0;
}

static void ask_to_go(struct dev *dev)
{
	store_tx tx;
	int r;

	do {
		if (store_begin(dev->st, &tx))
			return;
		(void)store_printf(dev->st, tx, dev_be_path(dev, "online"), "0");
		if (dev_backend_state(dev) != DEV_CLOSED)
			(void)store_printf(dev->st, tx, dev_be_path(dev, "state"), "%d",
					   DEV_CLOSING);
		r = store_commit(dev->st, tx);
	} while (r == -EAGAIN);
}

/* The answer to a backend in Closing, of a frontend that has begun and not closed yet. */
static void answer_closing(struct dev *dev)
{
	u64 state;

	if (!store_read_u64(dev->st, 0, dev_fe_path(dev, "state"), &state) &&
	    state != DEV_INITIALISING && state != DEV_CLOSED)
		(void)dev_set_state(dev, DEV_CLOSED);
}

/* How long the end of a device is waited for. Many that do not go would take hours. */
static unsigned int end_ms(const struct dev *dev)
{
	return dev->chk->failed ? 2000 : DEV_STEP_MS;
}

static void wait_for_unregistration(struct dev *dev)
{
	char *path = util_printf("/sys/bus/xen-backend/devices/%s-%u-%u", dev->kind,
				 dev->fe_domid, dev->id);
	unsigned int ms = end_ms(dev);
	u64 deadline = util_now_ms() + ms;
	FILE *f;

	while ((f = fopen(path, "r")) && util_now_ms() < deadline) {
		fclose(f);
		util_pause_ms(2);	/* sysfs does not announce that a directory goes */
	}
	if (f)
		fclose(f);
	check_that(dev->chk, !f, "removal: %s is still there after %u ms", path, ms);
	free(path);
}

void dev_destroy(struct dev *dev)
{
	unsigned int ms = end_ms(dev);
	int r;

	if (!dev->ours) {
		unwatch_backend(dev);
		return;
	}
	ask_to_go(dev);
	answer_closing(dev);
	r = dev_wait_backend(dev, DEV_BIT(DEV_CLOSED), ms);
	check_that(dev->chk, r > 0, "removal: backend is in state %d, not Closed, after %u ms",
		   dev_backend_state(dev), ms);
	unwatch_backend(dev);
	(void)store_rm(dev->st, 0, dev->be);
	(void)store_rm(dev->st, 0, dev->fe);
	if (dev->fe_domid == dev->be_domid)
		wait_for_unregistration(dev);
	(void)store_rm(dev->st, 0, dev->err);
	dev->ours = false;
	forget_made(dev);
}

void dev_remove_unbound(struct dev *dev)
{
	unwatch_backend(dev);
	(void)store_rm(dev->st, 0, dev->be);
	(void)store_rm(dev->st, 0, dev->fe);
	wait_for_unregistration(dev);
	(void)store_rm(dev->st, 0, dev->err);
	dev->ours = false;
	forget_made(dev);
}

void dev_remove_leftover(struct store *st, struct check *chk, const char *kind, unsigned int id)
{
	struct dev dev = { .st = st, .chk = chk, .kind = kind, .id = id, .ours = true };

	name_paths(&dev);
	if (!store_exists(st, 0, dev.be))
		return;
	watch_backend(&dev);
	dev_destroy(&dev);
}

enum dev_state dev_backend_state(struct dev *dev)
{
	u64 state;

	if (store_read_u64(dev->st, 0, dev_be_path(dev, "state"), &state) ||
	    state >= DEV_NR_STATES)
		return DEV_UNKNOWN;
	return (enum dev_state)state;
}

int dev_set_state(struct dev *dev, enum dev_state state)
{
	util_trace("%s %u: frontend state %d", dev->kind, dev->id, state);
	return store_printf(dev->st, 0, dev_fe_path(dev, "state"), "%d", state);
}

int dev_wait_backend(struct dev *dev, unsigned int mask, unsigned int timeout_ms)
{
	u64 deadline = util_now_ms() + timeout_ms;
	bool late = false;

	for (;;) {
		enum dev_state state = dev_backend_state(dev);

		if (DEV_BIT(state) & mask) {
			util_trace("%s %u: backend state %d", dev->kind, dev->id, state);
			return state;
		}
		/* Once more after the end of the time: the machine may have stood still. */
		if (late)
			return -ETIMEDOUT;
		late = !store_wait(dev->st, deadline);
	}
}

int dev_wait_told(struct dev *dev, unsigned int mask, unsigned int timeout_ms)
{
	u64 deadline = util_now_ms() + timeout_ms;
	bool late = false;

	for (;;) {
		enum dev_state state = dev_backend_state(dev);

		if (DEV_BIT(state) & mask)
			return state;
		if (dev_error_count(dev))
			return 0;
		if (late)
			return -ETIMEDOUT;
		late = !store_wait(dev->st, deadline);
	}
}

void dev_restore_frontend(struct dev *dev)
{
	char be_domid[8];
	struct dev_entry fe[] = {
		{ "backend", dev->be }, { "backend-id", be_domid }, { "state", "6" },
		{ NULL, NULL },
	};

	snprintf(be_domid, sizeof(be_domid), "%u", dev->be_domid);
	if (write_entries(dev, 0, false, dev->fe_entries) || write_entries(dev, 0, false, fe))
		util_lab_error("cannot write %s", dev->fe);
}

u64 dev_be_u64(struct dev *dev, const char *key, u64 absent)
{
	u64 value;

	return store_read_u64(dev->st, 0, dev_be_path(dev, key), &value) ? absent : value;
}

bool dev_close(struct dev *dev)
{
	int r;

	(void)dev_set_state(dev, DEV_CLOSING);
	r = dev_wait_backend(dev, DEV_SHUT, DEV_STEP_MS);
	if (!check_that(dev->chk, r > 0, "close: frontend Closing, but backend is in state %d",
			dev_backend_state(dev)))
		return false;
	(void)dev_set_state(dev, DEV_CLOSED);
	r = dev_wait_backend(dev, DEV_BIT(DEV_CLOSED), DEV_STEP_MS);
	return check_that(dev->chk, r > 0, "close: frontend Closed, but backend is in state %d",
			  dev_backend_state(dev));
}

bool dev_reopen(struct dev *dev)
{
	int r;

	(void)dev_set_state(dev, DEV_INITIALISING);
	r = dev_wait_backend(dev, DEV_BIT(DEV_INIT_WAIT), DEV_STEP_MS);
	return check_that(dev->chk, r > 0,
			  "reconnect: frontend Initialising, but backend is in state %d",
			  dev_backend_state(dev));
}

void dev_forget_errors(struct dev *dev)
{
	if (dev->be_domid != dev->fe_domid)
		return;
	(void)store_rm(dev->st, 0, dev->err);
	/* A read is answered after the events of the removal were sent. */
	(void)store_exists(dev->st, 0, dev->err);
	dev->errs_before = store_watch_count(dev->st, dev->err);
}

char *dev_error_text(struct dev *dev)
{
	char *text;

	if (dev->be_domid != dev->fe_domid || store_read(dev->st, 0, dev->err, &text, NULL))
		return NULL;
	return text;
}

unsigned int dev_error_count(struct dev *dev)
{
	if (dev->be_domid != dev->fe_domid)
		return 0;
	return store_watch_count(dev->st, dev->err) - dev->errs_before;
}
