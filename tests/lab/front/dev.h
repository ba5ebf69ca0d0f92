/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A xenbus device seen from its frontend, of any kind: its nodes, the two
 * `state` nodes, the error node, and (in dom0) the toolstack's part in making
 * and removing the device.
 */
#ifndef FRONT_DEV_H
#define FRONT_DEV_H

#include "check.h"
#include "store.h"
#include "util.h"

/*
 * How long the other side may take for one step. libxl gives it 10 s; an
 * emulated machine that shares its processors gets more.
 */
#define DEV_STEP_MS	util_patience_ms(30000)

/* Values of `state`; io/xenbus.h names them. */
enum dev_state {
	DEV_UNKNOWN = 0,	/* node missing or not a number */
	DEV_INITIALISING = 1,
	DEV_INIT_WAIT = 2,
	DEV_INITIALISED = 3,
	DEV_CONNECTED = 4,
	DEV_CLOSING = 5,
	DEV_CLOSED = 6,
	DEV_RECONFIGURING = 7,
	DEV_RECONFIGURED = 8,
	DEV_NR_STATES
};

#define DEV_BIT(state)	(1u << (state))
#define DEV_SHUT	(DEV_BIT(DEV_CLOSING) | DEV_BIT(DEV_CLOSED))

struct dev {
	struct store *st;
	struct check *chk;	/* where complaints go; set by whoever runs a check */
	const char *kind;	/* "vbd", ... */
	unsigned int id;
	u16 fe_domid, be_domid;
	bool ours;		/* we are the toolstack of this device */
	char fe[96], be[96];	/* absolute paths of the two directories */
	char err[128];		/* where the backend reports an error */
	unsigned int errs_before;	/* watch count at dev_forget_errors() */
	const struct dev_entry *fe_entries;	/* of dev_spec, for dev_restore_frontend() */
};

struct dev_entry {
	const char *key, *value;
};

/*
 * Makes the device as libxl does, in this domain, frontend and backend both,
 * and waits for the backend to be in InitWait. @id 0: the first free one from
 * @first_id in steps of @step.
 */
struct dev_spec {
	const char *kind;
	unsigned int id, first_id, step;
	/* Beside what every device has; end with a NULL key; fe outlives the device. */
	const struct dev_entry *be, *fe;
};

/* The same without the wait. */
void dev_make(struct dev *dev, struct store *st, struct check *chk, const struct dev_spec *spec);
int dev_create(struct dev *dev, struct store *st, struct check *chk, const struct dev_spec *spec);

/* Takes over a device the toolstack made for this domain. */
int dev_adopt(struct dev *dev, struct store *st, struct check *chk, const char *kind,
	      unsigned int id);

/* Removes the device as libxl does, if we made it; complains if the backend is too slow. */
void dev_destroy(struct dev *dev);

/* Removes a device of ours that no driver has: nobody says Closed. */
void dev_remove_unbound(struct dev *dev);

/* Removes what a killed program of this kind left behind. */
void dev_remove_leftover(struct store *st, struct check *chk, const char *kind, unsigned int id);

/* @buf holds "<directory>/<key>"; valid until the next call with the same directory. */
const char *dev_fe_path(struct dev *dev, const char *key);
const char *dev_be_path(struct dev *dev, const char *key);

enum dev_state dev_backend_state(struct dev *dev);
int dev_set_state(struct dev *dev, enum dev_state state);

/* The state of @mask (DEV_BIT) that was reached; -ETIMEDOUT. */
int dev_wait_backend(struct dev *dev, unsigned int mask, unsigned int timeout_ms);

/* The same; also ends, with 0, when the backend reports an error (since dev_forget_errors()). */
int dev_wait_told(struct dev *dev, unsigned int mask, unsigned int timeout_ms);

u64 dev_be_u64(struct dev *dev, const char *key, u64 absent);

/* Writes the frontend's directory again after it was removed; only for devices we made. */
void dev_restore_frontend(struct dev *dev);

/* Orderly end of a connection: Closing, then Closed; the backend has to follow. */
bool dev_close(struct dev *dev);

/* From Closed back to Initialising; the backend has to offer InitWait again. */
bool dev_reopen(struct dev *dev);

/*
 * The backend's error node. Only dom0 may read it, so elsewhere there is never
 * an error and the count is 0.
 */
void dev_forget_errors(struct dev *dev);
char *dev_error_text(struct dev *dev);		/* allocated, or NULL */
unsigned int dev_error_count(struct dev *dev);	/* since dev_forget_errors() */

#endif
