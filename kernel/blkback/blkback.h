/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xen-blkback: the whole driver's structs and who may touch them.
 *
 *   struct blkback_vbd	  one virtual disk of one guest, as long as the driver is bound to it
 *   struct blkback_queue one ring with its thread, from connect to disconnect
 *   struct blkback_req	  one request between ring and disk
 *
 * Context: a queue, its requests and its caches belong to the queue's thread.
 * Others may only kick the thread, and hand it finished requests through
 * queue->done. The handshake runs in the vbd's state_work and never waits for
 * a guest or a disk: a queue that has run dry queues the work again.
 *
 * Lock order: vbd->lock, then nothing of ours. Interrupt context takes no lock.
 */
#ifndef BLKBACK_H
#define BLKBACK_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "../../wire/blk.h"
#include "../../wire/limit.h"
#include "../../wire/store.h"
#include "../common/xenbe.h"

/* What is told apart in numbers: kinds of requests, and of errors of the disk. */
enum blkback_kind {
	BLKBACK_READ,
	BLKBACK_WRITE,
	BLKBACK_FLUSH,			/* and barriers */
	BLKBACK_DISCARD,
	BLKBACK_NR_KINDS
};

enum blkback_disk_error {
	BLKBACK_ERR_IO,			/* anything that is none of the others */
	BLKBACK_ERR_MEDIUM,
	BLKBACK_ERR_TIMEOUT,
	BLKBACK_ERR_PATH,		/* no way to the disk */
	BLKBACK_ERR_GONE,		/* no disk */
	BLKBACK_ERR_SPACE,		/* a thin disk is full */
	BLKBACK_ERR_UNSUPPORTED,
	BLKBACK_NR_ERRORS
};

/* Bucket i counts what took less than 2^i microseconds, and no less than half of it. */
#define BLKBACK_LATENCIES	25u	/* the last one: 8.4 s and more */

/* Numbers of one queue. Kept in the vbd, so that they never run backwards. */
struct blkback_counters {	/* written by the queue's thread, read anywhere */
	u64 reads, writes, flushes, discards;	/* requests accepted */
	u64 read_sectors, write_sectors;	/* 512 bytes each */
	u64 waits;		/* a request had to wait for memory or budget */
	u64 errors[BLKBACK_NR_ERRORS];	/* requests the disk failed */
	u64 latency[BLKBACK_NR_KINDS][BLKBACK_LATENCIES];	/* from the ring to its answer */
	u64 verdicts[WIRE_NR_VERDICTS];
};

/* Room for a request with more segments than a ring slot holds. */
struct blkback_seg {
	struct xenbe_pgrant *pgrant;	/* or NULL and: */
	struct xenbe_map map;
};

struct blkback_big {
	struct list_head list;		/* in queue->bigs */
	struct bio_vec vecs[WIRE_BLK_MAX_SEGS];
	struct blkback_seg segs[WIRE_BLK_MAX_SEGS];
};

struct blkback_req {
	struct blkback_queue *queue;
	struct llist_node done;		/* in queue->done */
	struct list_head list;		/* in queue->free, or vbd->discards */

	/* what the guest asked, from our private copy */
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u8 wire_op;
	u8 op;				/* enum wire_blk_op */
	bool secure;

	u64 start;			/* ns */
	int err;			/* the disk's answer */
	u16 nr_segs;
	struct blkback_seg *segs;
	struct blkback_big *big;	/* or NULL: the small arrays below */
	struct bio bio;
	struct bio_vec small_vecs[WIRE_BLK_SEGS];
	struct blkback_seg small_segs[WIRE_BLK_SEGS];
};

/* Why a queue takes nothing off its ring. */
enum blkback_why {
	BLKBACK_BUSY,			/* it does */
	BLKBACK_EMPTY,
	BLKBACK_NO_MEMORY,		/* for a request */
	BLKBACK_NO_PAGES,		/* to map, or the guest's budget is used up */
	BLKBACK_BARRIER,		/* its own or another queue's has to be done first */
	BLKBACK_LIMITED,		/* by what was set in limits/ */
	BLKBACK_STOPPED,
	BLKBACK_NR_WHYS
};

struct blkback_queue {
	struct blkback_vbd *vbd;
	unsigned int index;
	struct blkback_counters *count;

