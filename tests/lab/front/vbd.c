// SPDX-License-Identifier: GPL-2.0-or-later
#include "vbd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FIRST_DEVID	51712u	/* xvda */
#define DEVID_STEP	16u
#define LAST_DEVID	(FIRST_DEVID + 15 * DEVID_STEP)

bool vbd_readonly(const struct vbd *vbd)
{
	return vbd->args->mode[0] == 'r';
}

/* In a guest the kernel's own frontend would answer too. */
static void refuse_second_frontend(void)
{
	if (!access("/sys/bus/xen/drivers/vbd", F_OK))
		util_lab_error("this kernel's block frontend is loaded (rmmod xen-blkfront)");
}

/* What the block script writes once the disk is there. */
void vbd_give_disk(struct vbd *vbd)
{
	struct stat sb;

	if (stat(vbd->args->self, &sb) || !S_ISBLK(sb.st_mode))
		util_lab_error("%s is not a block device", vbd->args->self);
	if (store_printf(vbd->st, 0, dev_be_path(&vbd->dev, "physical-device"), "%x:%x",
			 major(sb.st_rdev), minor(sb.st_rdev)) ||
	    store_printf(vbd->st, 0, dev_be_path(&vbd->dev, "hotplug-status"), "connected"))
		util_lab_error("cannot write physical-device");
}

static bool create(struct vbd *vbd, struct check *chk, bool wait)
{
	char name[8] = "xvda";
	struct dev_entry be[] = {
		{ "params", vbd->args->self }, { "script", "/etc/xen/scripts/block" },
		{ "type", "phy" }, { "mode", vbd->args->mode },
		{ "device-type", vbd->args->type }, { "dev", name }, { "removable", "0" },
		{ "bootable", "1" }, { "discard-enable", "1" }, { "direct-io-safe", "0" },
		{ NULL, NULL },
	};
	struct dev_spec spec = { .kind = "vbd", .id = vbd->args->devid, .first_id = FIRST_DEVID,
				 .step = DEVID_STEP, .be = be, .fe = vbd->fe_entries };

	/* With "any free one" neither is known yet, and the backend does not care. */
	snprintf(vbd->devid, sizeof(vbd->devid), "%u", spec.id ?: FIRST_DEVID);
	vbd->fe_entries[0] = (struct dev_entry){ "virtual-device", vbd->devid };
	vbd->fe_entries[1] = (struct dev_entry){ "device-type", vbd->args->type };
	vbd->fe_entries[2] = (struct dev_entry){ "trusted", "1" };
	if (spec.id >= FIRST_DEVID && spec.id <= LAST_DEVID)
		name[3] = (char)('a' + (spec.id - FIRST_DEVID) / DEVID_STEP);
	if (!wait) {
		dev_make(&vbd->dev, vbd->st, chk, &spec);
		return true;
	}
	if (dev_create(&vbd->dev, vbd->st, chk, &spec))
		return false;
	vbd_give_disk(vbd);
	return true;
}

void vbd_make(struct vbd *vbd, const struct vbd_args *args, struct store *st, struct check *chk)
{
	*vbd = (struct vbd){ .args = args, .st = st };
	xen_open();
	(void)create(vbd, chk, false);
}

bool vbd_open(struct vbd *vbd, const struct vbd_args *args, struct store *st, struct check *chk)
{
	*vbd = (struct vbd){ .args = args, .st = st };
	xen_open();
	if (args->self)
		return create(vbd, chk, true);
	refuse_second_frontend();
	dev_adopt(&vbd->dev, st, chk, "vbd", args->devid);
	return vbd_recover(vbd);
}

void vbd_close(struct vbd *vbd)
{
	dev_destroy(&vbd->dev);
	if (vbd->has_area)
		blkio_area_fini(&vbd->area);
	vbd->has_area = false;
}

bool vbd_recover(struct vbd *vbd)
{
	struct dev *dev = &vbd->dev;
	int r;

	(void)dev_set_state(dev, DEV_CLOSED);
	r = dev_wait_backend(dev, DEV_BIT(DEV_CLOSED), DEV_STEP_MS);
	return check_that(dev->chk, r > 0,
			  "recovery: frontend Closed, but backend is in state %d after %u ms",
			  dev_backend_state(dev), DEV_STEP_MS) &&
	       dev_reopen(dev);
}

static void make_area(struct vbd *vbd, struct blk *blk)
{
	u64 first = vbd->args->area_first, nr;

	if (first >= blk->info.sectors)
		util_lab_error("the disk has only %llu sectors",
			       (unsigned long long)blk->info.sectors);
	nr = min(blk->info.sectors - first, vbd->args->area_sectors);
	nr -= nr % (blk->info.sector_size / SECTOR_BYTES);
	blkio_area_init(&vbd->area, first, nr, vbd->args->seed);
	vbd->has_area = true;
}

bool vbd_connect(struct vbd *vbd, struct blk *blk, const struct blk_opts *opts)
{
	if (!blk_connect(blk, &vbd->dev, opts))
		return false;
	if (!vbd->has_area)
		make_area(vbd, blk);
	return true;
}

bool vbd_prove_alive(struct vbd *vbd)
{
	struct blk_opts opts = BLK_OPTS_DEFAULT;
	struct blk *blk = util_alloc(sizeof(*blk));
	struct blkio io;
	u64 nr;
	bool ok;

	ok = vbd_connect(vbd, blk, &opts);
	if (ok) {
		blkio_init(&io, blk, &vbd->area, BLK_SEGS);
		nr = min(vbd->area.nr, (u64)64);
		ok = (vbd_readonly(vbd) ||
		      blkio_do(&io, &blk->queue[0], BLK_WRITE, 0, nr, BLKIO_PACKED, false)) &&
		     blkio_do(&io, &blk->queue[0], BLK_READ, 0, nr, BLKIO_PACKED, false);
		blkio_fini(&io);
		ok = blk_disconnect(blk) && ok;
	} else {
		blk_release(blk);
	}
	free(blk);
	/* Also after a failure: the next row starts from the same place. */
	return dev_reopen(&vbd->dev) && ok;
}
