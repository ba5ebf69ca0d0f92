// SPDX-License-Identifier: GPL-2.0
/* The block device behind a vbd: which one, how to open it, what it can do. */
#include <linux/cdrom.h>
#include <linux/slab.h>

#include "blkback.h"

/*
 * Who has claimed disks for writing: a virtual machine, whichever domain it is
 * now. While it moves between two domains of one host both have its disks.
 */
struct blkback_owner {
	struct list_head list;
	unsigned int users;
	char vm[];
};

static DEFINE_MUTEX(owners_lock);
static LIST_HEAD(owners);

static struct blkback_owner *owner_get(const char *vm)
{
	size_t len = strlen(vm) + 1;
	struct blkback_owner *o;

	mutex_lock(&owners_lock);
	list_for_each_entry(o, &owners, list)
		if (!strcmp(o->vm, vm))
			goto found;
	o = kzalloc(struct_size(o, vm, len), GFP_KERNEL);
	if (o) {
		memcpy(o->vm, vm, len);
		list_add(&o->list, &owners);
found:
		o->users++;
	}
	mutex_unlock(&owners_lock);
	return o;
}

static void owner_put(struct blkback_owner *o)
{
	mutex_lock(&owners_lock);
	if (o && !--o->users) {
		list_del(&o->list);
		kfree(o);
	}
	mutex_unlock(&owners_lock);
}

/* The claim of this device's machine. */
static int find_owner(struct blkback_vbd *vbd, struct blkback_owner **owner)
{
	char dir[32], *vm = NULL;
	int err;

	snprintf(dir, sizeof(dir), "/local/domain/%u", vbd->dev->otherend_id);
	/* Only the toolstack can write this node. Domain 0 has none. */
	err = xenbe_store_read_text(dir, "vm", &vm);
	if (!xenbe_store_answered(err))
		return -EAGAIN;
	*owner = owner_get(vm ?: dir);
	kfree(vm);
	return *owner ? 0 : -EAGAIN;
}

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

static int read_mode(struct blkback_vbd *vbd, bool *shared)
{
	char *text;
	int err = xenbe_store_read_text(vbd->dev->nodename, "mode", &text);

	if (!xenbe_store_answered(err))
		return -EAGAIN;
	if (err) {
		xenbe_error(&vbd->errors, vbd->dev, err, "mode is missing: must be r or w");
		return -EINVAL;
	}
	if (!wire_store_parse_disk_mode(text, &vbd->readonly, shared)) {
		xenbe_error(&vbd->errors, vbd->dev, -EINVAL, "mode is \"%.20s\": must be r or w", text);
		err = -EINVAL;
	}
	kfree(text);
	return err;
}

static int read_cdrom(struct blkback_vbd *vbd, struct block_device *bdev, bool *cdrom)
{
	char *text;
	int err = xenbe_store_read_text(vbd->dev->nodename, "device-type", &text);

	*cdrom = disk_to_cdi(bdev->bd_disk);
	if (!err) {
		*cdrom |= !strcmp(text, "cdrom");
		kfree(text);
	}
	return xenbe_store_answered(err) ? 0 : -EAGAIN;
}

static int read_features(struct blkback_vbd *vbd, struct block_device *bdev)
{
	bool discard = true, cdrom;
	int err;

	err = read_cdrom(vbd, bdev, &cdrom);
	if (err)
		return err;
	err = xenbe_store_read_bool(vbd->dev->nodename, "discard-enable", &discard);
	if (!xenbe_store_answered(err))
		return -EAGAIN;

	vbd->limits = (struct wire_blk_limits) {
		.capacity = bdev_nr_sectors(bdev),
		.logical_block = bdev_logical_block_size(bdev),
		.max_indirect_segs = WIRE_BLK_MAX_SEGS,
		.readonly = vbd->readonly,
		.flush = bdev_write_cache(bdev),
		.barrier = bdev_write_cache(bdev),
	};

	if (discard && !vbd->readonly && bdev_max_discard_sectors(bdev)) {
		vbd->limits.discard = true;
		vbd->limits.secure_discard = bdev_max_secure_erase_sectors(bdev);
	}

	vbd->info = vbd->readonly ? BLKBACK_INFO_READONLY : 0;
	if (cdrom)
		vbd->info |= BLKBACK_INFO_CDROM;
	if (bdev->bd_disk->flags & GENHD_FL_REMOVABLE)
		vbd->info |= BLKBACK_INFO_REMOVABLE;
	return 0;
}

