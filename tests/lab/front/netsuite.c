// SPDX-License-Identifier: GPL-2.0-or-later
#include "netsuite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nettcp.h"

#define GSO_SIZE	1448u

static const u32 lengths[] = {
	32, 33, 59, 60, 61, 64, 127, 128, 129, 130, 256, 1499, 1500, 1514, 1599, 1600, 1601, 1602,
	2048, 4082, 4095, 4096, 4097, 4098, 8191, 8192, 8193, 9014, 16384, 40000, 64999, 65000,
};

/* ---- one check with a connection of its own ---------------------------------------------------- */

struct session {
	struct check chk;
	struct vif *vif;
	struct net *net;
	struct net_queue *q;	/* the first */
};

static bool session_begin(struct session *s, struct vif *vif, const char *name,
			  const struct net_opts *opts)
{
	*s = (struct session){ .vif = vif, .net = &vif->net, .q = &vif->net.queue[0] };
	check_begin(&s->chk, name, vif->args->seed);
	vif_judge(vif, &s->chk);
	return vif_connect(vif, opts);
}

static void session_end(struct session *s)
{
	vif_disconnect(s->vif);
	check_end(&s->chk);
}

/* ---- lengths and pieces ------------------------------------------------------------------------ */

static void all_lengths(struct session *s)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths) && !s->chk.failed; i++)
		(void)(vif_from(s->vif, s->q, lengths[i], NULL) && vif_to(s->vif, lengths[i]));
	/* The longest there is, from the guest; to it the interface's MTU is the limit. */
	vif_from(s->vif, s->q, NET_LEN_MAX, NULL);
}

/* @len bytes in @nr pieces at random places of their pages, some of which are empty. */
static void cut_at_random(struct rng *rng, struct net_packet *p, u32 len, unsigned int nr,
			  bool empties)
{
	unsigned int i;
	u32 left = len, least, most;

	p->nr_pieces = nr;
	for (i = 0; i < nr; i++) {
		u32 room = (nr - i - 1) * PAGE_BYTES;

		least = left > room ? left - room : 0;
		most = min(left, PAGE_BYTES);
		if (!empties && left > nr - i - 1) {
			least = max(least, 1u);
			most = min(most, left - (nr - i - 1));
		}
		if (i + 1 == nr)
			least = most = left;
		p->piece[i] = (u16)(least + rng_below(rng, most - least + 1));
		if (empties && !rng_below(rng, 3) && !least)
			p->piece[i] = 0;
		p->offset[i] = (u16)rng_below(rng, PAGE_BYTES - p->piece[i] + 1);
		left -= p->piece[i];
	}
}

static void pieces(struct session *s, bool empties)
{
	struct net_packet p = { 0 };
	unsigned int i, nr;
	u32 len;

	for (i = 0; i < 400 && !s->chk.failed; i++) {
		nr = 1 + (unsigned int)rng_below(&s->net->rng, NET_PIECES);
		len = (u32)rng_below(&s->net->rng, min(nr * PAGE_BYTES, NET_LEN_MAX) - 64) + 64;
		if (i % 2)
			len = 64 + (u32)rng_below(&s->net->rng, min(nr * 100, 1450u));
		if (len > nr * PAGE_BYTES)
			continue;
		cut_at_random(&s->net->rng, &p, len, nr, empties);
		vif_from(s->vif, s->q, len, &p);
	}
}

static void random_pieces(struct session *s) { pieces(s, false); }
static void empty_pieces(struct session *s) { pieces(s, true); }

/* Headers cut after each byte: what reaches the stack has them in one piece. */
static void cut_headers(struct session *s)
{
	struct net_packet p = { .nr_pieces = 2 };
	u32 at;

	for (at = 1; at < 140 && !s->chk.failed; at++) {
		p.piece[0] = (u16)at;
		p.piece[1] = (u16)(1700 - at);
		p.offset[0] = (u16)(PAGE_BYTES - at);
		p.offset[1] = 1;
		vif_from(s->vif, s->q, 1700, &p);
	}
}

