/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a well-behaved network frontend does, checked byte by byte. The device is in InitWait. */
#ifndef FRONT_NETSUITE_H
#define FRONT_NETSUITE_H

#include "vif.h"

void netsuite_io(struct vif *vif, const char *words);	/* those with @words in their name */
void netsuite_matrix(struct vif *vif);	/* every combination of features, packets both ways */
void netsuite_reconnect(struct vif *vif, unsigned int times);
/* Random packets both ways until @seconds are over (0: until SIGTERM). */
void netsuite_load(struct vif *vif, unsigned int seconds);

#endif
