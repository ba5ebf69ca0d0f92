// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One step of a virtual disk: find the disk, see who else has it, say which it
 * is. All of that is done at once, but for a disk on another machine (vbd_target.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <uuid/uuid.h>

#include "../../wire/store.h"
#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "hotplugd.h"
#include "target.h"

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ	_IOR(0x12, 128, uint64_t)
#endif

/* ---- who has which disk ---------------------------------------------------------------------------- */

/*
 * What a loop device stands for: its file. Two loop devices of one file are one
 * disk. The kernel names the file by its path.
 */
static void see_through_loop(struct disk_id *disk)
{
	char path[64], file[PATH_MAX];
	_fclose_ FILE *f = NULL;
	struct stat st;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/loop/backing_file", major(disk->device),
		 minor(disk->device));
	f = fopen(path, "re");
	if (!f || !fgets(file, sizeof(file), f))
		return;
	file[strcspn(file, "\n")] = '\0';
	if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
		*disk = (struct disk_id){ .device = st.st_dev, .inode = st.st_ino };
}

/* A disk on another machine is what it is called, whichever devices stand for it here. */
static struct disk_id target_id(const struct target *target)
{
	static const uuid_t space = { 0 };
	struct disk_id disk = { 0 };
	char line[TARGET_LINE_MAX];

	target_line(target, line);
	uuid_generate_sha1(disk.target, space, line, strlen(line));
	return disk;
}

/* True if it is on another machine: then it is that. */
static bool see_target(struct device *device, struct disk_id *disk)
{
	_free_ char *script = device_read(device, "script"), *params = NULL;
	struct target target;
	enum target_kind kind;
	struct why why;

	if (!script || !target_from_script(script, &kind))
		return false;
	params = device_read(device, "params");
	if (!params || target_parse(kind, params, &target, &why) < 0)
		return false;
	*disk = target_id(&target);
	return true;
}

int vbd_index(struct hotplug *hotplug, unsigned int domid, unsigned int devid)
{
	struct device device = { .hotplug = hotplug };
	struct share share = { .domid = domid, .devid = devid };
	_free_ char *number = NULL, *mode = NULL;
	const struct device *known;
	char owner[40];
	u32 major, minor;

	/* While it is being connected, it is kept for its domain. */
	snprintf(owner, sizeof(owner), "vbd/%u/%u", domid, devid);
	known = device_find(hotplug, owner);
	if (known && known->job && known->wanted)
		return 0;
	snprintf(device.path, sizeof(device.path), "backend/vbd/%u/%u", domid, devid);
	number = device_read(&device, "physical-device");
	mode = number ? device_read(&device, "mode") : NULL;
	if (device.unread)
		return device.unread;
	if (!mode || !wire_store_parse_devnum(number, &major, &minor) ||
	    !wire_store_parse_disk_mode(mode, &share.readonly, &share.shareable)) {
		shares_forget(&hotplug->shares, domid, devid);
		return 0;
	}
	share.disk.device = makedev(major, minor);
	if (!see_target(&device, &share.disk))
		see_through_loop(&share.disk);
	if (device.unread)
		return device.unread;
	store_machine(hotplug->store, domid, share.vm_uuid);
	return shares_set(&hotplug->shares, &share);
}

/* ---- finding the disk ------------------------------------------------------------------------------ */

struct vbd_keys {
	char *params, *mode, *physical, *script;
	char *device_type;	/* read only if there are no params */
};

static void free_keys(struct vbd_keys *keys)
{
	free(keys->params);
	free(keys->mode);
	free(keys->device_type);
	free(keys->physical);
	free(keys->script);
}

/* A disk that has been opened, and what we know of it. */
struct disk {
	int fd;
	struct stat st;
	char path[PATH_MAX];	/* as it was asked for */
	struct share share;
};

/* `params` may be "phy:PATH" or "file:PATH", and a path below /dev may stand without it. */
static int disk_path(const char *params, char path[PATH_MAX], struct why *why)
{
	const char *rest = params;

	if (!strncmp(rest, "phy:", 4))
		rest += 4;
	else if (!strncmp(rest, "file:", 5))
		rest += 5;
	if (snprintf(path, PATH_MAX, "%s%s", rest[0] == '/' ? "" : "/dev/", rest) >= PATH_MAX)
		return why_key(why, "params", params, "shorter than %d characters", PATH_MAX);
	return parse_disk_path(path, why);
}

