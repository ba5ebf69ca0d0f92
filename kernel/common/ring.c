// SPDX-License-Identifier: GPL-2.0
/* Ring pages: mapped from the frontend's grants and tied to a wire_ring. */
#include <linux/export.h>
#include <linux/kernel.h>

#include "xenbe.h"

int xenbe_ring_map(struct xenbus_device *dev, const grant_ref_t *grefs, unsigned int nr,
		   u32 slot_size, struct xenbe_ring *ring, enum wire_verdict *verdict)
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

	err = xenbus_map_ring_valloc(dev, refs, nr, &ring->pages);
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
