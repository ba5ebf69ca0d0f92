// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lab_fault.ko: makes the kernel fail what our drivers ask of it. The modules
 * tested are the installed ones, byte for byte, and no line of them knows of
 * this: only the names of the functions they import are changed, from NAME to
 * lab_fault_NAME (lib.sh: fault_load). Those are here. Calls of one site are
 * counted, and the chosen ones fail as the real function would: without having
 * done anything, or with one entry of a batch spoilt so that Xen refuses it.
 *
 * /sys/module/lab_fault/parameters/:
 *
 *   arm    "SITE N [COUNT]"   the N-th call from now on fails, and COUNT - 1 more (0: all)
 *          "SITE 1/P SEED"    each call fails with probability 1/P
 *          "off"              no more; what was kept from being unmapped is unmapped now
 *   arm, read                 "SITE CALLS FIRED KEPT": calls seen, failed, kept mapped
 *   hog    N, 0               takes N entries of dom0's maptrack, or gives them back; -1: all,
 *                             and what others give back until that is nothing for two seconds
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <xen/xenbus.h>
#include <asm/xen/hypercall.h>

/* ---- arming ------------------------------------------------------------------------ */

enum site {
	SITE_OFF, SITE_ALLOC, SITE_PAGE, SITE_MAP, SITE_MAP_ONE, SITE_UNMAP_ONE, SITE_COPY,
	SITE_KTHREAD, SITE_EVTCHN, SITE_RING, SITE_READ, SITE_READ_MEMORY, SITE_EXISTS, SITE_WRITE,
	SITE_WATCH, SITE_OPEN, SITE_SYSFS, SITE_DISCARD, SITE_LOAD, SITE_NETDEV, SITE_SKB,
	SITE_SLEEP,
	NR_SITES
};

static const char *const site_names[NR_SITES] = {
	"off", "alloc", "page", "map", "map-one", "unmap-one", "copy", "kthread", "evtchn", "ring",
	"read", "read-memory", "exists", "write", "watch", "open", "sysfs", "discard", "load",
	"netdev", "skb", "sleep",
};

static DEFINE_MUTEX(arm_lock);
static enum site armed;
static unsigned int first, last;	/* calls that fail, from 1 on */
static unsigned int one_in;		/* or each with this probability, if not 0 */
static u32 random_seed;
static atomic_t calls, fired;

static bool is_chosen(unsigned int call)
{
	u32 x;

	if (!one_in)
		return call >= first && call <= last;
	x = random_seed + call * 0x9e3779b9u;
	x ^= x >> 16;
	x *= 0x85ebca6bu;
	x ^= x >> 13;
	x *= 0xc2b2ae35u;
	x ^= x >> 16;
	return x % one_in == 0;
}

/* Counts a call; true if it has to fail. Any context. */
static bool due(enum site site)
{
	if (smp_load_acquire(&armed) != site || !is_chosen(atomic_inc_return(&calls)))
		return false;
	atomic_inc(&fired);
	return true;
}

/* ---- functions that fail as a whole ---------------------------------------------------- */

