// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * H-20: ring keys that are well written and wrong: they contradict each other,
 * or name pages and ports that are not what a ring needs. The backend does not
 * connect, and leaves nothing mapped or bound.
 */
#include "bad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands in one of the three keys. */
enum stand {
	ABSENT,
	PRESENT,	/* right */
	STALE,		/* of an earlier driver: another order, pages that are no longer granted */
	GARBAGE,
	NR_STANDS
};

static const char *const stand_names[] = { "absent", "present", "stale", "garbage" };

struct combination {
	enum stand order, ref, refs;
};

/* The newest protocol's key decides alone: ring-page-order, if it is there. */
static bool should_connect(const struct combination *c)
{
	switch (c->order) {
	case ABSENT:	return c->ref == PRESENT;
	case PRESENT:	return c->refs == PRESENT;
	default:	return false;	/* stale: says four pages, and there are two */
	}
}

static void put_text(struct bad *bad, const char *key, const char *fmt, u32 value)
{
	char text[16];

	snprintf(text, sizeof(text), fmt, value);
	if (store_write(bad->dev->st, 0, dev_fe_path(bad->dev, key), text, strlen(text)))
		util_lab_error("cannot write %s", key);
}

static void put_ref(struct bad *bad, const char *key, enum stand stand, u32 right, u32 stale)
{
	if (stand == PRESENT)
		put_text(bad, key, "%u", right);
	else if (stand == STALE)
		put_text(bad, key, "%u", stale);
	else if (stand == GARBAGE)
		put_text(bad, key, "zz%u", 1);
}

static void put_combination(struct bad *bad, const struct combination *c,
			    const struct xen_pages *old)
{
	struct blk_queue *q = &bad->blk->queue[0];

	put_text(bad, "event-channel", "%u", q->port);
	put_text(bad, "feature-persistent", "%u", 0);
	if (c->order == PRESENT)
		put_text(bad, "ring-page-order", "%u", 1);
	else if (c->order == STALE)
		put_text(bad, "ring-page-order", "%u", 2);
	else if (c->order == GARBAGE)
		put_text(bad, "ring-page-order", "zz%u", 1);
	put_ref(bad, "ring-ref", c->ref, q->ring->gref[0], old->gref[0]);
	put_ref(bad, "ring-ref0", c->refs, q->ring->gref[0], old->gref[0]);
	put_ref(bad, "ring-ref1", c->refs, q->ring->gref[1], old->gref[1]);
}

static bool try_combination(struct bad *bad, const struct combination *c)
{
	struct xen_pages *old = xen_pages_alloc(bad->dev->be_domid, 2, true);
	char *what = util_printf("order %s, ring-ref %s, ring-ref0.. %s", stand_names[c->order],
				 stand_names[c->ref], stand_names[c->refs]);
	bool ok;

	dev_forget_errors(bad->dev);
	ok = blk_read_offer(bad->blk, bad->dev);
	if (ok) {
		bad->opts.order = 1;	/* a ring of two pages is there in any case */
		blk_prepare(bad->blk, bad->dev, &bad->opts);
		/* Not before: the good pages would get their numbers. */
		xen_pages_revoke(old);
		blk_remove_keys(bad->blk);
		put_combination(bad, c, old);
		put_text(bad, "protocol", blk_abi_protocol(bad->opts.abi), 0);
		(void)dev_set_state(bad->dev, DEV_INITIALISED);
		if (should_connect(c)) {
			int r = dev_wait_backend(bad->dev, DEV_BIT(DEV_CONNECTED) | DEV_SHUT,
						 DEV_STEP_MS);

			ok = check_that(bad->chk, r == DEV_CONNECTED,
					"%s: backend is in state %d, not Connected", what,
					dev_backend_state(bad->dev));
		} else {
			ok = bad_not_connected(bad, what);
			bad->chk->saw[0] = 0;
		}
		ok = ok && vbd_recover(bad->vbd);
	}
	blk_release(bad->blk);
	xen_pages_free(old);
	free(what);
	return ok;
}

static void all_combinations(struct bad *bad, const struct bad_row *row)
{
	struct combination c;
	unsigned int i;

	(void)row;
	for (i = 0; i < NR_STANDS * NR_STANDS * NR_STANDS; i++) {
		c = (struct combination){ i / 16 % 4, i / 4 % 4, i % 4 };
		if (!try_combination(bad, &c))
			break;
	}
}

/* Everything right but one thing: @spoil changes it in a prepared connection. */
static void one_wrong(struct bad *bad, unsigned int queues, int order,
		      void (*spoil)(struct bad *bad), const char *what)
{
	if (dev_be_u64(bad->dev, "multi-queue-max-queues", 1) < queues) {
		check_skip(bad->chk, "the backend offers one queue");
		return;
	}
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	bad->opts.queues = queues;
	bad->opts.order = order;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);
	spoil(bad);
	(void)dev_set_state(bad->dev, DEV_INITIALISED);
	bad_not_connected(bad, what);
}

static void spoil_same_page(struct bad *bad)
{
	put_text(bad, "ring-ref1", "%u", bad->blk->queue[0].ring->gref[0]);
}

static void same_page_twice(struct bad *bad, const struct bad_row *row)
{
	(void)row;
	one_wrong(bad, 1, 1, spoil_same_page, "one page twice in a ring");
}

static void spoil_same_ring(struct bad *bad)
{
	put_text(bad, "queue-1/ring-ref0", "%u", bad->blk->queue[0].ring->gref[0]);
}

static void same_ring_twice(struct bad *bad, const struct bad_row *row)
{
	(void)row;
	one_wrong(bad, 2, 0, spoil_same_ring, "one page for two queues");
}

