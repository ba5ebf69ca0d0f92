// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vbd.h"

static struct share *find(const struct shares *shares, unsigned int domid, unsigned int devid)
{
	for (size_t i = 0; i < shares->n; i++) {
		if (shares->shares[i].domid == domid && shares->shares[i].devid == devid)
			return &shares->shares[i];
	}
	return NULL;
}

int shares_set(struct shares *shares, const struct share *share)
{
	struct share *at = find(shares, share->domid, share->devid);

	if (!at && shares->n == shares->room) {
		const size_t room = shares->room ? 2 * shares->room : 16;
		struct share *more = reallocarray(shares->shares, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		shares->shares = more;
		shares->room = room;
	}
	if (!at)
		at = &shares->shares[shares->n++];
	*at = *share;
	return 0;
}

void shares_forget(struct shares *shares, unsigned int domid, unsigned int devid)
{
	struct share *at = find(shares, domid, devid);

	if (at)
		*at = shares->shares[--shares->n];
}

void shares_fini(struct shares *shares)
{
	free(shares->shares);
	*shares = (struct shares){ 0 };
}

static bool same_disk(const struct disk_id *a, const struct disk_id *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       !memcmp(a->target, b->target, sizeof(a->target));
}

static bool same_machine(const struct share *a, const struct share *b)
{
	return a->vm_uuid[0] && !strcmp(a->vm_uuid, b->vm_uuid);
}

static bool may_share(const struct share *a, const struct share *b)
{
	return (a->readonly || a->shareable) && (b->readonly || b->shareable);
}

static const char *mode_name(const struct share *share)
{
	return share->readonly ? "r" : share->shareable ? "w!" : "w";
}

int shares_judge(const struct shares *shares, const struct share *share, struct why *why)
{
	for (size_t i = 0; i < shares->n; i++) {
		const struct share *other = &shares->shares[i];

		if ((other->domid == share->domid && other->devid == share->devid) ||
		    !same_disk(&other->disk, &share->disk) || same_machine(other, share) ||
		    may_share(other, share))
			continue;
		why_say(why, "mode='%s': domain %u has this disk as device %u with mode %s already; only "
			"readers, or mode w! on both sides, can share it", mode_name(share), other->domid,
			other->devid, mode_name(other));
		return -EBUSY;
	}
	return 0;
}

bool shares_has(const struct shares *shares, const struct disk_id *disk, unsigned int domid,
		unsigned int devid)
{
	for (size_t i = 0; i < shares->n; i++) {
		const struct share *other = &shares->shares[i];

		if ((other->domid != domid || other->devid != devid) &&
		    same_disk(&other->disk, disk))
			return true;
	}
	return false;
}
