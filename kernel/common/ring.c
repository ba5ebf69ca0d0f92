// SPDX-License-Identifier: GPL-2.0
/* Ring pages: mapped from the frontend's grants and tied to a wire_ring. */
#include <linux/export.h>
#include <linux/kernel.h>

#include "xenbe.h"

/*
 * The bus core's mapping of several pages at once must not meet a bad one: it
 * would leave the good pages behind it mapped for ever, log without a limit
 * and close the device. While a page is mapped here the guest cannot make a
 * second mapping of it fail, so all are mapped one by one first.
 */
static int map_checked(struct xenbus_device *dev, struct xenbe_grants *g, grant_ref_t *refs,
		       unsigned int nr, void **pages)
{
	struct xenbe_map maps[XENBUS_MAX_RING_GRANTS];
	unsigned int i;
	int err;

	err = xenbe_grant_map(g, refs, maps, nr, false);
	if (!err)
		err = xenbus_map_ring_valloc(dev, refs, nr, pages);
	for (i = 0; i < nr; i++)
		xenbe_grant_unmap(g, &maps[i]);
	xenbe_grant_unmap_flush(g);
	return err;
}

int xenbe_ring_map(struct xenbus_device *dev, struct xenbe_grants *g, const grant_ref_t *grefs,
		   unsigned int nr, u32 slot_size, struct xenbe_ring *ring,
		   enum wire_verdict *verdict)
{
	grant_ref_t refs[XENBUS_MAX_RING_GRANTS];
	unsigned int i, j;
	int err;

	memset(ring, 0, sizeof(*ring));
	*verdict = WIRE_OK;
	if (!nr || nr > ARRAY_SIZE(refs))
		return -EINVAL;

	/* Two views of one page would let the guest turn a response into a request. */
	for (i = 0; i < nr; i++) {
		refs[i] = grefs[i];
		for (j = 0; j < i; j++)
			if (refs[j] == refs[i])
				return -EEXIST;
	}

	err = map_checked(dev, g, refs, nr, &ring->pages);
	if (err == -EFAULT) {
		*verdict = WIRE_REJECT_GRANT;
		err = -EINVAL;
	}
	if (err) {
		ring->pages = NULL;
		return err;
	}
	ring->dev = dev;

	*verdict = wire_ring_attach(&ring->wire, ring->pages, nr * WIRE_PAGE_SIZE, slot_size);
	if (*verdict) {
		xenbe_ring_unmap(ring);
		return -EINVAL;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(xenbe_ring_map);

void xenbe_ring_unmap(struct xenbe_ring *ring)
{
	if (ring->pages)
		xenbus_unmap_ring_vfree(ring->dev, ring->pages);
	memset(ring, 0, sizeof(*ring));
}
EXPORT_SYMBOL_GPL(xenbe_ring_unmap);
