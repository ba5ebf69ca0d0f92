/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to ovsdb-server: JSON-RPC (RFC 7047) over its unix socket. It is
 * made again whenever it ends; after each time, everything is told anew.
 */
#ifndef HOTPLUGD_OVSDB_H
#define HOTPLUGD_OVSDB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct ovsdb;

struct ovsdb_events {
	/* All rows that are monitored, after each connection: table name to uuid to {"new": row}. */
	void (*on_connected)(json_t *tables, void *userdata);
	/* The rows that have changed: likewise, with "old", and without "new" when a row is gone. */
	void (*on_update)(json_t *tables, void *userdata);
	void (*on_lost)(void *userdata);
};

/*
 * @monitor says which columns of which tables: the third parameter of the `monitor`
 * method; stolen.
 */
int ovsdb_new(sd_event *event, const char *path, json_t *monitor, const struct ovsdb_events *events,
	      void *userdata, struct ovsdb **ret_db);
void ovsdb_free(struct ovsdb *db);

bool ovsdb_is_connected(const struct ovsdb *db);

/* Tries to connect now instead of when the next try is due. */
void ovsdb_kick(struct ovsdb *db);

/*
 * One transaction; @ops is the list of operations, and is stolen. @on_done is
 * called exactly once, from the loop: with 0 and the list of results, or with a
 * negative error number and a reason. -ENOTCONN at once if there is no
 * connection, and then @on_done is not called.
 */
typedef void (*ovsdb_done_fn)(int r, const json_t *results, const char *reason, void *userdata);
int ovsdb_transact(struct ovsdb *db, json_t *ops, uint64_t timeout_us, ovsdb_done_fn on_done,
		   void *userdata);

/*
 * Finds the end of the first JSON text in a stream that arrives in pieces. Pure.
 * Zeroed at the start of each text; looks at each byte once.
 */
struct ovsdb_frame {
	size_t seen;
	unsigned int depth;
	bool in_string, escaped;
};

/*
 * The length of the first text if @data has all of it, 0 if more is needed, or
 * -EBADMSG if this is not the beginning of an object.
 */
ssize_t ovsdb_frame_find(struct ovsdb_frame *frame, const char *data, size_t len);

/* The first error in the results of a transaction as "error: details"; NULL: there is none. To be freed. */
char *ovsdb_results_error(const json_t *results);

#endif
