/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Misdeeds: what a hostile frontend does, one table row each. A row gets the
 * device in InitWait, does its deed, and complains if the backend did not do
 * what it must. Afterwards the runner demands, for every row, that the device
 * closes, opens again and does verified I/O.
 */
#ifndef FRONT_BAD_H
#define FRONT_BAD_H

#include "vbd.h"

struct bad {
	struct vbd *vbd;
	struct dev *dev;
	struct check *chk;
	struct rng rng;
	struct blk *blk;	/* connection of the row, if it wants one; released by the runner */
	bool connected;		/* and the ring is in order: may end with a proper close */
	struct xen_pages *page;	/* see bad_page() */
	struct blk_opts opts;
};

struct bad_row {
	const char *name;
	const char *id;		/* which attack of the catalogue: "H-16" */
	void (*run)(struct bad *bad, const struct bad_row *row);
	u64 arg;
	const void *data;
};

struct bad_group {
	const char *name, *what;
	const struct bad_row *rows;
	size_t nr_rows;
};

extern const struct bad_group bad_sector, bad_readonly, bad_index, bad_state, bad_keys, bad_refs,
	bad_grants, bad_indirect, bad_race, bad_flood, bad_persistent, bad_halfopen, bad_random;

/* Runs "group" or "group/row" (or "all"); unknown names end the program. */
void bad_run(struct vbd *vbd, const char *name);
void bad_list(void);

/* Helpers for rows. */

bool bad_connect(struct bad *bad);	/* with bad->opts; sets bad->blk */

/*
 * Sends the request alone and demands a refusal: one response, status ERROR or
 * EOPNOTSUPP. Then a good request has to work.
 */
bool bad_refused(struct bad *bad, struct blk_request *req, const char *what);
bool bad_still_good(struct bad *bad);

/* Demands that the backend shuts the device: Closing or Closed, with an error node. */
bool bad_shut(struct bad *bad, const char *what);

/* After ring keys were written and announced: Closed, never Connected, with an error node. */
bool bad_not_connected(struct bad *bad, const char *what);

/* A page to read into and write from, granted writable; freed by the runner. */
struct xen_pages *bad_page(struct bad *bad);

#endif
