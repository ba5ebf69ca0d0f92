# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15, F-20: a driver that finds no memory when it is loaded is not loaded, and is the next time; it refuses
# parameters of the wrong kind, and cannot be loaded before what it needs.

. "$LAB/cases/lib/front"
fault_load
expect_ok rmmod xen-netback
for ((n = 1; ; n++)); do
	fault_arm load "$n"
	if insmod "$LAB_RUN/tmp/fault/xen-netback.ko"; then
		break
	fi
	expect_eq "call $n: failures" "$(fault_fired)" 1
	expect_ok test ! -e /sys/module/xen_netback
	expect_le 'calls that can fail' "$n" 10
done
expect_eq 'failures when it is loaded' "$(fault_fired)" 0
expect_ge 'calls that failed' "$((n - 1))" 2
fault_disarm
front net load --seconds 1
rmmod xen-netback
expect_fail insmod "$LAB_RUN/tmp/fault/xen-netback.ko" max_queues=many
expect_fail insmod "$LAB_RUN/tmp/fault/xen-netback.ko" separate_tx_rx_irq=perhaps
# What is meant for the in-tree driver is taken.
expect_ok insmod "$LAB_RUN/tmp/fault/xen-netback.ko" max_queues=3 separate_tx_rx_irq=0 hash_cache_size=10 \
	rx_drain_timeout_msecs=5000 rx_stall_timeout_msecs=0 fatal_skb_slots=18 provides_xdp_headroom=0
expect_eq max_queues "$(cat /sys/module/xen_netback/parameters/max_queues)" 3
rmmod xen-netback
rmmod xen-blkback xenbe
module_unpack xen-netback "$LAB_RUN/tmp/plain.ko"
expect_fail insmod "$LAB_RUN/tmp/plain.ko"
success
