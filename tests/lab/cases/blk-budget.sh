# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-300: requests wait on their ring when the guest has as many pages mapped as it may, none fails, and
# nothing waits when it has not.
# timeout: 200

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
limit=/sys/module/xenbe/parameters/guest_maps_max
waited() { cat /sys/bus/xen-backend/devices/vbd-0-51712/statistics/oo_req; }

# load LIMIT: large requests at depth 32, with that limit; prints how often one had to wait.
load() {
	echo "$1" >$limit
	front_start load --self "$disk" --devid 51712 --seconds 0 --depth 32 --segs 256 --persistent 0
	wait_for 30 enough_requests || failure 'the load does not get on'
	waits=$(waited)
	front_stop load
}
enough_requests() {
	[ "$(cat /sys/bus/xen-backend/devices/vbd-0-51712/statistics/rd_req)" -ge 300 ]
}

before=$(cat $limit)
cleanup "echo $before >$limit"
# Nothing beyond each queue's own reserve, which is one largest request.
load 0
expect_ge 'waits with no budget' "$waits" 1
load 16384
expect_eq 'waits with the usual budget' "$waits" 0
success
