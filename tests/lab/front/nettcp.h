/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP and UDP packets over IPv4 and IPv6, and whether their checksums are right. */
#ifndef FRONT_NETTCP_H
#define FRONT_NETTCP_H

#include "util.h"

struct nettcp_kind {
	const char *name;
	bool ipv6, udp;
};

extern const struct nettcp_kind nettcp_kinds[4];

u32 nettcp_headers(const struct nettcp_kind *kind);	/* with the Ethernet header */
u32 nettcp_sum_at(const struct nettcp_kind *kind);	/* offset of the sum */
u32 nettcp_start(const struct nettcp_kind *kind);	/* of the TCP or UDP header */

/*
 * Writes headers for @payload bytes that already stand behind them. The sum is
 * @blank (only of the pseudo header, as Linux leaves it) or complete.
 */
void nettcp_build(const struct nettcp_kind *kind, u8 *packet, u32 payload, u32 seq, bool blank);

/* Of a packet with a complete sum. */
bool nettcp_sum_is_right(const struct nettcp_kind *kind, const u8 *packet, u32 len);

/* The same of one that is blank: whether filling it in gives the right one. */
bool nettcp_blank_is_right(const struct nettcp_kind *kind, const u8 *packet, u32 len);

u32 nettcp_seq(const struct nettcp_kind *kind, const u8 *packet);

#endif
