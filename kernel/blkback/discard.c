// SPDX-License-Identifier: GPL-2.0
/*
 * Discards run in a work of their own, one after the other for each disk: a
 * disk may take minutes over one, and no read is to wait for that.
 */
#include "blkback.h"

static struct blkback_req *next_discard(struct blkback_vbd *vbd)
{
	struct blkback_req *req;

	spin_lock(&vbd->discards_lock);
	req = list_first_entry_or_null(&vbd->discards, struct blkback_req, list);
	if (req)
		list_del_init(&req->list);
	spin_unlock(&vbd->discards_lock);
	return req;
}

static void on_discard_work(struct work_struct *work)
{
	struct blkback_vbd *vbd = container_of(work, struct blkback_vbd, discard_work);
	struct blkback_req *req;

	while ((req = next_discard(vbd))) {
		if (req->secure)
			req->err = blkdev_issue_secure_erase(vbd->bdev, req->sector,
							     req->nr_sectors, GFP_NOIO);
		else
			req->err = blkdev_issue_discard(vbd->bdev, req->sector,
							req->nr_sectors, GFP_NOIO);
		blkback_req_done(req);
	}
}

void blkback_discard_init(struct blkback_vbd *vbd)
{
	spin_lock_init(&vbd->discards_lock);
	INIT_LIST_HEAD(&vbd->discards);
	INIT_WORK(&vbd->discard_work, on_discard_work);
}

void blkback_discard_submit(struct blkback_req *req)
{
	struct blkback_vbd *vbd = req->queue->vbd;

	spin_lock(&vbd->discards_lock);
	list_add_tail(&req->list, &vbd->discards);
	spin_unlock(&vbd->discards_lock);
	queue_work(blkback_wq, &vbd->discard_work);
}
