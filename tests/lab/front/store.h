/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A xenstore client that speaks the wire protocol itself, so that it needs no
 * library inside a guest, can write any byte, and can send requests faster
 * than it reads answers. In dom0 it uses xenstored's socket, elsewhere
 * /dev/xen/xenbus.
 *
 * Paths without a leading slash belong to this domain. Functions return 0 or a
 * negative errno (what xenstored answered); a broken connection ends the program.
 */
#ifndef FRONT_STORE_H
#define FRONT_STORE_H

#include "util.h"

struct store;
typedef u32 store_tx;	/* 0: outside any transaction */

struct store *store_open(void);
void store_close(struct store *st);

/* *ret_value is allocated and has a NUL behind its *ret_len bytes; ret_len may be NULL. */
int store_read(struct store *st, store_tx tx, const char *path, char **ret_value, size_t *ret_len);

/* A decimal number, or -ENOENT, or -EINVAL for any other text. */
int store_read_u64(struct store *st, store_tx tx, const char *path, u64 *ret_value);

int store_write(struct store *st, store_tx tx, const char *path, const void *value, size_t len);
int store_printf(struct store *st, store_tx tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int store_rm(struct store *st, store_tx tx, const char *path);	/* of an absent path: 0 */
int store_mkdir(struct store *st, store_tx tx, const char *path);
bool store_exists(struct store *st, store_tx tx, const char *path);

/* Names below a directory, each followed by a NUL; the list ends with an empty name. */
int store_list(struct store *st, store_tx tx, const char *path, char **ret_names);

int store_begin(struct store *st, store_tx *ret_tx);
int store_commit(struct store *st, store_tx tx);	/* -EAGAIN: do it all again */
int store_abort(struct store *st, store_tx tx);

/* Watches fire once at once, and then for each change at or below @path. */
int store_watch(struct store *st, const char *path);
int store_unwatch(struct store *st, const char *path);

/* 1 when a watch fired (events that wait are all taken), 0 when the time is over. */
int store_wait(struct store *st, u64 deadline_ms);

/* How often the watch registered for exactly @path has fired since it was set. */
unsigned int store_watch_count(struct store *st, const char *path);

/*
 * Writes and removals that do not wait for their answer. store_drain() takes
 * the answers and returns the first error; that something to be removed was
 * not there is none. Any other call drains too, and drops the errors.
 */
#define STORE_PIPELINE	32u	/* on a socket; more wait for those before them */
void store_send_write(struct store *st, store_tx tx, const char *path, const void *value,
		      size_t len);
void store_send_printf(struct store *st, store_tx tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void store_send_rm(struct store *st, store_tx tx, const char *path);
int store_drain(struct store *st);

#endif
