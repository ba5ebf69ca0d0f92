// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: whatever a guest puts on its rings, a packet that is accepted lies
 * inside the pages it names, one that is refused is known to its last slot, and
 * no message makes the hash point outside the queues.
 */
#include "unit.h"

#include "wire/net.h"

#define MOST	WIRE_NET_FRAGS_MOST

struct slots {
	u8 bytes[256 * WIRE_NET_TX_SLOT];
	u32 nr;
};

static void add_data(struct slots *s, u32 gref, u16 offset, u16 flags, u16 id, u16 size)
{
	u8 *p = s->bytes + s->nr++ * WIRE_NET_TX_SLOT;

	memcpy(p, &gref, 4);
	memcpy(p + 4, &offset, 2);
	memcpy(p + 6, &flags, 2);
	memcpy(p + 8, &id, 2);
	memcpy(p + 10, &size, 2);
}

static void add_extra(struct slots *s, u8 type, u8 flags, const char *body)
{
	u8 *p = s->bytes + s->nr++ * WIRE_NET_TX_SLOT;

	memset(p, 0xee, WIRE_NET_TX_SLOT);
	p[0] = type;
	p[1] = flags;
	memcpy(p + 2, body, 6);
}

/* ---- tables ------------------------------------------------------------------------------- */

#define D(offset, flags, size)	{ 'd', offset, flags, size, NULL }
#define E(type, flags, body)	{ 'e', type, flags, 0, body }
#define MD	WIRE_NET_MORE_DATA
#define EX	WIRE_NET_EXTRA_INFO
#define GSO4	"\xb4\x05\x01\0\0\0"
#define GSO6	"\xb4\x05\x02\0\0\0"
#define ADDR	"\x01\0\x5e\0\0\x05"

static const struct {
	const char *name;
	struct {
		char what;
		u16 a, flags, size;
		const char *body;
	} in[24];
	enum wire_verdict verdict;
	u16 nr_slots, nr_frags, first_len;
} packets[] = {
	{ "one slot", { D(100, 0, 60) }, WIRE_OK, 1, 1, 60 },
	{ "the smallest", { D(0, 0, 14) }, WIRE_OK, 1, 1, 14 },
	{ "too small", { D(0, 0, 13) }, WIRE_REJECT_LEN, 1, 0, 0 },
	{ "nothing", { D(0, 0, 0) }, WIRE_REJECT_LEN, 1, 0, 0 },
	{ "a whole page", { D(0, 0, 4096) }, WIRE_OK, 1, 1, 4096 },
	{ "up to the end of the page", { D(4082, 0, 14) }, WIRE_OK, 1, 1, 14 },
	{ "leaves the page by one", { D(4083, 0, 14) }, WIRE_REJECT_SEGMENT, 1, 0, 0 },
	{ "begins behind the page", { D(5000, 0, 14) }, WIRE_REJECT_SEGMENT, 1, 0, 0 },
	{ "offset and size at their largest", { D(0xffff, 0, 0xffff) }, WIRE_REJECT_SEGMENT, 1, 0, 0 },
	{ "two slots", { D(0, MD, 1500), D(10, 0, 1000) }, WIRE_OK, 2, 2, 500 },
	{ "all in the second", { D(0, MD, 1000), D(0, 0, 1000) }, WIRE_OK, 2, 2, 0 },
	{ "more in the second than there is", { D(0, MD, 999), D(0, 0, 1000) }, WIRE_REJECT_LEN, 2, 0, 0 },
	{ "the second leaves its page", { D(0, MD, 1500), D(3097, 0, 1000) }, WIRE_REJECT_SEGMENT, 2, 0, 0 },
	{ "what is left for the first leaves its page", { D(1, MD, 5000), D(0, 0, 904) },
	  WIRE_REJECT_SEGMENT, 2, 0, 0 },
	{ "the second is not there yet", { D(0, MD, 1500) }, WIRE_MORE, 0, 0, 0 },
	{ "gso", { D(0, EX, 4000), E(1, 0, GSO4) }, WIRE_OK, 2, 1, 4000 },
	{ "gso and more", { D(0, EX | MD, 5000), E(1, 0, GSO6), D(0, 0, 1000) }, WIRE_OK, 3, 2, 4000 },
	{ "the extra is not there yet", { D(0, EX, 4000) }, WIRE_MORE, 0, 0, 0 },
	{ "the second extra is not there yet", { D(0, EX, 4000), E(1, 1, GSO4) }, WIRE_MORE, 0, 0, 0 },
	{ "the data behind the extra is not there yet", { D(0, EX | MD, 4000), E(1, 0, GSO4) },
	  WIRE_MORE, 0, 0, 0 },
	{ "gso of no kind", { D(0, EX, 4000), E(1, 0, "\xb4\x05\0\0\0\0") }, WIRE_REJECT_FLAGS, 2, 0, 0 },
	{ "gso of an unknown kind", { D(0, EX, 4000), E(1, 0, "\xb4\x05\x03\0\0\0") },
	  WIRE_REJECT_FLAGS, 2, 0, 0 },
	{ "gso with segments of nothing", { D(0, EX, 4000), E(1, 0, "\0\0\x01\0\0\0") },
	  WIRE_REJECT_LEN, 2, 0, 0 },
	{ "two gso", { D(0, EX, 4000), E(1, 1, GSO4), E(1, 0, GSO4) }, WIRE_REJECT_OP, 3, 0, 0 },
	{ "an extra of kind 0", { D(0, EX, 4000), E(0, 0, GSO4) }, WIRE_REJECT_OP, 2, 0, 0 },
	{ "an unknown extra", { D(0, EX, 4000), E(6, 0, GSO4) }, WIRE_REJECT_OP, 2, 0, 0 },
	{ "an unknown extra, and the packet goes on", { D(0, EX | MD, 4000), E(255, 1, GSO4),
	  E(1, 0, GSO4), D(0, 0, 10) }, WIRE_REJECT_OP, 4, 0, 0 },
	{ "hash and headroom are no harm", { D(0, EX, 4000), E(4, 1, GSO4), E(5, 0, GSO4) },
	  WIRE_OK, 3, 1, 4000 },
	{ "a group is joined", { D(0, EX, 0), E(2, 0, ADDR) }, WIRE_OK, 2, 0, 0 },
	{ "a group is left", { D(0, EX, 0), E(3, 0, ADDR) }, WIRE_OK, 2, 0, 0 },
	{ "a group is joined and left", { D(0, EX, 0), E(2, 1, ADDR), E(3, 0, ADDR) },
	  WIRE_REJECT_OP, 3, 0, 0 },
	{ "a group is joined, and data", { D(0, EX | MD, 100), E(2, 0, ADDR), D(0, 0, 40) },
	  WIRE_REJECT_FLAGS, 3, 0, 0 },
};

