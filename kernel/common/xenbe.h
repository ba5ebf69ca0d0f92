/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xenbe: the mechanics every Xen backend driver needs, and nothing a driver
 * would decide. A library: it is only ever called. One block per file; each
 * function says in which context it may run.
 *
 * "Queue context" means: by the one thread that serves the queue, which may
 * sleep and holds no lock that others need.
 */
#ifndef XENBE_H
#define XENBE_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/ratelimit.h>
#include <linux/types.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "../../wire/ring.h"
#include "../../wire/state.h"
#include "../../wire/wire.h"

#define XENBE_VERSION "0.1.0"

/* ---- budget.c: how much one guest may have mapped at once ---------------- */

/* One for each guest that has a device, shared by all its devices. */
struct xenbe_budget;

/* Process context, sleeps. NULL when memory is short. */
struct xenbe_budget *xenbe_budget_get(domid_t domid);
/* Accepts NULL. Process context, sleeps. */
void xenbe_budget_put(struct xenbe_budget *budget);

/* Takes @n grant maps out of the guest's budget, or none and false. Any context. */
bool xenbe_budget_take(struct xenbe_budget *budget, unsigned int n);
void xenbe_budget_give(struct xenbe_budget *budget, unsigned int n);
/* Maps the guest holds now. Any context. */
unsigned int xenbe_budget_used(const struct xenbe_budget *budget);

/*
 * How many frames of its grant table (512 entries each) the guest may be offered
 * to use for a device that would like @want of them: at least 1, and together
 * no more than half of the table, beyond one for each device. @has of them if
 * the guest has been offered those before (0: not). Process context, sleeps.
 */
unsigned int xenbe_budget_take_frames(struct xenbe_budget *budget, unsigned int has,
				      unsigned int want);
void xenbe_budget_give_frames(struct xenbe_budget *budget, unsigned int n);

/* ---- grant.c: map, unmap and copy guest pages in batches ------------------ */

#define XENBE_GRANT_BATCH	64u
#define XENBE_NO_HANDLE		((grant_handle_t)~0u)

/* One guest page mapped here. */
struct xenbe_map {
	struct page *page;
	grant_handle_t handle;		/* XENBE_NO_HANDLE: not mapped, page is not ours */
};

/* Grant operations of one queue: a page pool and room for one batch. Queue context only. */
struct xenbe_grants {
	domid_t domid;
	struct xenbe_budget *budget;
	unsigned int reserve;
	struct gnttab_page_cache pages;

	struct gnttab_map_grant_ref *map_ops;		/* XENBE_GRANT_BATCH each */
	struct gnttab_unmap_grant_ref *unmap_ops;
	struct page **op_pages;
	unsigned int nr_unmaps;				/* waiting in unmap_ops */
	struct gntab_unmap_queue_data unmap_data;	/* has work in it, so it is on no stack */

	/* Written in queue context, read anywhere. */
	unsigned int live;				/* maps held now */
	u64 maps, unmaps, copies;
	u64 failed;					/* entries Xen refused */
	u64 leaked;					/* pages Xen would not unmap */
};

/*
 * The first @reserve maps are always this queue's; only those above come out
 * of @budget (borrowed). With a reserve of its largest request a queue gets on
 * whatever the guest's other devices hold. Process context, sleeps. -ENOMEM.
 */
int xenbe_grants_init(struct xenbe_grants *g, domid_t domid, struct xenbe_budget *budget,
		      unsigned int reserve);
/* All maps must have been unmapped. Accepts a zeroed struct. Process context, sleeps. */
void xenbe_grants_fini(struct xenbe_grants *g);

/*
 * Maps @n guest pages, any number. Each entry of @maps tells whether it
 * worked: a handle other than XENBE_NO_HANDLE. Returns 0 if all did, -EFAULT
 * if Xen refused some, -ENOMEM if pages or maptrack entries ran out, -EDQUOT if
 * the guest's budget did; in every case what was mapped stays mapped and the caller unmaps it.
 */
int xenbe_grant_map(struct xenbe_grants *g, const grant_ref_t *grefs, struct xenbe_map *maps,
		    unsigned int n, bool readonly);

/*
 * Queues one page for unmapping and marks @map as not mapped; the hypercall is
 * made when a batch is full, or by xenbe_grant_unmap_flush(). Not-mapped
 * entries are ignored. Nobody may do I/O on the page any more.
 */
void xenbe_grant_unmap(struct xenbe_grants *g, struct xenbe_map *map);
/* Waits for pages that somebody (a network stack below the disk) still refers to. */
void xenbe_grant_unmap_flush(struct xenbe_grants *g);

/*
 * Copies @len bytes from offset 0 of a guest page to @dst, which lies within
 * one page of ours (not vmalloc memory). -EFAULT when Xen refuses.
 */
int xenbe_grant_copy_in(struct xenbe_grants *g, grant_ref_t gref, void *dst, unsigned int len);

/* Gives back pool pages above @keep. */
void xenbe_grants_shrink(struct xenbe_grants *g, unsigned int keep);

/* ---- copy.c: many copies with one hypercall --------------------------------- */

