// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-13: segments whose grant cannot be used, at every position, alone and in
 * pairs. The request fails as a whole, and no good page stays mapped over it.
 */
#include "bad.h"

#include <stdlib.h>

#include "judge.h"

enum fault {
	NEVER_GRANTED,
	HUGE_NUMBER,
	TAKEN_BACK,
	READ_ONLY,	/* and to be read into */
	OTHER_DOMAIN,
	NR_FAULTS
};

#define BIT(fault) (1u << (fault))

struct pages {
	struct xen_pages *good, *ind, *revoked, *read_only, *foreign;
};

static void make_pages(struct bad *bad, struct pages *p)
{
	u16 domid = bad->dev->be_domid;

	p->good = xen_pages_alloc(domid, 256, true);
	p->ind = xen_pages_alloc(domid, 1, true);
	p->revoked = xen_pages_alloc(domid, 1, true);
	p->read_only = xen_pages_alloc(domid, 1, false);
	p->foreign = xen_pages_alloc(0x7fef, 1, true);
	xen_pages_revoke(p->revoked);
}

static void free_pages(struct pages *p)
{
	xen_pages_free(p->good);
	xen_pages_free(p->ind);
	xen_pages_free(p->revoked);
	xen_pages_free(p->read_only);
	xen_pages_free(p->foreign);
}

static u32 bad_gref(const struct pages *p, enum fault fault)
{
	switch (fault) {
	case NEVER_GRANTED:	return 15000;
	case HUGE_NUMBER:	return 0xfffffff0u;
	case TAKEN_BACK:	return p->revoked->gref[0];
	case READ_ONLY:		return p->read_only->gref[0];
	default:		return p->foreign->gref[0];
	}
}

/* A read of @nr pages with bad grants at the two places (the same one for a single fault). */
static bool try_read(struct bad *bad, struct pages *p, unsigned int nr, unsigned int at,
		     unsigned int also, enum fault fault)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = (u16)nr };
	struct blk_seg *seg = req.seg;
	char *what;
	unsigned int i;
	bool ok;
	int status;

	if (nr > BLK_SEGS) {
		req.op = BLK_INDIRECT;
		req.inner_op = BLK_READ;
		req.ind_gref[0] = p->ind->gref[0];
		seg = (struct blk_seg *)p->ind->va;
	}
	for (i = 0; i < nr; i++)
		seg[i] = (struct blk_seg){ .gref = p->good->gref[i], .last = 7 };
	seg[at].gref = bad_gref(p, fault);
	seg[also].gref = bad_gref(p, fault);

	what = util_printf("%u segments, fault %d at %u and %u", nr, fault, at, also);
	status = blk_call(&bad->blk->queue[0], &req);
	ok = check_that(bad->chk, status == BLK_ERROR, "%s: status %d instead of a refusal", what,
			status);
	free(what);
	return ok;
}

static bool try_good(struct bad *bad, struct pages *p, unsigned int nr)
{
	struct blk_request req = { .op = BLK_INDIRECT, .inner_op = BLK_READ, .nr_segs = (u16)nr };
	struct blk_seg *seg = (struct blk_seg *)p->ind->va;
	unsigned int i;
	int status;

	req.ind_gref[0] = p->ind->gref[0];
	for (i = 0; i < nr; i++)
		seg[i] = (struct blk_seg){ .gref = p->good->gref[i], .last = 7 };
	status = blk_call(&bad->blk->queue[0], &req);
	return check_that(bad->chk, status == BLK_OK, "a good read of %u pages: status %d", nr,
			  status);
}

/*
 * How many of our grants Xen shows as mapped with the device connected and
 * idle: the ring alone, if pages are not kept.
 */
static void expect_mapped(struct bad *bad, int most)
{
	int n = judge_mapped_grants(bad->dev->fe_domid, true);

	if (bad->dev->fe_domid != bad->dev->be_domid)
		return;
	if (n < 0)
		util_lab_error("cannot read Xen's grant-table dump");
	check_that(bad->chk, n <= most, "%d grants mapped on an idle device, at most %d are right",
		   n, most);
	check_note(bad->chk, "%d grants mapped when idle", n);
}

static unsigned int ring_pages(const struct bad *bad)
{
	return bad->blk->nr_queues * bad->blk->queue[0].ring->nr;
}

/* Bad requests to come name pages that are kept already, and must not spoil them (XSA-371). */
static void keep_good(struct bad *bad, struct pages *p, unsigned int nr)
{
	if (bad->opts.persistent)
		(void)try_good(bad, p, nr);
}

static void every_position(struct bad *bad, const struct bad_row *row)
{
	unsigned int nr = (unsigned int)row->arg, at;
	struct pages p;

	if (!bad_connect(bad))
		return;
	if (nr > bad->blk->info.max_indirect) {
		check_skip(bad->chk, "more than the backend offers");
		return;
	}
	make_pages(bad, &p);
	keep_good(bad, &p, nr);
	for (at = 0; at < nr && !bad->chk->failed; at++)
		if (!try_read(bad, &p, nr, at, at, (enum fault)(at % NR_FAULTS)))
			break;
	if (!bad->chk->failed && bad_still_good(bad) && try_good(bad, &p, min(nr, 32u)))
		expect_mapped(bad, (int)ring_pages(bad) +
			      (bad->opts.persistent ? (int)nr + 64 : 0));
	free_pages(&p);
}

