# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Every byte that is sent by TCP arrives, both ways at once, over IPv4 and IPv6, with every combination of
# one, two and four queues, shared and split event channels, and sg, gso and csum on and off at both ends.
# timeout: 600

. "$LAB/cases/lib/net"
. "$LAB/cases/lib/net-plug"
netback_queues 4
parameter=/sys/module/xen_netback/parameters/separate_tx_rx_irq
cleanup "echo $(cat $parameter) >$parameter"
net_bridge
guest_start g1 --vcpus 2 --vif "$(net_spec "")"
vif=$(net_vif g1)

# offloads NAME=VALUE...: the same ones at both ends.
offloads() {
	labnet features "$vif" "$@" >/dev/null || error "$vif does not take $*"
	guest_run g1 "labnet features eth0 $*" >/dev/null || error "eth0 does not take $*"
}

# Several connections, so that all queues have some.
transfer() {
	local flows=$1 address
	for address in 10.77.0.2 fd77::2; do
		net_exchange $address --flows "$flows" --bytes 400000
	done
}

combinations=0
for split in 1 0; do
	# A driver that finds the guest closed offers anew.
	echo $split >$parameter
	device=$(basename "$(net_sysfs g1)")
	net_front_unload g1
	echo "$device" >/sys/bus/xen-backend/drivers/vif/unbind
	echo "$device" >/sys/bus/xen-backend/drivers/vif/bind
	net_plug g1
	net_front_load g1
	for queues in 1 2 4; do
		net_front_reload g1 max_queues=$queues
		net_guest_up g1 2
		net_serve g1
		expect_eq "queues of $vif" "$(net_queues "$vif")" $queues
		expect_eq "event channels of $vif" "$(grep -c "$vif-q" /proc/interrupts)" $((queues * (1 + split)))
		for kind in 'sg=on tx=on tso=on gso=on' 'tso=off gso=off' 'sg=off' 'sg=on tx=off'; do
			echo "== split $split, queues $queues, $kind"
			# shellcheck disable=SC2086 # several words
			offloads $kind
			transfer $((2 * queues))
			combinations=$((combinations + 1))
		done
		offloads tx=on tso=on gso=on
		net_nothing_refused "$vif"
	done
done
expect_eq 'the number of combinations' $combinations 24

# average WAY: bytes of an average packet while data goes only that way.
average() {
	local direction bytes packets
	direction=$([ "$1" = in ] && echo rx || echo tx)
	bytes=$(net_stat "$vif" "${direction}_bytes")
	packets=$(net_stat "$vif" "${direction}_packets")
	net_exchange 10.77.0.2 --way "$1" --bytes 4000000
	average=$((($(net_stat "$vif" "${direction}_bytes") - bytes) / ($(net_stat "$vif" "${direction}_packets") - packets)))
}

# That offloads are on or off is to be seen in what goes over the ring.
for way in in out; do
	average $way
	expect_ge "bytes of an average packet, way $way, segments cut by the other end" $average 2000
done
offloads tso=off gso=off
for way in in out; do
	average $way
	expect_le "bytes of an average packet, way $way, segments cut before" $average 1514
done
# All queues carried something both ways at the end.
for ((q = 0; q < 4; q++)); do
	expect_ge "packets from the guest on queue $q" "$(net_count "$vif" "^q${q}_from_packets")" 1
	expect_ge "packets to the guest on queue $q" "$(net_count "$vif" "^q${q}_to_packets")" 1
done
net_guest_end g1
success
