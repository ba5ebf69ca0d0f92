// SPDX-License-Identifier: GPL-2.0
/* The block device behind a vbd: which one, how to open it, what it can do. */
#include <linux/cdrom.h>

#include "blkback.h"

/* Reads our own directory, which only the toolstack and its scripts write. */
static int read_devnum(struct blkback_vbd *vbd, dev_t *devt)
{
	u32 major, minor;
	char *text;
	int err = xenbe_store_read_text(vbd->dev->nodename, "physical-device", &text);

	if (err == -EINVAL)
		xenbe_error(&vbd->errors, vbd->dev, err, "physical-device is no text");
	if (err)
		return xenbe_store_answered(err) ? err : -EAGAIN;
	if (!wire_store_parse_devnum(text, &major, &minor)) {
		xenbe_error(&vbd->errors, vbd->dev, -EINVAL,
			    "physical-device is \"%.20s\": must be major:minor in hexadecimal", text);
		err = -EINVAL;
	} else {
		*devt = MKDEV(major, minor);
	}
	kfree(text);
	return err;
}

static int read_mode(struct blkback_vbd *vbd)
{
	char *text;
	int err = xenbe_store_read_text(vbd->dev->nodename, "mode", &text);

	if (!xenbe_store_answered(err))
		return -EAGAIN;
	if (err) {
		xenbe_error(&vbd->errors, vbd->dev, err, "mode is missing: must be r or w");
		return -EINVAL;
	}
	if (!wire_store_parse_disk_mode(text, &vbd->readonly)) {
		xenbe_error(&vbd->errors, vbd->dev, -EINVAL, "mode is \"%.20s\": must be r or w", text);
		err = -EINVAL;
	}
	kfree(text);
	return err;
}

static bool is_cdrom(struct blkback_vbd *vbd)
{
	bool cdrom = disk_to_cdi(vbd->bdev->bd_disk);
	char *text;

	if (!xenbe_store_read_text(vbd->dev->nodename, "device-type", &text)) {
		cdrom |= !strcmp(text, "cdrom");
		kfree(text);
	}
	return cdrom;
}

static void read_features(struct blkback_vbd *vbd)
{
	struct block_device *bdev = vbd->bdev;
	bool discard = true;

	vbd->limits = (struct wire_blk_limits) {
		.capacity = bdev_nr_sectors(bdev),
		.logical_block = bdev_logical_block_size(bdev),
		.max_indirect_segs = WIRE_BLK_MAX_SEGS,
		.readonly = vbd->readonly,
		.flush = bdev_write_cache(bdev),
		.barrier = bdev_write_cache(bdev),
	};

	(void)xenbe_store_read_bool(vbd->dev->nodename, "discard-enable", &discard);
	if (discard && !vbd->readonly && bdev_max_discard_sectors(bdev)) {
		vbd->limits.discard = true;
		vbd->limits.secure_discard = bdev_max_secure_erase_sectors(bdev);
	}

	vbd->info = vbd->readonly ? BLKBACK_INFO_READONLY : 0;
	if (is_cdrom(vbd))
		vbd->info |= BLKBACK_INFO_CDROM;
	if (bdev->bd_disk->flags & GENHD_FL_REMOVABLE)
		vbd->info |= BLKBACK_INFO_REMOVABLE;
}

int blkback_disk_open(struct blkback_vbd *vbd)
{
	struct file *file;
	dev_t devt;
	int err;

	lockdep_assert_held(&vbd->lock);
	if (vbd->file)
		return 0;
	err = read_devnum(vbd, &devt);
	if (!err)
		err = read_mode(vbd);
	if (err)
		return err;

	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ | (vbd->readonly ? 0 : BLK_OPEN_WRITE),
				     NULL, NULL);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		xenbe_error(&vbd->errors, vbd->dev, err, "cannot open block device %x:%x for %s",
			    MAJOR(devt), MINOR(devt), vbd->readonly ? "reading" : "writing");
		return err == -ENOENT ? -ENXIO : err;
	}
	if (!vbd->readonly && bdev_read_only(file_bdev(file))) {
		xenbe_error(&vbd->errors, vbd->dev, -EROFS,
			    "block device %x:%x is read-only, but mode is w: attach it with mode r",
			    MAJOR(devt), MINOR(devt));
		bdev_fput(file);
		return -EROFS;
	}

	vbd->file = file;
	vbd->bdev = file_bdev(file);
	vbd->devt = devt;
	read_features(vbd);
	return 0;
}

void blkback_disk_close(struct blkback_vbd *vbd)
{
	if (vbd->file)
		bdev_fput(vbd->file);
	vbd->file = NULL;
	vbd->bdev = NULL;
}
