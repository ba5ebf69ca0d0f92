# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: with a hundredth and a tenth of all allocations failing every request is answered, what was
# acknowledged is there, and in the end nothing is held. With no free memory at all I/O goes on.
# timeout: 300

. "$LAB/cases/lib/front"
fault_load
disk=$(front_ramdisk 0)
for site in alloc page map map-one copy; do
	for one_in in 100 10; do
		# The connection itself is made with all there is: the cases blk-fault-nth see to that.
		front_start load --self "$disk" --seconds 0 --queues max --order 2 --depth 32 --segs 64 \
			--persistent $((one_in == 10)) --errors 1
		fault_arm "$site" "1/$one_in" 7
		sleep 3 # what is tested is a time of shortage; it has no event that ends it
		echo "-- $site, one in $one_in: calls $(cat /sys/module/lab_fault/parameters/arm)"
		fault_disarm
		front_stop load
	done
done
expect_eq "dom0's own grants that are mapped" "$(xenfront grants 0)" 0

# All but the last megabytes of dom0 go to a process that keeps them in memory.
front_bystander_start "$disk"
"$LAB/cases/lib/hold-memory" || error 'the program that takes the memory failed'
front_bystander_check
success