static void packet(void **state)
{
	const __typeof__(packets[0]) *row = *state;
	struct slots s = { .nr = 0 };
	struct wire_net_tx tx;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row->in) && row->in[i].what; i++)
		if (row->in[i].what == 'd')
			add_data(&s, 1000 + (u32)i, row->in[i].a, row->in[i].flags, (u16)(7 + i),
				 row->in[i].size);
		else
			add_extra(&s, (u8)row->in[i].a, (u8)row->in[i].flags, row->in[i].body);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), row->verdict);
	if (row->verdict == WIRE_MORE)
		return;
	assert_int_equal(tx.nr_slots, row->nr_slots);
	assert_int_equal(tx.first_id, 7);
	if (row->verdict)
		return;
	assert_int_equal(tx.nr_frags, row->nr_frags);
	if (row->nr_frags) {
		assert_int_equal(tx.frags[0].len, row->first_len);
		assert_int_equal(tx.frags[0].gref, 1000);
	}
}

/* Behind the packet may be others: they are not looked at. */
static void stops_at_its_end(void **state)
{
	struct slots s = { .nr = 0 };
	struct wire_net_tx tx;

	(void)state;
	add_data(&s, 1, 0, 0, 5, 100);
	add_data(&s, 2, 9999, MD, 6, 0xffff);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), WIRE_OK);
	assert_int_equal(tx.nr_slots, 1);
	assert_int_equal(wire_net_parse_tx(s.bytes, 0, MOST, &tx), WIRE_MORE);
}

