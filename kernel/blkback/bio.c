// SPDX-License-Identifier: GPL-2.0
/*
 * A request becomes one bio, always: it never has more segments than a bio
 * takes, and the block layer splits it where a disk wants it smaller.
 */
#include "blkback.h"

static_assert(WIRE_BLK_MAX_SEGS <= BIO_MAX_VECS);

static void on_bio_end(struct bio *bio)
{
	struct blkback_req *req = bio->bi_private;

	req->err = blk_status_to_errno(bio->bi_status);
	bio_uninit(bio);
	blkback_req_done(req);
}

static blk_opf_t opf(const struct blkback_req *req)
{
	switch (req->op) {
	case WIRE_BLK_READ:
		return REQ_OP_READ;
	case WIRE_BLK_BARRIER:
		/* Durable itself, and after all that came before (order.c). */
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH | (req->nr_segs ? REQ_FUA : 0);
	case WIRE_BLK_FLUSH:
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
	default:
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	}
}

void blkback_bio_submit(struct blkback_req *req, const struct wire_blk_seg *segs)
{
	struct bio_vec *vecs = req->big ? req->big->vecs : req->small_vecs;
	struct bio *bio = &req->bio;
	unsigned int i;

	bio_init(bio, req->queue->vbd->bdev, req->nr_segs ? vecs : NULL, req->nr_segs, opf(req));
	bio->bi_iter.bi_sector = req->nr_segs ? req->sector : 0;
	bio->bi_private = req;
	bio->bi_end_io = on_bio_end;

	for (i = 0; i < req->nr_segs; i++) {
		const struct blkback_seg *seg = &req->segs[i];
		struct page *page = seg->pgrant ? seg->pgrant->map.page : seg->map.page;

		__bio_add_page(bio, page,
			       (segs[i].last_sect - segs[i].first_sect + 1) * WIRE_SECTOR_SIZE,
			       segs[i].first_sect * WIRE_SECTOR_SIZE);
	}
	submit_bio(bio);
}
