// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: every size, offset and number in wire/ that a guest also knows is
 * the one in Xen's public headers, for all three slot layouts.
 */
#include "unit.h"

#include <xen/io/blkif.h>
#include <xen/io/netif.h>
#include <xen/io/protocols.h>
#include <xen/io/xenbus.h>

#include "blkslot.h"
#include "wire/net.h"
#include "wire/ring.h"
#include "wire/state.h"

static const enum wire_blk_abi abis[] = {
	WIRE_BLK_ABI_NATIVE, WIRE_BLK_ABI_X86_32, WIRE_BLK_ABI_X86_64,
};

/* Everything allowed, so that only the layout decides what comes out. */
static const struct wire_blk_limits generous = {
	.capacity = UINT64_MAX,
	.logical_block = 512,
	.max_indirect_segs = WIRE_BLK_MAX_SEGS,
	.flush = true,
	.barrier = true,
	.discard = true,
	.secure_discard = true,
};

#define ID	0x0123456789abcdefu
#define SECTOR	0x00fedcba98765432u

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(WIRE_BLK_READ, BLKIF_OP_READ);
	assert_int_equal(WIRE_BLK_WRITE, BLKIF_OP_WRITE);
	assert_int_equal(WIRE_BLK_BARRIER, BLKIF_OP_WRITE_BARRIER);
	assert_int_equal(WIRE_BLK_FLUSH, BLKIF_OP_FLUSH_DISKCACHE);
	assert_int_equal(WIRE_BLK_DISCARD, BLKIF_OP_DISCARD);
	assert_int_equal(WIRE_BLK_INDIRECT, BLKIF_OP_INDIRECT);
	assert_int_equal(WIRE_BLK_RSP_OK, BLKIF_RSP_OKAY);
	assert_int_equal(WIRE_BLK_RSP_ERROR, BLKIF_RSP_ERROR);
	assert_int_equal(WIRE_BLK_RSP_EOPNOTSUPP, BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(WIRE_BLK_DISCARD_SECURE, BLKIF_DISCARD_SECURE);
	assert_int_equal(WIRE_BLK_SEGS, BLKIF_MAX_SEGMENTS_PER_REQUEST);
	assert_int_equal(WIRE_BLK_INDIRECT_PAGES, BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST);
	assert_int_equal(WIRE_BLK_SEGS_PER_PAGE, 4096 / sizeof(struct blkif_request_segment));
	assert_int_equal(WIRE_BLK_PAGE_SECTORS, 4096 / 512);
	assert_int_equal(WIRE_PAGE_SIZE, 4096);
	assert_int_equal(WIRE_SECTOR_SIZE, 512);
	assert_true(WIRE_BLK_MAX_SEGS <= WIRE_BLK_INDIRECT_PAGES * WIRE_BLK_SEGS_PER_PAGE);
}

