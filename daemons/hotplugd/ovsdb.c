// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "ovsdb.h"

#define RETRY_FIRST_US		100000u
#define RETRY_LAST_US		5000000u
#define MESSAGE_MAX		(64u << 20)	/* the first answer has all rows of all ports */
#define QUEUE_MAX		(16u << 20)
#define PENDING_MAX		4096u
#define ANSWER_US		20000000u	/* for the database to say what it has */

/* A transaction whose end has not been heard. */
struct pending {
	struct pending *next;
	json_int_t id;
	uint64_t due_us;
	ovsdb_done_fn on_done;
	void *userdata;
};

struct ovsdb {
	sd_event *event;
	char *path;
	json_t *monitor;
	struct ovsdb_events events;
	void *userdata;

	int fd;
	bool monitoring;		/* we have been told what there is */
	sd_event_source *io, *timer;
	uint64_t retry_us;
	struct str in, out;
	struct ovsdb_frame frame;
	json_int_t next_id;		/* 0 is the request for the monitor */
	uint64_t monitor_due_us;
	struct pending *pending;
	unsigned int n_pending;
};

/* ---- framing --------------------------------------------------------------------------------------- */

ssize_t ovsdb_frame_find(struct ovsdb_frame *frame, const char *data, size_t len)
{
	for (; frame->seen < len; frame->seen++) {
		const char c = data[frame->seen];

		if (frame->escaped) {
			frame->escaped = false;
		} else if (frame->in_string) {
			frame->escaped = c == '\\';
			frame->in_string = c != '"';
		} else if (c == '"' && frame->depth) {
			frame->in_string = true;
		} else if (c == '{' || (c == '[' && frame->depth)) {
			frame->depth++;
		} else if ((c == '}' || c == ']') && frame->depth) {
			if (!--frame->depth) {
				const size_t end = frame->seen + 1;

				*frame = (struct ovsdb_frame){ 0 };
				return (ssize_t)end;
			}
		} else if (!frame->depth && c != ' ' && c != '\n' && c != '\t' && c != '\r') {
			return -EBADMSG;
		}
	}
	return 0;
}

char *ovsdb_results_error(const json_t *results)
{
	struct str s = { 0 };
	size_t i;
	json_t *result;

	json_array_foreach(results, i, result) {
		const char *error = json_string_value(json_object_get(result, "error"));
		const char *details = json_string_value(json_object_get(result, "details"));
		char show[160];

		if (!error)
			continue;
		str_addf(&s, "%s", str_show(error, show, sizeof(show)));
		if (details)
			str_addf(&s, ": %s", str_show(details, show, sizeof(show)));
		return str_take(&s);
	}
	return NULL;
}

/* ---- transactions ---------------------------------------------------------------------------------- */

static struct pending *take_pending(struct ovsdb *db, json_int_t id)
{
	for (struct pending **p = &db->pending; *p; p = &(*p)->next) {
		struct pending *found = *p;

		if (found->id == id) {
			*p = found->next;
			db->n_pending--;
			return found;
		}
	}
	return NULL;
}

static void end_pending(struct pending *pending, int r, const json_t *results, const char *reason)
{
	pending->on_done(r, results, reason, pending->userdata);
	free(pending);
}

static void end_all_pending(struct ovsdb *db)
{
	while (db->pending)
		end_pending(take_pending(db, db->pending->id), -ENOTCONN, NULL,
			    "the connection to ovsdb-server has ended");
}

/* ---- connection ------------------------------------------------------------------------------------ */

static int schedule(struct ovsdb *db);

static void disconnect(struct ovsdb *db, const char *why)
{
	if (db->fd < 0)
		return;
	db->io = sd_event_source_disable_unref(db->io);
	close(TAKE_FD(db->fd));
	str_fini(&db->in);
	str_fini(&db->out);
	db->frame = (struct ovsdb_frame){ 0 };
	if (db->monitoring) {
		log_warning("ovsdb-server: %s, connecting again", why);
		db->monitoring = false;
		db->events.on_lost(db->userdata);
	}
	end_all_pending(db);
	(void)schedule(db);
}

/* Writes what can be written without waiting. */
static void flush(struct ovsdb *db)
{
	while (db->out.len) {
		const ssize_t n = send(db->fd, db->out.text, db->out.len, MSG_NOSIGNAL |
				       MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			disconnect(db, strerror(errno));
			return;
		}
		memmove(db->out.text, db->out.text + n, db->out.len - (size_t)n);
		db->out.len -= (size_t)n;
	}
	(void)sd_event_source_set_io_events(db->io, EPOLLIN | (db->out.len ? EPOLLOUT : 0));
}

