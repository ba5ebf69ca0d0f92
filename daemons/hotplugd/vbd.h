/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual disks: who may have which one (vbd_share.c, pure), files behind loop
 * devices (loop.c), and plugging them (vbd.c). Disks on other machines: target.h.
 */
#ifndef HOTPLUGD_VBD_H
#define HOTPLUGD_VBD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "parse.h"

/* ---- vbd_share.c: who has which disk --------------------------------------------------------------- */

/* What a disk is, whatever it is called: a block device, a file, or one on another machine. */
struct disk_id {
	dev_t device;		/* the block device, or that of the file's file system */
	ino_t inode;		/* of the file; 0: a block device */
	uint8_t target[16];	/* a digest of what it is called there; all 0: it is here */
};

/* A virtual disk that has been given out. */
struct share {
	unsigned int domid, devid;
	struct disk_id disk;
	bool readonly, shareable;		/* mode r; mode w! */
	char vm_uuid[40];		/* two domains of one machine may share; empty: not known */
};

struct shares {
	struct share *shares;
	size_t n, room;
};

/* -ENOMEM, or 0. One vbd has one disk: an older entry is replaced. */
int shares_set(struct shares *shares, const struct share *share);
void shares_forget(struct shares *shares, unsigned int domid, unsigned int devid);
void shares_fini(struct shares *shares);

/*
 * The rules: readers may share with readers, a writer with nobody, mode w! with
 * everybody who has w! too or reads, and the domains of one machine with each
 * other. -EBUSY and a reason if @share may not be given out.
 */
int shares_judge(const struct shares *shares, const struct share *share, struct why *why);

/* True if somebody else has this disk. */
bool shares_has(const struct shares *shares, const struct disk_id *disk, unsigned int domid,
		unsigned int devid);

/* ---- loop.c ---------------------------------------------------------------------------------------- */

enum loop_sectors { LOOP_SECTORS_AUTO, LOOP_SECTORS_512, LOOP_SECTORS_4096 };

struct loop {
	char path[32];			/* /dev/loopN */
	int fd;				/* keeps it; closed by the caller */
	uint32_t sector_size;
	bool direct;			/* past the page cache */
};

/* Puts an opened file behind a free loop device, tagged with its owner. */
int loop_attach(int file, bool readonly, enum loop_sectors sectors, const char *owner,
		struct loop *ret_loop);

/* Detaches the device if it carries this tag; -ENOENT: it does not. */
int loop_detach(const char *path, const char *owner);

/* Calls @found with each loop device of ours. */
void loop_each(void (*found)(const char *path, const char *owner, void *userdata), void *userdata);

/* The sector size a file is to have: pure. @align is what direct I/O on it needs (0: not known). */
uint32_t loop_sector_size(enum loop_sectors sectors, uint32_t align, const uint8_t *head,
			  size_t len);

#endif
