# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-05, H-09: blank checksums on what has none, headers that are cut off or loop.
# timeout: 200

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad header
success
