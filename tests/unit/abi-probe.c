// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compiled to assembly, never run: sizes and offsets of Xen's own public
 * headers for the machine it is compiled for. abi-offsets turns the marked
 * lines into abi-offsets.h.
 */
#include <stddef.h>
#include <stdint.h>
#include <xen/io/blkif.h>

#define SAY(name, value)	__asm__ volatile("\n.ascii \"->" #name " %c0\"" : : "i"(value))
#define AT(name, type, field)	SAY(name, offsetof(struct type, field))

void probe(void)
{
	SAY(slot_size, sizeof(union blkif_sring_entry));
	SAY(rsp_size, sizeof(struct blkif_response));

	AT(op, blkif_request, operation);
	AT(nr_segments, blkif_request, nr_segments);
	AT(handle, blkif_request, handle);
	AT(id, blkif_request, id);
	AT(sector, blkif_request, sector_number);
	AT(seg, blkif_request, seg);

	SAY(seg_size, sizeof(struct blkif_request_segment));
	AT(seg_gref, blkif_request_segment, gref);
	AT(seg_first, blkif_request_segment, first_sect);
	AT(seg_last, blkif_request_segment, last_sect);

	AT(discard_op, blkif_request_discard, operation);
	AT(discard_flag, blkif_request_discard, flag);
	AT(discard_handle, blkif_request_discard, handle);
	AT(discard_id, blkif_request_discard, id);
	AT(discard_sector, blkif_request_discard, sector_number);
	AT(discard_nr_sectors, blkif_request_discard, nr_sectors);

	AT(indirect_op, blkif_request_indirect, operation);
	AT(indirect_inner, blkif_request_indirect, indirect_op);
	AT(indirect_nr_segments, blkif_request_indirect, nr_segments);
	AT(indirect_id, blkif_request_indirect, id);
	AT(indirect_sector, blkif_request_indirect, sector_number);
	AT(indirect_handle, blkif_request_indirect, handle);
	AT(indirect_grefs, blkif_request_indirect, indirect_grefs);

	AT(rsp_id, blkif_response, id);
	AT(rsp_op, blkif_response, operation);
	AT(rsp_status, blkif_response, status);

	AT(ring_req_prod, blkif_sring, req_prod);
	AT(ring_req_event, blkif_sring, req_event);
	AT(ring_rsp_prod, blkif_sring, rsp_prod);
	AT(ring_rsp_event, blkif_sring, rsp_event);
	AT(ring_slots, blkif_sring, ring);
	SAY(ring_nr_1, __CONST_RING_SIZE(blkif, 4096));
	SAY(ring_nr_2, __CONST_RING_SIZE(blkif, 8192));
	SAY(ring_nr_4, __CONST_RING_SIZE(blkif, 16384));
	SAY(ring_nr_8, __CONST_RING_SIZE(blkif, 32768));
	SAY(ring_nr_16, __CONST_RING_SIZE(blkif, 65536));
}