	/* set at connect */
	struct xenbe_ring ring;
	struct xenbe_evtchn evtchn;
	struct task_struct *thread;	/* we hold a reference */
	bool started;			/* events may wake it */

	/* the thread's own */
	struct xenbe_grants grants;
	struct xenbe_pgrants pgrants;
	struct list_head free;		/* requests; nr_reqs exist */
	unsigned int nr_reqs;
	struct list_head bigs;		/* nr_bigs idle ones; at least one is kept */
	unsigned int nr_bigs;
	void *slot;			/* private copy of one ring slot */
	void *descs;			/* one page: private copy of indirect segments */
	bool worked;			/* took something since the last EOI */
	enum blkback_why why;
	u64 now;			/* ns, when this pass took its first request */
	u64 look_in;			/* ns to sleep at most, because nobody will kick us; or 0 */
	unsigned long log_at;		/* jiffies: next line of log_stats */

	/* anyone */
	bool kicked;			/* look again before sleeping */
	bool stopping;			/* take nothing more, finish what is there */
	bool dry;			/* stopping, and nothing is in flight */
	enum wire_verdict fatal;	/* why the ring was given up */
	struct llist_head done;		/* finished by the disk, to be answered */
	atomic_t inflight;		/* handed to the disk; see order.c */
};

struct blkback_vbd {
	struct xenbus_device *dev;	/* we hold a reference */
	struct kref ref;		/* the driver core's, and one while queues exist */
	struct xenbe_budget *budget;
	struct xenbe_errors errors;
	char name[32];			/* "vbd-3-51712" */

	/* handshake */
	struct mutex lock;		/* everything in this group and the next two */
	struct delayed_work state_work;
	struct xenbus_watch watch;	/* our directory */
	bool removed;			/* unbound: xenstore must not be touched any more */
	bool refused;			/* the frontend broke the rules: close when dry */
	bool disk_failed;		/* the disk was named and cannot be opened: stay closed */
	wait_queue_head_t detached;	/* queues became NULL */

	/* disk; set once, before the first connect, but for limits.capacity */
	struct file *file;
	struct block_device *bdev;
	struct blkback_owner *owner;	/* of the claim on the disk, or NULL */
	struct wire_blk_limits limits;
	dev_t devt;
	bool readonly;
	u32 info;			/* BLKBACK_INFO_ bits */

	/* connection */
	struct blkback_queue *queues;	/* NULL: not attached */
	unsigned int nr_queues;
	unsigned int max_queues;	/* as advertised at probe */
	unsigned int max_ring_order;	/* likewise; log2 of pages */
	enum wire_blk_abi abi;
	bool persistent;

	struct blkback_queue *barrier;	/* see order.c */

	spinlock_t discards_lock;
	struct list_head discards;
	struct work_struct discard_work;

	struct delayed_work size_work;

	spinlock_t rates_lock;
	bool has_rates;
	struct wire_limit iops, bytes;	/* under rates_lock */
	u64 burst_ms;

	struct ratelimit_state disk_errors;	/* lines in the log */
	struct dentry *debugfs;
	unsigned long squeeze_until;	/* jiffies: keep no spare pages before this */
	struct blkback_counters *counters;	/* max_queues of them */
};

/* Bits of the `info` node (io/blkif.h). */
#define BLKBACK_INFO_CDROM	1u
#define BLKBACK_INFO_REMOVABLE	2u
#define BLKBACK_INFO_READONLY	4u

/* main.c: parameters and the workqueue */
extern struct workqueue_struct *blkback_wq;
unsigned int blkback_max_queues(void);
unsigned int blkback_max_ring_order(void);
unsigned int blkback_buffer_pages(void);
unsigned int blkback_persistent_max(void);
unsigned long blkback_persistent_age(void);	/* jiffies, 0: for ever */
unsigned long blkback_squeeze_time(void);	/* jiffies */
bool blkback_feature_persistent(void);
bool blkback_log_stats(void);
bool blkback_exclusive(void);

/* xenbus.c */
int blkback_xenbus_init(void);
void blkback_xenbus_exit(void);
/* Looks at the handshake again soon. Any context. */
void blkback_vbd_kick(struct blkback_vbd *vbd);

