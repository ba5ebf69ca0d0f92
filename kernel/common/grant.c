// SPDX-License-Identifier: GPL-2.0
/*
 * Grant batches. Every entry has its own fate: statuses are preset to failure
 * before the hypercall and looked at one by one after it, whatever the call as
 * a whole returned. What a failure means is the caller's business.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

#include "xenbe.h"

/* How many of @live maps are on the guest's account: those above our reserve. */
static unsigned int charged(const struct xenbe_grants *g, unsigned int live)
{
	return live > g->reserve ? live - g->reserve : 0;
}

int xenbe_grants_init(struct xenbe_grants *g, domid_t domid, struct xenbe_budget *budget,
		      unsigned int reserve)
{
	memset(g, 0, sizeof(*g));
	g->domid = domid;
	g->budget = budget;
	g->reserve = reserve;
	gnttab_page_cache_init(&g->pages);

	g->map_ops = kcalloc(XENBE_GRANT_BATCH, sizeof(*g->map_ops), GFP_KERNEL);
	g->unmap_ops = kcalloc(XENBE_GRANT_BATCH, sizeof(*g->unmap_ops), GFP_KERNEL);
	/* First half: pages being mapped; second half: pages waiting to be unmapped. */
	g->op_pages = kcalloc(2 * XENBE_GRANT_BATCH, sizeof(*g->op_pages), GFP_KERNEL);
	if (g->map_ops && g->unmap_ops && g->op_pages)
		return 0;
	xenbe_grants_fini(g);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xenbe_grants_init);

void xenbe_grants_fini(struct xenbe_grants *g)
{
	if (!g->budget)
		return;
	if (g->nr_unmaps)
		xenbe_grant_unmap_flush(g);
	gnttab_page_cache_shrink(&g->pages, 0);
	xenbe_budget_give(g->budget, charged(g, g->live));
	kfree(g->map_ops);
	kfree(g->unmap_ops);
	kfree(g->op_pages);
	memset(g, 0, sizeof(*g));
}
EXPORT_SYMBOL_GPL(xenbe_grants_fini);

static unsigned long kaddr(struct page *page)
{
	return (unsigned long)page_address(page);
}

/*
 * What an entry's failure means: that there is no room on our side (Xen's
 * maptrack is full, or the kernel's own table), or that the guest's page cannot
 * be had. @call is an error only for something of ours.
 */
static int map_error(int status, int call)
{
	switch (status) {
	case GNTST_no_space:
	case GNTST_no_device_space:
		return -ENOMEM;
	case GNTST_general_error:
		return call ? -ENOMEM : -EFAULT;
	default:
		return -EFAULT;
	}
}

/* At most one batch; entries of @maps are preset to not mapped. */
static int map_batch(struct xenbe_grants *g, const grant_ref_t *grefs, struct xenbe_map *maps,
		     unsigned int n, u32 flags)
{
	unsigned int i, nr, mapped = 0;
	int err = 0, call;

	if (!xenbe_budget_take(g->budget, charged(g, g->live + n) - charged(g, g->live)))
		return -EDQUOT;

	for (nr = 0; nr < n; nr++) {
		if (gnttab_page_cache_get(&g->pages, &g->op_pages[nr])) {
			err = -ENOMEM;
			break;
		}
		gnttab_set_map_op(&g->map_ops[nr], kaddr(g->op_pages[nr]), flags, grefs[nr],
				  g->domid);
		g->map_ops[nr].status = GNTST_general_error;
	}

	/* The return value repeats what the statuses say, or says that none was set. */
	call = nr ? gnttab_map_refs(g->map_ops, NULL, g->op_pages, nr) : 0;
	for (i = 0; i < nr; i++) {
		if (g->map_ops[i].status == GNTST_okay) {
			maps[i].page = g->op_pages[i];
			maps[i].handle = g->map_ops[i].handle;
			mapped++;
		} else {
			gnttab_page_cache_put(&g->pages, &g->op_pages[i], 1);
			g->failed++;
			err = err ?: map_error(g->map_ops[i].status, call);
		}
	}
	xenbe_budget_give(g->budget, charged(g, g->live + n) - charged(g, g->live + mapped));
	g->live += mapped;
	g->maps += mapped;
	return err ?: call;
}

