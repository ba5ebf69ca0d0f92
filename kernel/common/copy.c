// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between guest pages and our memory, many with one hypercall. As with
 * maps each has its own fate, preset to failure.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

#include "xenbe.h"

int xenbe_copies_init(struct xenbe_copies *c, domid_t domid, unsigned int max)
{
	memset(c, 0, sizeof(*c));
	c->domid = domid;
	c->max = max;
	c->ops = kvcalloc(max, sizeof(*c->ops), GFP_KERNEL);
	return c->ops ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(xenbe_copies_init);

void xenbe_copies_fini(struct xenbe_copies *c)
{
	kvfree(c->ops);
	memset(c, 0, sizeof(*c));
}
EXPORT_SYMBOL_GPL(xenbe_copies_fini);

static struct gnttab_copy *next_op(struct xenbe_copies *c, unsigned int len, u16 flags)
{
	struct gnttab_copy *op = &c->ops[c->nr++];

	op->len = len;
	op->flags = flags;
	op->status = GNTST_general_error;
	return op;
}

void xenbe_copy_in(struct xenbe_copies *c, grant_ref_t gref, unsigned int offset, void *dst,
		   unsigned int len)
{
	struct gnttab_copy *op;
	unsigned int n;

	for (; len; len -= n) {
		n = min_t(unsigned int, len, XEN_PAGE_SIZE - xen_offset_in_page(dst));
		op = next_op(c, n, GNTCOPY_source_gref);
		op->source.u.ref = gref;
		op->source.domid = c->domid;
		op->source.offset = offset;
		op->dest.u.gmfn = virt_to_gfn(dst);
		op->dest.domid = DOMID_SELF;
		op->dest.offset = xen_offset_in_page(dst);
		offset += n;
		dst += n;
	}
}
EXPORT_SYMBOL_GPL(xenbe_copy_in);

/*
 * Where data comes from. A page of another guest's that is mapped here (one disk
 * over the network, for another) has no frame of ours: Xen is told of its grant.
 * Pages of files use that flag for something else, and have a mapping.
 */
static void set_source(struct gnttab_copy *op, const void *src)
{
	struct page *page = virt_to_page(src);
	struct xen_page_foreign *foreign = page->mapping ? NULL : xen_page_foreign(page);

	if (foreign) {
		op->flags |= GNTCOPY_source_gref;
		op->source.u.ref = foreign->gref;
		op->source.domid = foreign->domid;
	} else {
		op->source.u.gmfn = virt_to_gfn(src);
		op->source.domid = DOMID_SELF;
	}
	op->source.offset = xen_offset_in_page(src);
}

void xenbe_copy_out(struct xenbe_copies *c, const void *src, grant_ref_t gref, unsigned int offset,
		    unsigned int len)
{
	struct gnttab_copy *op;
	unsigned int n;

	for (; len; len -= n) {
		n = min_t(unsigned int, len, XEN_PAGE_SIZE - xen_offset_in_page(src));
		op = next_op(c, n, GNTCOPY_dest_gref);
		set_source(op, src);
		op->dest.u.ref = gref;
		op->dest.domid = c->domid;
		op->dest.offset = offset;
		offset += n;
		src += n;
	}
}
EXPORT_SYMBOL_GPL(xenbe_copy_out);

void xenbe_copies_forget(struct xenbe_copies *c, unsigned int first)
{
	c->nr = first;
}
EXPORT_SYMBOL_GPL(xenbe_copies_forget);

void xenbe_copies_flush(struct xenbe_copies *c)
{
	if (!c->nr)
		return;
	/*
	 * Not gnttab_batch_copy(): that sleeps for a guest's page which is paged out,
	 * and this may be a softirq. Such a packet is lost, and the page on its way in.
	 */
	(void)HYPERVISOR_grant_table_op(GNTTABOP_copy, c->ops, c->nr);	/* the statuses say it */
	c->done += c->nr;
	c->batches++;
	c->nr = 0;
}
EXPORT_SYMBOL_GPL(xenbe_copies_flush);

bool xenbe_copies_ok(struct xenbe_copies *c, unsigned int first, unsigned int last)
{
	unsigned int i;

	for (i = first; i < last; i++)
		if (c->ops[i].status != GNTST_okay) {
			c->failed++;
			return false;
		}
	return true;
}
EXPORT_SYMBOL_GPL(xenbe_copies_ok);
