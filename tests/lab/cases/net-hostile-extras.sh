# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-08, H-35: extras that lie, miss, repeat or order more groups than there is room for.
# timeout: 300

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad extra
success
