// SPDX-License-Identifier: GPL-2.0
/*
 * Budgets of live grant maps. dom0 can hold only so many for all guests
 * together (1,024 maptrack frames of 256 by default); without a limit for each
 * guest, one that asks for everything starves the others.
 */
#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "xenbe.h"

static unsigned int guest_maps_max = 16384;
module_param(guest_maps_max, uint, 0644);
MODULE_PARM_DESC(guest_maps_max,
	"Grant maps (4 KiB pages) one guest may have live over all its devices (default 16384)");

struct xenbe_budget {
	struct list_head list;
	domid_t domid;
	unsigned int refs;	/* under budgets_lock */
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
