// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The network protocol: see net.h. */
#include "net.h"

/* A transmit request; an extra has its type and flags where this has the gref. */
struct tx_slot {
	u32 gref;
	u16 offset;
	u16 flags;
	u16 id;
	u16 size;
};

struct extra_slot {
	u8 type;
	u8 flags;
	u8 body[6];
	u8 pad[4];		/* a transmit slot is longer than an extra */
};

#define EXTRA_MORE	1u
#define EXTRA_BYTES	8u

static void get_tx(const u8 *slots, u32 i, struct tx_slot *s)
{
	memcpy(s, slots + (size_t)i * WIRE_NET_TX_SLOT, sizeof(*s));
}

static void get_extra(const u8 *slots, u32 i, struct extra_slot *e)
{
	memcpy(e, slots + (size_t)i * WIRE_NET_TX_SLOT, sizeof(*e));
}

static u16 get_u16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* ---- transmit ----------------------------------------------------------------------------- */

static enum wire_verdict take_gso(const struct extra_slot *e, struct wire_net_tx *tx)
{
	u8 type = e->body[2];

	if (type != WIRE_NET_GSO_TCPV4 && type != WIRE_NET_GSO_TCPV6)
		return WIRE_REJECT_FLAGS;
	tx->gso_size = get_u16(e->body);
	tx->gso_type = type;
	return tx->gso_size ? WIRE_OK : WIRE_REJECT_LEN;
}

/* What a known extra says; one of a kind we never asked for is as bad as an unknown one. */
static enum wire_verdict take_extra(const struct extra_slot *e, struct wire_net_tx *tx)
{
	switch (e->type) {
	case WIRE_NET_EXTRA_GSO:
		return take_gso(e, tx);
	case WIRE_NET_EXTRA_MCAST_ADD:
	case WIRE_NET_EXTRA_MCAST_DEL:
		tx->mcast_add |= e->type == WIRE_NET_EXTRA_MCAST_ADD;
		tx->mcast_del |= e->type == WIRE_NET_EXTRA_MCAST_DEL;
		memcpy(tx->mcast_addr, e->body, sizeof(tx->mcast_addr));
		return WIRE_OK;
	case WIRE_NET_EXTRA_HASH:
	case WIRE_NET_EXTRA_XDP:
		return WIRE_OK;		/* meant for us to know, not to act on */
	default:
		return WIRE_REJECT_OP;
	}
}

/*
 * The chain of extras behind the first slot. All of it is walked even if one is
 * bad, because the packet goes on behind it. WIRE_MORE: its end is not there.
 */
static enum wire_verdict take_extras(const u8 *slots, u32 nr, struct wire_net_tx *tx)
{
	enum wire_verdict said = WIRE_OK, v;
	struct extra_slot e;
	u32 seen = 0;

	do {
		if (tx->nr_slots == nr)
			return WIRE_MORE;
		get_extra(slots, tx->nr_slots, &e);
		tx->nr_slots++;
		tx->nr_extras++;
		v = take_extra(&e, tx);
		if (v == WIRE_OK && seen & 1u << e.type)
			v = WIRE_REJECT_OP;
		if (v == WIRE_OK)
			seen |= 1u << e.type;
		said = said ? said : v;
	} while (e.flags & EXTRA_MORE);
	if (tx->mcast_add && tx->mcast_del)
		said = said ? said : WIRE_REJECT_OP;
	return said;
}

/* One slot with data. @left is what the packet still lacks. */
static enum wire_verdict take_frag(const struct tx_slot *s, u32 size, struct wire_net_tx *tx)
{
	struct wire_net_frag *f;

	if (tx->nr_frags == WIRE_NET_FRAGS)
		return WIRE_REJECT_COUNT;
	if (!wire_range_ok(s->offset, size, WIRE_PAGE_SIZE))
		return WIRE_REJECT_SEGMENT;
	f = &tx->frags[tx->nr_frags];
	f->gref = s->gref;
	f->offset = s->offset;
	f->len = (u16)size;
	tx->ids[tx->nr_frags++] = s->id;
	return WIRE_OK;
}

