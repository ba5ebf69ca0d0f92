// SPDX-License-Identifier: GPL-2.0-or-later
#include "bad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

static const struct bad_group *const groups[] = {
	&bad_sector, &bad_readonly, &bad_index, &bad_state, &bad_keys, &bad_refs, &bad_grants,
	&bad_indirect, &bad_race, &bad_flood, &bad_persistent, &bad_halfopen, &bad_random,
};

bool bad_connect(struct bad *bad)
{
	bad->connected = vbd_connect(bad->vbd, bad->blk, &bad->opts);
	return bad->connected;
}

struct xen_pages *bad_page(struct bad *bad)
{
	if (!bad->page)
		bad->page = xen_pages_alloc(bad->dev->be_domid, 1, true);
	return bad->page;
}

bool bad_still_good(struct bad *bad)
{
	u64 block = bad->blk->info.sector_size / SECTOR_BYTES;
	struct blk_request req = { .op = BLK_READ, .nr_segs = 1 };
	int status;

	req.seg[0] = (struct blk_seg){ .gref = bad_page(bad)->gref[0], .last = (u8)(block - 1) };
	status = blk_call(&bad->blk->queue[0], &req);
	return check_that(bad->chk, status == BLK_OK, "a good read afterwards: status %d", status);
}

bool bad_refused(struct bad *bad, struct blk_request *req, const char *what)
{
	long errors = judge_disk_errors(bad->dev);
	int status = blk_call(&bad->blk->queue[0], req);

	if (!check_that(bad->chk, status == BLK_ERROR || status == BLK_EOPNOTSUPP,
			"%s: status %d instead of a refusal", what, status))
		return false;
	/* A disk may refuse it too. It is not to be asked. */
	if (!check_that(bad->chk, judge_disk_errors(bad->dev) == errors,
			"%s: went to the disk, which failed it", what))
		return false;
	return bad_still_good(bad);
}

static bool expect_error_node(struct bad *bad, const char *what)
{
	unsigned int count = dev_error_count(bad->dev);
	char *text = dev_error_text(bad->dev);
	bool ok = true;

	if (bad->dev->fe_domid == bad->dev->be_domid)
		ok = check_that(bad->chk, text && *text, "%s: no error node", what) &&
		     check_that(bad->chk, count == 1,
				"%s: %u errors instead of one, last: %s", what, count, text);
	if (text)
		check_note(bad->chk, "\"%s\"", text);
	free(text);
	return ok;
}

bool bad_shut(struct bad *bad, const char *what)
{
	int r = dev_wait_backend(bad->dev, DEV_SHUT, DEV_STEP_MS);

	return check_that(bad->chk, r > 0, "%s: backend is in state %d after %u ms, not shut",
			  what, dev_backend_state(bad->dev), DEV_STEP_MS) &&
	       expect_error_node(bad, what);
}

bool bad_not_connected(struct bad *bad, const char *what)
{
	int r = dev_wait_backend(bad->dev, DEV_BIT(DEV_CLOSED) | DEV_BIT(DEV_CONNECTED),
				 DEV_STEP_MS);

	return check_that(bad->chk, r == DEV_CLOSED,
			  "%s: backend is in state %d, not Closed", what,
			  dev_backend_state(bad->dev)) &&
	       expect_error_node(bad, what);
}

static void run_row(struct vbd *vbd, const struct bad_group *group, const struct bad_row *row)
{
	char *name = util_printf("%s/%s %s", group->name, row->name, row->id);
	struct bad bad = { .vbd = vbd, .dev = &vbd->dev, .opts = vbd->args->blk };
	struct check chk;
	bool healthy;

	check_begin(&chk, name, vbd->args->seed);
	bad.chk = &chk;
	bad.blk = util_alloc(sizeof(*bad.blk));
	rng_seed(&bad.rng, vbd->args->seed);
	vbd->dev.chk = &chk;
	dev_forget_errors(&vbd->dev);

	row->run(&bad, row);

	/*
	 * A healthy connection gets an orderly end, and the next row connects
	 * again; anything else has to be shown to work right now.
	 */
	healthy = bad.connected && !chk.failed &&
		  dev_backend_state(&vbd->dev) == DEV_CONNECTED && bad_still_good(&bad) &&
		  dev_close(&vbd->dev) && dev_reopen(&vbd->dev);
	if (!healthy)
		vbd_recover(vbd);
	blk_release(bad.blk);
	xen_pages_free(bad.page);
	if (!healthy)
		vbd_prove_alive(vbd);
	check_end(&chk);
	free(bad.blk);
	free(name);
}

void bad_run(struct vbd *vbd, const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : strlen(name);
	unsigned int ran = 0;
	size_t g, i;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		const struct bad_group *group = groups[g];

		if (strcmp(name, "all") &&
		    (strlen(group->name) != len || strncmp(group->name, name, len)))
			continue;
		for (i = 0; i < group->nr_rows && !util_stop; i++)
			if (!slash || !strcmp(slash + 1, group->rows[i].name)) {
				run_row(vbd, group, &group->rows[i]);
				ran++;
			}
	}
	if (!ran && !util_stop)
		util_lab_error("there is no misdeed '%s' (see xenfront blk list)", name);
}

void bad_list(void)
{
	size_t g, i;

	for (g = 0; g < ARRAY_SIZE(groups); g++) {
		printf("%s: %s\n", groups[g]->name, groups[g]->what);
		for (i = 0; i < groups[g]->nr_rows; i++)
			printf("  %-8s %s/%s\n", groups[g]->rows[i].id, groups[g]->name,
			       groups[g]->rows[i].name);
	}
}
