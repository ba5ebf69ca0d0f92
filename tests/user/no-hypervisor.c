// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lets the real xenstored run on a machine without Xen: preloaded into it, this
 * answers what it asks the hypervisor for. There is one domain, dom0, whose
 * programs use the socket; no event ever comes.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags);
int xc_interface_close(void *xch);
int xc_domain_getinfo_single(void *xch, uint32_t domid, void *info);
void *xenevtchn_open(void *logger, unsigned int flags);
void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags);
int xenevtchn_fd(void *xce);
int xenevtchn_bind_interdomain(void *xce, uint32_t domid, uint32_t port);
int xenevtchn_bind_virq(void *xce, unsigned int virq);
int xenevtchn_notify(void *xce, uint32_t port);
int xenevtchn_pending(void *xce);
int xenevtchn_unbind(void *xce, uint32_t port);
int xenevtchn_unmask(void *xce, uint32_t port);
void *xengnttab_open(void *logger, unsigned int flags);
int xengnttab_close(void *xgt);
void *xengnttab_map_grant_ref(void *xgt, uint32_t domid, uint32_t ref, int prot);
int xengnttab_set_max_grants(void *xgt, uint32_t count);
int xengnttab_unmap(void *xgt, void *start, uint32_t count);

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

static int handle;	/* what every open returns a pointer to */
static int events = -1;

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned int flags)
{
	return &handle;
}

int xc_interface_close(void *xch)
{
	return 0;
}

int xc_domain_getinfo_single(void *xch, uint32_t domid, void *info)
{
	return domid ? -1 : 0;
}

void *xenevtchn_open(void *logger, unsigned int flags)
{
	events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return events < 0 ? NULL : &handle;
}

void *xenevtchn_fdopen(void *logger, int fd, unsigned int flags)
{
	return xenevtchn_open(logger, flags);
}

int xenevtchn_fd(void *xce)
{
	return events;
}

int xenevtchn_bind_interdomain(void *xce, uint32_t domid, uint32_t port)
{
	return 1;
}

int xenevtchn_bind_virq(void *xce, unsigned int virq)
{
	return 2;
}

int xenevtchn_notify(void *xce, uint32_t port)
{
	return 0;
}

int xenevtchn_pending(void *xce)
{
	return -1;
}

int xenevtchn_unbind(void *xce, uint32_t port)
{
	return 0;
}

int xenevtchn_unmask(void *xce, uint32_t port)
{
	return 0;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
	return &handle;
}

int xengnttab_close(void *xgt)
{
	return 0;
}

/* Dom0's ring: a page on which nobody ever writes a request. */
void *xengnttab_map_grant_ref(void *xgt, uint32_t domid, uint32_t ref, int prot)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

int xengnttab_set_max_grants(void *xgt, uint32_t count)
{
	return 0;
}

int xengnttab_unmap(void *xgt, void *start, uint32_t count)
{
	return munmap(start, 4096 * count);
}

/* The kernel's files for xenstored: the port of dom0's event channel, and dom0's ring. */
static int open_or_invent(const char *path, int flags, int mode)
{
	int fd;

	if (strncmp(path, "/proc/xen/", 10))
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	fd = memfd_create(path, MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	if (strstr(path, "xsd_port"))
		(void)!pwrite(fd, "1", 1, 0);
	else
		(void)!ftruncate(fd, 4096);
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return open_or_invent(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