/* ---- many at once ------------------------------------------------------------------------------- */

#define MANY	2000u

/* Packet @number to the guest, and whatever comes to it. */
static bool tell(struct session *s, u8 *buffer, u32 len, u32 number)
{
	return peer_send(&s->vif->peer, NULL, vif_packet(s->vif, buffer, len, number), len);
}

static bool listen(struct session *s, struct net_packet *p)
{
	return net_receive(s->net, p, util_now_ms() + NET_ANSWER_MS);
}

static bool hear(struct session *s, u32 number, u32 len)
{
	struct virtio_net_hdr hdr;
	const u8 *bytes;
	u32 got;

	bytes = peer_receive(&s->vif->peer, &hdr, &got, util_now_ms() + NET_ANSWER_MS);
	return check_that(&s->chk, bytes, "packet %u does not arrive", number) &&
	       check_that(&s->chk, got == len, "packet %u: %u bytes of %u", number, got, len) &&
	       vif_packet_is(s->vif, bytes, len, number, "from the guest");
}

/* As many as there is room for before anybody is told; they arrive in order. */
static void full_rings(struct session *s)
{
	u8 *buffer = util_alloc(2000);
	struct net_packet p = { .bytes = buffer };
	u32 sent = 0, heard = 0, i;

	while (heard < MANY && !s->chk.failed) {
		while (sent < MANY && net_tx_room(s->q)) {
			p.len = 60 + sent % 1400;
			vif_packet(s->vif, buffer, p.len, sent++);
			net_put(s->q, &p);
		}
		net_publish(s->q, &s->q->tx, false);
		if (!net_flush(s->q))
			break;
		for (; heard < sent && hear(s, heard, 60 + heard % 1400); heard++)
			;
	}
	/* The other way: as many as there are pages, then those that had to wait. */
	for (i = 0; i < 3 && !s->chk.failed; i++) {
		struct net_packet got;
		u32 n;

		for (n = 0; n < 200; n++)
			check_that(&s->chk, tell(s, buffer, 100 + n, n), "packet %u cannot be sent", n);
		for (n = 0; n < 200 && !s->chk.failed; n++) {
			check_that(&s->chk, listen(s, &got) && got.len == 100 + n,
				   "packet %u does not arrive", n);
			vif_packet_is(s->vif, got.bytes, 100 + n, n, "to the guest");
		}
	}
	check_that(&s->chk, !s->q->tx_errors, "%u slots answered with %d", s->q->tx_errors,
		   s->q->tx_last);
	free(buffer);
}

/* ---- checksums and segments ---------------------------------------------------------------------- */

static void fill_payload(struct session *s, u8 *at, u32 len, u32 number)
{
	u32 i;

	for (i = 0; i < len; i++)
		at[i] = (u8)rng_hash(s->vif->args->seed + number, i / 8) >> i % 8;
}

static void sum_from(struct session *s, const struct nettcp_kind *kind, u8 *buffer, u16 flags)
{
	u32 payload = 1000 + (flags & 1), len = nettcp_headers(kind) + payload, got;
	struct net_packet p = { .bytes = buffer, .len = len, .flags = flags };
	struct virtio_net_hdr hdr;
	const u8 *bytes;

	fill_payload(s, buffer + nettcp_headers(kind), payload, len);
	nettcp_build(kind, buffer, payload, 7, flags & NET_CSUM_BLANK);
	if (!net_send(s->q, &p))
		return;
	bytes = peer_receive(&s->vif->peer, &hdr, &got, util_now_ms() + NET_ANSWER_MS);
	if (!check_that(&s->chk, bytes && got == len, "%s does not arrive", kind->name))
		return;
	check_that(&s->chk, !memcmp(bytes, buffer, len), "%s arrives changed", kind->name);
	if (flags & NET_CSUM_BLANK)
		check_that(&s->chk, hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
			   hdr.csum_start == nettcp_start(kind) &&
			   hdr.csum_start + hdr.csum_offset == nettcp_sum_at(kind),
			   "%s with a blank sum: flags %u, sum at %u + %u", kind->name, hdr.flags,
			   hdr.csum_start, hdr.csum_offset);
	else
		check_that(&s->chk, !!(hdr.flags & VIRTIO_NET_HDR_F_DATA_VALID) ==
			   !!(flags & NET_DATA_VALIDATED), "%s with flags %u: told %u", kind->name,
			   flags, hdr.flags);
}