enum wire_verdict wire_net_parse_tx(const u8 *slots, u32 nr, u32 most_frags,
				    struct wire_net_tx *tx)
{
	enum wire_verdict said = WIRE_OK, v;
	u32 rest, data_slots = 1;
	struct tx_slot first, s;

	if (!nr)
		return WIRE_MORE;
	memset(tx, 0, offsetof(struct wire_net_tx, frags));
	get_tx(slots, 0, &first);
	tx->nr_slots = 1;
	tx->first_id = first.id;
	tx->len = first.size;
	tx->csum_blank = first.flags & WIRE_NET_CSUM_BLANK;
	/* What the guest has yet to sum up it has made itself. */
	tx->data_validated = first.flags & (WIRE_NET_DATA_VALIDATED | WIRE_NET_CSUM_BLANK);

	if (first.flags & WIRE_NET_EXTRA_INFO) {
		said = take_extras(slots, nr, tx);
		if (said == WIRE_MORE)
			return said;
	}
	/* An order about multicast groups carries no packet. */
	if (!said && (tx->mcast_add || tx->mcast_del) && !(first.flags & WIRE_NET_MORE_DATA))
		return WIRE_OK;

	/* The first slot's size is the whole packet's; its own is what the others leave. */
	rest = first.size;
	tx->nr_frags = 1;
	for (s = first; s.flags & WIRE_NET_MORE_DATA;) {
		if (tx->nr_slots == nr)
			return WIRE_MORE;
		if (data_slots == most_frags)
			return WIRE_FATAL_CHAIN;
		get_tx(slots, tx->nr_slots, &s);
		tx->nr_slots++;
		data_slots++;
		v = s.size > rest ? WIRE_REJECT_LEN : take_frag(&s, s.size, tx);
		rest -= s.size > rest ? rest : s.size;
		said = said ? said : v;
	}

	data_slots = tx->nr_frags;
	tx->nr_frags = 0;
	v = take_frag(&first, rest, tx);
	tx->nr_frags = (u16)data_slots;
	said = said ? said : v;
	if (!said && (tx->mcast_add || tx->mcast_del))
		said = WIRE_REJECT_FLAGS;
	if (!said && tx->len < WIRE_NET_LEN_MIN)
		said = WIRE_REJECT_LEN;
	return said;
}

void wire_net_tx_response(const u8 *slots, u32 i, const struct wire_net_tx *tx,
			  enum wire_net_status status, u8 *rsp)
{
	bool extra = i && i <= tx->nr_extras;
	s16 said = (s16)(extra ? WIRE_NET_RSP_NULL : status);
	u16 id = 0;

	if (!extra) {
		struct tx_slot s;

		get_tx(slots, i, &s);
		id = s.id;
	}
	memcpy(rsp, &id, sizeof(id));
	memcpy(rsp + sizeof(id), &said, sizeof(said));
}

/* ---- checksums ---------------------------------------------------------------------------- */

#define PROTO_TCP	6u
#define PROTO_UDP	17u
#define EXTENSIONS_MAX	8u	/* IPv6 extension headers, more than anybody sends */

static u16 get_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/* The TCP or UDP header at @start; @sum->end is set. */
static bool find_transport(u32 start, u8 proto, struct wire_net_sum *sum)
{
	u32 at = proto == PROTO_TCP ? 16 : 6;
	u32 header = proto == PROTO_TCP ? 20 : 8;

	if ((proto != PROTO_TCP && proto != PROTO_UDP) || start + header > sum->end)
		return false;
	sum->proto = proto;
	sum->start = (u16)start;
	sum->at = (u16)(start + at);
	return true;
}

static bool find_ipv4(const u8 *packet, u32 l3, u32 len, struct wire_net_sum *sum)
{
	const u8 *ip = packet + l3;
	u32 header, total;

	if (len - l3 < 20)
		return false;
	header = (ip[0] & 15u) * 4u;
	total = get_be16(ip + 2);
	/* 0x3fff: more fragments follow, or this is not the first. */
	if (ip[0] >> 4 != 4 || header < 20 || total < header || total > len - l3 ||
	    get_be16(ip + 6) & 0x3fffu)
		return false;
	sum->ipv6 = false;
	sum->addrs = (u16)(l3 + 12);
	sum->end = (u16)(l3 + total);
	return find_transport(l3 + header, ip[9], sum);
}

