# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-13: a frontend that ends at a hundred random points of its life, from the first node to the middle of
# requests, leaves a device that can be removed, and nothing else. A real guest does so five times.
# timeout: 600

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
seed=$(lab_seed)
front blk kill --self "$disk" --times "$(lab_times 100)" --seed "$seed"

RANDOM=$((seed & 32767))
for round in 1 2 3 4 5; do
	pause=$((RANDOM % 9000))
	guest_create g1 "phy:$disk,xvda,w"
	domid=$(xl domid g1)
	echo "-- guest $domid is destroyed after $pause ms"
	# The point in time is what is tested.
	sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
	expect_ok xl destroy g1
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vbd-$domid-51712" ||
		failure "round $round: the disk of guest $domid stays"
	wait_for 30 lab_domain_gone "$domid" || failure "round $round: guest $domid stays"
done
front blk load --self "$disk" --seconds 2
success