static void sum_to(struct session *s, const struct nettcp_kind *kind, u8 *buffer, bool blank)
{
	u32 payload = 1000, len = nettcp_headers(kind) + payload;
	struct virtio_net_hdr hdr = { 0 };
	struct net_packet p;
	bool offers = kind->ipv6 ? s->net->opts.ipv6_csum : !s->net->opts.no_csum;

	fill_payload(s, buffer + nettcp_headers(kind), payload, len);
	nettcp_build(kind, buffer, payload, 7, blank);
	if (blank) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.csum_start = (u16)nettcp_start(kind);
		hdr.csum_offset = (u16)(nettcp_sum_at(kind) - nettcp_start(kind));
	}
	if (!check_that(&s->chk, peer_send(&s->vif->peer, &hdr, buffer, len) &&
			net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS) && p.len == len,
			"%s does not arrive at the guest", kind->name))
		return;
	if (p.flags & NET_CSUM_BLANK)
		check_that(&s->chk, offers && blank && p.flags & NET_DATA_VALIDATED &&
			   nettcp_blank_is_right(kind, p.bytes, len),
			   "%s arrives at the guest with a blank sum", kind->name);
	else
		check_that(&s->chk, (!blank || !offers) && nettcp_sum_is_right(kind, p.bytes, len),
			   "%s arrives at the guest with a wrong sum", kind->name);
}

static void sums(struct session *s)
{
	u8 *buffer = util_alloc(4096);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nettcp_kinds) && !s->chk.failed; i++) {
		sum_from(s, &nettcp_kinds[i], buffer, 0);
		sum_from(s, &nettcp_kinds[i], buffer, NET_DATA_VALIDATED);
		sum_from(s, &nettcp_kinds[i], buffer, NET_CSUM_BLANK | NET_DATA_VALIDATED);
		sum_to(s, &nettcp_kinds[i], buffer, false);
		sum_to(s, &nettcp_kinds[i], buffer, true);
	}
	free(buffer);
}

static u8 virtio_gso(const struct nettcp_kind *kind)
{
	return kind->ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
}

static void segments_from(struct session *s, const struct nettcp_kind *kind, u8 *buffer,
			  u32 payload)
{
	u32 len = nettcp_headers(kind) + payload, got;
	struct net_packet p = {
		.bytes = buffer, .len = len, .flags = NET_CSUM_BLANK | NET_DATA_VALIDATED,
		.gso_type = kind->ipv6 ? NET_GSO_TCPV6 : NET_GSO_TCPV4, .gso_size = GSO_SIZE,
	};
	struct virtio_net_hdr hdr;
	const u8 *bytes;

	fill_payload(s, buffer + nettcp_headers(kind), payload, len);
	nettcp_build(kind, buffer, payload, 7, true);
	if (!net_send(s->q, &p))
		return;
	bytes = peer_receive(&s->vif->peer, &hdr, &got, util_now_ms() + NET_ANSWER_MS);
	if (!check_that(&s->chk, bytes && got == len, "%s of %u bytes does not arrive", kind->name, len))
		return;
	check_that(&s->chk, !memcmp(bytes, buffer, len), "%s of %u bytes arrives changed", kind->name,
		   len);
	check_that(&s->chk, hdr.gso_size == GSO_SIZE && hdr.gso_type == virtio_gso(kind),
		   "%s: told gso type %u size %u", kind->name, hdr.gso_type, hdr.gso_size);
}

