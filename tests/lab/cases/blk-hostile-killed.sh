# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-21: a frontend that is killed with requests under way leaves a device that can be removed, and
# nothing else.
# timeout: 200

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
other=$(front_ramdisk 1)
front_bystander_start "$other"
for round in 1 2 3 4 5; do
	xenfront blk load --self "$disk" --devid 51712 --seconds 0 --depth 32 --segs 32 \
		--persistent $((round % 2)) >"$LAB_OUT/killed" 2>&1 &
	pid=$!
	wait_for 60 grep -q '^running' "$LAB_OUT/killed" || failure 'the load does not start'
	kill -KILL "$pid"
	wait "$pid" || true
	front blk clean --devid 51712
	expect_ok test ! -e /sys/bus/xen-backend/devices/vbd-0-51712
done
front_bystander_check
# Pages the dead frontend had granted are free again once the driver has let go of them.
expect_eq "dom0's own grants that are mapped" "$(xenfront grants 0)" 0
success
