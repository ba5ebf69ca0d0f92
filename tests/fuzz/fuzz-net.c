// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes on a transmit ring: packet after packet, what is accepted lies in
 * its pages and adds up, and every slot of what is not is known. Then any
 * control messages: the hash never leaves its tables or the queues.
 *
 * Input: how many slots (8 bits), the slots, then messages.
 */
#include "fuzz.h"
#include "wire/net.h"

static void check_packet(const struct wire_net_tx *tx, enum wire_verdict v, u32 left)
{
	u32 i, sum = 0;

	CLAIM(tx->nr_slots >= 1 && tx->nr_slots <= left);
	CLAIM(tx->nr_extras < tx->nr_slots);
	if (v)
		return;
	CLAIM(tx->nr_frags <= WIRE_NET_FRAGS);
	CLAIM(!tx->gso_type == !tx->gso_size || !tx->gso_type);
	CLAIM(!(tx->mcast_add && tx->mcast_del));
	if (!tx->nr_frags) {
		CLAIM(tx->mcast_add || tx->mcast_del);
		return;
	}
	for (i = 0; i < tx->nr_frags; i++) {
		CLAIM(tx->frags[i].offset + tx->frags[i].len <= WIRE_PAGE_SIZE);
		sum += tx->frags[i].len;
	}
	CLAIM(sum == tx->len && sum >= WIRE_NET_LEN_MIN);
}

static void try_packets(const u8 *slots, u32 nr)
{
	u8 rsp[WIRE_NET_TX_RSP];
	struct wire_net_tx tx;
	enum wire_verdict v;
	u32 at = 0, i;

	while (at < nr) {
		memset(&tx, 0xa5, sizeof(tx));
		v = wire_net_parse_tx(slots + at * WIRE_NET_TX_SLOT, nr - at, WIRE_NET_FRAGS_MOST,
				      &tx);
		if (v == WIRE_MORE || wire_is_fatal(v))
			return;
		check_packet(&tx, v, nr - at);
		for (i = 0; i < tx.nr_slots; i++)
			wire_net_tx_response(slots + at * WIRE_NET_TX_SLOT, i, &tx,
					     v ? WIRE_NET_RSP_ERROR : WIRE_NET_RSP_OKAY, rsp);
		at += tx.nr_slots;
	}
}

static void try_message(struct wire_net_hash *hash, struct input *in)
{
	const u32 nr_queues = 1 + input_u8(in) % 8;
	const u8 what = input_u8(in) % 5;
	u32 a = input_u32(in), b = input_u32(in), entries[WIRE_NET_HASH_MAPPING_MAX];

	switch (what) {
	case 0:
		(void)wire_net_hash_set_flags(hash, a);
		break;
	case 1:
		(void)wire_net_hash_set_algorithm(hash, a);
		break;
	case 2:
		(void)wire_net_hash_set_mapping_size(hash, a);
		break;
	case 3:
		if (!wire_net_ctrl_check_key(a)) {
			input_take(in, entries, WIRE_NET_HASH_KEY_MAX);
			wire_net_hash_set_key(hash, (u8 *)entries, a);
		}
		break;
	case 4:
		if (!wire_net_hash_check_mapping(hash, a, b)) {
			input_take(in, entries, b * sizeof(u32));
			(void)wire_net_hash_set_mapping(hash, a, b, entries, nr_queues);
		}
		break;
	}
	CLAIM(hash->mapping_size <= WIRE_NET_HASH_MAPPING_MAX);
	CLAIM(hash->key_len <= WIRE_NET_HASH_KEY_MAX);
	CLAIM(wire_net_hash_queue(hash, a, nr_queues) < nr_queues);
	(void)wire_net_toeplitz(hash, (u8 *)entries, b % sizeof(entries));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct wire_net_hash hash = { 0 };
	u32 nr = 1 + input_u8(&in);
	u8 *slots = malloc((size_t)nr * WIRE_NET_TX_SLOT);

	input_take(&in, slots, (size_t)nr * WIRE_NET_TX_SLOT);
	try_packets(slots, nr);
	free(slots);
	while (in.left)
		try_message(&hash, &in);
	return 0;
}
