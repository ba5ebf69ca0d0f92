// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers: an ordering point over all queues of a disk. Everything taken
 * before it has been answered by the disk when it starts, nothing is taken
 * until it is done.
 *
 * The queue that meets a barrier at the head of its ring claims vbd->barrier.
 * Every other start of a request counts itself in queue->inflight first and
 * looks at vbd->barrier second; the claimant sets vbd->barrier first and looks
 * at the counts second. So one of the two always sees the other. Nobody
 * waits: a request that may not start stays on its ring, and the thread is
 * kicked when that may have changed.
 */
#include "blkback.h"

static bool disk_idle(struct blkback_vbd *vbd)
{
	unsigned int i;

	for (i = 0; i < vbd->nr_queues; i++)
		if (atomic_read(&vbd->queues[i].inflight))
			return false;
	return true;
}

bool blkback_order_enter(struct blkback_queue *q, bool barrier)
{
	struct blkback_vbd *vbd = q->vbd;
	struct blkback_queue *owner;

	if (barrier) {
		owner = cmpxchg(&vbd->barrier, NULL, q);	/* a full barrier: see above */
		if ((owner && owner != q) || !disk_idle(vbd))
			return false;
		atomic_inc(&q->inflight);
		return true;
	}

	atomic_inc(&q->inflight);
	smp_mb__after_atomic();	/* pairs with the cmpxchg() of a barrier */
	if (likely(!READ_ONCE(vbd->barrier)))
		return true;
	blkback_order_leave(q);
	return false;
}

void blkback_order_leave(struct blkback_queue *q)
{
	struct blkback_queue *owner;

	/* A full barrier, so a claimant either sees the 0 or is seen here. */
	if (!atomic_dec_and_test(&q->inflight))
		return;
	owner = READ_ONCE(q->vbd->barrier);
	if (unlikely(owner))
		blkback_queue_kick(owner);
}

void blkback_order_release(struct blkback_queue *q)
{
	struct blkback_vbd *vbd = q->vbd;
	unsigned int i;

	if (READ_ONCE(vbd->barrier) != q)
		return;
	smp_store_release(&vbd->barrier, NULL);
	for (i = 0; i < vbd->nr_queues; i++)
		blkback_queue_kick(&vbd->queues[i]);
}