/* Puts it into the queue, which the loop writes. Steals @message. */
static int send_message(struct ovsdb *db, json_t *message)
{
	_free_ char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	if (!text)
		return -ENOMEM;
	if (db->fd < 0)
		return -ENOTCONN;
	if (db->out.len + strlen(text) > QUEUE_MAX)
		return -ENOBUFS;
	str_addf(&db->out, "%s", text);
	if (db->out.failed)
		return -ENOMEM;
	return sd_event_source_set_io_events(db->io, EPOLLIN | EPOLLOUT);
}

static void take_result(struct ovsdb *db, json_int_t id, const json_t *results, const json_t *error)
{
	struct pending *pending = take_pending(db, id);
	_free_ char *reason = NULL;

	if (!pending)
		return;
	if (json_is_array(results))
		reason = ovsdb_results_error(results);
	else if (json_is_string(json_object_get(error, "error")))
		reason = strdup(json_string_value(json_object_get(error, "error")));
	else
		reason = strdup("an answer without a result");
	end_pending(pending, reason ? -EPROTO : 0, results, reason);
}

static void take_tables(struct ovsdb *db, json_t *tables)
{
	if (!json_is_object(tables)) {
		log_warning("ovsdb-server: does not have the tables of Open vSwitch");
		return;
	}
	db->monitoring = true;
	db->retry_us = RETRY_FIRST_US;
	db->events.on_connected(tables, db->userdata);
}

static void take_message(struct ovsdb *db, json_t *message)
{
	const char *method = json_string_value(json_object_get(message, "method"));
	json_t *id = json_object_get(message, "id");
	json_t *params = json_object_get(message, "params");

	if (!method && json_is_integer(id) && !json_integer_value(id))
		take_tables(db, json_object_get(message, "result"));
	else if (!method && json_is_integer(id))
		take_result(db, json_integer_value(id), json_object_get(message, "result"),
			    json_object_get(message, "error"));
	else if (method && !strcmp(method, "echo"))
		(void)send_message(db, json_pack("{s:O?,s:n,s:O?}", "result", params, "error", "id", id));
	else if (method && !strcmp(method, "update") && db->monitoring &&
		 json_is_object(json_array_get(params, 1)))
		db->events.on_update(json_array_get(params, 1), db->userdata);
}

/* Takes all complete messages out of what has been read. */
static void take_messages(struct ovsdb *db)
{
	size_t done = 0;

	for (;;) {
		const ssize_t len = ovsdb_frame_find(&db->frame, db->in.text + done,
						     db->in.len - done);
		json_error_t error;
		json_t *message;

		if (!len)
			break;
		message = len > 0 ? json_loadb(db->in.text + done, (size_t)len, 0, &error) : NULL;
		if (!message) {
			disconnect(db, "it sends something other than JSON");
			return;
		}
		done += (size_t)len;
		take_message(db, message);
		json_decref(message);
		if (db->fd < 0)
			return;
	}
	memmove(db->in.text, db->in.text + done, db->in.len - done);
	db->in.len -= done;
	/* The first answer may be large; what comes later is not. */
	if (!db->in.len && db->in.room > 65536)
		str_fini(&db->in);
}

static void read_some(struct ovsdb *db)
{
	for (int i = 0; i < 16 && db->fd >= 0; i++) {
		char buf[65536];
		const ssize_t n = recv(db->fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			disconnect(db, n ? strerror(errno) : "has closed the connection");
			return;
		}
		str_add(&db->in, buf, (size_t)n);
		if (db->in.failed || db->in.len > MESSAGE_MAX) {
			disconnect(db, "it sends too much at a time");
			return;
		}
		take_messages(db);
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct ovsdb *db = userdata;

	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_some(db);
	if (db->fd >= 0)
		flush(db);
	return 0;
}

static int try_connect(struct ovsdb *db)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	if (!str_copy(addr.sun_path, sizeof(addr.sun_path), db->path))
		return -ENAMETOOLONG;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	r = sd_event_add_io(db->event, &db->io, fd, EPOLLIN, on_io, db);
	if (r < 0)
		return r;
	db->fd = TAKE_FD(fd);
	db->next_id = 1;
	db->monitor_due_us = now_us() + ANSWER_US;
	r = send_message(db, json_pack("{s:s,s:[s,n,O],s:i}", "method", "monitor", "params",
				       "Open_vSwitch", db->monitor, "id", 0));
	if (r < 0)
		disconnect(db, "no memory");
	return r;
}

/* ---- time ------------------------------------------------------------------------------------------ */

