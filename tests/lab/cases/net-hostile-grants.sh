# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-11, H-22: pages that are not there, read-only, all the same, or taken back.
# timeout: 300

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad grant
success
