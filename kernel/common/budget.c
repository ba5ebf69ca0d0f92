// SPDX-License-Identifier: GPL-2.0
/*
 * Budgets of live grant maps. dom0 can hold only so many for all guests
 * together (1,024 maptrack frames of 256 by default); without a limit for each
 * guest, one that asks for everything starves the others.
 *
 * And of the guest's own grant table, which is not protected from what we offer:
 * a frontend that takes every queue of its first interfaces may find no entry
 * left for the last one.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <xen/interface/grant_table.h>
#include <asm/xen/hypercall.h>

#include "../../wire/limit.h"
#include "xenbe.h"

#define FRAMES_USUAL	64u	/* a guest's grant frames if unknown: the default since Xen 4.10 */

static unsigned int guest_maps_max = 16384;
module_param(guest_maps_max, uint, 0644);
MODULE_PARM_DESC(guest_maps_max,
	"Grant maps (4 KiB pages) one guest may have live over all its devices (default 16384)");

struct xenbe_budget {
	struct list_head list;
	domid_t domid;
	unsigned int refs;	/* under budgets_lock, */
	unsigned int frames;	/* and so are grant frames on offer */
	atomic_t used;
};

static LIST_HEAD(budgets);
static DEFINE_MUTEX(budgets_lock);

struct xenbe_budget *xenbe_budget_get(domid_t domid)
{
	struct xenbe_budget *b;

	mutex_lock(&budgets_lock);
	list_for_each_entry(b, &budgets, list)
		if (b->domid == domid) {
			b->refs++;
			goto out;
		}
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (b) {
		b->domid = domid;
		b->refs = 1;
		list_add(&b->list, &budgets);
	}
out:
	mutex_unlock(&budgets_lock);
	return b;
}
EXPORT_SYMBOL_GPL(xenbe_budget_get);

void xenbe_budget_put(struct xenbe_budget *b)
{
	if (!b)
		return;
	mutex_lock(&budgets_lock);
	if (!--b->refs) {
		list_del(&b->list);
		kfree(b);
	}
	mutex_unlock(&budgets_lock);
}
EXPORT_SYMBOL_GPL(xenbe_budget_put);

bool xenbe_budget_take(struct xenbe_budget *b, unsigned int n)
{
	unsigned int max = READ_ONCE(guest_maps_max);

	if (n > max)
		return false;
	if ((unsigned int)atomic_add_return(n, &b->used) <= max)
		return true;
	atomic_sub(n, &b->used);
	return false;
}
EXPORT_SYMBOL_GPL(xenbe_budget_take);

void xenbe_budget_give(struct xenbe_budget *b, unsigned int n)
{
	atomic_sub(n, &b->used);
}
EXPORT_SYMBOL_GPL(xenbe_budget_give);

unsigned int xenbe_budget_used(const struct xenbe_budget *b)
{
	return atomic_read(&b->used);
}
EXPORT_SYMBOL_GPL(xenbe_budget_used);

/* How many the guest's table may have. Only a privileged domain may ask. */
static u32 grant_frames(domid_t domid)
{
	struct gnttab_query_size query = { .dom = domid };

	if (HYPERVISOR_grant_table_op(GNTTABOP_query_size, &query, 1) ||
	    query.status != GNTST_okay)
		return FRAMES_USUAL;
	return query.max_nr_frames;
}

unsigned int xenbe_budget_take_frames(struct xenbe_budget *b, unsigned int has, unsigned int want)
{
	unsigned int n;

	mutex_lock(&budgets_lock);
	n = has ?: wire_limit_share(want, grant_frames(b->domid) / 2, b->frames);
	b->frames += n;
	mutex_unlock(&budgets_lock);
	return n;
}
EXPORT_SYMBOL_GPL(xenbe_budget_take_frames);

void xenbe_budget_give_frames(struct xenbe_budget *b, unsigned int n)
{
	mutex_lock(&budgets_lock);
	b->frames -= n;
	mutex_unlock(&budgets_lock);
}
EXPORT_SYMBOL_GPL(xenbe_budget_give_frames);
