# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest is started by a boot loader with a frontend of its own (GRUB for PV), which reads the kernel
# from the disk and closes; then Linux connects to the same device, in the same domain.
# timeout: 300

. "$LAB/cases/lib/guest-loader"
guest_loader pv /usr/lib/grub-xen/grub-x86_64-xen.bin
success
