# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-12, H-19, H-20: wrong keys, one page for two rings, nonsense on the control ring.
# timeout: 400

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad keys control/nonsense
success