/* The network protocol is the same on every machine. */
static void net_numbers(void **state)
{
	(void)state;
	assert_int_equal(WIRE_NET_CSUM_BLANK, NETTXF_csum_blank);
	assert_int_equal(WIRE_NET_DATA_VALIDATED, NETTXF_data_validated);
	assert_int_equal(WIRE_NET_MORE_DATA, NETTXF_more_data);
	assert_int_equal(WIRE_NET_EXTRA_INFO, NETTXF_extra_info);
	assert_int_equal(WIRE_NET_RX_DATA_VALIDATED, NETRXF_data_validated);
	assert_int_equal(WIRE_NET_RX_CSUM_BLANK, NETRXF_csum_blank);
	assert_int_equal(WIRE_NET_MORE_DATA, NETRXF_more_data);
	assert_int_equal(WIRE_NET_EXTRA_INFO, NETRXF_extra_info);
	assert_int_equal(WIRE_NET_RSP_DROPPED, NETIF_RSP_DROPPED);
	assert_int_equal(WIRE_NET_RSP_ERROR, NETIF_RSP_ERROR);
	assert_int_equal(WIRE_NET_RSP_OKAY, NETIF_RSP_OKAY);
	assert_int_equal(WIRE_NET_RSP_NULL, NETIF_RSP_NULL);
	assert_int_equal(WIRE_NET_EXTRA_GSO, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(WIRE_NET_EXTRA_MCAST_ADD, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
	assert_int_equal(WIRE_NET_EXTRA_MCAST_DEL, XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
	assert_int_equal(WIRE_NET_EXTRA_HASH, XEN_NETIF_EXTRA_TYPE_HASH);
#ifdef XEN_NETIF_EXTRA_TYPE_XDP	/* younger than some Xen that is in use */
	assert_int_equal(WIRE_NET_EXTRA_XDP, XEN_NETIF_EXTRA_TYPE_XDP);
#endif
	assert_int_equal(WIRE_NET_GSO_TCPV4, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(WIRE_NET_GSO_TCPV6, XEN_NETIF_GSO_TYPE_TCPV6);
	assert_int_equal(WIRE_NET_HASH_TOEPLITZ, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	assert_int_equal(1u << WIRE_NET_HASH_IPV4, XEN_NETIF_CTRL_HASH_TYPE_IPV4);
	assert_int_equal(1u << WIRE_NET_HASH_IPV4_TCP, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	assert_int_equal(1u << WIRE_NET_HASH_IPV6, XEN_NETIF_CTRL_HASH_TYPE_IPV6);
	assert_int_equal(1u << WIRE_NET_HASH_IPV6_TCP, XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	assert_int_equal(WIRE_NET_CTRL_GET_HASH_FLAGS, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS);
	assert_int_equal(WIRE_NET_CTRL_SET_HASH_FLAGS, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS);
	assert_int_equal(WIRE_NET_CTRL_SET_HASH_KEY, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY);
	assert_int_equal(WIRE_NET_CTRL_GET_HASH_MAPPING_SIZE,
			 XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE);
	assert_int_equal(WIRE_NET_CTRL_SET_HASH_MAPPING_SIZE,
			 XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE);
	assert_int_equal(WIRE_NET_CTRL_SET_HASH_MAPPING, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING);
	assert_int_equal(WIRE_NET_CTRL_SET_HASH_ALGORITHM,
			 XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM);
	assert_int_equal(WIRE_NET_CTRL_SUCCESS, XEN_NETIF_CTRL_STATUS_SUCCESS);
	assert_int_equal(WIRE_NET_CTRL_NOT_SUPPORTED, XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED);
	assert_int_equal(WIRE_NET_CTRL_INVALID_PARAMETER,
			 XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
	assert_int_equal(WIRE_NET_CTRL_BUFFER_OVERFLOW, XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
}

static void net_transmit(void **state)
{
	union netif_tx_sring_entry slots[3] = {
		{ .req = { .gref = 7, .offset = 100, .flags = NETTXF_extra_info | NETTXF_more_data,
			   .id = 5, .size = 300 } },
		{ .req = { 0 } },
		{ .req = { .gref = 8, .offset = 200, .id = 6, .size = 50 } },
	};
	struct netif_extra_info gso = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = 1400, .type = XEN_NETIF_GSO_TYPE_TCPV6 },
	};
	struct netif_tx_response rsp;
	struct wire_net_tx tx;

	(void)state;
	assert_int_equal(sizeof(slots[0]), WIRE_NET_TX_SLOT);
	assert_int_equal(sizeof(rsp), WIRE_NET_TX_RSP);
	memcpy(&slots[1], &gso, sizeof(gso));
	assert_int_equal(wire_net_parse_tx((u8 *)slots, 3, WIRE_NET_FRAGS, &tx), WIRE_OK);
	assert_int_equal(tx.gso_size, 1400);
	assert_int_equal(tx.gso_type, WIRE_NET_GSO_TCPV6);
	assert_int_equal(tx.frags[0].gref, 7);
	assert_int_equal(tx.frags[0].offset, 100);
	assert_int_equal(tx.frags[0].len, 250);
	assert_int_equal(tx.frags[1].gref, 8);
	wire_net_tx_response((u8 *)slots, 2, &tx, WIRE_NET_RSP_DROPPED, (u8 *)&rsp);
	assert_int_equal(rsp.id, 6);
	assert_int_equal(rsp.status, NETIF_RSP_DROPPED);
}

static void net_receive(void **state)
{
	struct netif_rx_request req = { .id = 3, .gref = 0x12345 };
	struct netif_rx_response rsp;
	struct netif_extra_info extra;
	struct wire_net_rx_req mine;
	u32 value;

	(void)state;
	assert_int_equal(sizeof(union netif_rx_sring_entry), WIRE_NET_RX_SLOT);
	assert_int_equal(sizeof(extra), WIRE_NET_RX_SLOT);
	wire_net_parse_rx((u8 *)&req, &mine);
	assert_int_equal(mine.id, 3);
	assert_int_equal(mine.gref, 0x12345);
	wire_net_rx_response(3, 256, NETRXF_more_data, -1, (u8 *)&rsp);
	assert_int_equal(rsp.id, 3);
	assert_int_equal(rsp.offset, 256);
	assert_int_equal(rsp.flags, NETRXF_more_data);
	assert_int_equal(rsp.status, -1);
	wire_net_rx_extra_gso(WIRE_NET_GSO_TCPV4, 1400, true, (u8 *)&extra);
	assert_int_equal(extra.type, XEN_NETIF_EXTRA_TYPE_GSO);
	assert_int_equal(extra.flags, XEN_NETIF_EXTRA_FLAG_MORE);
	assert_int_equal(extra.u.gso.size, 1400);
	assert_int_equal(extra.u.gso.type, XEN_NETIF_GSO_TYPE_TCPV4);
	wire_net_rx_extra_hash(WIRE_NET_HASH_IPV6_TCP, 0xabcd1234, false, (u8 *)&extra);
	assert_int_equal(extra.flags, 0);
	assert_int_equal(extra.u.hash.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	assert_int_equal(extra.u.hash.algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	memcpy(&value, extra.u.hash.value, sizeof(value));
	assert_int_equal(value, 0xabcd1234);
#ifdef XEN_NETIF_EXTRA_TYPE_XDP
	wire_net_rx_extra_xdp(192, false, (u8 *)&extra);
	assert_int_equal(extra.u.xdp.headroom, 192);
#endif
}

static void net_control(void **state)
{
	struct xen_netif_ctrl_request req = { .id = 9, .type = 3, .data = { 1, 2, 3 } };
	struct xen_netif_ctrl_response rsp;
	struct wire_net_ctrl mine;

	(void)state;
	assert_int_equal(sizeof(union xen_netif_ctrl_sring_entry), WIRE_NET_CTRL_SLOT);
	assert_int_equal(sizeof(rsp), WIRE_NET_CTRL_RSP);
	wire_net_parse_ctrl((u8 *)&req, &mine);
	assert_int_equal(mine.id, 9);
	assert_int_equal(mine.type, 3);
	assert_memory_equal(mine.data, req.data, sizeof(req.data));
	wire_net_ctrl_response(&mine, WIRE_NET_CTRL_INVALID_PARAMETER, 77, (u8 *)&rsp);
	assert_int_equal(rsp.id, 9);
	assert_int_equal(rsp.type, 3);
	assert_int_equal(rsp.status, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
	assert_int_equal(rsp.data, 77);
}

static void xenbus_states(void **state)
{
	(void)state;
	assert_int_equal(WIRE_XENBUS_UNKNOWN, XenbusStateUnknown);
	assert_int_equal(WIRE_XENBUS_INITIALISING, XenbusStateInitialising);
	assert_int_equal(WIRE_XENBUS_INIT_WAIT, XenbusStateInitWait);
	assert_int_equal(WIRE_XENBUS_INITIALISED, XenbusStateInitialised);
	assert_int_equal(WIRE_XENBUS_CONNECTED, XenbusStateConnected);
	assert_int_equal(WIRE_XENBUS_CLOSING, XenbusStateClosing);
	assert_int_equal(WIRE_XENBUS_CLOSED, XenbusStateClosed);
	assert_int_equal(WIRE_XENBUS_RECONFIGURING, XenbusStateReconfiguring);
	assert_int_equal(WIRE_XENBUS_RECONFIGURED, XenbusStateReconfigured);
}

static void protocol_names(void **state)
{
	enum wire_blk_abi abi;

	(void)state;
	assert_true(wire_blk_abi_from_protocol(XEN_IO_PROTO_ABI_X86_32, &abi));
	assert_int_equal(abi, WIRE_BLK_ABI_X86_32);
	assert_true(wire_blk_abi_from_protocol(XEN_IO_PROTO_ABI_X86_64, &abi));
	assert_int_equal(abi, WIRE_BLK_ABI_X86_64);
	assert_true(wire_blk_abi_from_protocol(XEN_IO_PROTO_ABI_NATIVE, &abi));
	assert_int_equal(wire_blk_slot_size(abi), sizeof(union blkif_sring_entry));
	assert_int_equal(wire_blk_rsp_size(abi), sizeof(struct blkif_response));
}

/* The compiler of this test agrees with the one that made abi-offsets.h. */
static void offsets_are_of_this_machine(void **state)
{
	const struct abi_offsets *o = blkslot_offsets(WIRE_BLK_ABI_NATIVE);

	(void)state;
	assert_int_equal(o->slot_size, sizeof(union blkif_sring_entry));
	assert_int_equal(o->rsp_size, sizeof(struct blkif_response));
	assert_int_equal(o->seg, offsetof(struct blkif_request, seg));
	assert_int_equal(o->indirect_grefs,
			 offsetof(struct blkif_request_indirect, indirect_grefs));
}

static void segment(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct wire_blk_seg), sizeof(struct blkif_request_segment));
	for (size_t i = 0; i < ARRAY_SIZE(abis); i++) {
		const struct abi_offsets *o = blkslot_offsets(abis[i]);

		assert_int_equal(sizeof(struct wire_blk_seg), o->seg_size);
		assert_int_equal(offsetof(struct wire_blk_seg, gref), o->seg_gref);
		assert_int_equal(offsetof(struct wire_blk_seg, first_sect), o->seg_first);
		assert_int_equal(offsetof(struct wire_blk_seg, last_sect), o->seg_last);
	}
}

static void ring_header(void **state)
{
	const enum wire_blk_abi *abi = *state;
	const struct abi_offsets *o = blkslot_offsets(*abi);

	assert_int_equal(offsetof(struct wire_sring, req_prod), o->ring_req_prod);
	assert_int_equal(offsetof(struct wire_sring, req_event), o->ring_req_event);
	assert_int_equal(offsetof(struct wire_sring, rsp_prod), o->ring_rsp_prod);
	assert_int_equal(offsetof(struct wire_sring, rsp_event), o->ring_rsp_event);
	assert_int_equal(sizeof(struct wire_sring), o->ring_slots);
}

static void ring_sizes(void **state)
{
	const enum wire_blk_abi *abi = *state;
	const struct abi_offsets *o = blkslot_offsets(*abi);
	const u32 size = wire_blk_slot_size(*abi);

	assert_int_equal(wire_ring_slots(1 * WIRE_PAGE_SIZE, size), o->ring_nr_1);
	assert_int_equal(wire_ring_slots(2 * WIRE_PAGE_SIZE, size), o->ring_nr_2);
	assert_int_equal(wire_ring_slots(4 * WIRE_PAGE_SIZE, size), o->ring_nr_4);
	assert_int_equal(wire_ring_slots(8 * WIRE_PAGE_SIZE, size), o->ring_nr_8);
	assert_int_equal(wire_ring_slots(16 * WIRE_PAGE_SIZE, size), o->ring_nr_16);
}

static void slot_sizes(void **state)
{
	const enum wire_blk_abi *abi = *state;
	const struct abi_offsets *o = blkslot_offsets(*abi);

	assert_int_equal(wire_blk_slot_size(*abi), o->slot_size);
	assert_int_equal(wire_blk_rsp_size(*abi), o->rsp_size);
	assert_true(wire_blk_slot_size(*abi) <= WIRE_BLK_SLOT_MAX);
	assert_true(wire_blk_rsp_size(*abi) <= WIRE_BLK_RSP_MAX);
	assert_int_equal(wire_blk_slot_size(*abi) % 4, 0);
}

/* All other bytes of the slot are 0xff, so that reading beside a field shows. */
static void request_rw(void **state)
{
	const enum wire_blk_abi *abi = *state;
	u8 slot[WIRE_BLK_SLOT_MAX];
	struct wire_blk_req req;

	memset(slot, 0xff, sizeof(slot));
	blkslot_rw(*abi, slot, BLKIF_OP_WRITE, WIRE_BLK_SEGS, ID, SECTOR);
	for (u8 i = 0; i < WIRE_BLK_SEGS; i++)
		blkslot_seg(*abi, slot, i, 0xabcd0000u + i, i % 4, 4 + i % 4);

	assert_int_equal(wire_blk_parse(*abi, slot, &generous, &req), WIRE_OK);
	assert_int_equal(req.wire_op, BLKIF_OP_WRITE);
	assert_int_equal(req.op, WIRE_BLK_WRITE);
	assert_int_equal(req.id, ID);
	assert_int_equal(req.sector, SECTOR);
	assert_int_equal(req.nr_segs, WIRE_BLK_SEGS);
	assert_int_equal(req.nr_sectors, WIRE_BLK_SEGS * 5);
	assert_false(req.indirect);
	assert_false(req.secure);
	for (u8 i = 0; i < WIRE_BLK_SEGS; i++) {
		assert_int_equal(req.segs[i].gref, 0xabcd0000u + i);
		assert_int_equal(req.segs[i].first_sect, i % 4);
		assert_int_equal(req.segs[i].last_sect, 4 + i % 4);
	}
}

static void request_discard(void **state)
{
	const enum wire_blk_abi *abi = *state;
	u8 slot[WIRE_BLK_SLOT_MAX];
	struct wire_blk_req req;

	memset(slot, 0xff, sizeof(slot));
	blkslot_discard(*abi, slot, BLKIF_DISCARD_SECURE, ID, SECTOR, 0x0011223344556677u);

	assert_int_equal(wire_blk_parse(*abi, slot, &generous, &req), WIRE_OK);
	assert_int_equal(req.wire_op, BLKIF_OP_DISCARD);
	assert_int_equal(req.op, WIRE_BLK_DISCARD);
	assert_int_equal(req.id, ID);
	assert_int_equal(req.sector, SECTOR);
	assert_int_equal(req.nr_sectors, 0x0011223344556677u);
	assert_int_equal(req.nr_segs, 0);
	assert_true(req.secure);
}

static void request_indirect(void **state)
{
	const enum wire_blk_abi *abi = *state;
	u8 slot[WIRE_BLK_SLOT_MAX];
	struct wire_blk_req req;

	memset(slot, 0xff, sizeof(slot));
	blkslot_indirect(*abi, slot, BLKIF_OP_WRITE, 0x00fe, ID, SECTOR, 0x5a5a0000u);

	assert_int_equal(wire_blk_parse(*abi, slot, &generous, &req), WIRE_OK);
	assert_int_equal(req.wire_op, BLKIF_OP_WRITE);
	assert_int_equal(req.op, WIRE_BLK_WRITE);
	assert_true(req.indirect);
	assert_int_equal(req.id, ID);
	assert_int_equal(req.sector, SECTOR);
	assert_int_equal(req.nr_segs, 0x00fe);
	assert_int_equal(req.nr_sectors, 0);
	assert_int_equal(req.nr_indirect, 1);
	assert_int_equal(req.indirect_grefs[0], 0x5a5a0000u);
	for (u32 i = 1; i < WIRE_BLK_INDIRECT_PAGES; i++)
		assert_int_equal(req.indirect_grefs[i], 0);
}

static void response(void **state)
{
	const enum wire_blk_abi *abi = *state;
	const struct abi_offsets *o = blkslot_offsets(*abi);
	u8 expected[WIRE_BLK_RSP_MAX] = { 0 };
	u8 buf[WIRE_BLK_RSP_MAX + 8];
	const int16_t status = BLKIF_RSP_EOPNOTSUPP;
	const u64 id = ID;

	memset(buf, 0xa5, sizeof(buf));
	memcpy(expected + o->rsp_id, &id, sizeof(id));
	expected[o->rsp_op] = BLKIF_OP_INDIRECT;
	memcpy(expected + o->rsp_status, &status, sizeof(status));

	assert_int_equal(wire_blk_response(*abi, ID, BLKIF_OP_INDIRECT, WIRE_BLK_RSP_EOPNOTSUPP,
					   buf), o->rsp_size);
	assert_memory_equal(buf, expected, sizeof(expected));
	assert_true(unit_all_bytes(buf + WIRE_BLK_RSP_MAX, 0xa5, 8));
}

int main(void)
{
	static const CMUnitTestFunction of_each_abi[] = {
		ring_header, ring_sizes, slot_sizes, request_rw, request_discard,
		request_indirect, response,
	};
	static const char *const names[] = {
		"ring_header", "ring_sizes", "slot_sizes", "request_rw", "request_discard",
		"request_indirect", "response",
	};

	UNIT_ADD(numbers);
	UNIT_ADD(net_numbers);
	UNIT_ADD(net_transmit);
	UNIT_ADD(net_receive);
	UNIT_ADD(net_control);
	UNIT_ADD(xenbus_states);
	UNIT_ADD(protocol_names);
	UNIT_ADD(offsets_are_of_this_machine);
	UNIT_ADD(segment);
	for (size_t i = 0; i < ARRAY_SIZE(of_each_abi); i++)
		for (size_t j = 0; j < ARRAY_SIZE(abis); j++)
			unit_add(of_each_abi[i], &abis[j], "%s: %s", names[i],
				 blkslot_abi_name(abis[j]));
	return unit_run("wire-abi");
}
