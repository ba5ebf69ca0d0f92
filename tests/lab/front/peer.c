// SPDX-License-Identifier: GPL-2.0-or-later
#include "peer.h"
#include "peerlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MTU_MOST	65000u
#define SOCKET_BYTES	(32 << 20)

/* Or the kernel would talk to the guest by itself, about addresses and groups. */
static void silence(const char *name)
{
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	f = fopen(path, "w");
	if (!f)
		return;
	fputs("1\n", f);
	fclose(f);
}

static void request(struct peer *peer, unsigned long what, struct ifreq *ifr)
{
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", peer->name);
	if (ioctl(peer->fd, what, ifr))
		util_lab_error("%s: ioctl %#lx: %s", peer->name, what, strerror(errno));
}

void peer_set_mtu(struct peer *peer, unsigned int mtu)
{
	struct ifreq ifr = { .ifr_mtu = (int)mtu };

	request(peer, SIOCSIFMTU, &ifr);
}

static void option(struct peer *peer, int level, int name, int value)
{
	if (setsockopt(peer->fd, level, name, &value, sizeof(value)))
		util_lab_error("%s: socket option %d: %s", peer->name, name, strerror(errno));
}

void peer_open(struct peer *peer, const char *name, struct check *chk)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	struct ifreq ifr = { 0 };

	*peer = (struct peer){ .chk = chk };
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	peer->buffer = util_alloc(PEER_LEN_MAX + sizeof(struct virtio_net_hdr));
	/* Bound before it hears anything. */
	peer->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (peer->fd < 0)
		util_lab_error("no packet socket: %s", strerror(errno));
	request(peer, SIOCGIFINDEX, &ifr);
	peer->index = ifr.ifr_ifindex;
	option(peer, SOL_PACKET, PACKET_VNET_HDR, 1);
	option(peer, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	option(peer, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BYTES);
	option(peer, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BYTES);
	silence(name);
	peer_set_mtu(peer, MTU_MOST);
	request(peer, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	request(peer, SIOCSIFFLAGS, &ifr);
	addr.sll_protocol = htons(ETH_P_ALL);
	addr.sll_ifindex = peer->index;
	if (bind(peer->fd, (struct sockaddr *)&addr, sizeof(addr)))
		util_lab_error("%s: bind: %s", name, strerror(errno));
}

void peer_close(struct peer *peer)
{
	if (peer->remote) {
		peerlink_close(peer);
		return;
	}
	if (peer->fd > 0)
		close(peer->fd);
	free(peer->buffer);
	*peer = (struct peer){ 0 };
}

bool peer_wait_carrier(struct peer *peer, bool carrier, unsigned int ms)
{
	u64 deadline = util_now_ms() + ms;
	struct ifreq ifr = { 0 };

	if (peer->remote)
		return peerlink_wait_carrier(peer, carrier, ms);
	for (;;) {
		request(peer, SIOCGIFFLAGS, &ifr);
		if (!(ifr.ifr_flags & IFF_RUNNING) == !carrier)
			return true;
		if (util_now_ms() >= deadline)
			return check_that(peer->chk, false, "%s has %s carrier", peer->name,
					  carrier ? "no" : "a");
		util_pause_ms(5);	/* an ioctl announces nothing */
	}
}

bool peer_send(struct peer *peer, const struct virtio_net_hdr *hdr, const void *bytes, u32 len)
{
	struct virtio_net_hdr none = { 0 };
	struct iovec iov[] = {
		{ (void *)(hdr ?: &none), sizeof(none) },
		{ (void *)bytes, len },
	};

	if (peer->remote) {
		peerlink_send(peer, hdr, bytes, len);
		return true;
	}
	if (writev(peer->fd, iov, 2) >= 0)
		return true;
	/* The interface's queue may be full. */
	return check_that(peer->chk, errno == ENOBUFS || errno == EAGAIN, "%s: sending %u bytes: %s",
			  peer->name, len, strerror(errno)) && false;
}

const u8 *peer_receive(struct peer *peer, struct virtio_net_hdr *hdr, u32 *len, u64 deadline_ms)
{
	struct pollfd pfd = { .fd = peer->fd, .events = POLLIN };
	u64 now;
	ssize_t n;

	if (peer->remote)
		return peerlink_receive(peer, hdr, len, deadline_ms);
	for (;;) {
		n = recv(peer->fd, peer->buffer, PEER_LEN_MAX + sizeof(*hdr), MSG_DONTWAIT);
		if (n >= (ssize_t)sizeof(*hdr)) {
			memcpy(hdr, peer->buffer, sizeof(*hdr));
			*len = (u32)n - (u32)sizeof(*hdr);
			return peer->buffer + sizeof(*hdr);
		}
		/* EINVAL would be a packet the socket cannot describe: there is none. */
		check_that(peer->chk, n < 0 && (errno == EAGAIN || errno == ENETDOWN),
			   "%s: receiving: %s", peer->name, n < 0 ? strerror(errno) : "too short");
		now = util_now_ms();
		if (now >= deadline_ms || peer->chk->failed)
			return NULL;
		poll(&pfd, 1, (int)(deadline_ms - now));
	}
}

void peer_drain(struct peer *peer, unsigned int quiet_ms)
{
	struct virtio_net_hdr hdr;
	u32 len;

	while (peer_receive(peer, &hdr, &len, util_now_ms() + quiet_ms))
		;
}
