# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Pages that a guest wants to stay mapped are copied from and to without a hypercall each, carry the same
# packets, and are unmapped when it says so, or goes. Tables that are wrong change nothing.
# timeout: 200

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net io 'stay mapped'
front net bad control/nonsense
expect_eq "dom0's own grants that are mapped" "$(xenfront grants 0)" 0
success
