/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One block device under test, with what the command line said about it. */
#ifndef FRONT_VBD_H
#define FRONT_VBD_H

#include "blkio.h"

struct vbd_args {
	const char *self;	/* block device to serve to ourselves; NULL: adopt --devid */
	const char *mode;	/* "w" or "r" */
	const char *type;	/* device-type: "disk" or "cdrom" */
	unsigned int devid;	/* 0: any free one (with self) */
	struct blk_opts blk;
	u64 seed;
	u64 area_first, area_sectors;	/* which part of the disk verified I/O may use */
};

struct vbd {
	const struct vbd_args *args;
	struct store *st;
	struct dev dev;
	char devid[16];
	struct dev_entry fe_entries[4];
	struct blkio_area area;
	bool has_area;
};

/* Makes (or adopts) the device and brings it to InitWait. */
bool vbd_open(struct vbd *vbd, const struct vbd_args *args, struct store *st, struct check *chk);
void vbd_close(struct vbd *vbd);

/* With args->self, step by step: the nodes, without waiting for the backend; then the disk. */
void vbd_make(struct vbd *vbd, const struct vbd_args *args, struct store *st, struct check *chk);
void vbd_give_disk(struct vbd *vbd);

/* Back to InitWait from any state the two sides may be in. */
bool vbd_recover(struct vbd *vbd);

/*
 * Connects with @opts and makes the working area fit the disk (once; it has to
 * stay the same over reconnects).
 */
bool vbd_connect(struct vbd *vbd, struct blk *blk, const struct blk_opts *opts);

/* The proof of health: connect, write, read back, close. In InitWait before and afterwards. */
bool vbd_prove_alive(struct vbd *vbd);

/* True for a disk opened with mode r. */
bool vbd_readonly(const struct vbd *vbd);

#endif
