// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../lib/cleanup.h"
#include "../lib/str.h"
#include "vbd.h"

#define TAG		"xen-hotplugd:"
#define TRIES		64	/* others may take the device that was free a moment ago */

#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN	0x2000U
#endif

/* A partition table for large sectors has its header one such sector from the start. */
static bool has_large_sectors(const uint8_t *head, size_t len)
{
	return len >= 4096 + 8 && !memcmp(head + 4096, "EFI PART", 8) &&
	       memcmp(head + 512, "EFI PART", 8);
}

uint32_t loop_sector_size(enum loop_sectors sectors, uint32_t align, const uint8_t *head,
			  size_t len)
{
	if (sectors == LOOP_SECTORS_512)
		return 512;
	if (sectors == LOOP_SECTORS_4096)
		return 4096;
	/*
	 * Images are made for 512 bytes unless they show otherwise. On a file system with larger
	 * blocks that costs direct I/O; the contrary would cost the guest its partitions.
	 */
	return align > 512 && has_large_sectors(head, len) ? 4096 : 512;
}

/* The alignment that direct I/O on this file needs; 0: none, or the file system does not say. */
static uint32_t direct_align(int fd)
{
	struct {
		struct statx stx;
		char more[256];		/* whatever a newer kernel fills in */
	} buf = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &buf.stx) < 0 ||
	    !(buf.stx.stx_mask & STATX_DIOALIGN))
		return 0;
	return buf.stx.stx_dio_offset_align;
}

static int configure(int loop, int file, bool readonly, uint32_t sector_size, bool direct,
		     const char *owner)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		.block_size = sector_size,
		.info.lo_flags = (readonly ? LO_FLAGS_READ_ONLY : 0u) |
			(direct ? LO_FLAGS_DIRECT_IO : 0u),
	};

	/* Shown by losetup where the file's name was cut off; to us it says whose the device is. */
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, TAG "%s", owner);
	return ioctl(loop, LOOP_CONFIGURE, &config) < 0 ? -errno : 0;
}

static int get_status(int loop, struct loop_info64 *info)
{
	return ioctl(loop, LOOP_GET_STATUS64, info) < 0 ? -errno : 0;
}

int loop_attach(int file, bool readonly, enum loop_sectors sectors, const char *owner,
		struct loop *ret_loop)
{
	_close_ int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	uint8_t head[4608] = { 0 };
	const ssize_t len = pread(file, head, sizeof(head), 0);
	const uint32_t align = direct_align(file);
	const uint32_t size = loop_sector_size(sectors, align, head, len > 0 ? (size_t)len : 0);
	int r = -EBUSY;

	if (control < 0)
		return -errno;
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		const int number = ioctl(control, LOOP_CTL_GET_FREE);
		struct loop loop = { .sector_size = size };
		struct loop_info64 info;
		_close_ int fd = -1;

		if (number < 0)
			return -errno;
		snprintf(loop.path, sizeof(loop.path), "/dev/loop%d", number);
		fd = open(loop.path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		r = configure(fd, file, readonly, size, align <= size, owner);
		if (r == -EINVAL)	/* no direct I/O on this file system */
			r = configure(fd, file, readonly, size, false, owner);
		if (r < 0)
			continue;
		loop.direct = get_status(fd, &info) == 0 && (info.lo_flags & LO_FLAGS_DIRECT_IO);
		loop.fd = TAKE_FD(fd);
		*ret_loop = loop;
	}
	return r;
}

/* The owner in a loop device's tag; false if it is not one of ours. */
static bool tag_owner(int fd, char *owner, size_t size)
{
	struct loop_info64 info;

	if (get_status(fd, &info) < 0)
		return false;
	info.lo_file_name[LO_NAME_SIZE - 1] = '\0';
	if (strncmp((const char *)info.lo_file_name, TAG, strlen(TAG)))
		return false;
	return str_copy(owner, size, (const char *)info.lo_file_name + strlen(TAG));
}

int loop_detach(const char *path, const char *owner)
{
	_close_ int fd = -1;
	char present[LO_NAME_SIZE];

	if (strncmp(path, "/dev/loop", 9))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (!tag_owner(fd, present, sizeof(present)) || strcmp(present, owner))
		return -ENOENT;
	/* While the driver still has it open, the kernel does it when that ends. */
	return ioctl(fd, LOOP_CLR_FD) < 0 ? -errno : 0;
}

void loop_each(void (*found)(const char *path, const char *owner, void *userdata), void *userdata)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[300], owner[LO_NAME_SIZE];
		_close_ int fd = -1;

		if (strncmp(entry->d_name, "loop", 4))
			continue;
		/*
		 * Without a file there is nothing behind it, and opening it would be for
		 * nothing.
		 */
		snprintf(path, sizeof(path), "/sys/block/%s/loop", entry->d_name);
		if (access(path, F_OK) < 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0 && tag_owner(fd, owner, sizeof(owner)))
			found(path, owner, userdata);
	}
	if (dir)
		closedir(dir);
}
