/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants and event channels of this domain, through /dev/xen/gntalloc and
 * /dev/xen/evtchn. Works in any domain, dom0 included.
 */
#ifndef FRONT_XEN_H
#define FRONT_XEN_H

#include "util.h"

/* Pages of ours, granted to another domain and mapped here as one piece. */
struct xen_pages {
	u8 *va;		/* NULL once revoked */
	u32 *gref;	/* one per page */
	unsigned int nr;
	u64 index;	/* gntalloc's name for the first page */
};

/* Opens the devices; ends the program when they are missing. */
void xen_open(void);

struct xen_pages *xen_pages_alloc(u16 domid, unsigned int nr, bool writable);

/*
 * Takes the grants back; the numbers in gref[] stay readable, the memory does
 * not. A page the backend still has mapped stays granted, and allocated, until
 * it lets go: the kernel of this domain sees to that.
 */
void xen_pages_revoke(struct xen_pages *pages);
void xen_pages_free(struct xen_pages *pages);	/* accepts NULL */

/* True if this process ever granted anything under this number. */
bool xen_gref_was_ours(u32 gref);

/*
 * A set of event channels that are waited for together; all unbound ports
 * offered to a backend.
 */
struct xen_events {
	int fd;
};

void xen_events_init(struct xen_events *ev);
void xen_events_fini(struct xen_events *ev);	/* closes every port of the set */
u32 xen_events_offer(struct xen_events *ev, u16 domid);
void xen_events_close(struct xen_events *ev, u32 port);
int xen_events_notify(struct xen_events *ev, u32 port);

/*
 * Waits until any port of the set was notified (1) or the time is over (0).
 * All that is pending is acknowledged.
 */
int xen_events_wait(struct xen_events *ev, int timeout_ms);

#endif
