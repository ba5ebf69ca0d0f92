// SPDX-License-Identifier: GPL-2.0-or-later
#include "peerlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum order { ORDER_CARRIER, ORDER_SEND, ORDER_RECEIVE };

/* Both ways the same; orders to send are not answered. */
struct message {
	u32 order;
	u32 len;		/* bytes of a packet that follow */
	u64 ms;			/* how long to wait */
	u32 flag;		/* carrier wanted, or whether it came to that */
	struct virtio_net_hdr hdr;
};

static void put(int fd, const void *bytes, size_t len)
{
	const u8 *p = bytes;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			util_lab_error("the line between guest and dom0: %s", strerror(errno));
	}
}

static bool get(int fd, void *bytes, size_t len)
{
	u8 *p = bytes;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = recv(fd, p, len, 0);
		if (n <= 0)
			return false;
	}
	return true;
}

static void at_once(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* ---- in the guest ------------------------------------------------------------------------------ */

void peerlink_open(struct peer *peer, const char *address, struct check *chk)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char text[40];
	unsigned int port;

	if (sscanf(address, "%39[0-9.]:%u", text, &port) != 2 ||
	    inet_pton(AF_INET, text, &to.sin_addr) != 1)
		util_lab_error("'%s' is not ADDRESS:PORT", address);
	to.sin_port = htons((u16)port);
	*peer = (struct peer){ .chk = chk, .fd = -1, .remote = true };
	snprintf(peer->name, sizeof(peer->name), "dom0's end");
	peer->buffer = util_alloc(PEER_LEN_MAX);
	peer->link = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->link < 0 || connect(peer->link, (struct sockaddr *)&to, sizeof(to)))
		util_lab_error("%s: %s", address, strerror(errno));
	at_once(peer->link);
}

void peerlink_close(struct peer *peer)
{
	close(peer->link);
	free(peer->buffer);
	*peer = (struct peer){ 0 };
}

static void ask(struct peer *peer, struct message *m)
{
	put(peer->link, m, sizeof(*m));
	if (!get(peer->link, m, sizeof(*m)))
		util_lab_error("dom0's end has hung up");
}

bool peerlink_wait_carrier(struct peer *peer, bool carrier, unsigned int ms)
{
	struct message m = { .order = ORDER_CARRIER, .ms = ms, .flag = carrier };

	ask(peer, &m);
	return check_that(peer->chk, m.flag, "%s has %s carrier", peer->name, carrier ? "no" : "a");
}

void peerlink_send(struct peer *peer, const struct virtio_net_hdr *hdr, const void *bytes, u32 len)
{
	struct message m = { .order = ORDER_SEND, .len = len };

	if (hdr)
		m.hdr = *hdr;
	put(peer->link, &m, sizeof(m));
	put(peer->link, bytes, len);
}

const u8 *peerlink_receive(struct peer *peer, struct virtio_net_hdr *hdr, u32 *len, u64 deadline_ms)
{
	u64 now = util_now_ms();
	struct message m = { .order = ORDER_RECEIVE };

	if (deadline_ms > now)
		m.ms = deadline_ms - now;
	ask(peer, &m);
	if (!m.flag)
		return NULL;
	if (m.len > PEER_LEN_MAX || !get(peer->link, peer->buffer, m.len))
		util_lab_error("dom0's end makes no sense");
	*hdr = m.hdr;
	*len = m.len;
	return peer->buffer;
}

/* ---- in dom0 ------------------------------------------------------------------------------------- */

static void serve_one(struct peer *peer, int fd, struct message *m, u8 *buffer)
{
	const u8 *bytes;

	switch (m->order) {
	case ORDER_CARRIER:
		m->flag = peer_wait_carrier(peer, m->flag, (unsigned int)m->ms);
		break;
	case ORDER_SEND:
		if (m->len > PEER_LEN_MAX || !get(fd, buffer, m->len))
			util_lab_error("the guest makes no sense");
		peer_send(peer, &m->hdr, buffer, m->len);
		return;
	case ORDER_RECEIVE:
		m->len = 0;
		bytes = peer_receive(peer, &m->hdr, &m->len, util_now_ms() + m->ms);
		m->flag = !!bytes;
		put(fd, m, sizeof(*m));
		if (bytes)
			put(fd, bytes, m->len);
		return;
	default:
		util_lab_error("the guest makes no sense");
	}
	put(fd, m, sizeof(*m));
}

void peerlink_serve(const char *name, unsigned int port, struct check *chk)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons((u16)port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int on = 1, fd, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	u8 *buffer = util_alloc(PEER_LEN_MAX);
	struct message m;
	struct peer peer;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		util_lab_error("port %u: %s", port, strerror(errno));
	peer_open(&peer, name, chk);
	puts("listening");
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		util_lab_error("accept: %s", strerror(errno));
	at_once(fd);
	while (!util_stop && get(fd, &m, sizeof(m)))
		serve_one(&peer, fd, &m, buffer);
	close(fd);
	close(listener);
	peer_close(&peer);
	free(buffer);
}
