# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-04: slots, indices and private areas change while they are read.
# timeout: 300

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad race
success
