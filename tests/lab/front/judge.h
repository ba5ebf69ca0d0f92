/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the backend still holds, asked of those who cannot be fooled by it:
 * Xen's own grant-table dump, and dom0's memory accounting. For dom0.
 */
#ifndef FRONT_JUDGE_H
#define FRONT_JUDGE_H

#include "dev.h"

/*
 * Grants of domain @domid that are mapped by anybody right now. With @only_ours,
 * only those whose reference this process used (another frontend of the same
 * domain does not count then). Negative: the dump could not be read.
 */
int judge_mapped_grants(u16 domid, bool only_ours);

/* Complains unless no grant this process ever made is mapped any more; waits @ms at most. */
bool judge_nothing_mapped(struct check *chk, u16 domid, unsigned int ms);

/* Kilobytes: MemAvailable and SUnreclaim of /proc/meminfo. */
struct judge_memory {
	long available, slab;
};

struct judge_memory judge_memory(void);

/* Interrupts the backend of @dev has taken so far, over all its channels; negative: not known. */
long judge_interrupts(const struct dev *dev);
long judge_interrupts_called(const char *name);		/* of any device */

/* Requests of @dev which the disk has failed so far; negative: not known. */
long judge_disk_errors(const struct dev *dev);

#endif
