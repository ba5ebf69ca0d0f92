/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of newer kernels for older ones. Force-included under every kernel
 * source; nobody includes it by name, and no other file mentions a kernel
 * version.
 *
 * Sources are written for the newest kernel. Built and tested: 6.1, 6.12 and
 * 7.2. Kernels 6.5 to 6.8 had short-lived forms of the block device API that
 * are not covered.
 */
#ifndef XENBE_COMPAT_H
#define XENBE_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "xen-backends needs Linux 6.1 or newer"
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#error "xen-backends does not cover Linux 6.5 to 6.8: use 6.1 to 6.4, or 6.9 and newer"
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(8, 0, 0)
#error "xen-backends is not tested with this kernel: a newer release of it is needed"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/slab.h>

/*
 * 6.9 hands out opened block devices as struct file. Before, the opener kept
 * the mode itself: the opaque "file" here is our own little record of both.
 */
typedef fmode_t blk_mode_t;
#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE
struct blk_holder_ops;

struct compat_bdev_file {
	struct block_device *bdev;
	fmode_t mode;
};

static inline struct file *bdev_file_open_by_dev(dev_t dev, blk_mode_t mode, void *holder,
						 const struct blk_holder_ops *hops)
{
	struct compat_bdev_file *f = kmalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return ERR_PTR(-ENOMEM);
	f->mode = mode | (holder ? FMODE_EXCL : 0);
	f->bdev = blkdev_get_by_dev(dev, f->mode, holder);
	if (IS_ERR(f->bdev)) {
		int err = PTR_ERR(f->bdev);

		kfree(f);
		return ERR_PTR(err);
	}
	return (struct file *)f;
}

static inline struct block_device *file_bdev(struct file *file)
{
	return ((struct compat_bdev_file *)file)->bdev;
}

static inline void bdev_fput(struct file *file)
{
	struct compat_bdev_file *f = (struct compat_bdev_file *)file;

	blkdev_put(f->bdev, f->mode);
	kfree(f);
}

#endif /* before 6.5 */

/* Timers: a pointer's container under its present name, and an end that no arming undoes. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete(timer)		del_timer(timer)
#define timer_shutdown_sync(timer)	del_timer_sync(timer)
#endif

/* XDP: since 6.3 a device says what it can do, since 6.9 a generic program may move the skb. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_xdp_set_features(netdev)	do { } while (0)
#else
#define compat_xdp_set_features(netdev)							\
	((netdev)->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |	\
				  NETDEV_XDP_ACT_NDO_XMIT)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
#define compat_do_xdp_generic(prog, pskb)	do_xdp_generic(prog, *(pskb))
#else
#define compat_do_xdp_generic(prog, pskb)	do_xdp_generic(prog, pskb)
#endif

/* Since 6.17 a third kind of polling can be asked for. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define compat_set_threaded(netdev)	dev_set_threaded(netdev, true)
#else
#define compat_set_threaded(netdev)	dev_set_threaded(netdev, NETDEV_NAPI_THREADED_ENABLED)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define compat_uevent_const
#else
#define compat_uevent_const	const
#endif

/* Since 6.10 the source of a traced string is named once, in its declaration. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define compat_assign_str(field, src)	__assign_str(field, src)
#else
#define compat_assign_str(field, src)	__assign_str(field)
#endif

#endif