/* When something is due next: a try to connect, or the end of somebody's patience. */
static uint64_t next_due(const struct ovsdb *db)
{
	uint64_t due = UINT64_MAX;

	if (db->fd < 0)
		return now_us() + db->retry_us;
	if (!db->monitoring)
		due = db->monitor_due_us;
	for (const struct pending *p = db->pending; p; p = p->next) {
		if (p->due_us < due)
			due = p->due_us;
	}
	return due;
}

static void expire(struct ovsdb *db)
{
	const uint64_t now = now_us();
	struct pending *p = db->pending, *next;

	if (!db->monitoring && now >= db->monitor_due_us) {
		disconnect(db, "does not answer");
		return;
	}
	for (; p; p = next) {
		next = p->next;
		if (now < p->due_us)
			continue;
		end_pending(take_pending(db, p->id), -ETIMEDOUT, NULL, "ovsdb-server does not answer");
		next = db->pending;	/* who was called may have changed the list */
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct ovsdb *db = userdata;

	if (db->fd < 0) {
		if (db->retry_us < RETRY_LAST_US)
			db->retry_us *= 2;
		(void)try_connect(db);
	} else {
		expire(db);
	}
	return schedule(db);
}

static int schedule(struct ovsdb *db)
{
	const uint64_t due = next_due(db);

	if (due == UINT64_MAX)
		return sd_event_source_set_enabled(db->timer, SD_EVENT_OFF);
	(void)sd_event_source_set_time(db->timer, due);
	return sd_event_source_set_enabled(db->timer, SD_EVENT_ONESHOT);
}

/* ---- for others ------------------------------------------------------------------------------------ */

int ovsdb_transact(struct ovsdb *db, json_t *ops, uint64_t timeout_us, ovsdb_done_fn on_done,
		   void *userdata)
{
	struct pending *pending;
	json_t *params = json_pack("[s]", "Open_vSwitch");
	int r;

	if (!ops || !params || json_array_extend(params, ops) < 0) {
		json_decref(ops);
		json_decref(params);
		return -ENOMEM;
	}
	json_decref(ops);
	if (!db->monitoring || db->n_pending >= PENDING_MAX) {
		json_decref(params);
		return db->monitoring ? -EBUSY : -ENOTCONN;
	}
	pending = calloc(1, sizeof(*pending));
	if (!pending) {
		json_decref(params);
		return -ENOMEM;
	}
	*pending = (struct pending){ .id = db->next_id++, .due_us = now_us() + timeout_us,
				     .on_done = on_done, .userdata = userdata };
	r = send_message(db, json_pack("{s:s,s:o,s:I}", "method", "transact", "params", params, "id",
				       pending->id));
	if (r < 0) {
		free(pending);
		return r;
	}
	pending->next = db->pending;
	db->pending = pending;
	db->n_pending++;
	return schedule(db);
}

bool ovsdb_is_connected(const struct ovsdb *db)
{
	return db->monitoring;
}

void ovsdb_kick(struct ovsdb *db)
{
	if (db->fd >= 0)
		return;
	db->retry_us = RETRY_FIRST_US;
	(void)try_connect(db);
	(void)schedule(db);
}

int ovsdb_new(sd_event *event, const char *path, json_t *monitor, const struct ovsdb_events *events,
	      void *userdata, struct ovsdb **ret_db)
{
	struct ovsdb *db = calloc(1, sizeof(*db));
	int r;

	if (!db || !monitor) {
		free(db);
		json_decref(monitor);
		return -ENOMEM;
	}
	db->event = sd_event_ref(event);
	db->path = strdup(path);
	db->monitor = monitor;
	db->events = *events;
	db->userdata = userdata;
	db->fd = -1;
	db->retry_us = RETRY_FIRST_US;
	r = db->path ? sd_event_add_time(event, &db->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000,
					 on_timer, db) : -ENOMEM;
	if (r < 0) {
		ovsdb_free(db);
		return r;
	}
	(void)try_connect(db);
	(void)schedule(db);
	*ret_db = db;
	return 0;
}

void ovsdb_free(struct ovsdb *db)
{
	if (!db)
		return;
	/* Nobody is told any more: whoever waits goes as well. */
	while (db->pending)
		free(take_pending(db, db->pending->id));
	if (db->fd >= 0)
		close(db->fd);
	sd_event_source_disable_unref(db->io);
	sd_event_source_disable_unref(db->timer);
	sd_event_unref(db->event);
	str_fini(&db->in);
	str_fini(&db->out);
	json_decref(db->monitor);
	free(db->path);
	free(db);
}
