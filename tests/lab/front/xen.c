// SPDX-License-Identifier: GPL-2.0-or-later
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntalloc.h>

#define GREFS_REMEMBERED (1u << 20)

static int gntalloc_fd = -1;
static u8 gref_used[GREFS_REMEMBERED / 8];

static void remember_gref(u32 gref)
{
	if (gref < GREFS_REMEMBERED)
		gref_used[gref / 8] |= (u8)(1u << gref % 8);
}

bool xen_gref_was_ours(u32 gref)
{
	return gref < GREFS_REMEMBERED && (gref_used[gref / 8] & 1u << gref % 8);
}

/*
 * The grant-alloc device hands out 1,024 pages by default, fewer than one
 * queue of order 4 can use. In dom0 and in our guests we are root and may raise it.
 */
static void raise_page_limit(void)
{
	FILE *f = fopen("/sys/module/xen_gntalloc/parameters/limit", "w");

	if (!f)
		return;
	fputs("65536\n", f);
	fclose(f);
}

void xen_open(void)
{
	if (gntalloc_fd >= 0)
		return;
	gntalloc_fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);
	if (gntalloc_fd < 0)
		util_lab_error("cannot open /dev/xen/gntalloc: %s (modprobe xen-gntalloc)",
			       strerror(errno));
	raise_page_limit();
}

struct xen_pages *xen_pages_alloc(u16 domid, unsigned int nr, bool writable)
{
	struct xen_pages *pages = util_alloc(sizeof(*pages));
	struct ioctl_gntalloc_alloc_gref *op;
	size_t size = sizeof(*op) + nr * sizeof(u32);
	unsigned int i;

	op = util_alloc(size);
	op->domid = domid;
	op->flags = writable ? GNTALLOC_FLAG_WRITABLE : 0;
	op->count = nr;
	if (ioctl(gntalloc_fd, IOCTL_GNTALLOC_ALLOC_GREF, op))
		util_lab_error("cannot grant %u pages: %s", nr, strerror(errno));

	pages->nr = nr;
	pages->index = op->index;
	pages->gref = util_alloc(nr * sizeof(u32));
	memcpy(pages->gref, op->gref_ids, nr * sizeof(u32));
	free(op);
	for (i = 0; i < nr; i++)
		remember_gref(pages->gref[i]);

	pages->va = mmap(NULL, (size_t)nr * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			 gntalloc_fd, (off_t)pages->index);
	if (pages->va == MAP_FAILED)
		util_lab_error("cannot map %u granted pages: %s", nr, strerror(errno));
	return pages;
}

void xen_pages_revoke(struct xen_pages *pages)
{
	struct ioctl_gntalloc_dealloc_gref op = { .index = pages->index, .count = pages->nr };

	if (!pages->va)
		return;
	/* A mapping of ours keeps the grant alive, so it has to go first. */
	munmap(pages->va, (size_t)pages->nr * PAGE_BYTES);
	pages->va = NULL;
	if (ioctl(gntalloc_fd, IOCTL_GNTALLOC_DEALLOC_GREF, &op))
		util_lab_error("cannot take back %u grants: %s", pages->nr, strerror(errno));
}

void xen_pages_free(struct xen_pages *pages)
{
	if (!pages)
		return;
	xen_pages_revoke(pages);
	free(pages->gref);
	free(pages);
}

void xen_events_init(struct xen_events *ev)
{
	ev->fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (ev->fd < 0)
		util_lab_error("cannot open /dev/xen/evtchn: %s (modprobe xen-evtchn)",
			       strerror(errno));
}

void xen_events_fini(struct xen_events *ev)
{
	if (ev->fd >= 0)
		close(ev->fd);
	ev->fd = -1;
}

u32 xen_events_offer(struct xen_events *ev, u16 domid)
{
	struct ioctl_evtchn_bind_unbound_port op = { .remote_domain = domid };
	int port = ioctl(ev->fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &op);

	if (port < 0)
		util_lab_error("cannot allocate an event channel: %s", strerror(errno));
	return (u32)port;
}

void xen_events_close(struct xen_events *ev, u32 port)
{
	struct ioctl_evtchn_unbind op = { .port = port };

	if (ioctl(ev->fd, IOCTL_EVTCHN_UNBIND, &op))
		util_lab_error("cannot close event channel %u: %s", port, strerror(errno));
}

int xen_events_notify(struct xen_events *ev, u32 port)
{
	struct ioctl_evtchn_notify op = { .port = port };

	return ioctl(ev->fd, IOCTL_EVTCHN_NOTIFY, &op) ? -errno : 0;
}

int xen_events_wait(struct xen_events *ev, int timeout_ms)
{
	struct pollfd pfd = { .fd = ev->fd, .events = POLLIN };
	u32 ports[64];
	ssize_t n;
	int r;

	r = poll(&pfd, 1, timeout_ms);
	if (r <= 0)
		return 0;
	while ((n = read(ev->fd, ports, sizeof(ports))) > 0) {
		/* Writing the ports back unmasks them. */
		if (write(ev->fd, ports, (size_t)n) != n)
			util_lab_error("cannot unmask event channels: %s", strerror(errno));
	}
	return 1;
}