/* Whether the opened device is one that can be served as the toolstack wants it. */
static int check_disk(struct blkback_vbd *vbd, struct block_device *bdev)
{
	dev_t devt = bdev->bd_dev;
	u64 diskseq;
	int err;

	/*
	 * A device number can be another disk's by now; its sequence number
	 * cannot. It is there if the script that chose the disk wrote it.
	 */
	err = xenbe_store_read_u64(vbd->dev->nodename, "diskseq", U64_MAX, &diskseq);
	if (!xenbe_store_answered(err))
		return -EAGAIN;
	if (err && err != -ENOENT) {
		xenbe_error(&vbd->errors, vbd->dev, err, "diskseq is unreadable: must be a number");
		return err;
	}
	if (!err && diskseq != bdev->bd_disk->diskseq) {
		xenbe_error(&vbd->errors, vbd->dev, -ESTALE,
			    "block device %x:%x is not the disk that was chosen: its diskseq is %llu, must be %llu",
			    MAJOR(devt), MINOR(devt), bdev->bd_disk->diskseq, diskseq);
		return -ESTALE;
	}
	if (!vbd->readonly && bdev_read_only(bdev)) {
		xenbe_error(&vbd->errors, vbd->dev, -EROFS,
			    "block device %x:%x is read-only, but mode is w: attach it with mode r",
			    MAJOR(devt), MINOR(devt));
		return -EROFS;
	}
	return 0;
}

static void say_not_opened(struct blkback_vbd *vbd, dev_t devt, int err)
{
	if (err == -EBUSY)
		xenbe_error(&vbd->errors, vbd->dev, err,
			    "block device %x:%x is in use by dom0 or another guest, and mode w needs it alone",
			    MAJOR(devt), MINOR(devt));
	else
		xenbe_error(&vbd->errors, vbd->dev, err, "cannot open block device %x:%x for %s",
			    MAJOR(devt), MINOR(devt), vbd->readonly ? "reading" : "writing");
}

int blkback_disk_open(struct blkback_vbd *vbd)
{
	struct blkback_owner *owner = NULL;
	bool shared = false;
	struct file *file;
	dev_t devt;
	int err;

	lockdep_assert_held(&vbd->lock);
	if (vbd->file)
		return 0;
	err = read_devnum(vbd, &devt);
	if (!err)
		err = read_mode(vbd, &shared);
	if (err)
		return err;
	if (!vbd->readonly && !shared && blkback_exclusive()) {
		err = find_owner(vbd, &owner);
		if (err)
			return err;
	}

	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ | (vbd->readonly ? 0 : BLK_OPEN_WRITE),
				     owner, NULL);
	if (IS_ERR(file)) {
		owner_put(owner);
		err = PTR_ERR(file);
		say_not_opened(vbd, devt, err);
		return err == -ENOENT ? -ENXIO : err;
	}
	err = check_disk(vbd, file_bdev(file));
	if (!err)
		err = read_features(vbd, file_bdev(file));
	if (err) {
		bdev_fput(file);
		owner_put(owner);
		return err;
	}

	vbd->file = file;
	vbd->owner = owner;
	vbd->bdev = file_bdev(file);
	vbd->devt = devt;
	return 0;
}

void blkback_disk_close(struct blkback_vbd *vbd)
{
	if (!vbd->file)
		return;
	bdev_fput(vbd->file);
	owner_put(vbd->owner);
	vbd->owner = NULL;
	vbd->file = NULL;
	vbd->bdev = NULL;
}