static void meanings(void **state)
{
	struct slots s = { .nr = 0 };
	struct wire_net_tx tx;

	(void)state;
	add_data(&s, 1, 0, WIRE_NET_CSUM_BLANK | EX, 5, 3000);
	add_extra(&s, WIRE_NET_EXTRA_GSO, 0, GSO6);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), WIRE_OK);
	assert_true(tx.csum_blank && tx.data_validated);
	assert_int_equal(tx.gso_type, WIRE_NET_GSO_TCPV6);
	assert_int_equal(tx.gso_size, 0x5b4);
	assert_int_equal(tx.len, 3000);

	s.nr = 0;
	add_data(&s, 1, 0, WIRE_NET_DATA_VALIDATED, 5, 3000);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), WIRE_OK);
	assert_true(!tx.csum_blank && tx.data_validated);
	assert_int_equal(tx.gso_type, WIRE_NET_GSO_NONE);

	s.nr = 0;
	add_data(&s, 1, 0, EX, 5, 0);
	add_extra(&s, WIRE_NET_EXTRA_MCAST_DEL, 0, ADDR);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), WIRE_OK);
	assert_true(tx.mcast_del && !tx.mcast_add);
	assert_memory_equal(tx.mcast_addr, ADDR, 6);
}

/* ---- exhaustive: how many slots, how long, which are empty ------------------------------------ */

static void slots_and_lengths(void **state)
{
	(void)state;
	for (u32 nr = 1; nr <= 24; nr++)
		for (u32 len = 0; len <= 300; len++) {
			struct slots s = { .nr = 0 };
			struct wire_net_tx tx;
			enum wire_verdict v;
			u32 sum = 0;

			/* One byte in each slot behind the first. */
			for (u32 i = 0; i < nr; i++)
				add_data(&s, i, 0, i + 1 < nr ? MD : 0, (u16)i, (u16)(i ? 1 : len));
			v = wire_net_parse_tx(s.bytes, s.nr, MOST, &tx);
			if (nr > MOST) {
				assert_int_equal(v, WIRE_FATAL_CHAIN);
				continue;
			}
			assert_int_equal(tx.nr_slots, nr);
			if (nr - 1 > len) {
				assert_int_equal(v, nr > WIRE_NET_FRAGS && len >= WIRE_NET_FRAGS ?
						 WIRE_REJECT_COUNT : WIRE_REJECT_LEN);
				continue;
			}
			if (nr > WIRE_NET_FRAGS) {
				assert_int_equal(v, WIRE_REJECT_COUNT);
				continue;
			}
			if (len < WIRE_NET_LEN_MIN) {
				assert_int_equal(v, WIRE_REJECT_LEN);
				continue;
			}
			assert_int_equal(v, WIRE_OK);
			assert_int_equal(tx.nr_frags, nr);
			for (u32 i = 0; i < nr; i++) {
				assert_int_equal(tx.frags[i].gref, i);
				assert_int_equal(tx.ids[i], i);
				sum += tx.frags[i].len;
			}
			assert_int_equal(sum, len);
		}
}

static void every_subset_empty(void **state)
{
	(void)state;
	for (u32 nr = 1; nr <= 10; nr++)
		for (u32 empty = 0; empty < 1u << nr; empty++) {
			struct slots s = { .nr = 0 };
			u32 total = 0, first = empty & 1 ? 0 : 100;
			struct wire_net_tx tx;
			enum wire_verdict v;

			for (u32 i = 1; i < nr; i++)
				total += empty >> i & 1 ? 0 : 50;
			total += first;
			add_data(&s, 0, 0, nr > 1 ? MD : 0, 0, (u16)total);
			for (u32 i = 1; i < nr; i++)
				add_data(&s, i, 4096, i + 1 < nr ? MD : 0, (u16)i, 0);
			for (u32 i = 1; i < nr; i++)
				if (!(empty >> i & 1)) {
					u8 *p = s.bytes + i * WIRE_NET_TX_SLOT;

					memcpy(p + 4, &(u16){ 4046 }, 2);
					memcpy(p + 10, &(u16){ 50 }, 2);
				}
			v = wire_net_parse_tx(s.bytes, s.nr, MOST, &tx);
			assert_int_equal(v, total < WIRE_NET_LEN_MIN ? WIRE_REJECT_LEN : WIRE_OK);
			for (u32 i = 0; !v && i < nr; i++)
				assert_int_equal(tx.frags[i].len,
						 empty >> i & 1 ? 0 : i ? 50 : 100);
		}
}

