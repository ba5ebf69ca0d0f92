// SPDX-License-Identifier: GPL-2.0-or-later
/* H-37 and H-01: how much a frontend can make the backend hold. */
#include "bad.h"

#include <string.h>

#include "judge.h"

#define NEW_GRANTS	3000u	/* nearly three times the default limit of a queue */
#define KEPT_LIMIT	1056	/* max_persistent_grants of the module, per queue */

static int mapped(struct bad *bad)
{
	int n = judge_mapped_grants(bad->dev->fe_domid, true);

	if (n < 0)
		util_lab_error("cannot read Xen's grant-table dump");
	return n;
}

/* A new grant in each request, for ever: what is kept stays below its limit. */
static void always_new(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = BLK_SEGS };
	struct xen_pages *pages;
	unsigned int i, s;
	int n, status;

	(void)row;
	bad->opts.persistent = true;
	if (!bad_connect(bad))
		return;
	pages = xen_pages_alloc(bad->dev->be_domid, NEW_GRANTS, true);
	for (i = 0; i + BLK_SEGS <= NEW_GRANTS && !bad->chk->failed; i += BLK_SEGS) {
		for (s = 0; s < BLK_SEGS; s++)
			req.seg[s] = (struct blk_seg){ .gref = pages->gref[i + s], .last = 7 };
		status = blk_call(&bad->blk->queue[0], &req);
		check_that(bad->chk, status == BLK_OK, "grants %u..: status %d", i, status);
	}
	if (bad->dev->fe_domid == bad->dev->be_domid && !bad->chk->failed) {
		n = mapped(bad);
		check_that(bad->chk, n <= KEPT_LIMIT + (int)bad->blk->queue[0].ring->nr,
			   "%d grants mapped, the limit of a queue is %d", n, KEPT_LIMIT);
		check_note(bad->chk, "%d of %u grants kept", n, i);
	}
	bad_still_good(bad);
	xen_pages_free(pages);
}

/*
 * A page that is read-only for the backend, first for a write (which may be
 * refused: kept pages are mapped writable), then to be read into (which must be).
 */
static void read_only_then_writable(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_WRITE, .nr_segs = 1 };
	struct xen_pages *page;
	u8 before[PAGE_BYTES];
	int i, status;

	(void)row;
	bad->opts.persistent = true;
	if (!bad_connect(bad))
		return;
	page = xen_pages_alloc(bad->dev->be_domid, 1, false);
	memset(page->va, 0x3c, PAGE_BYTES);
	memcpy(before, page->va, PAGE_BYTES);
	req.sector = bad->vbd->area.first + bad->vbd->area.nr - 8;
	req.seg[0] = (struct blk_seg){ .gref = page->gref[0], .last = 7 };
	for (i = 0; i < 3 && !bad->chk->failed; i++) {
		req.op = BLK_WRITE;
		status = blk_call(&bad->blk->queue[0], &req);
		check_that(bad->chk, status == BLK_OK || status == BLK_ERROR,
			   "write from a read-only page: status %d", status);
		req.op = BLK_READ;
		status = blk_call(&bad->blk->queue[0], &req);
		check_that(bad->chk, status == BLK_ERROR, "read into a read-only page: status %d",
			   status);
	}
	check_that(bad->chk, !memcmp(before, page->va, PAGE_BYTES), "a read-only page was written");
	bad_still_good(bad);
	xen_pages_free(page);
}

#define TOGGLES_COUNTED	4u	/* reading Xen's dump takes long */

/* A page is kept if, and only if, this connection asked for it. */
static bool kept_as_agreed(struct bad *bad)
{
	int rings = (int)(bad->blk->nr_queues * bad->blk->queue[0].ring->nr), n;

	if (bad->dev->fe_domid != bad->dev->be_domid)
		return true;
	n = mapped(bad);
	return check_that(bad->chk, bad->opts.persistent ? n > rings : n == rings,
			  "persistent %d, and %d grants mapped, %d of them ring pages",
			  bad->opts.persistent, n, rings);
}

/* With the feature, without, with: what one connection kept must not serve the next. */
static void toggled(struct bad *bad, const struct bad_row *row)
{
	u64 i;

	for (i = 0; i < row->arg && !bad->chk->failed; i++) {
		bad->opts.persistent = !bad->opts.persistent;
		if (!bad_connect(bad) || !bad_still_good(bad) ||
		    (i < TOGGLES_COUNTED && !kept_as_agreed(bad)))
			return;
		bad->connected = false;
		dev_close(bad->dev);
		blk_release(bad->blk);
		/* The same number may name another page next time. */
		xen_pages_free(bad->page);
		bad->page = NULL;
		dev_reopen(bad->dev);
	}
}

/*
 * Every slot of every queue asks for 256 segments that all name one page. All
 * are answered, or refused for want of budget; the device lives on.
 */
static void everything_at_once(struct bad *bad, const struct bad_row *row)
{
	struct blk_request req = { .op = BLK_INDIRECT, .inner_op = BLK_READ };
	u64 refused = 0, served = 0, deadline;
	struct xen_pages *ind;
	struct blk_done done;
	struct blk_seg *seg;
	unsigned int i;

	bad->opts.queues = 0;
	bad->opts.order = BLK_MAX_ORDER;
	bad->opts.persistent = row->arg;
	if (!bad_connect(bad))
		return;
	ind = xen_pages_alloc(bad->dev->be_domid, 1, true);
	seg = (struct blk_seg *)ind->va;
	req.nr_segs = (u16)min(bad->blk->info.max_indirect, 256u);
	for (i = 0; i < req.nr_segs; i++)
		seg[i] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = 7 };
	req.ind_gref[0] = ind->gref[0];

	for (i = 0; i < bad->blk->nr_queues; i++) {
		while (!blk_full(&bad->blk->queue[i]))
			blk_put(&bad->blk->queue[i], &req, NULL, false);
		blk_publish(&bad->blk->queue[i], true);
	}
	for (i = 0; i < bad->blk->nr_queues; i++) {
		struct blk_queue *q = &bad->blk->queue[i];

		deadline = util_now_ms() + 4 * BLK_ANSWER_MS;
		while (q->nr_pending && !bad->chk->failed) {
			if (!check_that(bad->chk, blk_wait(bad->blk, deadline),
					"queue %u: %u requests unanswered", i, q->nr_pending))
				break;
			while (blk_take(q, &done) == 1)
				*(done.rsp.status == BLK_OK ? &served : &refused) += 1;
			if (!q->nr_pending)
				break;
			if (shared_read(q->head->rsp_prod) == q->rsp_cons)
				util_pause_ms(1);	/* another queue's answers woke us */
		}
	}
	if (!bad->chk->failed)
		bad_still_good(bad);
	check_note(bad->chk, "%llu served, %llu refused", (unsigned long long)served,
		   (unsigned long long)refused);
	xen_pages_free(ind);
}

static const struct bad_row rows[] = {
	{ "always-new-grants", "H-37", always_new, 0, NULL },
	{ "read-only-then-writable", "H-37", read_only_then_writable, 0, NULL },
	{ "toggled-at-reconnect-20", "H-37", toggled, 20, NULL },
	{ "everything-at-once", "H-01", everything_at_once, 0, NULL },
	{ "everything-at-once-persistent", "H-01", everything_at_once, 1, NULL },
};

const struct bad_group bad_persistent = {
	"hold", "as much as a frontend can make the backend hold", rows, ARRAY_SIZE(rows),
};
