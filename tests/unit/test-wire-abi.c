// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Promise: every size, offset and number in wire/ that a guest also knows is
 * the one in Xen's public headers, for all three slot layouts.
 */
#include "unit.h"

#include <xen/io/blkif.h>
#include <xen/io/protocols.h>
#include <xen/io/xenbus.h>

#include "blkslot.h"
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