int xenbe_grant_map(struct xenbe_grants *g, const grant_ref_t *grefs, struct xenbe_map *maps,
		    unsigned int n, bool readonly)
{
	u32 flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0);
	unsigned int i;
	int err = 0;

	for (i = 0; i < n; i++) {
		maps[i].page = NULL;
		maps[i].handle = XENBE_NO_HANDLE;
	}
	for (i = 0; i < n && !err; i += XENBE_GRANT_BATCH)
		err = map_batch(g, grefs + i, maps + i, min(n - i, XENBE_GRANT_BATCH), flags);
	return err;
}
EXPORT_SYMBOL_GPL(xenbe_grant_map);

void xenbe_grant_unmap(struct xenbe_grants *g, struct xenbe_map *map)
{
	unsigned int i = g->nr_unmaps;

	if (map->handle == XENBE_NO_HANDLE)
		return;
	gnttab_set_unmap_op(&g->unmap_ops[i], kaddr(map->page), GNTMAP_host_map, map->handle);
	g->unmap_ops[i].status = GNTST_general_error;
	g->op_pages[XENBE_GRANT_BATCH + i] = map->page;
	map->page = NULL;
	map->handle = XENBE_NO_HANDLE;
	if (++g->nr_unmaps == XENBE_GRANT_BATCH)
		xenbe_grant_unmap_flush(g);
}
EXPORT_SYMBOL_GPL(xenbe_grant_unmap);

void xenbe_grant_unmap_flush(struct xenbe_grants *g)
{
	struct page **pages = g->op_pages + XENBE_GRANT_BATCH;
	unsigned int i, unmapped = 0;

	if (!g->nr_unmaps)
		return;
	g->unmap_data.unmap_ops = g->unmap_ops;
	g->unmap_data.pages = pages;
	g->unmap_data.count = g->nr_unmaps;
	(void)gnttab_unmap_refs_sync(&g->unmap_data);	/* the statuses below say it in detail */
	for (i = 0; i < g->nr_unmaps; i++) {
		if (g->unmap_ops[i].status == GNTST_okay) {
			gnttab_page_cache_put(&g->pages, &pages[i], 1);
			unmapped++;
		} else {
			/* Still the guest's memory: never to be used for anything else. */
			g->leaked++;
		}
	}
	/* What Xen would not unmap stays on the account, so that it cannot be repeated for ever. */
	g->nr_unmaps = 0;
	xenbe_budget_give(g->budget, charged(g, g->live) - charged(g, g->live - unmapped));
	g->live -= unmapped;
	g->unmaps += unmapped;
}
EXPORT_SYMBOL_GPL(xenbe_grant_unmap_flush);

int xenbe_grant_copy_in(struct xenbe_grants *g, grant_ref_t gref, void *dst, unsigned int len)
{
	struct gnttab_copy op = {
		.source.u.ref = gref,
		.source.domid = g->domid,
		.dest.u.gmfn = virt_to_gfn(dst),
		.dest.domid = DOMID_SELF,
		.dest.offset = xen_offset_in_page(dst),
		.len = len,
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};

	gnttab_batch_copy(&op, 1);
	g->copies++;
	if (op.status == GNTST_okay)
		return 0;
	g->failed++;
	return -EFAULT;
}
EXPORT_SYMBOL_GPL(xenbe_grant_copy_in);

void xenbe_grants_shrink(struct xenbe_grants *g, unsigned int keep)
{
	gnttab_page_cache_shrink(&g->pages, keep);
}
EXPORT_SYMBOL_GPL(xenbe_grants_shrink);
