// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that grows or shrinks under its guest. The kernel tells nobody, so it
 * is looked at: by each pass of a queue, and for an idle disk by a work whose
 * timer waits until the processor is awake anyway.
 */
#include "blkback.h"

#define LOOK_INTERVAL	(2 * HZ)

/*
 * The size the frontend does not know yet, or 0. A disk that was pulled out has
 * none left: its guest gets errors, not an empty disk.
 */
static u64 new_size(const struct blkback_vbd *vbd)
{
	u64 now = bdev_nr_sectors(vbd->bdev);

	return now != READ_ONCE(vbd->limits.capacity) ? now : 0;
}

bool blkback_size_changed(const struct blkback_vbd *vbd)
{
	return new_size(vbd);
}

static void on_size_work(struct work_struct *work)
{
	struct blkback_vbd *vbd = container_of(work, struct blkback_vbd, size_work.work);

	if (blkback_size_changed(vbd))
		blkback_vbd_kick(vbd);
	queue_delayed_work(blkback_wq, &vbd->size_work, LOOK_INTERVAL);
}

void blkback_size_init(struct blkback_vbd *vbd)
{
	INIT_DEFERRABLE_WORK(&vbd->size_work, on_size_work);
}

void blkback_size_watch(struct blkback_vbd *vbd)
{
	queue_delayed_work(blkback_wq, &vbd->size_work, LOOK_INTERVAL);
}

void blkback_size_unwatch(struct blkback_vbd *vbd)
{
	cancel_delayed_work_sync(&vbd->size_work);
}

void blkback_size_update(struct blkback_vbd *vbd)
{
	u64 before = vbd->limits.capacity, now = new_size(vbd);

	lockdep_assert_held(&vbd->lock);
	if (!now)
		return;
	WRITE_ONCE(vbd->limits.capacity, now);
	dev_info(&vbd->dev->dev, "the disk has %llu sectors now, it had %llu\n", now, before);
	(void)blkback_publish_size(vbd);	/* on failure it has been said */
}
