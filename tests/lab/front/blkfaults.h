/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faults.h, of disks. */
#ifndef FRONT_BLKFAULTS_H
#define FRONT_BLKFAULTS_H

#include "vbd.h"

void blkfaults_nth(const struct vbd_args *args, const char *site);
void blkfaults_kill(const struct vbd_args *args, unsigned int times);

#endif