static bool find_ipv6(const u8 *packet, u32 l3, u32 len, struct wire_net_sum *sum)
{
	const u8 *ip = packet + l3;
	u32 at = l3 + 40, headers = 0;
	u8 next;

	if (len - l3 < 40 || ip[0] >> 4 != 6 || get_be16(ip + 4) > len - at)
		return false;
	sum->ipv6 = true;
	sum->addrs = (u16)(l3 + 8);
	sum->end = (u16)(at + get_be16(ip + 4));
	/* Hop-by-hop options, destination options, and routing that has come to its end. */
	next = ip[6];
	while (next == 0 || next == 60 || next == 43) {
		const u8 *option = packet + at;

		if (++headers > EXTENSIONS_MAX || sum->end - at < 8 || (next == 43 && option[3]))
			return false;
		next = option[0];
		at += 8u + option[1] * 8u;
		if (at > sum->end)
			return false;
	}
	return find_transport(at, next, sum);
}

bool wire_net_find_sum(const u8 *packet, u32 len, struct wire_net_sum *sum)
{
	u32 at = 12, tags = 0;
	u16 type;

	if (len < WIRE_NET_LEN_MIN || len > WIRE_NET_LEN_MAX)
		return false;
	type = get_be16(packet + at);
	while (type == 0x8100 || type == 0x88a8) {
		at += 4;
		if (++tags > 2 || len < at + 2)
			return false;
		type = get_be16(packet + at);
	}
	at += 2;
	if (type == 0x0800)
		return find_ipv4(packet, at, len, sum);
	return type == 0x86dd && find_ipv6(packet, at, len, sum);
}

/* ---- receive -------------------------------------------------------------------------------- */

void wire_net_parse_rx(const u8 *slot, struct wire_net_rx_req *req)
{
	memcpy(&req->id, slot, sizeof(req->id));
	memcpy(&req->gref, slot + 4, sizeof(req->gref));
}

void wire_net_rx_response(u16 id, u16 offset, u16 flags, int status, u8 *rsp)
{
	s16 said = (s16)status;

	memcpy(rsp, &id, sizeof(id));
	memcpy(rsp + 2, &offset, sizeof(offset));
	memcpy(rsp + 4, &flags, sizeof(flags));
	memcpy(rsp + 6, &said, sizeof(said));
}

static void put_extra(u8 type, bool more, u8 *rsp)
{
	memset(rsp, 0, EXTRA_BYTES);
	rsp[0] = type;
	rsp[1] = more ? EXTRA_MORE : 0;
}

void wire_net_rx_extra_gso(u8 type, u16 size, bool more, u8 *rsp)
{
	put_extra(WIRE_NET_EXTRA_GSO, more, rsp);
	memcpy(rsp + 2, &size, sizeof(size));
	rsp[4] = type;
}

void wire_net_rx_extra_hash(u8 kind, u32 value, bool more, u8 *rsp)
{
	put_extra(WIRE_NET_EXTRA_HASH, more, rsp);
	rsp[2] = kind;
	rsp[3] = WIRE_NET_HASH_TOEPLITZ;
	memcpy(rsp + 4, &value, sizeof(value));
}

void wire_net_rx_extra_xdp(u16 headroom, bool more, u8 *rsp)
{
	put_extra(WIRE_NET_EXTRA_XDP, more, rsp);
	memcpy(rsp + 2, &headroom, sizeof(headroom));
}

/* ---- control ring ----------------------------------------------------------------------------- */

void wire_net_parse_ctrl(const u8 *slot, struct wire_net_ctrl *ctrl)
{
	memcpy(&ctrl->id, slot, sizeof(ctrl->id));
	memcpy(&ctrl->type, slot + 2, sizeof(ctrl->type));
	memcpy(ctrl->data, slot + 4, sizeof(ctrl->data));
}

void wire_net_ctrl_response(const struct wire_net_ctrl *ctrl, enum wire_net_ctrl_status status,
			    u32 data, u8 *rsp)
{
	u32 said = status;

	memcpy(rsp, &ctrl->id, sizeof(ctrl->id));
	memcpy(rsp + 2, &ctrl->type, sizeof(ctrl->type));
	memcpy(rsp + 4, &said, sizeof(said));
	memcpy(rsp + 8, &data, sizeof(data));
}

