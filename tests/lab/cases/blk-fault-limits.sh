# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-26: a guest with as few grant frames and event channels as it can live with gets its disk, with what
# rings it can make. When dom0 has no event channel left, a new ring is refused with a reason.
# timeout: 300

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
fault_load
loop=$(disk_loop data 16)
guest_start g1 --vcpus 2 --config 'max_grant_frames = 4' --config 'max_event_channels = 64' \
	--config 'max_maptrack_frames = 0' --extra lab.front=max_ring_page_order=4 "phy:$loop,xvda,w"
guest_load_start g1 xvda 4
guest_load_end g1

# Every new channel of dom0 is refused.
fault_arm evtchn 1 0
status=0
xenfront blk io --self "$(front_ramdisk 0)" >"$LAB_OUT/refused" 2>&1 || status=$?
cat "$LAB_OUT/refused"
expect_eq 'the end of a frontend without an event channel' "$status" 1
expect_ok grep -q 'cannot set up queue' "$LAB_OUT/refused"
expect_ge 'channels refused' "$(fault_fired)" 1
fault_disarm
front blk load --self "$(front_ramdisk 0)" --seconds 2 --queues max

# A frontend that can make only one page and one ring of all that is offered.
front blk load --self "$(front_ramdisk 0)" --seconds 2 --queues 1 --order none
guest_stop g1
success