/* Chains of extras of any length end where they end. */
static void long_chains_of_extras(void **state)
{
	(void)state;
	for (u32 nr = 1; nr < 255; nr++) {
		struct slots s = { .nr = 0 };
		struct wire_net_tx tx;

		add_data(&s, 1, 0, EX, 3, 100);
		for (u32 i = 0; i < nr; i++)
			add_extra(&s, WIRE_NET_EXTRA_XDP, i + 1 < nr, GSO4);
		assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx),
				 nr == 1 ? WIRE_OK : WIRE_REJECT_OP);
		assert_int_equal(tx.nr_slots, nr + 1);
		assert_int_equal(tx.nr_extras, nr);
	}
}

/* ---- any bytes ---------------------------------------------------------------------------------- */

static void any_bytes(void **state)
{
	u64 seed = 3;

	(void)state;
	for (u32 round = 0; round < 300000; round++) {
		struct slots s = { .nr = 1 + (u32)(unit_random(&seed) % 30) };
		struct wire_net_tx tx;
		enum wire_verdict v;
		u32 sum = 0;

		for (u32 i = 0; i < s.nr * WIRE_NET_TX_SLOT; i += 4) {
			u32 word = (u32)unit_random(&seed);

			memcpy(s.bytes + i, &word, 4);
		}
		/* Most sizes and offsets in a range where they matter. */
		for (u32 i = 0; i < s.nr && round % 4; i++) {
			u16 small = (u16)(unit_random(&seed) % 300);

			memcpy(s.bytes + i * WIRE_NET_TX_SLOT + 10, &small, 2);
			memcpy(s.bytes + i * WIRE_NET_TX_SLOT + 4, &small, 2);
		}
		memset(&tx, 0xa5, sizeof(tx));
		v = wire_net_parse_tx(s.bytes, s.nr, MOST, &tx);
		if (v == WIRE_MORE || wire_is_fatal(v))
			continue;
		assert_in_range(tx.nr_slots, 1, s.nr);
		assert_true(tx.nr_extras < tx.nr_slots);
		if (v)
			continue;
		assert_true(tx.nr_frags <= WIRE_NET_FRAGS);
		assert_int_equal(tx.nr_frags + tx.nr_extras, tx.nr_slots - (tx.nr_frags ? 0 : 1));
		for (u32 i = 0; i < tx.nr_frags; i++) {
			assert_true(tx.frags[i].offset + tx.frags[i].len <= WIRE_PAGE_SIZE);
			sum += tx.frags[i].len;
		}
		if (tx.nr_frags) {
			assert_int_equal(sum, tx.len);
			assert_true(tx.len >= WIRE_NET_LEN_MIN);
		}
		assert_true(!tx.gso_type || tx.gso_size);
	}
}

/* ---- answers ------------------------------------------------------------------------------------- */

static void answers(void **state)
{
	static const struct { u16 id; s16 status; } want[] = {
		{ 7, -1 }, { 0, 1 }, { 0, 1 }, { 8, -1 }, { 9, -1 },
	};
	struct slots s = { .nr = 0 };
	struct wire_net_tx tx;
	u8 rsp[WIRE_NET_TX_RSP];

	(void)state;
	add_data(&s, 1, 0, EX | MD, 7, 3000);
	add_extra(&s, WIRE_NET_EXTRA_GSO, 1, GSO4);
	add_extra(&s, WIRE_NET_EXTRA_HASH, 0, GSO4);
	add_data(&s, 1, 0, MD, 8, 1000);
	add_data(&s, 1, 0, 0, 9, 1000);
	assert_int_equal(wire_net_parse_tx(s.bytes, s.nr, MOST, &tx), WIRE_OK);
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		memset(rsp, 0xee, sizeof(rsp));
		wire_net_tx_response(s.bytes, i, &tx, WIRE_NET_RSP_ERROR, rsp);
		assert_memory_equal(rsp, &want[i].id, 2);
		assert_memory_equal(rsp + 2, &want[i].status, 2);
	}
}