/* What the guest gets of one large packet, whole or in segments, put together again. */
static void segments_to(struct session *s, const struct nettcp_kind *kind, u8 *buffer, u32 payload)
{
	u32 headers = nettcp_headers(kind), have = 0, n;
	/* Whoever takes no blank sum gets no packet that has yet to be cut. */
	bool whole = s->net->opts.sg && s->net->opts.gso &&
		     (kind->ipv6 ? s->net->opts.ipv6_csum : !s->net->opts.no_csum);
	u8 *rebuilt = util_alloc(payload);
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_size = GSO_SIZE, .hdr_len = (u16)headers,
		.gso_type = virtio_gso(kind),
		.csum_start = (u16)nettcp_start(kind),
		.csum_offset = (u16)(nettcp_sum_at(kind) - nettcp_start(kind)),
	};
	struct net_packet p;

	fill_payload(s, buffer + headers, payload, payload);
	nettcp_build(kind, buffer, payload, 7, true);
	check_that(&s->chk, peer_send(&s->vif->peer, &hdr, buffer, headers + payload),
		   "%s cannot be sent", kind->name);
	while (have < payload && !s->chk.failed) {
		if (!check_that(&s->chk, net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS) &&
				p.len > headers, "%s: only %u bytes of %u arrive at the guest", kind->name,
				have, payload))
			break;
		n = p.len - headers;
		check_that(&s->chk, nettcp_seq(kind, p.bytes) == 7 + have && have + n <= payload,
			   "%s: a segment out of order", kind->name);
		if (whole)
			check_that(&s->chk, n == payload && p.gso_size == GSO_SIZE &&
				   p.gso_type == (kind->ipv6 ? NET_GSO_TCPV6 : NET_GSO_TCPV4),
				   "%s: %u bytes with gso type %u size %u", kind->name, n, p.gso_type,
				   p.gso_size);
		else
			check_that(&s->chk, n <= GSO_SIZE && !p.gso_type, "%s: a segment of %u bytes",
				   kind->name, n);
		if (!(p.flags & NET_CSUM_BLANK))
			check_that(&s->chk, nettcp_sum_is_right(kind, p.bytes, p.len),
				   "%s: a segment with a wrong sum", kind->name);
		if (!s->chk.failed)
			memcpy(rebuilt + have, p.bytes + headers, n);
		have += n;
	}
	check_that(&s->chk, !memcmp(rebuilt, buffer + headers, payload),
		   "%s of %u bytes arrives at the guest changed", kind->name, payload);
	free(rebuilt);
}

static void segments(struct session *s)
{
	static const u32 payloads[] = { GSO_SIZE + 1, 3 * GSO_SIZE, 20000, 60000 };
	u8 *buffer = util_alloc(NET_LEN_MAX);
	size_t k, i;

	for (k = 0; k < 2; k++)
		for (i = 0; i < ARRAY_SIZE(payloads) && !s->chk.failed; i++) {
			if (s->net->opts.sg)
				segments_from(s, &nettcp_kinds[k], buffer, payloads[i]);
			if (!s->chk.failed)
				segments_to(s, &nettcp_kinds[k], buffer, payloads[i]);
		}
	free(buffer);
}

/* ---- multicast ----------------------------------------------------------------------------------- */

static bool arrives(struct session *s, const u8 *group)
{
	u8 buffer[64];
	struct net_packet p;

	vif_packet(s->vif, buffer, sizeof(buffer), 1);
	memcpy(buffer, group, 6);
	peer_send(&s->vif->peer, NULL, buffer, sizeof(buffer));
	/* Behind it one that always arrives, so that nothing has to be waited for in vain. */
	tell(s, buffer, sizeof(buffer), 2);
	if (!check_that(&s->chk, net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS),
			"nothing arrives at the guest"))
		return false;
	if (memcmp(p.bytes, group, 6))
		return false;
	check_that(&s->chk, net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS),
		   "the packet behind does not arrive");
	return true;
}

