// SPDX-License-Identifier: GPL-2.0-or-later
/* H-46: devices that stop half way, many at once; and H-21: a frontend that dies. */
#include "bad.h"

#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum step {
	NOTHING,		/* created, never touched */
	KEYS_NO_PORT,		/* announced, without event-channel */
	KEYS_NO_RING,
	KEYS_STAY_INITIALISING,	/* all keys, state stays 1 */
	CONNECTED_IDLE,
	CONNECTED_BUSY,
	NR_STEPS
};

struct half {
	struct vbd vbd;
	struct blk blk;
	struct xen_pages *page;
};

static void take_step(struct half *h, enum step step)
{
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	struct blk_opts opts = BLK_OPTS_DEFAULT;
	struct dev *dev = &h->vbd.dev;

	if (step == NOTHING || !blk_read_offer(&h->blk, dev))
		return;
	opts.order = 1;
	blk_prepare(&h->blk, dev, &opts);
	blk_write_keys(&h->blk, false);
	if (step == KEYS_STAY_INITIALISING)
		return;
	if (step == KEYS_NO_PORT)
		(void)store_rm(dev->st, 0, dev_fe_path(dev, "event-channel"));
	if (step == KEYS_NO_RING)
		(void)store_rm(dev->st, 0, dev_fe_path(dev, "ring-ref1"));
	(void)dev_set_state(dev, DEV_INITIALISED);
	if (step < CONNECTED_IDLE || !blk_await_connected(&h->blk) || step == CONNECTED_IDLE)
		return;
	req.seg[0] = (struct blk_seg){ .gref = h->page->gref[0], .last = 7 };
	while (!blk_full(&h->blk.queue[0]))
		blk_put(&h->blk.queue[0], &req, NULL, false);
	blk_publish(&h->blk.queue[0], true);
}

static void many_half_open(struct bad *bad, const struct bad_row *row)
{
	struct vbd_args args = *bad->vbd->args;
	struct judge_memory before, after;
	unsigned int nr = (unsigned int)row->arg, i;
	struct half *half;

	if (!bad->dev->ours) {
		check_skip(bad->chk, "only dom0 can make more devices");
		return;
	}
	args.devid = 0;
	half = util_alloc(nr * sizeof(*half));
	before = judge_memory();
	for (i = 0; i < nr && !bad->chk->failed; i++) {
		if (!vbd_open(&half[i].vbd, &args, bad->dev->st, bad->chk))
			break;
		half[i].page = xen_pages_alloc(0, 1, true);
		take_step(&half[i], (enum step)(i % NR_STEPS));
	}
	after = judge_memory();
	check_note(bad->chk, "%u devices, %ld KiB each", i,
		   i ? (before.available - after.available) / (long)i : 0);
	/* A working device between them all, while they are there. */
	vbd_prove_alive(bad->vbd);
	while (i--) {
		vbd_close(&half[i].vbd);
		blk_release(&half[i].blk);
		xen_pages_free(half[i].page);
	}
	free(half);
}

static const struct bad_row rows[] = {
	{ "48-devices-half-open", "H-46", many_half_open, 48, NULL },
};

const struct bad_group bad_halfopen = {
	"halfopen", "devices that stop half way", rows, ARRAY_SIZE(rows),
};
