// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers for people: how long requests took, how the disk failed, and in
 * debugfs (xen-blkback/<device>/) what each ring is doing right now.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "blkback.h"

static const char *const kind_names[BLKBACK_NR_KINDS] = {
	[BLKBACK_READ] = "read",
	[BLKBACK_WRITE] = "write",
	[BLKBACK_FLUSH] = "flush",
	[BLKBACK_DISCARD] = "discard",
};

static const char *const error_names[BLKBACK_NR_ERRORS] = {
	[BLKBACK_ERR_IO] = "io",
	[BLKBACK_ERR_MEDIUM] = "medium",
	[BLKBACK_ERR_TIMEOUT] = "timeout",
	[BLKBACK_ERR_PATH] = "path",
	[BLKBACK_ERR_GONE] = "gone",
	[BLKBACK_ERR_SPACE] = "space",
	[BLKBACK_ERR_UNSUPPORTED] = "unsupported",
};

static const char *const why_texts[BLKBACK_NR_WHYS] = {
	[BLKBACK_BUSY] = "busy",
	[BLKBACK_EMPTY] = "no requests",
	[BLKBACK_NO_MEMORY] = "waits for memory for a request",
	[BLKBACK_NO_PAGES] = "waits for pages to map, or its guest's budget of them",
	[BLKBACK_BARRIER] = "waits for a barrier",
	[BLKBACK_LIMITED] = "waits for what limits/ allows",
	[BLKBACK_STOPPED] = "stopped",
};

static enum blkback_kind kind_of(u8 op)
{
	switch (op) {
	case WIRE_BLK_READ:
		return BLKBACK_READ;
	case WIRE_BLK_DISCARD:
		return BLKBACK_DISCARD;
	case WIRE_BLK_FLUSH:
	case WIRE_BLK_BARRIER:
		return BLKBACK_FLUSH;
	default:
		return BLKBACK_WRITE;
	}
}

/* What errnos of the block layer stand for (block/blk-core.c has the table). */
static enum blkback_disk_error error_of(int err)
{
	switch (err) {
	case -ENODATA:
	case -EILSEQ:
		return BLKBACK_ERR_MEDIUM;
	case -ETIMEDOUT:
		return BLKBACK_ERR_TIMEOUT;
	case -ENOLINK:
		return BLKBACK_ERR_PATH;
	case -ENODEV:
	case -ENXIO:
		return BLKBACK_ERR_GONE;
	case -ENOSPC:
		return BLKBACK_ERR_SPACE;
	case -EOPNOTSUPP:
		return BLKBACK_ERR_UNSUPPORTED;
	default:
		return BLKBACK_ERR_IO;
	}
}

void blkback_stats_answer(struct blkback_queue *q, const struct blkback_req *req, u64 now)
{
	unsigned int bucket = fls64(div_u64(now - req->start, NSEC_PER_USEC));
	enum blkback_disk_error e;

	q->count->latency[kind_of(req->op)][min(bucket, BLKBACK_LATENCIES - 1)]++;
	if (likely(!req->err))
		return;
	e = error_of(req->err);
	q->count->errors[e]++;
	/* An unsupported operation is the frontend's to find out, not a fault of the disk. */
	if (e != BLKBACK_ERR_UNSUPPORTED && __ratelimit(&q->vbd->disk_errors))
		dev_err(&q->vbd->dev->dev, "%s of %llu sectors from %llu failed: %s error (%d)\n",
			kind_names[kind_of(req->op)], req->nr_sectors, req->sector,
			error_names[e], req->err);
}

u64 blkback_stats_sum(const struct blkback_vbd *vbd, size_t field)
{
	unsigned int i;
	u64 total = 0;

	for (i = 0; i < vbd->max_queues; i++)
		total += READ_ONCE(*(const u64 *)((const char *)&vbd->counters[i] + field));
	return total;
}

/* ---- debugfs ------------------------------------------------------------------ */

static struct dentry *root;