/* Belongs to whoever serves the queue, one at a time. */
struct xenbe_copies {
	domid_t domid;
	unsigned int nr, max;		/* waiting in ops, and their room */
	struct gnttab_copy *ops;
	u64 done, batches, failed;	/* for people to read */
};

/* Room for @max copies. Process context, sleeps. -ENOMEM. */
int xenbe_copies_init(struct xenbe_copies *c, domid_t domid, unsigned int max);
/* Accepts a zeroed struct. Process context. */
void xenbe_copies_fini(struct xenbe_copies *c);

/*
 * Adds a copy of @len bytes at @offset of a guest page, all within that page,
 * from or to memory of ours (contiguous, not vmalloc memory). It takes one op,
 * and one more for each of our page borders it crosses; the caller sees to it
 * that there is room. Any context.
 */
void xenbe_copy_in(struct xenbe_copies *c, grant_ref_t gref, unsigned int offset, void *dst,
		   unsigned int len);
void xenbe_copy_out(struct xenbe_copies *c, const void *src, grant_ref_t gref, unsigned int offset,
		    unsigned int len);

/* Those from op @first on are not to be made: their memory is gone. Any context. */
void xenbe_copies_forget(struct xenbe_copies *c, unsigned int first);

/* Makes them, in order, and forgets them but for how they ended. Any context. */
void xenbe_copies_flush(struct xenbe_copies *c);
/* Whether ops @first up to but without @last of the last flush all worked. */
bool xenbe_copies_ok(struct xenbe_copies *c, unsigned int first, unsigned int last);

/* ---- ring.c: shared ring pages ------------------------------------------ */

struct xenbe_ring {
	struct wire_ring wire;
	struct xenbus_device *dev;
	void *pages;			/* NULL: not mapped */
};

/*
 * Maps @nr pages (1, 2, 4, 8 or 16) the frontend granted and attaches a ring
 * of @slot_size slots to them; @g is the queue's and only borrowed. Queue
 * context, before the queue runs. On failure nothing stays mapped: -EINVAL
 * with *@verdict set if a page or the indices in it are bad, else the error of
 * this side with *@verdict WIRE_OK.
 */
int xenbe_ring_map(struct xenbus_device *dev, struct xenbe_grants *g, const grant_ref_t *grefs,
		   unsigned int nr, u32 slot_size, struct xenbe_ring *ring,
		   enum wire_verdict *verdict);

/* Accepts a ring that was never mapped. Process context, sleeps. */
void xenbe_ring_unmap(struct xenbe_ring *ring);

/* ---- pgrant.c: persistent grants ------------------------------------------ */

/* A guest page that stays mapped between requests. */
struct xenbe_pgrant {
	struct hlist_node hash;
	struct list_head idle;		/* on the cache's list while users is 0 */
	struct xenbe_map map;
	grant_ref_t gref;
	unsigned int users;		/* requests working on the page */
	unsigned long last_used;	/* jiffies */
};

/* The persistent grants of one queue. Queue context only. */
struct xenbe_pgrants {
	struct xenbe_grants *grants;
	struct hlist_head *buckets;
	unsigned int bucket_bits;
	unsigned int nr;
	unsigned int max;
	struct list_head idle;		/* longest unused first */
	u64 hits, misses, evicted;
};

/* At most @max pages (0: none ever). Process context, sleeps. -ENOMEM. */
int xenbe_pgrants_init(struct xenbe_pgrants *cache, struct xenbe_grants *grants, unsigned int max);
/* No request may hold one. Accepts a zeroed struct. Sleeps. */
void xenbe_pgrants_fini(struct xenbe_pgrants *cache);

/* Finds @gref and adds a user, or NULL. O(1). */
struct xenbe_pgrant *xenbe_pgrant_get(struct xenbe_pgrants *cache, grant_ref_t gref);
/*
 * Hands a writable map over to the cache, with one user. NULL if the cache is
 * full of pages in use, knows @gref already, or memory is short: @map then
 * still is the caller's.
 */
struct xenbe_pgrant *xenbe_pgrant_add(struct xenbe_pgrants *cache, grant_ref_t gref,
				      const struct xenbe_map *map);
void xenbe_pgrant_put(struct xenbe_pgrants *cache, struct xenbe_pgrant *pgrant);

/*
 * Unmaps what nobody used for @age jiffies. Returns jiffies until the next one
 * is due, or MAX_SCHEDULE_TIMEOUT if there is none.
 */
long xenbe_pgrants_expire(struct xenbe_pgrants *cache, unsigned long age);

/* ---- evtchn.c: event channels, late EOI ------------------------------------ */

struct xenbe_evtchn {
	struct xenbus_device *dev;
	int irq;			/* 0: not bound */
	void (*wake)(void *arg);
	void *arg;
	int owed;			/* an event was taken and its EOI not given yet */
	u64 events, notifies, spurious;	/* for people to read, not exact */
};

/*
 * Binds the frontend's port. @wake is called in interrupt context for each
 * event; no further event comes before xenbe_evtchn_done(). Process context.
 */
int xenbe_evtchn_bind(struct xenbus_device *dev, evtchn_port_t port, void (*wake)(void *arg),
		      void *arg, const char *name, struct xenbe_evtchn *ev);