static void pairs(struct bad *bad, const struct bad_row *row)
{
	static const unsigned int at[] = { 0, 1, 10, 11, 12, 31, 32, 127, 254, 255 };
	struct pages p;
	size_t i, j;

	bad->opts.persistent = row->arg;
	if (!bad_connect(bad))
		return;
	if (bad->blk->info.max_indirect < 256) {
		check_skip(bad->chk, "fewer than 256 segments offered");
		return;
	}
	make_pages(bad, &p);
	keep_good(bad, &p, 256);
	for (i = 0; i < ARRAY_SIZE(at) && !bad->chk->failed; i++)
		for (j = i + 1; j < ARRAY_SIZE(at); j++)
			if (!try_read(bad, &p, 256, at[i], at[j],
				      (enum fault)((i + j) % NR_FAULTS)))
				break;
	if (!bad->chk->failed && bad_still_good(bad) && try_good(bad, &p, 256))
		expect_mapped(bad, (int)ring_pages(bad) + (row->arg ? 256 + 8 : 0));
	free_pages(&p);
}

static void persistent_positions(struct bad *bad, const struct bad_row *row)
{
	bad->opts.persistent = true;
	every_position(bad, row);
}

/* A page the backend may only read is enough for a write, unless it keeps pages writable. */
static void read_only_write(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_WRITE, .nr_segs = 1 };
	struct xen_pages *page;
	int status;

	(void)row;
	bad->opts.persistent = false;
	if (!bad_connect(bad))
		return;
	if (vbd_readonly(bad->vbd)) {
		check_skip(bad->chk, "the disk is read-only");
		return;
	}
	page = xen_pages_alloc(bad->dev->be_domid, 1, false);
	req.sector = bad->vbd->area.first + bad->vbd->area.nr - 8;
	req.seg[0] = (struct blk_seg){ .gref = page->gref[0], .last = 7 };
	status = blk_call(&bad->blk->queue[0], &req);
	check_that(bad->chk, status == BLK_OK, "a write from a read-only page: status %d", status);
	xen_pages_free(page);
}

#define ROUNDS_OF_REVOKING	50
#define REVOKED_AT_ONCE		16u	/* requests */

/* The pages are taken back while the requests that name them are under way. */
static void revoked_under_way(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = BLK_SEGS };
	u64 refused = 0, served = 0, deadline;
	struct xen_pages *pages;
	struct blk_queue *q;
	struct blk_done done;
	unsigned int i, s, round;

	bad->opts.persistent = row->arg;
	if (!bad_connect(bad))
		return;
	q = &bad->blk->queue[0];
	for (round = 0; round < ROUNDS_OF_REVOKING && !bad->chk->failed; round++) {
		pages = xen_pages_alloc(bad->dev->be_domid, REVOKED_AT_ONCE * BLK_SEGS, true);
		for (i = 0; i < REVOKED_AT_ONCE; i++) {
			for (s = 0; s < BLK_SEGS; s++)
				req.seg[s] = (struct blk_seg){
					.gref = pages->gref[i * BLK_SEGS + s], .last = 7,
				};
			blk_put(q, &req, NULL, false);
		}
		blk_publish(q, true);
		/* Some before they are mapped, some while they are. */
		if (round % 2)
			(void)blk_wait(bad->blk, util_now_ms() + BLK_ANSWER_MS);
		xen_pages_free(pages);
		deadline = util_now_ms() + BLK_ANSWER_MS;
		while (q->nr_pending && !bad->chk->failed) {
			if (!check_that(bad->chk, blk_wait(bad->blk, deadline),
					"round %u: %u requests unanswered", round, q->nr_pending))
				break;
			while (blk_take(q, &done) == 1)
				*(done.rsp.status == BLK_OK ? &served : &refused) += 1;
		}
	}
	if (!bad->chk->failed)
		bad_still_good(bad);
	check_note(bad->chk, "%llu served, %llu refused", (unsigned long long)served,
		   (unsigned long long)refused);
}

static const struct bad_row rows[] = {
	{ "1-segment", "H-13", every_position, 1, NULL },
	{ "2-segments", "H-13", every_position, 2, NULL },
	{ "11-segments", "H-13", every_position, 11, NULL },
	{ "12-segments", "H-13", every_position, 12, NULL },
	{ "32-segments", "H-13", every_position, 32, NULL },
	{ "256-segments", "H-13", every_position, 256, NULL },
	{ "11-segments-persistent", "H-13", persistent_positions, 11, NULL },
	{ "32-segments-persistent", "H-13", persistent_positions, 32, NULL },
	{ "pairs", "H-13", pairs, 0, NULL },
	{ "pairs-persistent", "H-13", pairs, 1, NULL },
	{ "revoked-under-way", "H-22", revoked_under_way, 0, NULL },
	{ "revoked-under-way-persistent", "H-22", revoked_under_way, 1, NULL },
	{ "write-from-read-only-page-is-fine", "H-13", read_only_write, 0, NULL },
};

const struct bad_group bad_grants = {
	"grants", "segments whose page cannot be used", rows, ARRAY_SIZE(rows),
};