/*
 * What cannot be written to is not given out to be written to. A block device stays
 * open for reading only: at the end of one that was open for writing, udev looks at it
 * anew. A file has to be open for what its loop device is to do.
 */
static int open_for_writing(struct disk *disk, const char *params, struct why *why)
{
	char link[64];
	int readonly = 0, fd;

	if (S_ISBLK(disk->st.st_mode)) {
		if (ioctl(disk->fd, BLKROGET, &readonly) < 0)
			return -errno;
		return readonly ? why_key(why, "mode", "w", "'r', for '%s' is read-only", params) : 0;
	}
	/* The file that is open, whatever its name stands for by now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", disk->fd);
	fd = open(link, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return why_key(why, "params", params, "a file that can be written to: %s", strerror(errno));
	close(disk->fd);
	disk->fd = fd;
	return 0;
}

/*
 * Opens it, and only then looks where it is: what is judged is what is given
 * out, whatever happens to the names meanwhile.
 */
static int open_disk(struct device *device, const struct vbd_keys *keys, struct disk *disk,
		     struct why *why)
{
	const char *directories = device->hotplug->config.directories;
	char link[64], real[PATH_MAX];
	ssize_t len;
	int r = disk_path(keys->params, disk->path, why);

	if (r < 0)
		return r;
	disk->fd = open(disk->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (disk->fd < 0)
		return why_key(why, "params", keys->params, "a disk that can be opened: %s", strerror(errno));
	if (fstat(disk->fd, &disk->st) < 0)
		return -errno;
	if (!S_ISBLK(disk->st.st_mode) && !S_ISREG(disk->st.st_mode))
		return why_key(why, "params", keys->params, "a block device or a file");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", disk->fd);
	len = readlink(link, real, sizeof(real) - 1);
	if (len < 0)
		return -errno;
	real[len] = '\0';
	if (!path_allowed(real, directories) || !path_allowed(disk->path, directories))
		return why_key(why, "params", keys->params, "below one of the directories that the option "
			       "`directories` in xen-hotplugd.conf allows");
	if (S_ISBLK(disk->st.st_mode)) {
		disk->share.disk = (struct disk_id){ .device = disk->st.st_rdev };
		see_through_loop(&disk->share.disk);
	} else {
		disk->share.disk = (struct disk_id){ .device = disk->st.st_dev,
						    .inode = disk->st.st_ino };
	}
	return disk->share.readonly ? 0 : open_for_writing(disk, keys->params, why);
}

/* ---- who may have it ------------------------------------------------------------------------------- */

/* True if a file system on this device is mounted so that it can be written to. */
static bool is_mounted_writable(dev_t device)
{
	_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) >= 0) {
		unsigned int hi, lo;
		const char *super = strstr(line, " - ");
		const char *options = super ? strrchr(super, ' ') : NULL;

		found = sscanf(line, "%*d %*d %u:%u", &hi, &lo) == 2 && makedev(hi, lo) == device &&
			options && !strncmp(options + 1, "rw", 2);
	}
	free(line);
	return found;
}

/* What dom0 itself does with a block device: a file system, swap, a volume group, an array. */
static int judge_dom0(const struct disk *disk, struct why *why)
{
	int fd;

	if (!S_ISBLK(disk->st.st_mode) || disk->share.shareable)
		return 0;
	if (disk->share.readonly)
		return is_mounted_writable(disk->st.st_rdev) ?
			why_key(why, "params", disk->path, "a disk that is not mounted here to be written to") : 0;
	fd = open(disk->path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == EBUSY)
		return why_key(why, "params", disk->path, "a disk that is not in use here: it is mounted, or "
			       "part of another device; mode w! would give it out all the same");
	if (fd >= 0)
		close(fd);
	return 0;
}

