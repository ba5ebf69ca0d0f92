/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore, through libxenstore. Relative paths are below this domain's own
 * directory, so the same code works in dom0 and in a driver domain.
 */
#ifndef LIB_STORE_H
#define LIB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct store;

/* @token is what the watch was set with. The path may be one that exists no more. */
typedef void (*store_watch_fn)(const char *path, const char *token, void *userdata);

int store_open(struct store **ret_store);
void store_close(struct store *store);
static inline void store_closep(struct store **store)
{
	store_close(*store);
}

/*
 * The value of a key, with a NUL behind it. -ENOENT: there is none. A value
 * with a NUL inside is -EBADMSG, one longer than any key of ours -EMSGSIZE.
 */
#define STORE_VALUE_MAX		4096u
int store_read(struct store *store, const char *path, char **ret_value);

/*
 * Those of the keys below @dir that are there, for the price of a list and of what is
 * there. What cannot be read ends it, and has its error in @r.
 */
struct store_key {
	const char *key;
	char *value;		/* NULL at first, and if there is no such key */
	int r;
};
int store_read_keys(struct store *store, const char *dir, struct store_key *keys, size_t n);

/* The names below a directory, as one allocation. */
int store_list(struct store *store, const char *path, char ***ret_names, unsigned int *ret_n);

/* True if xenstore says that there is no such node; false also if it does not answer. */
bool store_is_gone(struct store *store, const char *path);

/* The UUID of a domain's machine, "" if it has none or it is not ours to read, as in a driver domain. */
#define STORE_UUID_MAX		40u
void store_machine(struct store *store, unsigned int domid, char uuid[STORE_UUID_MAX]);

/* A key and its new value; a NULL value removes the key. */
struct store_change {
	const char *key;
	const char *value;
};

/*
 * Makes all changes below @dir or none, and only if @must_exist is still there
 * (-ENOENT otherwise): so a device that is being removed is not brought back.
 * Tried again a bounded number of times when others write meanwhile.
 */
int store_change(struct store *store, const char *dir, const char *must_exist,
		 const struct store_change *changes, size_t n);

/* Removes a whole directory; that it is not there is fine. */
int store_remove(struct store *store, const char *path);

/* From now on, calls @on_watch from the loop; @on_lost when a connection has ended. */
int store_attach(struct store *store, sd_event *event, store_watch_fn on_watch,
		 void (*on_lost)(void *userdata), void *userdata);
int store_watch(struct store *store, const char *path, const char *token);

#endif