static void receive_bytes(void **state)
{
	const u8 slot[] = { 0x34, 0x12, 0, 0, 1, 2, 3, 4 };
	struct wire_net_rx_req req;
	u8 rsp[WIRE_NET_RX_SLOT];

	(void)state;
	wire_net_parse_rx(slot, &req);
	assert_int_equal(req.id, 0x1234);
	assert_int_equal(req.gref, 0x04030201);
	wire_net_rx_response(0x1234, 0x100, 5, 1500, rsp);
	assert_memory_equal(rsp, "\x34\x12\0\x01\x05\0\xdc\x05", 8);
	wire_net_rx_response(1, 0, 0, WIRE_NET_RSP_ERROR, rsp);
	assert_memory_equal(rsp, "\x01\0\0\0\0\0\xff\xff", 8);

	memset(rsp, 0xee, sizeof(rsp));
	wire_net_rx_extra_gso(WIRE_NET_GSO_TCPV6, 0x5b4, true, rsp);
	assert_memory_equal(rsp, "\x01\x01\xb4\x05\x02\0\0\0", 8);
	memset(rsp, 0xee, sizeof(rsp));
	wire_net_rx_extra_hash(WIRE_NET_HASH_IPV4_TCP, 0x11223344, false, rsp);
	assert_memory_equal(rsp, "\x04\0\x01\x01\x44\x33\x22\x11", 8);
	memset(rsp, 0xee, sizeof(rsp));
	wire_net_rx_extra_xdp(256, false, rsp);
	assert_memory_equal(rsp, "\x05\0\0\x01\0\0\0\0", 8);
}

static void receive_slots(void **state)
{
	(void)state;
	for (u32 headroom = 0; headroom <= 256; headroom += 256)
		for (u32 len = 0; len <= 70000; len++) {
			u32 n = wire_net_rx_slots(len, headroom, 0);

			assert_true(n >= 1 && n * (4096 - headroom) >= len);
			assert_true(n == 1 || (n - 1) * (4096 - headroom) < len);
			assert_int_equal(wire_net_rx_slots(len, headroom, 2), n + 2);
		}
}

/* ---- the hash -------------------------------------------------------------------------------------- */

static const u8 known_key[WIRE_NET_HASH_KEY_MAX] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Figures from the verification suite that goes with the definition of receive-side scaling. */
static void toeplitz(void **state)
{
	static const u8 v4[] = { 66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6 };
	struct wire_net_hash hash = { 0 };

	(void)state;
	wire_net_hash_set_key(&hash, known_key, sizeof(known_key));
	assert_int_equal(wire_net_toeplitz(&hash, v4, 8), 0x323e8fc2);
	assert_int_equal(wire_net_toeplitz(&hash, v4, 12), 0x51ccc178);
	/* A shorter key goes on with zeros, and leaves nothing of the longer one. */
	wire_net_hash_set_key(&hash, known_key, 4);
	assert_true(unit_all_bytes(hash.key + 4, 0, sizeof(hash.key) - 4));
	wire_net_hash_set_key(&hash, known_key, 0);
	assert_int_equal(wire_net_toeplitz(&hash, v4, 12), 0);
}

static void key_lengths(void **state)
{
	(void)state;
	for (u32 len = 0; len < 5000; len++)
		assert_int_equal(wire_net_ctrl_check_key(len),
				 len <= 40 ? WIRE_NET_CTRL_SUCCESS : WIRE_NET_CTRL_BUFFER_OVERFLOW);
	assert_int_equal(wire_net_ctrl_check_key(UINT32_MAX), WIRE_NET_CTRL_BUFFER_OVERFLOW);
}

static const u32 odd_numbers[] = {
	0, 1, 2, 63, 64, 65, 127, 128, 129, 0x7fffffff, 0x80000000, 0xffffffff,
};

static void mapping(void **state)
{
	u32 entries[WIRE_NET_HASH_MAPPING_MAX] = { 0 };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(odd_numbers); n++) {
		struct wire_net_hash hash = { .mapping_size = 77 };
		u32 size = odd_numbers[n];

		assert_int_equal(!wire_net_hash_set_mapping_size(&hash, size), size <= 128);
		assert_int_equal(hash.mapping_size, size <= 128 ? size : 77);
		for (size_t f = 0; f < ARRAY_SIZE(odd_numbers); f++)
			for (size_t l = 0; l < ARRAY_SIZE(odd_numbers); l++) {
				u64 first = odd_numbers[f], len = odd_numbers[l];
				bool ok = first + len <= hash.mapping_size;
				u32 f32 = (u32)first, l32 = (u32)len;

				assert_int_equal(!wire_net_hash_check_mapping(&hash, f32, l32),
						 ok);
				if (len <= 128)
					assert_int_equal(!wire_net_hash_set_mapping(&hash, f32, l32,
										    entries, 4),
							 ok);
			}
	}
}