static int judge(struct device *device, const struct disk *disk, struct why *why)
{
	const struct shares *shares = &device->hotplug->shares;
	int r = shares_judge(shares, &disk->share, why);

	if (r < 0)
		return r;
	/* The driver holds a disk that others have; that is no reason. */
	if (shares_has(shares, &disk->share.disk, device->domid, device->devid))
		return 0;
	return judge_dom0(disk, why);
}

/* ---- giving it out --------------------------------------------------------------------------------- */

static int publish(struct device *device, const char *by, dev_t number, const char *path,
		   const char *node, int fd)
{
	char text[32], seq_text[32];
	uint64_t seq;
	const bool has_seq = number && ioctl(fd, BLKGETDISKSEQ, &seq) == 0;
	/* A disk that has none (an empty drive) only gets its status. */
	const struct store_change changes[] = {
		{ "hotplug-by", by },
		{ "hotplug-error", NULL },
		{ "hotplug-status", "connected" },
		{ "node", node },
		{ "physical-device-path", path },
		{ "diskseq", has_seq ? seq_text : NULL },
		{ "physical-device", text },
	};

	snprintf(text, sizeof(text), "%x:%x", major(number), minor(number));
	snprintf(seq_text, sizeof(seq_text), "%llu", has_seq ? (unsigned long long)seq : 0);
	return device_change(device, changes, number ? ARRAY_SIZE(changes) : 3);
}

/* A loop device of ours for this very disk is what is left of an attempt that was cut off. */
static void on_left_loop(const char *path, const char *owner, void *userdata)
{
	if (!strcmp(owner, userdata))
		(void)loop_detach(path, owner);
}

static int give_file(struct device *device, struct disk *disk, struct why *why)
{
	struct loop loop = { .fd = -1 };
	struct stat st;
	int r;

	if (!disk->share.readonly && !(disk->st.st_mode & 0222))
		return why_key(why, "params", disk->path, "a file that may be written to, or mode 'r'");
	loop_each(on_left_loop, device->owner);
	r = loop_attach(disk->fd, disk->share.readonly, device->hotplug->config.sectors,
			device->owner, &loop);
	if (r < 0)
		return why_say(why, "params='%.120s': there is no loop device for it: %s", disk->path,
			       strerror(-r));
	if (!loop.direct)
		device_log(device, LOG_NOTICE, "plug", 0, "%s goes through the page cache: its file system "
			   "has no direct I/O with sectors of %u bytes", disk->path, loop.sector_size);
	r = fstat(loop.fd, &st) < 0 ? -errno :
		publish(device, "block", st.st_rdev, loop.path, loop.path, loop.fd);
	if (r < 0)
		(void)loop_detach(loop.path, device->owner);
	close(loop.fd);
	return r;
}

static int give(struct device *device, struct disk *disk, struct why *why)
{
	int r;

	if (device->hotplug->dry_run) {
		device_log(device, LOG_NOTICE, NULL, 0, "would give out %s", disk->path);
		return 0;
	}
	if (S_ISREG(disk->st.st_mode))
		r = give_file(device, disk, why);
	else
		r = publish(device, "block", disk->st.st_rdev, disk->path, NULL, disk->fd);
	if (r >= 0)
		r = shares_set(&device->hotplug->shares, &disk->share);
	return r;
}

/* A disk on another machine: connected, and then given out as any block device. */
static int plug_target(struct device *device, const struct vbd_keys *keys, enum target_kind kind,
		       struct share *share, struct why *why)
{
	struct shares *shares = &device->hotplug->shares;
	_close_ int fd = -1;
	struct target target;
	char node[64];
	struct stat st;
	int r = target_parse(kind, keys->params, &target, why);

	if (r < 0)
		return r;
	share->disk = target_id(&target);
	r = shares_judge(shares, share, why);
	if (r < 0)
		return r;
	if (device->hotplug->dry_run) {
		device_log(device, LOG_NOTICE, NULL, 0, "would connect %s", keys->params);
		return 0;
	}
	/* Nobody else gets it while it is on its way. */
	r = shares_set(shares, share);
	if (r >= 0)
		r = target_connect(device, &target, keys->params, share->readonly, node, &fd, why);
	if (!r)
		return -EINPROGRESS;
	if (r > 0)
		r = fstat(fd, &st) < 0 ? -errno :
			publish(device, target_script(kind), st.st_rdev, node, node, fd);
	if (r < 0)
		shares_forget(shares, device->domid, device->devid);
	return r;
}

