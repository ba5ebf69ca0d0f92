// SPDX-License-Identifier: GPL-2.0-or-later
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

struct watch {
	struct watch *next;
	unsigned int fired;
	char path[];	/* serves as the token too */
};

struct store {
	int fd;
	u32 last_id;
	unsigned int unanswered;	/* sent by send_only() */
	unsigned int pipeline;		/* at most so many of them */
	int error;			/* first of theirs */
	unsigned int events;		/* fired and not yet reported by store_wait() */
	struct watch *watches;
};

static int open_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/xenstored/socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

struct store *store_open(void)
{
	struct store *st = util_alloc(sizeof(*st));

	st->fd = open_socket();
	st->pipeline = STORE_PIPELINE;
	if (st->fd >= 0)
		return st;
	/* The device has one buffer for requests, which the next one would overwrite. */
	st->pipeline = 1;
	st->fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (st->fd < 0)
		util_lab_error("cannot open /dev/xen/xenbus: %s", strerror(errno));
	return st;
}

void store_close(struct store *st)
{
	struct watch *w, *next;

	if (!st)
		return;
	for (w = st->watches; w; w = next) {
		next = w->next;
		free(w);
	}
	close(st->fd);
	free(st);
}

static void write_all(struct store *st, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(st->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			util_lab_error("xenstore: write: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
}

static void read_all(struct store *st, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(st->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			util_lab_error("xenstore: read: %s", n ? strerror(errno) : "closed");
		p += n;
		len -= (size_t)n;
	}
}

/* One message; the body is allocated and has a NUL behind it. */
static struct xsd_sockmsg receive(struct store *st, char **ret_body)
{
	struct xsd_sockmsg head;
	char *body;

	read_all(st, &head, sizeof(head));
	if (head.len > XENSTORE_PAYLOAD_MAX)
		util_lab_error("xenstore: message of %u bytes", head.len);
	body = util_alloc(head.len + 1);
	read_all(st, body, head.len);
	*ret_body = body;
	return head;
}

static void count_event(struct store *st, const char *body, u32 len)
{
	const char *token = memchr(body, 0, len);
	struct watch *w;

	st->events++;
	if (!token)
		return;
	for (w = st->watches; w; w = w->next)
		if (!strcmp(w->path, token + 1))
			w->fired++;
}

static int error_number(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (!strcmp(xsd_errors[i].errstring, name))
			return -xsd_errors[i].errnum;
	return -EIO;
}

/* Takes messages until an answer comes; *ret_body is set in any case. */
static int receive_answer(struct store *st, struct xsd_sockmsg *head, char **ret_body)
{
	for (;;) {
		*head = receive(st, ret_body);
		if (head->type == XS_WATCH_EVENT) {
			count_event(st, *ret_body, head->len);
			free(*ret_body);
			continue;
		}
		return head->type == XS_ERROR ? error_number(*ret_body) : 0;
	}
}

static u32 send_request(struct store *st, u32 type, store_tx tx, const struct iovec *part,
			unsigned int nr_parts)
{
	struct xsd_sockmsg head = { .type = type, .req_id = ++st->last_id, .tx_id = tx };
	char message[sizeof(head) + XENSTORE_PAYLOAD_MAX];
	unsigned int i;

	for (i = 0; i < nr_parts; i++) {
		if (part[i].iov_len > XENSTORE_PAYLOAD_MAX - head.len)
			util_lab_error("xenstore: request too long");
		memcpy(message + sizeof(head) + head.len, part[i].iov_base, part[i].iov_len);
		head.len += (u32)part[i].iov_len;
	}
	memcpy(message, &head, sizeof(head));
	write_all(st, message, sizeof(head) + head.len);
	return head.req_id;
}

/* Of what was sent by send_only(); the first error stays until store_drain(). */
static void take_answers(struct store *st)
{
	struct xsd_sockmsg head;
	char *body;
	int err;

	for (; st->unanswered; st->unanswered--) {
		err = receive_answer(st, &head, &body);
		free(body);
		if (err && err != -ENOENT && !st->error)
			st->error = err;
	}
}

static int talk(struct store *st, u32 type, store_tx tx, const struct iovec *part,
		unsigned int nr_parts, char **ret_body, size_t *ret_len)
{
	struct xsd_sockmsg head;
	char *body;
	u32 id;
	int r;

	if (st->unanswered)
		(void)store_drain(st);
	id = send_request(st, type, tx, part, nr_parts);
	r = receive_answer(st, &head, &body);
	if (head.req_id != id)
		util_lab_error("xenstore: answer %u to request %u", head.req_id, id);
	if (r || !ret_body) {
		free(body);
		return r;
	}
	*ret_body = body;
	if (ret_len)
		*ret_len = head.len;
	return 0;
}

static struct iovec text(const char *s)
{
	return (struct iovec){ (void *)s, strlen(s) + 1 };
}

int store_read(struct store *st, store_tx tx, const char *path, char **ret_value, size_t *ret_len)
{
	struct iovec part = text(path);

	return talk(st, XS_READ, tx, &part, 1, ret_value, ret_len);
}

int store_read_u64(struct store *st, store_tx tx, const char *path, u64 *ret_value)
{
	char *value, *end;
	u64 number;
	int r;

	r = store_read(st, tx, path, &value, NULL);
	if (r)
		return r;
	errno = 0;
	number = strtoull(value, &end, 10);
	r = (errno || *end || end == value || *value == '-') ? -EINVAL : 0;
	free(value);
	if (!r)
		*ret_value = number;
	return r;
}

int store_write(struct store *st, store_tx tx, const char *path, const void *value, size_t len)
{
	struct iovec part[] = { text(path), { (void *)value, len } };

	return talk(st, XS_WRITE, tx, part, 2, NULL, NULL);
}

int store_printf(struct store *st, store_tx tx, const char *path, const char *fmt, ...)
{
	char value[XENSTORE_PAYLOAD_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return -E2BIG;
	return store_write(st, tx, path, value, (size_t)n);
}

int store_rm(struct store *st, store_tx tx, const char *path)
{
	struct iovec part = text(path);
	int r;

	r = talk(st, XS_RM, tx, &part, 1, NULL, NULL);
	return r == -ENOENT ? 0 : r;
}

int store_mkdir(struct store *st, store_tx tx, const char *path)
{
	struct iovec part = text(path);

	return talk(st, XS_MKDIR, tx, &part, 1, NULL, NULL);
}

bool store_exists(struct store *st, store_tx tx, const char *path)
{
	char *value;

	if (store_read(st, tx, path, &value, NULL))
		return false;
	free(value);
	return true;
}

int store_list(struct store *st, store_tx tx, const char *path, char **ret_names)
{
	struct iovec part = text(path);

	/* talk() leaves a NUL behind the body, which ends the list. */
	return talk(st, XS_DIRECTORY, tx, &part, 1, ret_names, NULL);
}

int store_begin(struct store *st, store_tx *ret_tx)
{
	struct iovec part = text("");
	char *body;
	int r;

	r = talk(st, XS_TRANSACTION_START, 0, &part, 1, &body, NULL);
	if (r)
		return r;
	*ret_tx = (store_tx)strtoul(body, NULL, 10);
	free(body);
	return 0;
}

int store_commit(struct store *st, store_tx tx)
{
	struct iovec part = text("T");

	return talk(st, XS_TRANSACTION_END, tx, &part, 1, NULL, NULL);
}

int store_abort(struct store *st, store_tx tx)
{
	struct iovec part = text("F");

	return talk(st, XS_TRANSACTION_END, tx, &part, 1, NULL, NULL);
}

int store_watch(struct store *st, const char *path)
{
	struct iovec part[] = { text(path), text(path) };
	struct watch *w = util_alloc(sizeof(*w) + strlen(path) + 1);
	int r;

	strcpy(w->path, path);
	w->next = st->watches;
	st->watches = w;
	r = talk(st, XS_WATCH, 0, part, 2, NULL, NULL);
	if (r) {
		st->watches = w->next;
		free(w);
	}
	return r;
}

int store_unwatch(struct store *st, const char *path)
{
	struct iovec part[] = { text(path), text(path) };
	struct watch **link, *w;

	for (link = &st->watches; (w = *link); link = &w->next)
		if (!strcmp(w->path, path)) {
			*link = w->next;
			free(w);
			return talk(st, XS_UNWATCH, 0, part, 2, NULL, NULL);
		}
	return -ENOENT;
}

static bool readable_before(struct store *st, u64 deadline_ms)
{
	struct pollfd pfd = { .fd = st->fd, .events = POLLIN };
	u64 now = util_now_ms();
	int left = deadline_ms > now ? (int)(deadline_ms - now) : 0;

	return poll(&pfd, 1, left) > 0;
}

static void take_event(struct store *st)
{
	struct xsd_sockmsg head;
	char *body;

	head = receive(st, &body);
	if (head.type != XS_WATCH_EVENT)
		util_lab_error("xenstore: answer without a request");
	count_event(st, body, head.len);
	free(body);
}

int store_wait(struct store *st, u64 deadline_ms)
{
	if (st->unanswered)
		(void)store_drain(st);
	if (!st->events && readable_before(st, deadline_ms))
		take_event(st);
	while (readable_before(st, 0))
		take_event(st);
	if (!st->events)
		return 0;
	st->events = 0;
	return 1;
}

unsigned int store_watch_count(struct store *st, const char *path)
{
	struct watch *w;

	while (readable_before(st, 0))
		take_event(st);
	for (w = st->watches; w; w = w->next)
		if (!strcmp(w->path, path))
			return w->fired;
	return 0;
}

static void send_only(struct store *st, u32 type, store_tx tx, const struct iovec *part,
		      unsigned int nr_parts)
{
	if (st->unanswered == st->pipeline)
		take_answers(st);
	send_request(st, type, tx, part, nr_parts);
	st->unanswered++;
}

void store_send_write(struct store *st, store_tx tx, const char *path, const void *value,
		      size_t len)
{
	struct iovec part[] = { text(path), { (void *)value, len } };

	send_only(st, XS_WRITE, tx, part, 2);
}

void store_send_printf(struct store *st, store_tx tx, const char *path, const char *fmt, ...)
{
	char value[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		util_lab_error("xenstore: value too long for %s", path);
	store_send_write(st, tx, path, value, (size_t)n);
}

void store_send_rm(struct store *st, store_tx tx, const char *path)
{
	struct iovec part = text(path);

	send_only(st, XS_RM, tx, &part, 1);
}

int store_drain(struct store *st)
{
	int r;

	take_answers(st);
	r = st->error;
	st->error = 0;
	return r;
}