#define GREF_READONLY	1u

bool wire_net_parse_gref(const u8 *entry, struct wire_net_gref *gref)
{
	u16 flags = get_u16(entry + 4);

	memcpy(&gref->gref, entry, sizeof(gref->gref));
	gref->readonly = flags & GREF_READONLY;
	return !(flags & ~GREF_READONLY);
}

void wire_net_gref_status(u8 *entry, enum wire_net_ctrl_status status)
{
	u16 s = (u16)status;

	memcpy(entry + 6, &s, sizeof(s));
}

enum wire_net_ctrl_status wire_net_ctrl_check_key(u32 len)
{
	return len > WIRE_NET_HASH_KEY_MAX ? WIRE_NET_CTRL_BUFFER_OVERFLOW : WIRE_NET_CTRL_SUCCESS;
}

void wire_net_hash_set_key(struct wire_net_hash *hash, const u8 *key, u32 len)
{
	memset(hash->key, 0, sizeof(hash->key));
	memcpy(hash->key, key, len);
	hash->key_len = len;
}

enum wire_net_ctrl_status wire_net_hash_set_flags(struct wire_net_hash *hash, u32 flags)
{
	if (flags & ~WIRE_NET_HASH_ALL)
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	hash->flags = flags;
	return WIRE_NET_CTRL_SUCCESS;
}

enum wire_net_ctrl_status wire_net_hash_set_algorithm(struct wire_net_hash *hash, u32 algorithm)
{
	if (algorithm != WIRE_NET_HASH_NONE && algorithm != WIRE_NET_HASH_TOEPLITZ)
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	hash->algorithm = (u8)algorithm;
	return WIRE_NET_CTRL_SUCCESS;
}

enum wire_net_ctrl_status wire_net_hash_set_mapping_size(struct wire_net_hash *hash, u32 size)
{
	if (size > WIRE_NET_HASH_MAPPING_MAX)
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	hash->mapping_size = size;
	memset(hash->mapping, 0, sizeof(hash->mapping));
	return WIRE_NET_CTRL_SUCCESS;
}

enum wire_net_ctrl_status wire_net_hash_check_mapping(const struct wire_net_hash *hash, u32 first,
						      u32 len)
{
	if (!wire_range_ok(first, len, hash->mapping_size))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	return WIRE_NET_CTRL_SUCCESS;
}

enum wire_net_ctrl_status wire_net_hash_set_mapping(struct wire_net_hash *hash, u32 first, u32 len,
						    const u32 *entries, u32 nr_queues)
{
	u32 i;

	if (wire_net_hash_check_mapping(hash, first, len))
		return WIRE_NET_CTRL_INVALID_PARAMETER;
	for (i = 0; i < len; i++)
		if (entries[i] >= nr_queues)
			return WIRE_NET_CTRL_INVALID_PARAMETER;
	memcpy(hash->mapping + first, entries, (size_t)len * sizeof(*entries));
	return WIRE_NET_CTRL_SUCCESS;
}

u32 wire_net_hash_queue(const struct wire_net_hash *hash, u32 value, u32 nr_queues)
{
	u32 queue = hash->mapping_size ? hash->mapping[value % hash->mapping_size] : value;

	return queue % nr_queues;
}

u32 wire_net_toeplitz(const struct wire_net_hash *hash, const u8 *data, u32 len)
{
	u64 window = 0;
	u32 value = 0, i, bit;

	/* The 64 bits of the key from the current place on, the next ones moved in bit by bit. */
	for (i = 0; i < 8; i++)
		window = window << 8 | hash->key[i];
	for (i = 0; i < len; i++) {
		u8 next = i + 8 < sizeof(hash->key) ? hash->key[i + 8] : 0;

		for (bit = 0; bit < 8; bit++) {
			if (data[i] & 0x80u >> bit)
				value ^= (u32)(window >> 32);
			window = window << 1 | (next >> (7 - bit) & 1);
		}
	}
	return value;
}
