/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H-41 for networks: mutated packets and control messages, on a vif that is connected. */
#ifndef FRONT_NETRANDOM_H
#define FRONT_NETRANDOM_H

#include "vif.h"

void netrandom_packets(struct vif *vif, struct check *chk, u32 slots);
/* Wants a control ring. */
void netrandom_control(struct vif *vif, struct check *chk, u32 messages);

#endif
