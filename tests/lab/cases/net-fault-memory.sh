# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: with a hundredth and a tenth of all allocations and packets' pages failing, TCP slows down and loses
# nothing, and in the end nothing is held. With nearly no free memory it goes on.
# timeout: 400

. "$LAB/cases/lib/net"
fault_load
net_guest_plain g1 --memory 256 --vcpus 2
net_start flows 10.79.0.2 --flows 3
for site in alloc skb copy; do
	for one_in in 100 10; do
		lost=$(net_count "$vif" 'from_memory|from_refused|to_grant')
		fault_arm "$site" "1/$one_in" 7
		sleep 4 # what is tested is a time of shortage; it has no event that ends it
		echo "-- $site, one in $one_in: calls $(cat /sys/module/lab_fault/parameters/arm)," \
			"packets lost $(($(net_count "$vif" 'from_memory|from_refused|to_grant') - lost))"
		[ $site = alloc ] || expect_ge "failures of $site, one in $one_in" "$(fault_fired)" 1
		[ $site = alloc ] || expect_ge "packets counted as lost, $site, one in $one_in" \
			$(($(net_count "$vif" 'from_memory|from_refused|to_grant') - lost)) 1
		fault_disarm
		net_moves flows 120
	done
done
net_stop flows

# All but the last megabytes of dom0 go to a process that keeps them in memory.
net_start flows 10.79.0.2 --flows 3
"$LAB/cases/lib/hold-memory" || error 'the program that takes the memory failed'
net_moves flows 120
net_stop flows
net_guest_end g1
success