static void group(struct session *s, u8 type, const u8 *addr)
{
	u32 page = s->q->tx.prod % NET_SLOTS;

	net_put_tx(s->q, s->q->tx_pages->gref[page], 0, NET_EXTRA_INFO, (u16)page, 64);
	net_put_extra(s->q, type, false, addr);
	net_publish(s->q, &s->q->tx, false);
	net_flush(s->q);
}

static void multicast(struct session *s)
{
	static const u8 one[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x05 };
	static const u8 two[] = { 0x33, 0x33, 0x00, 0x00, 0x00, 0x07 };
	static const u8 all[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	check_that(&s->chk, !arrives(s, one) && !arrives(s, two), "groups not joined arrive");
	check_that(&s->chk, arrives(s, all), "broadcast does not arrive");
	group(s, NET_EXTRA_MCAST_ADD, one);
	check_that(&s->chk, arrives(s, one) && !arrives(s, two), "one group joined, and not as it should be");
	group(s, NET_EXTRA_MCAST_ADD, two);
	group(s, NET_EXTRA_MCAST_DEL, one);
	check_that(&s->chk, !arrives(s, one) && arrives(s, two), "one group left, and not as it should be");
	check_that(&s->chk, !s->q->tx_errors, "a group order was answered with %d", s->q->tx_last);
}

/* Orders between packets: all answers in the order of the ring, all packets in theirs. */
static void mixed(struct session *s)
{
	u8 *buffer = util_alloc(2000);
	struct net_packet p = { .bytes = buffer };
	u8 addr[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x05 };
	u32 sent = 0, heard = 0, page;

	while (heard < MANY && !s->chk.failed) {
		while (sent < MANY && net_tx_room(s->q) >= 4) {
			p.len = 60 + sent % 1400;
			vif_packet(s->vif, buffer, p.len, sent);
			net_put(s->q, &p);
			if (sent++ % 3)
				continue;
			page = s->q->tx.prod % NET_SLOTS;
			addr[5] = (u8)(sent % 32);
			net_put_tx(s->q, s->q->tx_pages->gref[page], 0, NET_EXTRA_INFO, (u16)page,
				   64);
			net_put_extra(s->q, sent % 2 ? NET_EXTRA_MCAST_ADD : NET_EXTRA_MCAST_DEL,
				      false, addr);
		}
		net_publish(s->q, &s->q->tx, false);
		if (!net_flush(s->q))
			break;
		for (; heard < sent && hear(s, heard, 60 + heard % 1400); heard++)
			;
	}
	check_that(&s->chk, !s->q->tx_errors, "%u slots answered with %d", s->q->tx_errors,
		   s->q->tx_last);
	free(buffer);
}

/* ---- headroom, hash, static grants ------------------------------------------------------------------ */

static void headroom(struct session *s)
{
	struct net_packet p;
	u8 buffer[64];

	all_lengths(s);
	tell(s, buffer, sizeof(buffer), 1);
	check_that(&s->chk, net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS) &&
		   p.headroom == s->net->opts.headroom, "headroom told as %u, not %u", p.headroom,
		   s->net->opts.headroom);
}

enum {
	GET_HASH_FLAGS = 1, SET_HASH_FLAGS, SET_HASH_KEY, GET_HASH_MAPPING_SIZE,
	SET_HASH_MAPPING_SIZE, SET_HASH_MAPPING, SET_HASH_ALGORITHM, GET_GREF_MAPPING_SIZE,
	ADD_GREF_MAPPING, DEL_GREF_MAPPING,
};

static u32 order(struct session *s, u16 type, u32 a, u32 b, u32 c)
{
	struct net_ctrl_msg msg = { type, { a, b, c } };
	u32 answer = 0;
	int status = net_control(s->net, &msg, &answer);

	check_that(&s->chk, !status, "control message %u: status %d", type, status);
	return answer;
}

