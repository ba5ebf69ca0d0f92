// SPDX-License-Identifier: GPL-2.0-or-later
/* H-14: indirect requests that lie about their segments or about the pages that hold them. */
#include "bad.h"

#include <string.h>

enum page_kind {
	GOOD_PAGE,
	NEVER_GRANTED,
	RING_PAGE,	/* the ring itself: its bytes as segment descriptors */
	DATA_PAGE,	/* the page that is read into */
};

struct lie {
	int nr_segs;		/* negative: that many more than the backend offers, less one */
	u8 inner_op;
	enum page_kind page;
	bool fine;		/* odd, but legal */
};

static void lie(struct bad *bad, const struct bad_row *row)
{
	const struct lie *l = row->data;
	struct blk_request req = { .op = BLK_INDIRECT, .inner_op = l->inner_op };
	struct xen_pages *ind, *data;
	struct blk_seg *seg;
	unsigned int i;
	int status;

	if (!bad_connect(bad))
		return;
	ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	/* One page for each, because Xen lets none be mapped hundreds of times. */
	data = xen_pages_alloc(bad->dev->be_domid, bad->blk->info.max_indirect + 1, true);
	seg = (struct blk_seg *)ind->va;
	req.nr_segs = (u16)(l->nr_segs < 0 ? (int)bad->blk->info.max_indirect - l->nr_segs :
			    l->nr_segs);
	for (i = 0; i < BLK_IND_PER_PAGE; i++)
		seg[i] = (struct blk_seg){ .gref = data->gref[i % data->nr], .last = 7 };
	for (i = 0; i < BLK_IND_PAGES; i++)
		req.ind_gref[i] = ind->gref[0];
	switch (l->page) {
	case GOOD_PAGE:
		break;
	case NEVER_GRANTED:
		req.ind_gref[0] = 15001;
		break;
	case RING_PAGE:
		req.ind_gref[0] = bad->blk->queue[0].ring->gref[0];
		break;
	case DATA_PAGE:
		req.ind_gref[0] = bad_page(bad)->gref[0];
		memset(bad_page(bad)->va, 0xff, PAGE_BYTES);
		break;
	}
	if (l->fine) {
		status = blk_call(&bad->blk->queue[0], &req);
		check_that(bad->chk, status == BLK_OK, "status %d", status);
	} else {
		bad_refused(bad, &req, "bad indirect request");
	}
	check_that(bad->chk, seg[0].gref == data->gref[0], "an indirect page was changed");
	xen_pages_free(ind);
	xen_pages_free(data);
}

/* Segment descriptors on the indirect page that make no sense, last of arg. */
static void bad_descriptor(struct bad *bad, const struct bad_row *row)
{
	static const struct blk_seg wrong[] = {
		{ .first = 5, .last = 4 }, { .first = 0, .last = 8 }, { .first = 8, .last = 8 },
		{ .first = 0, .last = 255 }, { .first = 255, .last = 255 },
	};
	struct blk_request req = { .op = BLK_INDIRECT, .inner_op = BLK_READ,
				   .nr_segs = (u16)row->arg };
	struct xen_pages *ind;
	struct blk_seg *seg;
	size_t i, n;

	if (!bad_connect(bad))
		return;
	ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	seg = (struct blk_seg *)ind->va;
	req.ind_gref[0] = ind->gref[0];
	for (n = 0; n < ARRAY_SIZE(wrong); n++) {
		for (i = 0; i < row->arg; i++)
			seg[i] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
		seg[row->arg - 1].first = wrong[n].first;
		seg[row->arg - 1].last = wrong[n].last;
		if (!bad_refused(bad, &req, "bad segment on an indirect page"))
			break;
	}
	xen_pages_free(ind);
}

#define LIE(...) lie, 0, &(const struct lie){ __VA_ARGS__ }

static const struct bad_row rows[] = {
	{ "no-segments", "H-14", LIE(0, BLK_READ, GOOD_PAGE, false) },
	{ "offer-plus-1", "H-14", LIE(-1, BLK_READ, GOOD_PAGE, false) },
	{ "offer-plus-1-write", "H-14", LIE(-1, BLK_WRITE, GOOD_PAGE, false) },
	{ "offer-plus-256", "H-14", LIE(-256, BLK_READ, GOOD_PAGE, false) },
	{ "4096-segments", "H-14", LIE(4096, BLK_READ, GOOD_PAGE, false) },
	{ "65535-segments", "H-14", LIE(65535, BLK_READ, GOOD_PAGE, false) },
	{ "1-segment-is-fine", "H-14", LIE(1, BLK_READ, GOOD_PAGE, true) },
	{ "inner-barrier", "H-14", LIE(1, BLK_BARRIER, GOOD_PAGE, false) },
	{ "inner-flush", "H-14", LIE(1, BLK_FLUSH, GOOD_PAGE, false) },
	{ "inner-4", "H-14", LIE(1, BLK_RESERVED, GOOD_PAGE, false) },
	{ "inner-discard", "H-14", LIE(1, BLK_DISCARD, GOOD_PAGE, false) },
	{ "inner-indirect", "H-14", LIE(1, BLK_INDIRECT, GOOD_PAGE, false) },
	{ "inner-255", "H-14", LIE(1, 255, GOOD_PAGE, false) },
	{ "page-never-granted", "H-14", LIE(64, BLK_READ, NEVER_GRANTED, false) },
	{ "page-is-the-ring", "H-14", LIE(64, BLK_READ, RING_PAGE, false) },
	{ "page-is-the-data", "H-14", LIE(64, BLK_READ, DATA_PAGE, false) },
	{ "descriptor-of-1", "H-14", bad_descriptor, 1, NULL },
	{ "descriptor-of-32", "H-14", bad_descriptor, 32, NULL },
	{ "descriptor-of-256", "H-14", bad_descriptor, 256, NULL },
};

const struct bad_group bad_indirect = {
	"indirect", "indirect requests that lie", rows, ARRAY_SIZE(rows),
};
