/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a well-behaved frontend may do, and the backend has to serve. */
#ifndef FRONT_BLKSUITE_H
#define FRONT_BLKSUITE_H

#include "vbd.h"

/* Each prints one line per check. @vbd is in InitWait before and after. */
/* Every combination of ABI, queues, order, persistent. */
void blksuite_matrix(struct vbd *vbd);
void blksuite_io(struct vbd *vbd);		/* every kind of request, with the options given */
void blksuite_reconnect(struct vbd *vbd, unsigned int times);

#endif