/* The function itself, written down from its definition: for each set bit the key from there on. */
static u32 toeplitz(const u8 *key, const u8 *data, u32 len)
{
	u32 value = 0, i, bit, k;

	for (i = 0; i < len * 8; i++) {
		if (!(data[i / 8] & 0x80 >> i % 8))
			continue;
		for (bit = 0, k = 0; bit < 32; bit++)
			k = k << 1 | (key[(i + bit) / 8] >> (7 - (i + bit) % 8) & 1);
		value ^= k;
	}
	return value;
}

static void hash(struct session *s)
{
	struct xen_pages *page = xen_pages_alloc(s->net->dev->be_domid, 1, true);
	u8 *buffer = util_alloc(4096);
	u32 i, flags = order(s, GET_HASH_FLAGS, 0, 0, 0);
	u32 size = order(s, GET_HASH_MAPPING_SIZE, 0, 0, 0);
	struct net_packet p;
	u8 key[40];

	check_that(&s->chk, flags == 0xf && size >= 64, "hash flags %#x, mapping of %u", flags, size);
	for (i = 0; i < sizeof(key); i++)
		key[i] = (u8)rng_next(&s->net->rng);
	order(s, SET_HASH_ALGORITHM, 1, 0, 0);
	order(s, SET_HASH_FLAGS, 0xf, 0, 0);
	memcpy(page->va, key, sizeof(key));
	order(s, SET_HASH_KEY, page->gref[0], sizeof(key), 0);
	order(s, SET_HASH_MAPPING_SIZE, 64, 0, 0);
	for (i = 0; i < 64; i++)
		((u32 *)page->va)[i] = (i * 7) % s->net->nr_queues;
	order(s, SET_HASH_MAPPING, page->gref[0], 64, 0);
	for (i = 0; i < 40 && !s->chk.failed; i++) {
		const struct nettcp_kind *kind = &nettcp_kinds[i % 2];
		u8 input[36];
		u32 value;

		nettcp_build(kind, buffer, 10, 7, false);
		buffer[nettcp_start(kind)] = (u8)i;	/* the source port */
		memcpy(input, buffer + (kind->ipv6 ? 22 : 26), kind->ipv6 ? 32 : 8);
		memcpy(input + (kind->ipv6 ? 32 : 8), buffer + nettcp_start(kind), 4);
		value = toeplitz(key, input, kind->ipv6 ? 36 : 12);
		peer_send(&s->vif->peer, NULL, buffer, nettcp_headers(kind) + 10);
		if (!check_that(&s->chk, net_receive(s->net, &p, util_now_ms() + NET_ANSWER_MS),
				"%s does not arrive", kind->name))
			break;
		check_that(&s->chk, p.hashed && p.hash == value, "hash %#x told, %#x right", p.hash,
			   value);
		check_that(&s->chk, p.hash_kind == (kind->ipv6 ? 3 : 1), "kind of hash %u", p.hash_kind);
		check_that(&s->chk, p.queue == (value % 64 * 7) % s->net->nr_queues,
			   "hash %#x on queue %u", value, p.queue);
	}
	xen_pages_free(page);
	free(buffer);
}

static void write_table(struct xen_pages *table, const struct xen_pages *pages, u32 first, u32 nr,
			u16 flags)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		memcpy(table->va + i * 8, &pages->gref[first + i], 4);
		memcpy(table->va + i * 8 + 4, &flags, 2);
	}
}