/* The prototype is repeated because not every kernel has every one of them. */
#define FAULT(site, type, name, params, args, failed)					\
	extern type name params __weak;							\
	type lab_fault_##name params;							\
	type lab_fault_##name params							\
	{										\
		return due(site) ? failed : name args;					\
	}										\
	EXPORT_SYMBOL_GPL(lab_fault_##name)

/* The allocators: two generations of names, some of them macros in the other. */
#undef __kmalloc
#undef kmalloc_trace
#undef kvmalloc_node
#undef get_zeroed_page
#undef kstrdup
FAULT(SITE_ALLOC, void *, __kmalloc_noprof, (size_t size, gfp_t flags), (size, flags), NULL);
FAULT(SITE_ALLOC, void *, __kmalloc_cache_noprof, (struct kmem_cache *s, gfp_t flags, size_t size),
      (s, flags, size), NULL);
FAULT(SITE_ALLOC, unsigned long, get_zeroed_page_noprof, (gfp_t flags), (flags), 0);
FAULT(SITE_ALLOC, void *, __kmalloc, (size_t size, gfp_t flags), (size, flags), NULL);
FAULT(SITE_ALLOC, void *, kmalloc_trace, (struct kmem_cache *s, gfp_t flags, size_t size),
      (s, flags, size), NULL);
FAULT(SITE_ALLOC, void *, kvmalloc_node, (size_t size, gfp_t flags, int node), (size, flags, node),
      NULL);
FAULT(SITE_ALLOC, unsigned long, get_zeroed_page, (gfp_t flags), (flags), 0);
FAULT(SITE_ALLOC, char *, kstrdup, (const char *s, gfp_t flags), (s, flags), NULL);
FAULT(SITE_ALLOC, char *, kvasprintf, (gfp_t flags, const char *fmt, va_list ap), (flags, fmt, ap),
      NULL);

FAULT(SITE_PAGE, int, gnttab_page_cache_get, (struct gnttab_page_cache *cache, struct page **page),
      (cache, page), -ENOMEM);
FAULT(SITE_EVTCHN, int, bind_interdomain_evtchn_to_irqhandler_lateeoi,
      (struct xenbus_device *dev, evtchn_port_t port, irq_handler_t handler, unsigned long flags,
       const char *name, void *arg),
      (dev, port, handler, flags, name, arg), -ENOSPC);
FAULT(SITE_RING, int, xenbus_map_ring_valloc,
      (struct xenbus_device *dev, grant_ref_t *refs, unsigned int nr, void **addr),
      (dev, refs, nr, addr), -ENOMEM);
FAULT(SITE_EXISTS, int, xenbus_exists,
      (struct xenbus_transaction t, const char *dir, const char *node), (t, dir, node), 0);
FAULT(SITE_WRITE, int, xenbus_rm, (struct xenbus_transaction t, const char *dir, const char *node),
      (t, dir, node), -EIO);
FAULT(SITE_WRITE, int, xenbus_transaction_start, (struct xenbus_transaction *t), (t), -EIO);
FAULT(SITE_WRITE, int, xenbus_switch_state, (struct xenbus_device *dev, enum xenbus_state state),
      (dev, state), -EIO);
FAULT(SITE_WATCH, int, xenbus_watch_path,
      (struct xenbus_device *dev, const char *path, struct xenbus_watch *watch,
       bool (*will_handle)(struct xenbus_watch *, const char *, const char *),
       void (*callback)(struct xenbus_watch *, const char *, const char *)),
      (dev, path, watch, will_handle, callback), -ENOMEM);
FAULT(SITE_DISCARD, int, blkdev_issue_discard,
      (struct block_device *bdev, sector_t sector, sector_t nr, gfp_t flags),
      (bdev, sector, nr, flags), -ENOMEM);
FAULT(SITE_LOAD, int, __xenbus_register_backend,
      (struct xenbus_driver *drv, struct module *owner, const char *name), (drv, owner, name),
      -ENOMEM);

/* Net devices and packets. Their headers are left out: in some kernels these are inline there. */
struct net_device;
struct napi_struct;
struct sk_buff;
struct xdp_rxq_info;
FAULT(SITE_NETDEV, struct net_device *, alloc_netdev_mqs,
      (int size, const char *name, unsigned char assigned, void (*setup)(struct net_device *),
       unsigned int nr_tx, unsigned int nr_rx),
      (size, name, assigned, setup, nr_tx, nr_rx), NULL);
FAULT(SITE_NETDEV, int, register_netdev, (struct net_device *dev), (dev), -ENOMEM);
FAULT(SITE_NETDEV, int, netif_set_real_num_tx_queues, (struct net_device *dev, unsigned int nr),
      (dev, nr), -ENOMEM);
FAULT(SITE_NETDEV, int, netif_set_real_num_rx_queues, (struct net_device *dev, unsigned int nr),
      (dev, nr), -ENOMEM);
FAULT(SITE_NETDEV, int, __xdp_rxq_info_reg,
      (struct xdp_rxq_info *rxq, struct net_device *dev, u32 queue, unsigned int napi, u32 size),
      (rxq, dev, queue, napi, size), -ENOMEM);
FAULT(SITE_NETDEV, int, xdp_rxq_info_reg_mem_model,
      (struct xdp_rxq_info *rxq, unsigned int type, void *allocator), (rxq, type, allocator),
      -ENOMEM);
FAULT(SITE_SKB, struct sk_buff *, napi_alloc_skb, (struct napi_struct *napi, unsigned int len),
      (napi, len), NULL);
FAULT(SITE_SKB, struct sk_buff *, __napi_alloc_skb,
      (struct napi_struct *napi, unsigned int len, gfp_t flags), (napi, len, flags), NULL);
FAULT(SITE_SKB, struct sk_buff *, napi_build_skb, (void *data, unsigned int size), (data, size),
      NULL);
FAULT(SITE_SKB, void *, __pskb_pull_tail, (struct sk_buff *skb, int delta), (skb, delta), NULL);
FAULT(SITE_SKB, bool, skb_page_frag_refill,
      (unsigned int size, struct page_frag *frag, gfp_t flags), (size, frag, flags), false);
FAULT(SITE_SYSFS, int, sysfs_create_group,
      (struct kobject *kobj, const struct attribute_group *group), (kobj, group), -ENOMEM);

/* What the size is passed with differs with the kernel and its configuration. */
#if defined(DECL_KMALLOC_PARAMS)
FAULT(SITE_ALLOC, void *, __kvmalloc_node_noprof,
      (DECL_KMALLOC_PARAMS(size, b, t), unsigned long align, gfp_t flags, int node),
      (PASS_KMALLOC_PARAMS(size, b, t), align, flags, node), NULL);
#elif defined(DECL_BUCKET_PARAMS)
FAULT(SITE_ALLOC, void *, __kvmalloc_node_noprof,
      (DECL_BUCKET_PARAMS(size, b), gfp_t flags, int node),
      (PASS_BUCKET_PARAMS(size, b), flags, node), NULL);
#endif

#ifdef BLK_OPEN_READ
FAULT(SITE_OPEN, struct file *, bdev_file_open_by_dev,
      (dev_t dev, blk_mode_t mode, void *holder, const struct blk_holder_ops *ops),
      (dev, mode, holder, ops), ERR_PTR(-ENXIO));
#else
FAULT(SITE_OPEN, struct block_device *, blkdev_get_by_dev, (dev_t dev, fmode_t mode, void *holder),
      (dev, mode, holder), ERR_PTR(-ENXIO));
#endif

/* Newer kernels want one more const. */
int lab_fault_sysfs_create_groups(struct kobject *kobj, void *groups);
int lab_fault_sysfs_create_groups(struct kobject *kobj, void *groups)
{
	return due(SITE_SYSFS) ? -ENOMEM : sysfs_create_groups(kobj, groups);
}
EXPORT_SYMBOL_GPL(lab_fault_sysfs_create_groups);

/* ---- the same for those with a list of arguments --------------------------------------- */

char *lab_fault_kasprintf(gfp_t flags, const char *fmt, ...);
char *lab_fault_kasprintf(gfp_t flags, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (!due(SITE_ALLOC))
		text = kvasprintf(flags, fmt, ap);
	va_end(ap);
	return text;
}
EXPORT_SYMBOL_GPL(lab_fault_kasprintf);

int lab_fault_xenbus_printf(struct xenbus_transaction t, const char *dir, const char *node,
			    const char *fmt, ...);
int lab_fault_xenbus_printf(struct xenbus_transaction t, const char *dir, const char *node,
			    const char *fmt, ...)
{
	char *text;
	va_list ap;
	int err;

	if (due(SITE_WRITE))
		return -EIO;
	va_start(ap, fmt);
	text = kvasprintf(GFP_NOIO, fmt, ap);
	va_end(ap);
	if (!text)
		return -ENOMEM;
	err = xenbus_write(t, dir, node, text);
	kfree(text);
	return err;
}
EXPORT_SYMBOL_GPL(lab_fault_xenbus_printf);

struct task_struct *lab_fault_kthread_create_on_node(int (*fn)(void *), void *arg, int node,
						     const char *fmt, ...);
struct task_struct *lab_fault_kthread_create_on_node(int (*fn)(void *), void *arg, int node,
						     const char *fmt, ...)
{
	struct task_struct *task;
	char name[64];
	va_list ap;

	if (due(SITE_KTHREAD))
		return ERR_PTR(-ENOMEM);
	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	task = kthread_create_on_node(fn, arg, node, "%s", name);
	return task;
}
EXPORT_SYMBOL_GPL(lab_fault_kthread_create_on_node);

#ifdef alloc_workqueue
#define LAB_FAULT_ALLOC_WORKQUEUE lab_fault_alloc_workqueue_noprof
#else
#define LAB_FAULT_ALLOC_WORKQUEUE lab_fault_alloc_workqueue
#endif
struct workqueue_struct *LAB_FAULT_ALLOC_WORKQUEUE(const char *fmt, unsigned int flags, int max,
						   ...);
struct workqueue_struct *LAB_FAULT_ALLOC_WORKQUEUE(const char *fmt, unsigned int flags, int max,
						   ...)
{
	/* Its name has no arguments. */
	return due(SITE_LOAD) ? NULL : alloc_workqueue("%s", flags, max, fmt);
}
EXPORT_SYMBOL_GPL(LAB_FAULT_ALLOC_WORKQUEUE);

/* ---- functions of which something is left or done ---------------------------------------- */

#define NO_GREF		0x7ffffff0u
#define NO_HANDLE	0x7ffffff0u

void *lab_fault_xenbus_read(struct xenbus_transaction t, const char *dir, const char *node,
			    unsigned int *len);
void *lab_fault_xenbus_read(struct xenbus_transaction t, const char *dir, const char *node,
			    unsigned int *len)
{
	if (due(SITE_READ))
		return ERR_PTR(-EIO);
	if (due(SITE_READ_MEMORY))
		return ERR_PTR(-ENOMEM);
	return xenbus_read(t, dir, node, len);
}
EXPORT_SYMBOL_GPL(lab_fault_xenbus_read);

int lab_fault_gnttab_map_refs(struct gnttab_map_grant_ref *ops, struct gnttab_map_grant_ref *kops,
			      struct page **pages, unsigned int count);
int lab_fault_gnttab_map_refs(struct gnttab_map_grant_ref *ops, struct gnttab_map_grant_ref *kops,
			      struct page **pages, unsigned int count)
{
	if (due(SITE_MAP))
		return -ENOMEM;
	/* One page of a batch is not granted after all. */
	if (due(SITE_MAP_ONE))
		ops[count / 2].ref = NO_GREF;
	return gnttab_map_refs(ops, kops, pages, count);
}
EXPORT_SYMBOL_GPL(lab_fault_gnttab_map_refs);

void lab_fault_gnttab_batch_copy(struct gnttab_copy *ops, unsigned int count);
void lab_fault_gnttab_batch_copy(struct gnttab_copy *ops, unsigned int count)
{
	if (due(SITE_COPY))
		ops[0].source.u.ref = NO_GREF;
	gnttab_batch_copy(ops, count);
}
EXPORT_SYMBOL_GPL(lab_fault_gnttab_batch_copy);

/* Copies of packets: asked of Xen by our own module, which is there if anybody can call this. */
struct xenbe_copies;
bool xenbe_copies_ok(struct xenbe_copies *c, unsigned int from, unsigned int to);
bool lab_fault_xenbe_copies_ok(struct xenbe_copies *c, unsigned int from, unsigned int to);
bool lab_fault_xenbe_copies_ok(struct xenbe_copies *c, unsigned int from, unsigned int to)
{
	bool (*copies_ok)(struct xenbe_copies *, unsigned int, unsigned int) =
		symbol_get(xenbe_copies_ok);
	bool ok = copies_ok(c, from, to);

	symbol_put(xenbe_copies_ok);
	return ok && !due(SITE_COPY);
}
EXPORT_SYMBOL_GPL(lab_fault_xenbe_copies_ok);

/* What Xen was kept from unmapping; done when all is over, so that the guest's page is free. */
static struct gnttab_unmap_grant_ref kept[256];
static unsigned int nr_kept;
static DEFINE_SPINLOCK(kept_lock);

int lab_fault_gnttab_unmap_refs_sync(struct gntab_unmap_queue_data *data);
int lab_fault_gnttab_unmap_refs_sync(struct gntab_unmap_queue_data *data)
{
	struct gnttab_unmap_grant_ref *op = &data->unmap_ops[data->count / 2];

	if (due(SITE_UNMAP_ONE)) {
		spin_lock(&kept_lock);
		if (nr_kept < ARRAY_SIZE(kept)) {
			kept[nr_kept++] = *op;
			op->handle = NO_HANDLE;
		}
		spin_unlock(&kept_lock);
	}
	return gnttab_unmap_refs_sync(data);
}
EXPORT_SYMBOL_GPL(lab_fault_gnttab_unmap_refs_sync);

/* Falling asleep takes long enough for an interrupt to come in between. */
long lab_fault_schedule_timeout(long timeout);
long lab_fault_schedule_timeout(long timeout)
{
	if (due(SITE_SLEEP))
		udelay(100);
	return schedule_timeout(timeout);
}
EXPORT_SYMBOL_GPL(lab_fault_schedule_timeout);

static void unmap_kept(void)
{
	struct gnttab_unmap_grant_ref op;

	for (;;) {
		spin_lock(&kept_lock);
		if (!nr_kept) {
			spin_unlock(&kept_lock);
			return;
		}
		op = kept[--nr_kept];
		spin_unlock(&kept_lock);
		op.status = GNTST_general_error;
		if (HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) || op.status)
			pr_err("cannot unmap handle %u: %d\n", op.handle, op.status);
	}
}

