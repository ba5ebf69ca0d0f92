/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hostile network frontend does; as bad.h, with the device in InitWait before each row. */
#ifndef FRONT_NETBAD_H
#define FRONT_NETBAD_H

#include "vif.h"

void netbad_run(struct vif *vif, const char *name);
void netbad_list(void);

#endif
