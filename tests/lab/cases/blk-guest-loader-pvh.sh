# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest is started by a boot loader with a frontend of its own (GRUB for PVH), which reads the kernel
# from the disk and closes; then Linux connects to the same device, in the same domain.
# timeout: 300

. "$LAB/cases/lib/guest-loader"
guest_loader pvh /usr/lib/grub-xen/grub-i386-xen_pvh.bin
success