int lab_fault_xenbus_transaction_end(struct xenbus_transaction t, int abort);
int lab_fault_xenbus_transaction_end(struct xenbus_transaction t, int abort)
{
	if (!due(SITE_WRITE))
		return xenbus_transaction_end(t, abort);
	/* One that is not ended would stay open, here and in xenstored. */
	(void)xenbus_transaction_end(t, 1);
	return -EIO;
}
EXPORT_SYMBOL_GPL(lab_fault_xenbus_transaction_end);

/* ---- control --------------------------------------------------------------------------- */

static int arm_set(const char *text, const struct kernel_param *kp)
{
	unsigned int n = 0, count = 1, one = 0, seed = 0;
	char name[16];
	int site;

	if (sscanf(text, "%15s 1/%u %u", name, &one, &seed) < 3) {
		one = 0;
		if (sscanf(text, "%15s %u %u", name, &n, &count) < 1)
			return -EINVAL;
	}
	site = match_string(site_names, NR_SITES, name);
	if (site < 0 || (site != SITE_OFF && !n && !one))
		return -EINVAL;

	mutex_lock(&arm_lock);
	smp_store_release(&armed, SITE_OFF);
	if (site == SITE_OFF) {
		unmap_kept();
	} else {
		atomic_set(&calls, 0);
		atomic_set(&fired, 0);
		first = n;
		last = count ? n + count - 1 : UINT_MAX;
		one_in = one;
		random_seed = seed;
		smp_store_release(&armed, (enum site)site);
	}
	mutex_unlock(&arm_lock);
	return 0;
}