/* All pages of both directions stay mapped, and then no longer; packets are the same. */
static void static_grants(struct session *s)
{
	struct xen_pages *table = xen_pages_alloc(s->net->dev->be_domid, 1, true);
	u32 most = order(s, GET_GREF_MAPPING_SIZE, 0, 0, 0), i, done;
	u16 status;

	check_that(&s->chk, most >= 2 * NET_SLOTS, "only %u pages may stay mapped", most);
	write_table(table, s->q->tx_pages, 0, NET_SLOTS, 1);
	order(s, ADD_GREF_MAPPING, 0, table->gref[0], NET_SLOTS);
	write_table(table, s->q->rx_pages, 0, NET_SLOTS, 0);
	order(s, ADD_GREF_MAPPING, 0, table->gref[0], NET_SLOTS);
	all_lengths(s);
	random_pieces(s);
	/* In the middle of the table one that is not there. */
	write_table(table, s->q->tx_pages, 0, NET_SLOTS, 1);
	memset(table->va + 8 * 100, 0xff, 4);
	done = order(s, DEL_GREF_MAPPING, 0, table->gref[0], NET_SLOTS);
	check_that(&s->chk, done == NET_SLOTS - 1, "%u pages unmapped", done);
	for (i = 0; i < NET_SLOTS; i++) {
		memcpy(&status, table->va + i * 8 + 6, 2);
		check_that(&s->chk, status == (i == 100 ? 2 : 0), "entry %u: status %u", i, status);
	}
	all_lengths(s);
	xen_pages_free(table);
}

/* ---- the lists ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(struct session *s);
	struct net_opts opts;
	bool all_queues;
} io_cases[] = {
#define ALL	.sg = true, .gso = true, .ipv6_csum = true, .rx_notify = true
	{ "packets of all lengths", all_lengths, { .queues = 1, ALL }, false },
	{ "packets in random pieces", random_pieces, { .queues = 1, ALL }, false },
	{ "packets in pieces some of which are empty", empty_pieces, { .queues = 1, ALL }, false },
	{ "headers cut at every byte", cut_headers, { .queues = 1, ALL }, false },
	{ "full rings, both ways", full_rings, { .queues = 1, ALL }, false },
	{ "full rings, an event channel for each way", full_rings, { .queues = 1, .split = true, ALL },
	  false },
	{ "indices run over 2^32", full_rings, { .queues = 1, .start = UINT32_MAX - 300, ALL }, false },
	{ "checksums", sums, { .queues = 1, ALL }, false },
	{ "checksums, the guest takes no blank ones", sums,
	  { .queues = 1, .sg = true, .gso = true, .no_csum = true, .rx_notify = true }, false },
	{ "packets to be cut into segments", segments, { .queues = 1, ALL }, false },
	{ "the same, the guest takes none", segments,
	  { .queues = 1, .sg = true, .ipv6_csum = true, .rx_notify = true }, false },
	{ "the same, nor any of two pages or with blank sums", segments,
	  { .queues = 1, .no_csum = true, .rx_notify = true }, false },
	{ "multicast groups", multicast, { .queues = 1, .mcast = true, ALL }, false },
	{ "orders about groups between packets", mixed, { .queues = 1, .mcast = true, ALL }, false },
	{ "room in front of packets", headroom, { .queues = 1, .headroom = 192, ALL }, false },
	{ "hash and its queues", hash, { .queues = 0, .ctrl = true, ALL }, true },
	{ "pages that stay mapped", static_grants, { .queues = 1, .ctrl = true, ALL }, false },
};

void netsuite_io(struct vif *vif, const char *words)
{
	struct session s;
	bool ran = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(io_cases) && !util_stop; i++) {
		if (!strstr(io_cases[i].name, words))
			continue;
		ran = true;
		if (session_begin(&s, vif, io_cases[i].name, &io_cases[i].opts))
			io_cases[i].run(&s);
		session_end(&s);
	}
	if (!ran && !util_stop)
		util_lab_error("no check has '%s' in its name", words);
}

/* A little of everything, over each queue. */
static void exercise(struct session *s)
{
	u8 *buffer = util_alloc(4096);
	unsigned int i;

	/* A hash of its own; the next frontend gets none unless it asks. */
	if (s->net->opts.ctrl) {
		order(s, SET_HASH_ALGORITHM, 1, 0, 0);
		order(s, SET_HASH_FLAGS, 0xf, 0, 0);
	}
	for (i = 0; i < s->net->nr_queues && !s->chk.failed; i++) {
		vif_from(s->vif, &s->net->queue[i], 60, NULL);
		vif_from(s->vif, &s->net->queue[i], 1514, NULL);
		if (s->net->opts.sg)
			vif_from(s->vif, &s->net->queue[i], 9014, NULL);
	}
	(void)(!s->chk.failed && vif_to(s->vif, 60) && vif_to(s->vif, 1514) &&
	       (!s->net->opts.sg || vif_to(s->vif, 9014)));
	for (i = 0; i < ARRAY_SIZE(nettcp_kinds) && !s->chk.failed; i++) {
		sum_from(s, &nettcp_kinds[i], buffer, NET_CSUM_BLANK | NET_DATA_VALIDATED);
		sum_to(s, &nettcp_kinds[i], buffer, true);
	}
	free(buffer);
	if (!s->chk.failed)
		segments(s);
}