static void mapping_names_queues_only(void **state)
{
	struct wire_net_hash hash = { 0 };
	u32 entries[4] = { 3, 2, 1, 0 }, bad[4] = { 0, 0, 4, 0 };

	(void)state;
	assert_int_equal(wire_net_hash_set_mapping_size(&hash, 4), WIRE_NET_CTRL_SUCCESS);
	assert_int_equal(wire_net_hash_set_mapping(&hash, 0, 4, entries, 4), WIRE_NET_CTRL_SUCCESS);
	assert_int_equal(wire_net_hash_set_mapping(&hash, 0, 4, bad, 4),
			 WIRE_NET_CTRL_INVALID_PARAMETER);
	for (u32 v = 0; v < 16; v++)
		assert_int_equal(wire_net_hash_queue(&hash, v, 4), 3 - v % 4);
	/* Fewer queues by now than when it was set: still one of them. */
	for (u32 v = 0; v < 16; v++)
		assert_true(wire_net_hash_queue(&hash, v, 2) < 2);
	assert_int_equal(wire_net_hash_set_mapping_size(&hash, 0), WIRE_NET_CTRL_SUCCESS);
	assert_int_equal(wire_net_hash_queue(&hash, 7, 4), 3);
}

static void flags_and_algorithms(void **state)
{
	struct wire_net_hash hash = { .flags = 5, .algorithm = 1 };

	(void)state;
	for (u32 f = 0; f < 64; f++)
		assert_int_equal(!wire_net_hash_set_flags(&hash, f), f < 16);
	assert_int_equal(hash.flags, 15);
	for (u32 a = 0; a < 600; a++)
		assert_int_equal(!wire_net_hash_set_algorithm(&hash, a), a < 2);
	assert_int_equal(hash.algorithm, 1);
}

static void control_bytes(void **state)
{
	const u8 slot[] = { 1, 0, 6, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0x80 };
	struct wire_net_ctrl ctrl;
	u8 rsp[WIRE_NET_CTRL_RSP];

	(void)state;
	wire_net_parse_ctrl(slot, &ctrl);
	assert_int_equal(ctrl.id, 1);
	assert_int_equal(ctrl.type, WIRE_NET_CTRL_SET_HASH_MAPPING);
	assert_int_equal(ctrl.data[2], 0x80000003);
	wire_net_ctrl_response(&ctrl, WIRE_NET_CTRL_BUFFER_OVERFLOW, 9, rsp);
	assert_memory_equal(rsp, "\x01\0\x06\0\x03\0\0\0\x09\0\0\0", 12);
}

static void gref_entries(void **state)
{
	u8 entry[] = { 0x78, 0x56, 0x34, 0x12, 1, 0, 0xff, 0xff };
	struct wire_net_gref gref;
	u32 flags;

	(void)state;
	assert_true(wire_net_parse_gref(entry, &gref));
	assert_int_equal(gref.gref, 0x12345678);
	assert_true(gref.readonly);
	for (flags = 0; flags < 0x10000; flags++) {
		entry[4] = (u8)flags;
		entry[5] = (u8)(flags >> 8);
		assert_int_equal(wire_net_parse_gref(entry, &gref), flags < 2);
		assert_int_equal(gref.readonly, flags & 1);
	}
	wire_net_gref_status(entry, WIRE_NET_CTRL_INVALID_PARAMETER);
	assert_memory_equal(entry, "\x78\x56\x34\x12\xff\xff\2\0", 8);
}

/* ---- checksums ------------------------------------------------------------------------------ */

#define MACS	"\x02\0\0\0\0\1\x02\0\0\0\0\2"
#define IP4(total, frag, proto)	"\x45\0" total "\0\0" frag "\x40" proto "\0\0" "\x0a\0\0\1" "\x0a\0\0\2"
#define IP6(length, next) "\x60\0\0\0" length next "\x40" ADDR6 ADDR6
#define ADDR6	"\xfd\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\1"
#define BYTES4	"\0\0\0\0"
#define BYTES8	BYTES4 BYTES4
#define BYTES20	BYTES8 BYTES8 BYTES4

