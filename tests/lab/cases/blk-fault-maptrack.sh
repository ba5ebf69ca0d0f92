# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-16, F-26: another driver of dom0 has taken the whole maptrack: what cannot be mapped is refused with a
# reason or waits, and goes on when there is room again.
# timeout: 300

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
fault_load
cleanup 'fault_hog 0'
disk=$(front_ramdisk 0)
guest_start g1 "phy:$(front_ramdisk 1),xvda,w"
front_start load --self "$disk" --seconds 0 --depth 32 --segs 64 --queues max --persistent 0 --errors 1

fault_hog -1
echo "-- entries taken: $(cat /sys/module/lab_fault/parameters/hog)"
expect_ge 'entries taken' "$(cat /sys/module/lab_fault/parameters/hog)" 10000
# A new device is refused, and the reason is where toolstacks look.
status=0
xenfront blk io --self "$(front_ramdisk 2)" --devid 51760 >"$LAB_OUT/refused" 2>&1 || status=$?
cat "$LAB_OUT/refused"
expect_eq 'the end of a frontend that finds no room' "$status" 1
expect_ok grep -q 'cannot set up queue' "$LAB_OUT/refused"
fault_hog 0

front_stop load
front blk load --self "$disk" --seconds 2 --queues max
guest_load_start g1 xvda 3
guest_load_end g1
success