/* @wake is not running and will not be called any more. Accepts an unbound one. Sleeps. */
void xenbe_evtchn_unbind(struct xenbe_evtchn *ev);

/*
 * Ends the event, if one is owed: say whether work was found since the last
 * time, because a channel that fires for nothing is slowed down by the event
 * core. Returns true if there was one to end. Queue context.
 */
bool xenbe_evtchn_done(struct xenbe_evtchn *ev, bool worked);
/* Any context. */
void xenbe_evtchn_notify(struct xenbe_evtchn *ev);

/* ---- state.c: the handshake -------------------------------------------------- */

/*
 * For a driver that is being bound: one before it may have left the state that it
 * published, and the store still has it. Any context, before the first step.
 */
void xenbe_state_begin(struct xenbus_device *dev);

/*
 * Reads what is true now and asks wire_state_step(). An error when xenstore
 * did not answer: no event may come for that, so the caller has to ask again.
 * The caller serialises calls for one device. Process context, sleeps.
 */
int xenbe_state_step(struct xenbus_device *dev, bool ready, bool attached,
		     struct wire_state_step *step);
/* Writes our state; on an error it may be written or not. Process context, sleeps. */
int xenbe_state_publish(struct xenbus_device *dev, enum wire_xenbus_state state);

/*
 * Says what is wrong with this device: one line in the log, at most a few a
 * minute for each device, and the node error/<our path>/error, where
 * toolstacks look. Process context, sleeps.
 */
struct xenbe_errors {
	struct ratelimit_state limit;
	bool said;			/* the node is there */
};
void xenbe_errors_init(struct xenbe_errors *errors);
__printf(4, 5)
void xenbe_error(struct xenbe_errors *errors, struct xenbus_device *dev, int err,
		 const char *fmt, ...);
/* All is well again: removes the node. Process context, sleeps. */
void xenbe_error_clear(struct xenbe_errors *errors, struct xenbus_device *dev);

/* ---- store.c: typed reads from xenstore ---------------------------------------- */

/*
 * Whether a read told us something that stays true: a value, that there is
 * none, that we may not see it (in a driver domain), or that it is nonsense.
 */
static inline bool xenbe_store_answered(int err)
{
	return !err || err == -ENOENT || err == -EACCES || err == -EINVAL;
}
/*
 * All: process context, sleep; -ENOENT if the node is missing, -EINVAL if its
 * text is bad, another error if xenstore did not answer.
 */
int xenbe_store_read_u32(const char *dir, const char *key, u32 max, u32 *value);
int xenbe_store_read_u64(const char *dir, const char *key, u64 max, u64 *value);
int xenbe_store_read_bool(const char *dir, const char *key, bool *value);
/* The caller frees with kfree(). */
int xenbe_store_read_text(const char *dir, const char *key, char **text);

/* ---- keys.c: keys of a device, with complaints ------------------------------------ */

/*
 * Says what stands in a key of @dir, and what should: -EINVAL. @err is what the
 * read ended with; if xenstore did not answer, that is said: -EAGAIN. Sleeps.
 */
int xenbe_key_bad(struct xenbe_errors *errors, struct xenbus_device *dev, int err,
		  const char *dir, const char *key, const char *must);
/* What has to be in a key of @dir; if it is not, as xenbe_key_bad(). Sleep. */
int xenbe_key_gref(struct xenbe_errors *errors, struct xenbus_device *dev, const char *dir,
		   const char *key, grant_ref_t *gref);
int xenbe_key_port(struct xenbe_errors *errors, struct xenbus_device *dev, const char *dir,
		   const char *key, evtchn_port_t *port);
/*
 * A number the frontend may have written: 0 with *@value set, or untouched when
 * the key is missing; as xenbe_key_bad(), if it is not within @min and @max.
 * Sleeps.
 */
int xenbe_key_optional(struct xenbe_errors *errors, struct xenbus_device *dev, const char *key,
		       u32 min, u32 max, u32 *value);

/*
 * Whether the frontend has answered what a driver before this one offered, and
 * will not look again. Process context, sleeps.
 */
bool xenbe_offer_stands(struct xenbus_device *dev);
/*
 * What to offer under @key of our own directory: @now; but if what is there
 * @stands, and is at most @most, the same. Process context, sleeps.
 */
u32 xenbe_offer(struct xenbus_device *dev, bool stands, const char *key, u32 most, u32 now);

struct xenbe_key {
	const char *key;
	u64 value;
	bool skip;
};

/*
 * Writes these of our own directory at once, unless it is gone (-ENOENT). An
 * error has been said. Process context, sleeps.
 */
int xenbe_keys_write(struct xenbe_errors *errors, struct xenbus_device *dev,
		     const struct xenbe_key *keys, unsigned int nr);

/* The same in another device directory, and nothing is said of an error. */
int xenbe_keys_write_in(const char *dir, const struct xenbe_key *keys, unsigned int nr);

/* ---- trace.c ----------------------------------------------------------------------- */

void xenbe_trace_state(struct xenbus_device *dev, u32 peer, struct wire_state_step step);

#endif
