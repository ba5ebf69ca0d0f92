/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block frontend's connection: options, queues, requests and responses.
 *
 * Everything the backend answers is held against what the protocol allows: one
 * response per request, its id and operation echoed, a known status, and not a
 * byte written elsewhere. Complaints go to blk->dev->chk.
 */
#ifndef FRONT_BLK_H
#define FRONT_BLK_H

#include "blkabi.h"
#include "dev.h"
#include "xen.h"

#define BLK_MAX_QUEUES	64u
#define BLK_MAX_ORDER	4
#define BLK_NO_ORDER	(-1)	/* no ring-page-order key: one page, named ring-ref */
#define BLK_ANSWER_MS	util_patience_ms(30000)	/* a response later than this is a lost one */

/* How to connect. */
struct blk_opts {
	enum blk_abi abi;
	bool no_protocol;	/* leave the protocol key out (then the layout is x86_32) */
	unsigned int queues;	/* 0: as many as the backend offers */
	int order;		/* 0..BLK_MAX_ORDER or BLK_NO_ORDER */
	bool persistent;
	u32 start;		/* first index of a fresh ring; 0 but for wrap-around tests */
	enum dev_state announce;	/* DEV_INITIALISED, or DEV_CONNECTED as firmware does */
};

#define BLK_OPTS_DEFAULT { .abi = BLK_NATIVE, .queues = 1, .order = BLK_NO_ORDER, \
			   .announce = DEV_INITIALISED }

/* One request the backend has not answered. */
struct blk_pending {
	bool used;
	u8 op;
	u64 id;
	void *cookie;
};

struct blk_queue {
	struct blk *blk;
	unsigned int nr;	/* which queue */
	struct xen_pages *ring;
	struct blk_ring_head *head;
	u32 nr_slots;
	u32 req_prod, rsp_cons;	/* our own; never read back */
	u32 published;		/* last req_prod written to the ring by blk_publish() */
	u32 port;
	u8 *shadow;		/* each slot as it was last seen */
	struct blk_pending *pending;	/* nr_slots */
	u32 nr_pending;
	bool wild;		/* slots change under both sides' eyes: unchecked */
};

/* What the backend said about the disk once connected. */
struct blk_info {
	u64 sectors;
	u32 sector_size, physical_sector_size;
	u32 info;
	bool flush, barrier, discard, secure_discard, persistent;
	u32 max_indirect;	/* feature-max-indirect-segments */
	u32 max_queues, max_order;
};

struct blk {
	struct dev *dev;
	struct blk_opts opts;
	struct blk_info info;
	struct xen_events events;
	unsigned int nr_queues;
	struct blk_queue queue[BLK_MAX_QUEUES];
	struct rng rng;
};

/* An answer, matched with its request. */
struct blk_done {
	struct blk_response rsp;
	void *cookie;
};

/* blk.c: connection */

/* Reads what the backend offers; false (and a complaint) if a key is missing. */
bool blk_read_offer(struct blk *blk, struct dev *dev);

/* Allocates rings and ports, but tells nobody. The backend has to be in InitWait. */
void blk_prepare(struct blk *blk, struct dev *dev, const struct blk_opts *opts);

/* Writes the keys of a prepared connection, with or without the state. */
void blk_write_keys(struct blk *blk, bool announce);
void blk_remove_keys(struct blk *blk);

/* prepare, write, wait until the backend is Connected, read the disk's description. */
bool blk_connect(struct blk *blk, struct dev *dev, const struct blk_opts *opts);
bool blk_await_connected(struct blk *blk);

/* Orderly close; then the rings are freed. */
bool blk_disconnect(struct blk *blk);

/* Frees rings and ports whatever the backend does. */
void blk_release(struct blk *blk);

/* blkring.c: requests and responses */

u8 *blk_slot(struct blk_queue *q, u32 index);

/*
 * Puts a request into the next slot (the caller knows there is room) and
 * returns the slot. Unless @keep_id, the request gets a fresh id.
 */
u8 *blk_put(struct blk_queue *q, struct blk_request *req, void *cookie, bool keep_id);

/* As blk_put(), but the slot's bytes are @raw; the id is taken from there. */
u8 *blk_put_raw(struct blk_queue *q, const u8 *raw, void *cookie);

bool blk_full(const struct blk_queue *q);

/* Makes the requests visible; notifies when the backend wants it, or always. */
void blk_publish(struct blk_queue *q, bool always_notify);
void blk_kick(struct blk_queue *q);

/* 1: an answer; 0: none there; -EPROTO: the ring is not to be believed any more. */
int blk_take(struct blk_queue *q, struct blk_done *done);

/* Sleeps until a response of any queue is there; false when the time is over. */
bool blk_wait(struct blk *blk, u64 deadline_ms);

/*
 * One request and its answer, alone on the queue. The status (0, -1, -2), or
 * -ETIMEDOUT, or -EPROTO; the last two are complained about.
 */
int blk_call(struct blk_queue *q, struct blk_request *req);

/* True if no slot and no header byte changed since the last answer. */
bool blk_untouched(struct blk_queue *q);

#endif
