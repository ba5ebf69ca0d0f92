// SPDX-License-Identifier: GPL-2.0-or-later
#include "nettcp.h"

#include <string.h>

#define ETH	14u

const struct nettcp_kind nettcp_kinds[4] = {
	{ "TCP over IPv4", false, false },
	{ "TCP over IPv6", true, false },
	{ "UDP over IPv4", false, true },
	{ "UDP over IPv6", true, true },
};

u32 nettcp_start(const struct nettcp_kind *kind)
{
	return ETH + (kind->ipv6 ? 40 : 20);
}

u32 nettcp_headers(const struct nettcp_kind *kind)
{
	return nettcp_start(kind) + (kind->udp ? 8 : 20);
}

u32 nettcp_sum_at(const struct nettcp_kind *kind)
{
	return nettcp_start(kind) + (kind->udp ? 6 : 16);
}

static void put16(u8 *p, u32 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static u32 get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static u32 add(u32 sum, const u8 *p, u32 len)
{
	u32 i;

	for (i = 0; i + 1 < len; i += 2) {
		sum += get16(p + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len & 1)
		sum += (u32)p[len - 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static u32 pseudo(const struct nettcp_kind *kind, const u8 *packet, u32 len)
{
	u8 tail[4] = { 0, kind->udp ? 17 : 6, (u8)(len >> 8), (u8)len };
	u32 sum = kind->ipv6 ? add(0, packet + ETH + 8, 32) : add(0, packet + ETH + 12, 8);

	return add(sum, tail, sizeof(tail));
}

void nettcp_build(const struct nettcp_kind *kind, u8 *packet, u32 payload, u32 seq, bool blank)
{
	static const u8 macs[] = {
		0x00, 0x16, 0x3e, 0x00, 0x00, 0x01, 0x00, 0x16, 0x3e, 0x00, 0x00, 0x02,
	};
	u32 start = nettcp_start(kind), len = nettcp_headers(kind) - start + payload, sum;
	u8 *ip = packet + ETH, *l4 = packet + start;

	memset(packet, 0, nettcp_headers(kind));
	memcpy(packet, macs, sizeof(macs));
	put16(packet + 12, kind->ipv6 ? 0x86dd : 0x0800);
	if (kind->ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, len);
		ip[6] = kind->udp ? 17 : 6;
		ip[7] = 64;
		memcpy(ip + 8, "\xfd\x99\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
		memcpy(ip + 24, "\xfd\x99\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 20 + len);
		ip[6] = 0x40;
		ip[8] = 64;
		ip[9] = kind->udp ? 17 : 6;
		memcpy(ip + 12, "\x0a\x63\x00\x01\x0a\x63\x00\x02", 8);
		put16(ip + 10, ~add(0, ip, 20));
	}
	put16(l4, 40001);
	put16(l4 + 2, 40002);
	if (kind->udp) {
		put16(l4 + 4, len);
	} else {
		put16(l4 + 4, seq >> 16);
		put16(l4 + 6, seq);
		l4[12] = 0x50;
		l4[13] = 0x10;	/* ACK */
		put16(l4 + 14, 1000);
	}
	sum = pseudo(kind, packet, len);
	put16(packet + nettcp_sum_at(kind), blank ? sum : (u16)~add(sum, l4, len));
}

bool nettcp_sum_is_right(const struct nettcp_kind *kind, const u8 *packet, u32 len)
{
	u32 start = nettcp_start(kind);

	return add(pseudo(kind, packet, len - start), packet + start, len - start) == 0xffff;
}

bool nettcp_blank_is_right(const struct nettcp_kind *kind, const u8 *packet, u32 len)
{
	u32 start = nettcp_start(kind);

	return get16(packet + nettcp_sum_at(kind)) == pseudo(kind, packet, len - start);
}

u32 nettcp_seq(const struct nettcp_kind *kind, const u8 *packet)
{
	const u8 *l4 = packet + nettcp_start(kind);

	return get16(l4 + 4) << 16 | get16(l4 + 6);
}