static void show_ring(struct seq_file *m, struct blkback_queue *q)
{
	enum blkback_why why = READ_ONCE(q->why);
	enum wire_verdict fatal = READ_ONCE(q->fatal);
	struct wire_ring_view v;

	wire_ring_look(&q->ring.wire, &v);
	seq_printf(m, "ring %u: %s\n", q->index, why < BLKBACK_NR_WHYS ? why_texts[why] : "?");
	if (fatal)
		seq_printf(m, "  given up: %s\n", wire_verdict_text(fatal));
	seq_printf(m, "  slots %u taken %u answered %u published %u\n", q->ring.wire.nr_slots,
		   v.taken, v.answered, v.published);
	seq_printf(m, "  shared: requests up to %u, event wanted at %u; responses up to %u, event wanted at %u\n",
		   v.requests, v.requests_event, v.responses, v.responses_event);
	seq_printf(m, "  at the disk %d requests allocated %u large %u waits %llu\n",
		   atomic_read(&q->inflight), READ_ONCE(q->nr_reqs), READ_ONCE(q->nr_bigs),
		   READ_ONCE(q->count->waits));
	seq_printf(m, "  events %llu spurious %llu notifies %llu\n", READ_ONCE(q->evtchn.events),
		   READ_ONCE(q->evtchn.spurious), READ_ONCE(q->evtchn.notifies));
	seq_printf(m, "  pages mapped %u maps %llu unmaps %llu copies %llu refused %llu stuck %llu\n",
		   READ_ONCE(q->grants.live), READ_ONCE(q->grants.maps),
		   READ_ONCE(q->grants.unmaps), READ_ONCE(q->grants.copies),
		   READ_ONCE(q->grants.failed), READ_ONCE(q->grants.leaked));
	seq_printf(m, "  persistent %u of %u hits %llu misses %llu evicted %llu\n",
		   READ_ONCE(q->pgrants.nr), q->pgrants.max, READ_ONCE(q->pgrants.hits),
		   READ_ONCE(q->pgrants.misses), READ_ONCE(q->pgrants.evicted));
}

static int rings_show(struct seq_file *m, void *unused)
{
	struct blkback_vbd *vbd = m->private;
	unsigned int i;

	if (mutex_lock_interruptible(&vbd->lock))
		return -EINTR;
	seq_printf(m, "guest pages mapped beyond the reserve: %u\n",
		   xenbe_budget_used(vbd->budget));
	if (!vbd->queues)
		seq_puts(m, "not connected\n");
	for (i = 0; i < vbd->nr_queues; i++)
		show_ring(m, &vbd->queues[i]);
	mutex_unlock(&vbd->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rings);

#define SUM(vbd, field)	blkback_stats_sum(vbd, offsetof(struct blkback_counters, field))

static int latency_show(struct seq_file *m, void *unused)
{
	struct blkback_vbd *vbd = m->private;
	unsigned int b, k;

	seq_printf(m, "%-10s", "below_us");
	for (k = 0; k < BLKBACK_NR_KINDS; k++)
		seq_printf(m, " %12s", kind_names[k]);
	seq_putc(m, '\n');
	for (b = 0; b < BLKBACK_LATENCIES; b++) {
		if (b < BLKBACK_LATENCIES - 1)
			seq_printf(m, "%-10u", 1u << b);
		else
			seq_printf(m, "%-10s", "more");
		for (k = 0; k < BLKBACK_NR_KINDS; k++)
			seq_printf(m, " %12llu", SUM(vbd, latency[k][b]));
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

static int errors_show(struct seq_file *m, void *unused)
{
	struct blkback_vbd *vbd = m->private;
	unsigned int e;

	for (e = 0; e < BLKBACK_NR_ERRORS; e++)
		seq_printf(m, "disk %s %llu\n", error_names[e], SUM(vbd, errors[e]));
	for (e = WIRE_REJECT_OP; e < WIRE_NR_VERDICTS; e++)
		seq_printf(m, "%s %llu\n", wire_verdict_name(e), SUM(vbd, verdicts[e]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(errors);

void blkback_debugfs_init(void)
{
	root = debugfs_create_dir("xen-blkback", NULL);
}

void blkback_debugfs_exit(void)
{
	debugfs_remove(root);
}

void blkback_debugfs_add(struct blkback_vbd *vbd)
{
	vbd->debugfs = debugfs_create_dir(vbd->name, root);
	debugfs_create_file("rings", 0400, vbd->debugfs, vbd, &rings_fops);
	debugfs_create_file("latency", 0400, vbd->debugfs, vbd, &latency_fops);
	debugfs_create_file("errors", 0400, vbd->debugfs, vbd, &errors_fops);
}

/* Waits for readers. */
void blkback_debugfs_remove(struct blkback_vbd *vbd)
{
	debugfs_remove(vbd->debugfs);
	vbd->debugfs = NULL;
}