static int arm_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s %d %d %u\n", site_names[armed], atomic_read(&calls),
			  atomic_read(&fired), READ_ONCE(nr_kept));
}

static const struct kernel_param_ops arm_ops = { .set = arm_set, .get = arm_get };
module_param_cb(arm, &arm_ops, NULL, 0600);

/* ---- the maptrack, taken by "another driver" ---------------------------------------------- */

#define MAPS_OF_A_GRANT	128u	/* Xen refuses the next: it counts in eight bits, and is careful */
#define HOG_BATCH	64u
#define HOG_MOST	(1u << 20)

static struct page *hog_page;
static grant_ref_t *hog_grefs;
static grant_handle_t *hog_handles;
static u64 hog_bus_addr;	/* of the page, for all; without it Xen unmaps nothing */
static unsigned int nr_hog_grefs, nr_hogged;

/* Maps for a device only: that takes an entry and no address. */
static unsigned int hog_some(unsigned int n)
{
	static struct gnttab_map_grant_ref ops[HOG_BATCH];
	unsigned int i, done = 0;
	int gref;

	if (nr_hogged / MAPS_OF_A_GRANT == nr_hog_grefs) {
		gref = gnttab_grant_foreign_access(0, xen_page_to_gfn(hog_page), 0);
		if (gref < 0)
			return 0;
		hog_grefs[nr_hog_grefs++] = gref;
	}
	n = min3(n, HOG_BATCH, MAPS_OF_A_GRANT - nr_hogged % MAPS_OF_A_GRANT);
	for (i = 0; i < n; i++)
		ops[i] = (struct gnttab_map_grant_ref) {
			.flags = GNTMAP_device_map,
			.ref = hog_grefs[nr_hog_grefs - 1],
			.dom = 0,
			.status = GNTST_general_error,
		};
	if (HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, ops, n))
		return 0;
	for (i = 0; i < n; i++) {
		if (ops[i].status != GNTST_okay)
			continue;
		hog_handles[nr_hogged++] = ops[i].handle;
		hog_bus_addr = ops[i].dev_bus_addr;
		done++;
	}
	return done;
}

