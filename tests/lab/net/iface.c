// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw frames between two interfaces, and what an interface does for the stack. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "labnet.h"

#define ETHERTYPE	0x88b5	/* for experiments */
#define FRAME_MAX	1514u
#define ANSWER_MS	10000

/* ---- frames ------------------------------------------------------------------------------------ */

static int packet_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE),
		.sll_ifindex = (int)labnet_ifindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		labnet_unusable("%s: %s", name, strerror(errno));
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	return fd;
}

static size_t build(uint8_t *frame, uint64_t seed, uint64_t number)
{
	/* From the shortest to the longest, and all lengths between them in time. */
	size_t len = 60 + number * 157 % (FRAME_MAX - 59);

	memset(frame, 0xff, 6);		/* broadcast: any address will do */
	memset(frame + 6, 0x02, 6);
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 0xff;
	labnet_fill(frame + 14, seed + number, 0, len - 14);
	return len;
}

/* One way: each frame has to arrive before the next is sent. */
static int send_frames(int from, int to, uint64_t packets, const char *what)
{
	uint8_t frame[FRAME_MAX], got[FRAME_MAX + 100];
	uint64_t i, seed = labnet_now_us();
	struct pollfd pfd = { .fd = to, .events = POLLIN };
	ssize_t n;
	size_t len;

	for (i = 0; i < packets; i++) {
		len = build(frame, seed, i);
		if (send(from, frame, len, 0) < 0)
			return labnet_bad("%s: frame %llu: %s", what, (unsigned long long)i,
					  strerror(errno));
		if (poll(&pfd, 1, ANSWER_MS) <= 0)
			return labnet_bad("%s: frame %llu of %zu bytes does not arrive", what,
					  (unsigned long long)i, len);
		n = recv(to, got, sizeof(got), 0);
		if (n != (ssize_t)len || memcmp(got, frame, len))
			return labnet_bad("%s: frame %llu arrives changed: %zd bytes of %zu", what,
					  (unsigned long long)i, n, len);
	}
	return LABNET_GOOD;
}

int labnet_wire(const struct labnet_args *args)
{
	int a = packet_socket(args->words[0]), b = packet_socket(args->words[1]);
	int status = send_frames(a, b, args->packets, "there");

	return status ? status : send_frames(b, a, args->packets, "back");
}

/* ---- features ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	uint32_t get, set;
} features[] = {
	{ "sg", ETHTOOL_GSG, ETHTOOL_SSG },
	{ "tso", ETHTOOL_GTSO, ETHTOOL_STSO },
	{ "gso", ETHTOOL_GGSO, ETHTOOL_SGSO },
	{ "gro", ETHTOOL_GGRO, ETHTOOL_SGRO },
	{ "tx", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM },
	{ "rx", ETHTOOL_GRXCSUM, ETHTOOL_SRXCSUM },
};

static int ask(int fd, const char *name, uint32_t cmd, uint32_t *value)
{
	struct ethtool_value v = { .cmd = cmd, .data = *value };
	struct ifreq ifr = { .ifr_data = (void *)&v };
	int err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	err = ioctl(fd, SIOCETHTOOL, &ifr);
	*value = v.data;
	return err;
}

static void set(int fd, const char *name, const char *order)
{
	const char *value = strchr(order, '=');
	uint32_t on;
	size_t i;

	if (!value || (strcmp(value, "=on") && strcmp(value, "=off")))
		labnet_unusable("'%s' is not FEATURE=on or FEATURE=off", order);
	on = !strcmp(value, "=on");
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (!strncmp(order, features[i].name, (size_t)(value - order)) &&
		    !features[i].name[value - order]) {
			if (ask(fd, name, features[i].set, &on))
				labnet_unusable("%s: %s: %s", name, order, strerror(errno));
			return;
		}
	labnet_unusable("there is no feature '%s'", order);
}

int labnet_features(const struct labnet_args *args)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int i;
	size_t k;

	for (i = 1; i < args->nr_words; i++)
		set(fd, args->words[0], args->words[i]);
	for (k = 0; k < sizeof(features) / sizeof(features[0]); k++) {
		uint32_t on = 0;

		if (ask(fd, args->words[0], features[k].get, &on))
			labnet_unusable("%s: %s: %s", args->words[0], features[k].name,
					strerror(errno));
		labnet_say("%s=%s", features[k].name, on ? "on" : "off");
	}
	return LABNET_GOOD;
}
