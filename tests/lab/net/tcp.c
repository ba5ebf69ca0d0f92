// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP connections with content: each side sends records of a stream that only
 * it has, the other checks them. At the end both say how much they have sent,
 * and both have to have got that.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labnet.h"

#define MAGIC		0x6c61626eu
#define RECORD_MAX	(64u << 10)

enum { HELLO_OUT = 1, HELLO_IN = 2, HELLO_PLAIN = 4 };
enum { RECORD_DATA = 1, RECORD_END, RECORD_BAD };

struct hello {
	uint32_t magic, flags;
	uint64_t seed;
	uint64_t rate;		/* bytes a second each way; 0: no limit */
};

struct record {
	uint32_t kind, len;	/* of data: bytes that follow */
	uint64_t total;		/* at the end: bytes that were sent */
};

struct flow {
	int fd;
	bool client, plain, sends, receives;
	uint64_t seed, quota;		/* quota: bytes, 0: until stopped */
	uint64_t rate;
	pthread_t sender, receiver;
	volatile uint64_t sent, received;
	volatile uint64_t longest_gap_us;
	volatile bool stop, failed;
	char why[120];
	/* the peer's END came: what it sent */
	volatile bool peer_done;
};

static void fail(struct flow *f, const char *what, uint64_t at)
{
	if (f->failed)
		return;
	snprintf(f->why, sizeof(f->why), "%s at byte %llu (%s)", what, (unsigned long long)at,
		 errno ? strerror(errno) : "-");
	f->failed = true;
}

