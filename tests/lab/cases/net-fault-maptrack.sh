# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-16, F-26: another driver of dom0 has taken the whole maptrack, or there is no event channel left: a new
# interface is refused with a reason, those that are there go on, and when there is room again all is well.
# timeout: 300

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/net"
fault_load
cleanup 'fault_hog 0'
net_looped 50
net_looped_serve 50
net_start flows 10.78.50.2 --flows 2
fault_hog -1
echo "-- entries taken: $(cat /sys/module/lab_fault/parameters/hog)"
expect_ge 'entries taken' "$(cat /sys/module/lab_fault/parameters/hog)" 10000
status=0
xenfront net load --seconds 1 >"$LAB_OUT/refused" 2>&1 || status=$?
cat "$LAB_OUT/refused"
expect_eq 'the end of a frontend that finds no room' "$status" 1
expect_ok grep -q 'cannot set up' "$LAB_OUT/refused"
net_moves flows
fault_hog 0
front net load --seconds 2 --queues max

# Every new channel of dom0 is refused.
fault_arm evtchn 1 0
status=0
xenfront net load --seconds 1 >"$LAB_OUT/refused" 2>&1 || status=$?
cat "$LAB_OUT/refused"
expect_eq 'the end of a frontend without an event channel' "$status" 1
expect_ok grep -q 'cannot set up' "$LAB_OUT/refused"
expect_ge 'channels refused' "$(fault_fired)" 1
fault_disarm
net_moves flows
net_stop flows
front net load --seconds 2 --queues max
expect_ok vif_detach 50
success