static const struct {
	const char *name;
	const char *bytes;
	u32 len;
	bool found;
	struct wire_net_sum sum;
} sums[] = {
#define PACKET(bytes)	bytes, sizeof(bytes) - 1
	{ "TCP over IPv4", PACKET(MACS "\x08\0" IP4("\0\x28", "\x40\0", "\x06") BYTES20),
	  true, { 26, 34, 54, 50, 6, false } },
	{ "with padding behind", PACKET(MACS "\x08\0" IP4("\0\x28", "\0\0", "\x06") BYTES20 "xx"),
	  true, { 26, 34, 54, 50, 6, false } },
	{ "UDP", PACKET(MACS "\x08\0" IP4("\0\x1c", "\0\0", "\x11") BYTES8),
	  true, { 26, 34, 42, 40, 17, false } },
	{ "a VLAN tag", PACKET(MACS "\x81\0\0\7\x08\0" IP4("\0\x1c", "\0\0", "\x11") BYTES8),
	  true, { 30, 38, 46, 44, 17, false } },
	{ "two tags", PACKET(MACS "\x88\xa8\0\7\x81\0\0\7\x08\0" IP4("\0\x1c", "\0\0", "\x11")
			     BYTES8), true, { 34, 42, 50, 48, 17, false } },
	{ "three tags", PACKET(MACS "\x81\0\0\7\x81\0\0\7\x81\0\0\7\x08\0"
			       IP4("\0\x1c", "\0\0", "\x11") BYTES8), false, {} },
	{ "tags without end", PACKET(MACS "\x81\0\0\7\x81\0"), false, {} },
	{ "options of IPv4", PACKET(MACS "\x08\0" "\x46\0\0\x20\0\0\0\0\x40\x11\0\0" BYTES8
				    BYTES4 BYTES8), true, { 26, 38, 46, 44, 17, false } },
	{ "header too short", PACKET(MACS "\x08\0" "\x44\0\0\x1c\0\0\0\0\x40\x11\0\0" BYTES8
				     BYTES8), false, {} },
	{ "not version 4", PACKET(MACS "\x08\0" "\x65\0\0\x1c\0\0\0\0\x40\x11\0\0" BYTES8 BYTES8),
	  false, {} },
	{ "longer than the packet", PACKET(MACS "\x08\0" IP4("\0\x1d", "\0\0", "\x11") BYTES8),
	  false, {} },
	{ "shorter than its header", PACKET(MACS "\x08\0" IP4("\0\x13", "\0\0", "\x11") BYTES8),
	  false, {} },
	{ "no room for UDP", PACKET(MACS "\x08\0" IP4("\0\x1b", "\0\0", "\x11") BYTES8), false, {} },
	{ "no room for TCP", PACKET(MACS "\x08\0" IP4("\0\x27", "\0\0", "\x06") BYTES20), false, {} },
	{ "first fragment", PACKET(MACS "\x08\0" IP4("\0\x1c", "\x20\0", "\x11") BYTES8), false, {} },
	{ "last fragment", PACKET(MACS "\x08\0" IP4("\0\x1c", "\0\1", "\x11") BYTES8), false, {} },
	{ "ICMP", PACKET(MACS "\x08\0" IP4("\0\x1c", "\0\0", "\1") BYTES8), false, {} },
	{ "ARP", PACKET(MACS "\x08\6" BYTES20), false, {} },
	{ "TCP over IPv6", PACKET(MACS "\x86\xdd" IP6("\0\x14", "\x06") BYTES20),
	  true, { 22, 54, 74, 70, 6, true } },
	{ "UDP over IPv6", PACKET(MACS "\x86\xdd" IP6("\0\x08", "\x11") BYTES8),
	  true, { 22, 54, 62, 60, 17, true } },
	{ "options of IPv6", PACKET(MACS "\x86\xdd" IP6("\0\x18", "\0") "\x3c\0\0\0" BYTES4
				    "\x11\0\0\0" BYTES4 BYTES8), true, { 22, 70, 78, 76, 17, true } },
	{ "a long option", PACKET(MACS "\x86\xdd" IP6("\0\x18", "\0") "\x11\1\0\0" BYTES4 BYTES8
				  BYTES8), true, { 22, 70, 78, 76, 17, true } },
	{ "a route to its end", PACKET(MACS "\x86\xdd" IP6("\0\x10", "\x2b") "\x11\0\0\0" BYTES4
				       BYTES8), true, { 22, 62, 70, 68, 17, true } },
	{ "a route not at its end", PACKET(MACS "\x86\xdd" IP6("\0\x10", "\x2b") "\x11\0\0\1" BYTES4
					   BYTES8), false, {} },
	{ "an option too long", PACKET(MACS "\x86\xdd" IP6("\0\x10", "\0") "\x11\2\0\0" BYTES4 BYTES8),
	  false, {} },
	{ "no room for an option", PACKET(MACS "\x86\xdd" IP6("\0\x07", "\0") BYTES8), false, {} },
	{ "fragment of IPv6", PACKET(MACS "\x86\xdd" IP6("\0\x10", "\x2c") "\x11\0\0\0" BYTES4 BYTES8),
	  false, {} },
	{ "IPv6 longer than the packet", PACKET(MACS "\x86\xdd" IP6("\0\x09", "\x11") BYTES8),
	  false, {} },
	{ "not version 6", PACKET(MACS "\x86\xdd" "\x40\0\0\0\0\x08\x11\x40" ADDR6 ADDR6 BYTES8),
	  false, {} },
};

