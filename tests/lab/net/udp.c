// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbered datagrams with content: sent, counted, sent back. */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labnet.h"

#define SIZE_MAX_BYTES	65507u
#define SOCKET_BYTES	(8 << 20)

struct head {
	uint64_t seed, number;
	uint32_t len, magic;
};

#define MAGIC	0x75647021u

static void build(uint8_t *buffer, uint64_t seed, uint64_t number, size_t len)
{
	struct head h = { seed, number, (uint32_t)len, MAGIC };

	memcpy(buffer, &h, sizeof(h));
	labnet_fill(buffer + sizeof(h), seed + number, 0, len - sizeof(h));
}

static bool is_right(const uint8_t *buffer, size_t len, struct head *h)
{
	if (len < sizeof(*h))
		return false;
	memcpy(h, buffer, sizeof(*h));
	return h->magic == MAGIC && h->len == len &&
	       labnet_differs(buffer + sizeof(*h), h->seed + h->number, 0, len - sizeof(*h)) ==
	       len - sizeof(*h);
}

static void large_buffers(int fd)
{
	int bytes = SOCKET_BYTES;

	/* Without the right to it the usual size has to do. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
}

static void join(int fd, const struct labnet_args *args)
{
	struct group_req request = { 0 };
	int level;

	labnet_address(&request.gr_group, args->group, "0");
	if (args->iface)
		request.gr_interface = labnet_ifindex(args->iface);
	level = request.gr_group.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof(request)))
		labnet_unusable("joining %s: %s", args->group, strerror(errno));
}

static int bound(const struct labnet_args *args)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)labnet_number("port", args->words[0])),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	struct sockaddr_in addr4 = { .sin_family = AF_INET, .sin_port = addr.sin6_port };
	bool v4 = args->group && !strchr(args->group, ':');
	int off = 0, fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		labnet_unusable("socket: %s", strerror(errno));
	if (!v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	large_buffers(fd);
	if (v4 ? bind(fd, (struct sockaddr *)&addr4, sizeof(addr4)) :
		 bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		labnet_unusable("port %s: %s", args->words[0], strerror(errno));
	if (args->group)
		join(fd, args);
	return fd;
}

int labnet_udp_sink(const struct labnet_args *args)
{
	uint64_t nr = 0, bytes = 0, wrong = 0, reported = labnet_now_us();
	static uint8_t buffer[65536];
	struct pollfd pfd = { .fd = bound(args), .events = POLLIN };
	struct head h;
	ssize_t n;

	labnet_say("listening");
	while (!labnet_stop) {
		if (args->report_ms && labnet_now_us() >= reported + args->report_ms * 1000) {
			reported = labnet_now_us();
			labnet_say("at %llu", (unsigned long long)nr);
		}
		n = recv(pfd.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n < 0) {
			poll(&pfd, 1, 50);
			continue;
		}
		if (args->plain || is_right(buffer, (size_t)n, &h)) {
			nr++;
			bytes += (uint64_t)n;
		} else {
			wrong++;
		}
	}
	labnet_say("datagrams %llu bytes %llu wrong %llu", (unsigned long long)nr,
		   (unsigned long long)bytes, (unsigned long long)wrong);
	return wrong ? labnet_bad("%llu datagrams with wrong content", (unsigned long long)wrong) :
	       LABNET_GOOD;
}

static int connected(const struct labnet_args *args)
{
	struct sockaddr_storage to;
	unsigned int len = labnet_address(&to, args->words[0], args->words[1]);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		labnet_unusable("socket: %s", strerror(errno));
	large_buffers(fd);
	if (args->iface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, args->iface,
				      (socklen_t)strlen(args->iface)))
		labnet_unusable("--iface %s: %s", args->iface, strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, len))
		labnet_unusable("%s: %s", args->words[0], strerror(errno));
	return fd;
}

/* What came back so far. */
static void reap(int fd, uint64_t seed, uint64_t *back, uint64_t *wrong)
{
	static uint8_t buffer[65536];
	struct head h;
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0) {
		if (is_right(buffer, (size_t)n, &h) && h.seed == seed)
			++*back;
		else
			++*wrong;
	}
}

/* At @rate a second: how long until the next one is due. */
static void keep_pace(const struct labnet_args *args, uint64_t began, uint64_t sent)
{
	uint64_t due, now = labnet_now_us();

	if (!args->rate)
		return;
	due = began + sent * 1000000 / args->rate;
	if (due > now)
		usleep((useconds_t)(due - now));
}

int labnet_udp(const struct labnet_args *args)
{
	uint64_t sent = 0, refused = 0, back = 0, wrong = 0, us;
	uint64_t began = labnet_now_us(), seed = began;
	uint64_t limit = args->seconds == UINT64_MAX ? UINT64_MAX : began + args->seconds * 1000000;
	static uint8_t buffer[65536];
	int fd = connected(args);

	if (args->size < sizeof(struct head) || args->size > SIZE_MAX_BYTES)
		labnet_unusable("--size is at least %zu", sizeof(struct head));
	build(buffer, seed, 0, args->size);
	while (!labnet_stop && labnet_now_us() < limit &&
	       (limit != UINT64_MAX || sent + refused < args->packets)) {
		if (!args->plain)
			build(buffer, seed, sent, args->size);
		/* ECONNREFUSED is about an earlier one; ENOBUFS: this one is lost here. */
		if (send(fd, buffer, args->size, 0) < 0)
			refused++;
		else
			sent++;
		if (args->reply_ms)
			reap(fd, seed, &back, &wrong);
		keep_pace(args, began, sent + refused);
	}
	us = labnet_now_us() - began;
	if (args->reply_ms) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		uint64_t deadline = labnet_now_us() + args->reply_ms * 1000;

		while (back + wrong < sent && labnet_now_us() < deadline) {
			poll(&pfd, 1, 50);
			reap(fd, seed, &back, &wrong);
		}
	}
	labnet_say("sent %llu refused %llu back %llu wrong %llu us %llu", (unsigned long long)sent,
		   (unsigned long long)refused, (unsigned long long)back,
		   (unsigned long long)wrong, (unsigned long long)us);
	if (wrong)
		return labnet_bad("%llu came back with wrong content", (unsigned long long)wrong);
	if (args->reply_ms && back < sent)
		return labnet_bad("%llu of %llu did not come back",
				  (unsigned long long)(sent - back), (unsigned long long)sent);
	return LABNET_GOOD;
}
