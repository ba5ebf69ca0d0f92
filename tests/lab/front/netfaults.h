/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faults.h, of network interfaces. */
#ifndef FRONT_NETFAULTS_H
#define FRONT_NETFAULTS_H

#include "vif.h"

void netfaults_nth(const struct vif_args *args, const char *site);
void netfaults_kill(const struct vif_args *args, unsigned int times);

#endif
