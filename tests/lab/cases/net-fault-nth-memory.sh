# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: each allocation of an interface's life fails once, and each packet's. The driver says so or loses that
# packet, holds nothing, and serves the next connection.
# timeout: 500

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
expect_ok modprobe xen-netback
net_nth alloc page netdev sysfs skb
net_nth --queues max --split 1 alloc netdev
success