/* connect.c: under vbd->lock, may sleep */
int blkback_advertise(struct blkback_vbd *vbd);	/* what a frontend reads before it connects */
/* On failure the reason has been published; -EAGAIN: the next time may be better. */
int blkback_connect(struct blkback_vbd *vbd);
void blkback_detach_start(struct blkback_vbd *vbd);
bool blkback_detach_finish(struct blkback_vbd *vbd);	/* false: not dry yet */
/* Tells a connected frontend how large the disk is now. */
int blkback_publish_size(struct blkback_vbd *vbd);

/* disk.c: under vbd->lock, may sleep */
/* 0 when the disk is open, -ENOENT while it is not named yet, -EAGAIN: ask later, else refused. */
int blkback_disk_open(struct blkback_vbd *vbd);
void blkback_disk_close(struct blkback_vbd *vbd);

/* queue.c */
int blkback_queue_init(struct blkback_queue *q, struct blkback_vbd *vbd, unsigned int index);
int blkback_queue_attach(struct blkback_queue *q, const grant_ref_t *grefs, unsigned int nr,
			 evtchn_port_t port, enum wire_verdict *verdict);
void blkback_queue_start(struct blkback_queue *q);
/* Takes no new request and runs dry. Any context. */
void blkback_queue_stop(struct blkback_queue *q);
/* Ends the thread of a queue that is dry or was never started. Sleeps. */
void blkback_queue_halt(struct blkback_queue *q);
/* Frees a halted queue; accepts a half-built one. Sleeps. */
void blkback_queue_fini(struct blkback_queue *q);
/* Any context. */
void blkback_queue_kick(struct blkback_queue *q);

/* req.c: queue context */
struct blkback_req *blkback_req_get(struct blkback_queue *q, unsigned int nr_segs);
void blkback_req_put(struct blkback_req *req);
enum wire_verdict blkback_req_map(struct blkback_req *req, const struct wire_blk_seg *segs);
void blkback_req_unmap(struct blkback_req *req);
enum wire_verdict blkback_req_read_descs(struct blkback_queue *q, const struct wire_blk_req *wire);
/* Any context: the disk has answered, req->err is set. */
void blkback_req_done(struct blkback_req *req);

/* bio.c: queue context */
void blkback_bio_submit(struct blkback_req *req, const struct wire_blk_seg *segs);

/* order.c */
bool blkback_order_enter(struct blkback_queue *q, bool barrier);	/* queue context */
void blkback_order_leave(struct blkback_queue *q);			/* any context */
void blkback_order_release(struct blkback_queue *q);			/* queue context */

/* discard.c */
void blkback_discard_init(struct blkback_vbd *vbd);
void blkback_discard_submit(struct blkback_req *req);

/* size.c: a disk that grows or shrinks while it is used */
void blkback_size_init(struct blkback_vbd *vbd);
void blkback_size_watch(struct blkback_vbd *vbd);	/* from connect ... */
void blkback_size_unwatch(struct blkback_vbd *vbd);	/* ... to detach. Sleeps. */
bool blkback_size_changed(const struct blkback_vbd *vbd);	/* any context */
void blkback_size_update(struct blkback_vbd *vbd);	/* under vbd->lock, sleeps */

/* rates.c: limits an administrator sets */
void blkback_rates_init(struct blkback_vbd *vbd);
/* ns until a request may be taken, 0: now. Queue context. */
u64 blkback_rates_wait(struct blkback_vbd *vbd, u64 now);
void blkback_rates_charge(struct blkback_vbd *vbd, u64 now, u64 bytes);
extern const struct attribute_group blkback_rates_group;

/* stats.c: numbers, and what debugfs shows */
void blkback_stats_answer(struct blkback_queue *q, const struct blkback_req *req, u64 now);
/* One counter, the u64 at offset @field of the struct, over all queues. Any context. */
u64 blkback_stats_sum(const struct blkback_vbd *vbd, size_t field);
void blkback_debugfs_init(void);
void blkback_debugfs_exit(void);
void blkback_debugfs_add(struct blkback_vbd *vbd);
void blkback_debugfs_remove(struct blkback_vbd *vbd);

/* sysfs.c */
extern const struct attribute_group *blkback_groups[];

#endif
