// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <xenstore.h>

#include "cleanup.h"
#include "store.h"

#define TRANSACTION_TRIES	20

struct store {
	struct xs_handle *xs;
	/*
	 * Its own: with a watch, libxenstore reads answers in a thread, which makes every
	 * request slower.
	 */
	struct xs_handle *watching;
	sd_event_source *source;
	store_watch_fn on_watch;
	void (*on_lost)(void *userdata);
	void *userdata;
};

int store_open(struct store **ret_store)
{
	_cleanup_(store_closep) struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	store->xs = xs_open(0);
	if (!store->xs)
		return errno ? -errno : -EIO;
	*ret_store = TAKE_PTR(store);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sd_event_source_disable_unref(store->source);
	if (store->watching)
		xs_close(store->watching);
	if (store->xs)
		xs_close(store->xs);
	free(store);
}

/* What went wrong. An error that is none of xenstored's answers: there is none any more. */
static int failed(struct store *store)
{
	const int error = errno ? errno : EIO;

	if (store->on_lost &&
	    (error == EBADF || error == EPIPE || error == ECONNRESET || error == EIO))
		store->on_lost(store->userdata);
	return -error;
}

static int read_in(struct store *store, xs_transaction_t t, const char *path, char **ret_value)
{
	unsigned int len;
	char *value = xs_read(store->xs, t, path, &len);
	int r = 0;

	if (!value)
		return failed(store);
	if (len > STORE_VALUE_MAX)
		r = -EMSGSIZE;
	else if (strlen(value) != len)
		r = -EBADMSG;
	if (r < 0)
		free(value);
	else
		*ret_value = value;
	return r;
}

int store_read(struct store *store, const char *path, char **ret_value)
{
	return read_in(store, XBT_NULL, path, ret_value);
}

int store_list(struct store *store, const char *path, char ***ret_names, unsigned int *ret_n)
{
	unsigned int n;
	char **names = xs_directory(store->xs, XBT_NULL, path, &n);

	if (!names)
		return failed(store);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

static bool is_among(const char *name, char *const *names, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

int store_read_keys(struct store *store, const char *dir, struct store_key *keys, size_t n)
{
	_free_ char **names = NULL;
	unsigned int n_names = 0;
	int r = store_list(store, dir, &names, &n_names);

	for (size_t i = 0; i < n && r >= 0; i++) {
		char path[256];

		if (!is_among(keys[i].key, names, n_names))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, keys[i].key) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		r = keys[i].r = store_read(store, path, &keys[i].value);
		if (r == -ENOENT)
			r = keys[i].r = 0;
	}
	return r;
}

bool store_is_gone(struct store *store, const char *path)
{
	unsigned int len;
	_free_ char *value = xs_read(store->xs, XBT_NULL, path, &len);

	return !value && failed(store) == -ENOENT;
}

void store_machine(struct store *store, unsigned int domid, char uuid[STORE_UUID_MAX])
{
	_free_ char *vm = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	uuid[0] = '\0';
	if (store_read(store, path, &vm) >= 0 && !strncmp(vm, "/vm/", 4))
		snprintf(uuid, STORE_UUID_MAX, "%.39s", vm + 4);
}

/* Inside a transaction; what it does is kept only if it returns 0. */
static int change_in(struct store *store, xs_transaction_t t, const char *dir,
		     const char *must_exist,
		     const struct store_change *changes, size_t n)
{
	_free_ char *value = NULL;
	int r;

	if (must_exist) {
		r = read_in(store, t, must_exist, &value);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < n; i++) {
		char path[512];
		bool ok;

		if (snprintf(path, sizeof(path), "%s/%s", dir, changes[i].key) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (changes[i].value)
			ok = xs_write(store->xs, t, path, changes[i].value,
				      (unsigned int)strlen(changes[i].value));
		else
			ok = xs_rm(store->xs, t, path) || errno == ENOENT;
		if (!ok)
			return errno ? -errno : -EIO;
	}
	return 0;
}

int store_change(struct store *store, const char *dir, const char *must_exist,
		 const struct store_change *changes, size_t n)
{
	for (int tries = 0; tries < TRANSACTION_TRIES; tries++) {
		xs_transaction_t t = xs_transaction_start(store->xs);
		int r;

		if (t == XBT_NULL)
			return failed(store);
		r = change_in(store, t, dir, must_exist, changes, n);
		if (r < 0) {
			xs_transaction_end(store->xs, t, true);
			return r;
		}
		if (xs_transaction_end(store->xs, t, false))
			return 0;
		if (errno != EAGAIN)
			return errno ? -errno : -EIO;
	}
	return -EAGAIN;
}

int store_remove(struct store *store, const char *path)
{
	if (xs_rm(store->xs, XBT_NULL, path) || errno == ENOENT)
		return 0;
	return errno ? -errno : -EIO;
}

/* Takes a bounded number of events at a time, so that nothing else starves. */
static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct store *store = userdata;

	for (int i = 0; i < 64; i++) {
		char **event = xs_check_watch(store->watching);

		if (!event) {
			if (errno != EAGAIN && errno != EINTR)
				store->on_lost(store->userdata);
			return 0;
		}
		store->on_watch(event[XS_WATCH_PATH], event[XS_WATCH_TOKEN], store->userdata);
		free(event);
	}
	return 0;
}

int store_attach(struct store *store, sd_event *event, store_watch_fn on_watch,
		 void (*on_lost)(void *userdata), void *userdata)
{
	store->on_watch = on_watch;
	store->on_lost = on_lost;
	store->userdata = userdata;
	store->watching = xs_open(0);
	if (!store->watching)
		return errno ? -errno : -EIO;
	return sd_event_add_io(event, &store->source, xs_fileno(store->watching), EPOLLIN,
			       on_readable, store);
}

int store_watch(struct store *store, const char *path, const char *token)
{
	return xs_watch(store->watching, path, token) ? 0 : errno ? -errno : -EIO;
}