static void sum(void **state)
{
	const typeof(sums[0]) *row = *state;
	struct wire_net_sum got;

	assert_int_equal(wire_net_find_sum((const u8 *)row->bytes, row->len, &got), row->found);
	if (!row->found)
		return;
	assert_int_equal(got.addrs, row->sum.addrs);
	assert_int_equal(got.start, row->sum.start);
	assert_int_equal(got.end, row->sum.end);
	assert_int_equal(got.at, row->sum.at);
	assert_int_equal(got.proto, row->sum.proto);
	assert_int_equal(got.ipv6, row->sum.ipv6);
}

/* Nine extension headers, each fine: more than anybody sends. */
static void sum_behind_many_options(void **state)
{
	u8 packet[14 + 40 + 9 * 8 + 8] = MACS "\x86\xdd\x60";
	struct wire_net_sum got;
	u32 nr, i;

	(void)state;
	for (nr = 7; nr <= 9; nr++) {
		packet[19] = (u8)(nr * 8 + 8);
		for (i = 0; i < nr; i++)
			packet[54 + i * 8] = i + 1 < nr ? 60 : 17;
		packet[20] = 60;
		assert_int_equal(wire_net_find_sum(packet, 54 + nr * 8 + 8, &got), nr <= 8);
	}
}

/* Cut anywhere, in memory that ends there, a packet is refused or lies inside. */
static void sum_of_any_bytes(void **state)
{
	struct wire_net_sum got;
	u32 seed = 1, i, at, len;
	u8 *copy;

	(void)state;
	for (i = 0; i < 200000; i++) {
		const typeof(sums[0]) *row = &sums[i % ARRAY_SIZE(sums)];

		len = i / ARRAY_SIZE(sums) % (row->len + 1);
		copy = malloc(len ? len : 1);
		assert_non_null(copy);
		memcpy(copy, row->bytes, len);
		seed = seed * 1103515245 + 12345;
		at = 12 + (seed >> 8) % 50;
		if (at < len)
			copy[at] = (u8)(seed >> 20);
		if (wire_net_find_sum(copy, len, &got)) {
			assert_true(got.start + 8 <= got.end && got.end <= len);
			assert_true(got.at >= got.start && got.at + 2 <= got.end);
			assert_true(got.addrs + (got.ipv6 ? 32 : 8) <= got.start);
		}
		free(copy);
	}
}

int main(void)
{
	UNIT_ADD_TABLE(packet, packets);
	UNIT_ADD_TABLE(sum, sums);
	UNIT_ADD(sum_behind_many_options);
	UNIT_ADD(sum_of_any_bytes);
	UNIT_ADD(stops_at_its_end);
	UNIT_ADD(meanings);
	UNIT_ADD(slots_and_lengths);
	UNIT_ADD(every_subset_empty);
	UNIT_ADD(long_chains_of_extras);
	UNIT_ADD(any_bytes);
	UNIT_ADD(answers);
	UNIT_ADD(receive_bytes);
	UNIT_ADD(receive_slots);
	UNIT_ADD(toeplitz);
	UNIT_ADD(key_lengths);
	UNIT_ADD(mapping);
	UNIT_ADD(mapping_names_queues_only);
	UNIT_ADD(flags_and_algorithms);
	UNIT_ADD(control_bytes);
	UNIT_ADD(gref_entries);
	return unit_run("wire/net");
}