static void spoil_same_port(struct bad *bad)
{
	put_text(bad, "queue-1/event-channel", "%u", bad->blk->queue[0].port);
}

static void same_port_twice(struct bad *bad, const struct bad_row *row)
{
	(void)row;
	one_wrong(bad, 2, 0, spoil_same_port, "one event channel for two queues");
}

static void spoil_closed_port(struct bad *bad)
{
	xen_events_close(&bad->blk->events, bad->blk->queue[0].port);
}

static void closed_port(struct bad *bad, const struct bad_row *row)
{
	(void)row;
	one_wrong(bad, 1, 0, spoil_closed_port, "a closed event channel");
}

/* Offered to a domain that is not the backend. */
static void spoil_foreign_port(struct bad *bad)
{
	put_text(bad, "event-channel", "%u", xen_events_offer(&bad->blk->events, 0x7ff0 - 1));
}

static void foreign_port(struct bad *bad, const struct bad_row *row)
{
	(void)row;
	one_wrong(bad, 1, 0, spoil_foreign_port, "an event channel for another domain");
}

static void wrong_port(struct bad *bad, const struct bad_row *row)
{
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	bad->opts.order = 0;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);
	put_text(bad, "event-channel", "%u", (u32)row->arg);
	(void)dev_set_state(bad->dev, DEV_INITIALISED);
	bad_not_connected(bad, "an event channel that does not exist");
}

/* arg: a grant reference nobody has made. Tried as the only page, and as the last of four. */
static void wrong_ref(struct bad *bad, const struct bad_row *row)
{
	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	bad->opts.order = 2;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);
	put_text(bad, "ring-ref3", "%u", (u32)row->arg);
	(void)dev_set_state(bad->dev, DEV_INITIALISED);
	if (!bad_not_connected(bad, "a page that was not granted, last of four") ||
	    !vbd_recover(bad->vbd))
		return;
	dev_forget_errors(bad->dev);
	put_text(bad, "ring-ref3", "%u", bad->blk->queue[0].ring->gref[3]);
	put_text(bad, "ring-ref0", "%u", (u32)row->arg);
	(void)dev_set_state(bad->dev, DEV_INITIALISED);
	bad_not_connected(bad, "a page that was not granted, first of four");
}

enum page_fault { READ_ONLY, OTHER_DOMAIN, REVOKED };

static void wrong_page(struct bad *bad, const struct bad_row *row)
{
	u16 domid = row->arg == OTHER_DOMAIN ? 0x7ff0 - 1 : bad->dev->be_domid;
	struct xen_pages *page = xen_pages_alloc(domid, 1, row->arg != READ_ONLY);

	if (blk_read_offer(bad->blk, bad->dev)) {
		bad->opts.order = BLK_NO_ORDER;
		blk_prepare(bad->blk, bad->dev, &bad->opts);
		/* Not before: the good pages would get its number. */
		if (row->arg == REVOKED)
			xen_pages_revoke(page);
		blk_write_keys(bad->blk, false);
		put_text(bad, "ring-ref", "%u", page->gref[0]);
		(void)dev_set_state(bad->dev, DEV_INITIALISED);
		bad_not_connected(bad, "a ring page the backend may not write");
	}
	xen_pages_free(page);
}

/* More often than a backend that lets everybody try at once would like. */
static void many_bad_pages(struct bad *bad, const struct bad_row *row)
{
	u64 i;

	if (!blk_read_offer(bad->blk, bad->dev))
		return;
	bad->opts.order = 0;
	blk_prepare(bad->blk, bad->dev, &bad->opts);
	blk_write_keys(bad->blk, false);
	put_text(bad, "ring-ref0", "%u", 0x00fffff0u);
	for (i = 0; i < row->arg && !bad->chk->failed; i++) {
		dev_forget_errors(bad->dev);
		(void)dev_set_state(bad->dev, DEV_INITIALISED);
		bad_not_connected(bad, "a page that was not granted");
		bad->chk->saw[0] = 0;
		vbd_recover(bad->vbd);
	}
}

static const struct bad_row rows[] = {
	{ "64-combinations", "H-20", all_combinations, 0, NULL },
	{ "same-page-twice-in-a-ring", "H-20", same_page_twice, 0, NULL },
	{ "same-page-for-two-queues", "H-20", same_ring_twice, 0, NULL },
	{ "same-port-for-two-queues", "H-20", same_port_twice, 0, NULL },
	{ "closed-port", "H-20", closed_port, 0, NULL },
	{ "foreign-port", "H-20", foreign_port, 0, NULL },
	{ "port-0", "H-20", wrong_port, 0, NULL },
	{ "port-4095", "H-20", wrong_port, 4095, NULL },
	{ "port-2^31", "H-20", wrong_port, 1u << 31, NULL },
	{ "port-2^32-1", "H-20", wrong_port, UINT32_MAX, NULL },
	{ "page-0", "H-20", wrong_ref, 0, NULL },
	{ "page-16000", "H-20", wrong_ref, 16000, NULL },
	{ "page-2^31", "H-20", wrong_ref, 1u << 31, NULL },
	{ "page-2^32-1", "H-20", wrong_ref, UINT32_MAX, NULL },
	{ "page-read-only", "H-20", wrong_page, READ_ONLY, NULL },
	{ "page-of-another-domain", "H-20", wrong_page, OTHER_DOMAIN, NULL },
	{ "page-revoked", "H-20", wrong_page, REVOKED, NULL },
	{ "bad-page-again-and-again", "H-20", many_bad_pages, 9, NULL },
};

const struct bad_group bad_refs = {
	"refs", "ring pages and event channels that are not what a ring needs", rows,
	ARRAY_SIZE(rows),
};