static bool send_all(struct flow *f, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	ssize_t n;

	while (len) {
		errno = 0;
		n = send(f->fd, p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail(f, "sending failed", f->sent);
			return false;
		}
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive_all(struct flow *f, void *bytes, size_t len)
{
	uint8_t *p = bytes;
	ssize_t n;

	while (len) {
		errno = 0;
		n = recv(f->fd, p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail(f, n ? "receiving failed" : "the connection ended early", f->received);
			return false;
		}
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A stream of its own for each direction. */
static uint64_t seed_of(const struct flow *f, bool of_client)
{
	return f->seed * 2 + of_client;
}

static bool more_to_send(const struct flow *f)
{
	if (f->stop || f->failed)
		return false;
	if (!f->client)
		return !f->peer_done;
	return !f->quota || f->sent < f->quota;
}

/* The near end says when: after its own bytes, and after the other's. */
static bool is_enough(const struct flow *f)
{
	if (f->stop || f->failed)
		return true;
	if (!f->client)
		return f->peer_done;
	return f->quota && (!f->receives || f->received >= f->quota);
}

static void *send_stream(void *arg)
{
	struct flow *f = arg;
	uint8_t *buffer = malloc(sizeof(struct record) + RECORD_MAX);
	struct record r = { .kind = RECORD_DATA };
	uint32_t n = 0;

	if (f->plain)
		memset(buffer + sizeof(r), 0x5a, RECORD_MAX);
	while (f->sends && more_to_send(f)) {
		/* Records of all sizes, so that borders fall everywhere. */
		r.len = f->plain ? RECORD_MAX : 1 + (n++ * 7919u) % RECORD_MAX;
		memcpy(buffer, &r, sizeof(r));
		if (!f->plain)
			labnet_fill(buffer + sizeof(r), seed_of(f, f->client), f->sent, r.len);
		if (!send_all(f, buffer, sizeof(r) + r.len))
			break;
		f->sent += r.len;
	}
	while (!is_enough(f))
		usleep(5000);	/* the other thread counts; nobody wakes this one */
	r = (struct record){ .kind = RECORD_END, .total = f->sent };
	if (!f->failed)
		send_all(f, &r, sizeof(r));
	free(buffer);
	return NULL;
}

static bool take_data(struct flow *f, uint8_t *buffer, uint32_t len)
{
	size_t good;

	if (!receive_all(f, buffer, len))
		return false;
	good = f->plain ? len : labnet_differs(buffer, seed_of(f, !f->client), f->received, len);
	if (good < len) {
		fail(f, "wrong content", f->received + good);
		return false;
	}
	f->received += len;
	return true;
}

static void *receive_stream(void *arg)
{
	struct flow *f = arg;
	uint8_t *buffer = malloc(RECORD_MAX);
	uint64_t before = labnet_now_us(), now;
	struct record r;

	while (!f->failed && receive_all(f, &r, sizeof(r))) {
		if (r.kind == RECORD_END) {
			if (r.total != f->received)
				fail(f, "bytes are missing", f->received);
			f->peer_done = true;
			break;
		}
		if (r.kind == RECORD_BAD) {
			fail(f, "the far end got something wrong", r.total);
			break;
		}
		if (r.kind != RECORD_DATA || r.len > RECORD_MAX || !r.len) {
			fail(f, "wrong content in a head", f->received);
			break;
		}
		if (!take_data(f, buffer, r.len))
			break;
		now = labnet_now_us();
		if (now - before > f->longest_gap_us)
			f->longest_gap_us = now - before;
		before = now;
	}
	free(buffer);
	return NULL;
}

static void start(struct flow *f)
{
	int one = 1;

	setsockopt(f->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (f->rate && setsockopt(f->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &f->rate, sizeof(f->rate)))
		labnet_unusable("no limit of the rate: %s", strerror(errno));
	if (pthread_create(&f->receiver, NULL, receive_stream, f) ||
	    pthread_create(&f->sender, NULL, send_stream, f))
		labnet_unusable("cannot start a thread");
}

static void end(struct flow *f)
{
	struct record r = { .kind = RECORD_BAD, .total = f->received };

	pthread_join(f->receiver, NULL);
	if (f->failed && !f->client)
		(void)!send(f->fd, &r, sizeof(r), MSG_DONTWAIT);
	/* It may be waiting for room that never comes. */
	if (f->failed)
		shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->sender, NULL);
	close(f->fd);
}

/* ---- the far end ---------------------------------------------------------------------------------- */

static void *serve_one(void *arg)
{
	struct flow *f = arg;
	struct hello hello;

	if (receive_all(f, &hello, sizeof(hello)) && hello.magic == MAGIC) {
		f->seed = hello.seed;
		f->rate = hello.rate;
		f->plain = hello.flags & HELLO_PLAIN;
		f->sends = hello.flags & HELLO_IN;
		f->receives = hello.flags & HELLO_OUT;
		start(f);
		end(f);
		if (f->failed)
			labnet_bad("%s", f->why);
	} else {
		close(f->fd);
	}
	free(f);
	return NULL;
}

int labnet_serve(const struct labnet_args *args)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)labnet_number("port", args->words[0])),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	int off = 0, on = 1, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_attr_t detached;
	pthread_t thread;
	struct flow *f;

	if (fd < 0)
		labnet_unusable("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64))
		labnet_unusable("port %s: %s", args->words[0], strerror(errno));
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	labnet_say("listening");
	while (!labnet_stop) {
		int one = accept(fd, NULL, NULL);

		if (one < 0)
			continue;
		f = calloc(1, sizeof(*f));
		if (!f)
			labnet_unusable("no memory");
		f->fd = one;
		if (pthread_create(&thread, &detached, serve_one, f))
			labnet_unusable("cannot start a thread");
	}
	return LABNET_GOOD;
}

/* ---- the near end ----------------------------------------------------------------------------------- */

/* Who will listen is in another machine, and may not do so yet. */
static int connect_to(const struct labnet_args *args)
{
	uint64_t deadline = labnet_now_us() + args->patience * 1000000;
	struct sockaddr_storage to;
	unsigned int len = labnet_address(&to, args->words[0], args->words[1]);
	int fd, err;

	for (;;) {
		fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			labnet_unusable("socket: %s", strerror(errno));
		if (!connect(fd, (struct sockaddr *)&to, len))
			break;
		err = errno;
		close(fd);
		if (labnet_now_us() > deadline || labnet_stop) {
			labnet_bad("no connection to %s port %s: %s", args->words[0],
				   args->words[1], strerror(err));
			exit(LABNET_BAD);
		}
		usleep(100000);
	}
	return fd;
}

static void set_up(struct flow *f, const struct labnet_args *args, unsigned int number)
{
	struct timeval limit = { .tv_sec = (time_t)args->patience };
	unsigned int unacknowledged_ms = (unsigned int)args->patience * 1000;
	struct hello hello = { .magic = MAGIC };

	f->client = true;
	f->plain = args->plain;
	f->sends = strcmp(args->way, "in");
	f->receives = strcmp(args->way, "out");
	f->quota = args->seconds == UINT64_MAX ? args->bytes : 0;
	f->seed = hello.seed = labnet_now_us() + number;
	f->rate = hello.rate = args->rate;
	hello.flags = (f->sends ? HELLO_OUT : 0) | (f->receives ? HELLO_IN : 0) |
		      (f->plain ? HELLO_PLAIN : 0);
	f->fd = connect_to(args);
	setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	/* Nothing comes before the end if the other side does not send. */
	if (f->receives)
		setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	else
		setsockopt(f->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
			   sizeof(unacknowledged_ms));
	if (!send_all(f, &hello, sizeof(hello)))
		exit(labnet_bad("connection %u: %s", number, f->why));
	start(f);
}

static bool flow_runs(const struct flow *f)
{
	return (!f->sends || f->sent) && (!f->receives || f->received);
}

static void sum(const struct flow *flows, uint64_t nr, uint64_t *out, uint64_t *in, uint64_t *gap)
{
	uint64_t i;

	*out = *in = *gap = 0;
	for (i = 0; i < nr; i++) {
		*out += flows[i].sent;
		*in += flows[i].received;
		if (flows[i].longest_gap_us > *gap)
			*gap = flows[i].longest_gap_us;
	}
}

/* Until all have ended, or are told to. */
static void watch(struct flow *flows, const struct labnet_args *args, uint64_t began)
{
	uint64_t limit = args->seconds == UINT64_MAX || !args->seconds ? UINT64_MAX :
			 began + args->seconds * 1000000;
	uint64_t reported = 0, i, over, running, out, in, gap;
	bool said = false;

	for (;;) {
		for (i = 0, over = 0, running = 0; i < args->flows; i++) {
			over += flows[i].failed || flows[i].peer_done;
			running += flow_runs(&flows[i]);
			if (labnet_stop || labnet_now_us() > limit)
				flows[i].stop = true;
		}
		if (!said && running == args->flows) {
			labnet_say("running");
			said = true;
		}
		if (over == args->flows)
			return;
		if (args->report_ms && labnet_now_us() >= reported + args->report_ms * 1000) {
			reported = labnet_now_us();
			sum(flows, args->flows, &out, &in, &gap);
			labnet_say("at %llu %llu", (unsigned long long)out, (unsigned long long)in);
		}
		usleep(5000);	/* the threads count; there is nothing to be woken by */
	}
}

int labnet_exchange(const struct labnet_args *args)
{
	struct flow *flows = calloc(args->flows, sizeof(*flows));
	uint64_t i, out, in, gap, began, us;
	int status = LABNET_GOOD;

	if (!flows)
		labnet_unusable("no memory");
	if (strcmp(args->way, "in") && strcmp(args->way, "out") && strcmp(args->way, "both"))
		labnet_unusable("--way is in, out or both");
	for (i = 0; i < args->flows; i++)
		set_up(&flows[i], args, (unsigned int)i);
	began = labnet_now_us();
	watch(flows, args, began);
	for (i = 0; i < args->flows; i++)
		end(&flows[i]);
	us = labnet_now_us() - began;
	for (i = 0; i < args->flows; i++)
		if (flows[i].failed)
			status = labnet_bad("connection %llu: %s", (unsigned long long)i, flows[i].why);
	sum(flows, args->flows, &out, &in, &gap);
	labnet_say("out %llu in %llu us %llu gap_ms %llu", (unsigned long long)out,
		   (unsigned long long)in, (unsigned long long)us, (unsigned long long)gap / 1000);
	free(flows);
	return status;
}
