# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: a driver that finds no memory when it is loaded is not loaded, and is the next time.

fault_load
expect_ok rmmod xen-blkback
for ((n = 1; ; n++)); do
	fault_arm load "$n"
	if insmod "$LAB_RUN/tmp/fault/xen-blkback.ko"; then
		break
	fi
	expect_eq "call $n: failures" "$(fault_fired)" 1
	expect_ok test ! -e /sys/module/xen_blkback
	expect_le 'calls that can fail' "$n" 10
done
expect_eq 'failures when it is loaded' "$(fault_fired)" 0
expect_ge 'calls that failed' "$((n - 1))" 2
fault_disarm
. "$LAB/cases/lib/front"
front blk load --self "$(front_ramdisk 0)" --seconds 1
success