void netsuite_matrix(struct vif *vif)
{
	static const unsigned int queues[] = { 1, 2, 0 };
	unsigned int row;

	for (row = 0; row < 3 * 2 * 2 * 2 * 2 * 2 && !util_stop; row++) {
		unsigned int r = row;
		struct net_opts opts = NET_OPTS_DEFAULT;
		struct session s;
		char *name;

		opts.queues = queues[r % 3];
		r /= 3;
		opts.split = r & 1;
		opts.sg = r >> 1 & 1;
		opts.gso = opts.sg && r >> 2 & 1;
		opts.no_csum = r >> 3 & 1;
		opts.ipv6_csum = !opts.no_csum;
		opts.headroom = r >> 4 & 1 ? 256 : 0;
		if (!opts.sg && r >> 2 & 1)
			continue;	/* no large packets without several pages */
		name = util_printf("queues=%u split=%d sg=%d gso=%d csum=%d headroom=%u", opts.queues,
				   opts.split, opts.sg, opts.gso, !opts.no_csum, opts.headroom);
		if (session_begin(&s, vif, name, &opts))
			exercise(&s);
		session_end(&s);
		free(name);
	}
}

void netsuite_reconnect(struct vif *vif, unsigned int times)
{
	struct rng rng;
	unsigned int i;

	rng_seed(&rng, vif->args->seed);
	for (i = 0; i < times && !util_stop; i++) {
		struct net_opts opts = NET_OPTS_DEFAULT;
		struct session s;
		char *name;

		opts.queues = (unsigned int)rng_below(&rng, 3);
		opts.split = rng_below(&rng, 2);
		opts.sg = rng_below(&rng, 2);
		opts.gso = opts.sg;
		opts.ctrl = rng_below(&rng, 2);
		opts.headroom = (u32)rng_below(&rng, 3) * 128;
		name = util_printf("reconnect %u: queues=%u split=%d sg=%d ctrl=%d headroom=%u", i + 1,
				   opts.queues, opts.split, opts.sg, opts.ctrl, opts.headroom);
		if (session_begin(&s, vif, name, &opts))
			exercise(&s);
		session_end(&s);
		free(name);
	}
}

/* ---- load --------------------------------------------------------------------------------------------- */

void netsuite_load(struct vif *vif, unsigned int seconds)
{
	struct net_opts opts = vif->args->net;
	u64 end = seconds ? util_now_ms() + seconds * 1000ull : UINT64_MAX, rounds = 0;
	struct net_packet cut = { 0 };
	struct session s;
	u32 len;

	if (session_begin(&s, vif, "load", &opts)) {
		puts("running");
		fflush(stdout);
		while (!util_stop && util_now_ms() < end && !s.chk.failed) {
			struct net_queue *q = &s.net->queue[rounds % s.net->nr_queues];

			len = 64 + (u32)rng_below(&s.net->rng, rounds % 4 ? 1450 : 20000);
			cut_at_random(&s.net->rng, &cut, len, 6, rounds % 2);
			(void)(vif_from(vif, q, len, &cut) && vif_to(vif, len));
			rounds++;
		}
		check_note(&s.chk, "%llu packets each way", (unsigned long long)rounds);
	}
	session_end(&s);
}