static void hog_release(void)
{
	struct gnttab_unmap_grant_ref op;

	while (nr_hogged) {
		op = (struct gnttab_unmap_grant_ref) {
			.dev_bus_addr = hog_bus_addr,
			.handle = hog_handles[--nr_hogged],
			.status = GNTST_general_error,
		};
		if (HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) || op.status)
			pr_err("cannot give back maptrack entry %u: %d\n", op.handle, op.status);
		cond_resched();
	}
	for (; nr_hog_grefs; nr_hog_grefs--)
		if (gnttab_end_foreign_access_ref(hog_grefs[nr_hog_grefs - 1]))
			gnttab_free_grant_reference(hog_grefs[nr_hog_grefs - 1]);
	vfree(hog_grefs);
	vfree(hog_handles);
	if (hog_page)
		__free_page(hog_page);
	hog_grefs = NULL;
	hog_handles = NULL;
	hog_page = NULL;
}

static int hog_set(const char *text, const struct kernel_param *kp)
{
	unsigned long last = jiffies;
	int want, err = kstrtoint(text, 0, &want);

	if (err)
		return err;
	mutex_lock(&arm_lock);
	hog_release();
	if (want) {
		hog_page = alloc_page(GFP_KERNEL);
		hog_grefs = vcalloc(HOG_MOST / MAPS_OF_A_GRANT + 1, sizeof(*hog_grefs));
		hog_handles = vcalloc(HOG_MOST, sizeof(*hog_handles));
		if (!hog_page || !hog_grefs || !hog_handles)
			err = -ENOMEM;
		while (!err && nr_hogged < HOG_MOST &&
		       (want < 0 || nr_hogged < (unsigned int)want)) {
			if (hog_some(want < 0 ? HOG_BATCH : (unsigned int)want - nr_hogged))
				last = jiffies;
			else if (want > 0 || time_after(jiffies, last + 2 * HZ))
				break;
			else
				usleep_range(50, 200);
			cond_resched();
		}
	}
	mutex_unlock(&arm_lock);
	return err;
}

static int hog_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%u\n", nr_hogged);
}

static const struct kernel_param_ops hog_ops = { .set = hog_set, .get = hog_get };
module_param_cb(hog, &hog_ops, NULL, 0600);

/* ---- life --------------------------------------------------------------------------------- */

static int __init lab_fault_init(void)
{
	return xen_domain() ? 0 : -ENODEV;
}
module_init(lab_fault_init);

static void __exit lab_fault_exit(void)
{
	unmap_kept();
	hog_release();
}
module_exit(lab_fault_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Fails calls of the Xen backend drivers, for the lab");