/* ---- steps ----------------------------------------------------------------------------------------- */

static int read_keys(struct device *device, struct vbd_keys *keys, struct why *why)
{
	keys->params = device_read(device, "params");
	keys->mode = device_read(device, "mode");
	if (keys->params && !*keys->params)
		keys->device_type = device_read(device, "device-type");
	keys->physical = device_read(device, "physical-device");
	keys->script = device_read(device, "script");
	if (device_unread(device, why) < 0)
		return -EIO;
	if (!keys->params)
		return why_say(why, "params: missing; must be the path of the disk");
	return 0;
}

static int plug(struct device *device, const struct vbd_keys *keys, struct why *why)
{
	struct disk disk = { .fd = -1 };
	enum target_kind kind;
	int r;

	disk.share.domid = device->domid;
	disk.share.devid = device->devid;
	if (!keys->mode || !wire_store_parse_disk_mode(keys->mode, &disk.share.readonly,
						       &disk.share.shareable))
		return why_key(why, "mode", keys->mode ? keys->mode : "", "'r', 'w' or 'w!'");
	if (!*keys->params) {
		/* An empty drive. */
		if (!keys->device_type || strcmp(keys->device_type, "cdrom"))
			return why_key(why, "params", "", "the path of the disk; only a cdrom may be empty");
		return publish(device, "block", 0, NULL, NULL, -1);
	}
	/* Given out already; another time would be another loop device for the same disk. */
	if (keys->physical)
		return 0;
	store_machine(device->hotplug->store, device->domid, disk.share.vm_uuid);
	if (keys->script && target_from_script(keys->script, &kind))
		return plug_target(device, keys, kind, &disk.share, why);
	r = open_disk(device, keys, &disk, why);
	if (r >= 0)
		r = judge(device, &disk, why);
	if (r >= 0)
		r = give(device, &disk, why);
	if (disk.fd >= 0)
		close(disk.fd);
	return r;
}

static void step_plug(struct device *device)
{
	struct vbd_keys keys = { 0 };
	struct why why = { "" };
	int r = read_keys(device, &keys, &why);

	if (r >= 0)
		r = plug(device, &keys, &why);
	free_keys(&keys);
	if (r >= 0) {
		device_done(device);
		return;
	}
	if (r == -EINPROGRESS) {
		device_wait(device, "the disk is being connected");
		return;
	}
	if (!why.text[0])
		why_say(&why, "cannot give out the disk: %s", strerror(-r));
	device_fail(device, why.text);
}

static void step_unplug(struct device *device)
{
	const struct store_change changes[] = {
		{ "hotplug-by", NULL },
		{ "hotplug-status", "" },
		{ "node", NULL },
		/* What we have not given out is not ours to take back. */
		{ "physical-device", NULL }, { "physical-device-path", NULL }, { "diskseq", NULL },
	};
	_free_ char *node = device_read(device, "node");
	_free_ char *by = device_read(device, "hotplug-by");
	struct why why = { "" };
	int r = device_unread(device, &why);

	if (r >= 0)
		r = device->hotplug->dry_run ? 1 : target_disconnect(device, &why);
	if (!r) {
		device_wait(device, "the disk is being disconnected");
		return;
	}
	if (r < 0) {
		device_fail(device, why.text[0] ? why.text : strerror(-r));
		return;
	}
	if (node)
		(void)loop_detach(node, device->owner);
	r = device_change(device, changes, by ? ARRAY_SIZE(changes) : ARRAY_SIZE(changes) - 3);
	if (r < 0 && r != -ENOENT) {
		why_say(&why, "cannot write to xenstore: %s", strerror(-r));
		device_fail(device, why.text);
		return;
	}
	shares_forget(&device->hotplug->shares, device->domid, device->devid);
	device_done(device);
}

void vbd_abandon(struct device *device)
{
	if (!device->job)
		return;
	target_stop(device);
	shares_forget(&device->hotplug->shares, device->domid, device->devid);
}

void vbd_step(struct device *device)
{
	if (device->wanted)
		step_plug(device);
	else
		step_unplug(device);
}
