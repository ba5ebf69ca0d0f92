# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-392: a guest that gives no pages any more costs dom0 a bounded amount of memory. Packets for it are
# dropped and counted after a while, then its carrier goes; others are not slowed down. When it gives pages
# again it is back at once.
# timeout: 300

. "$LAB/cases/lib/net"
netback_reload rx_drain_timeout_msecs=1000 rx_stall_timeout_msecs=4000
net_bridge
guest_start g1 --memory 256 --vcpus 2 --vif "$(net_spec "")"
guest_start g2 --memory 256 --vif "$(net_spec "")"
net_guest_up g1 2
net_guest_up g2 3
net_serve g1 g2
vif=$(net_vif g1)
net_start bystander 10.77.0.3 --flows 2
expect_ok net_ping 10.77.0.2
address=$(ip neigh show 10.77.0.2 | awk '{ for (i = 1; i < NF; i++) if ($i == "lladdr") print $(i + 1) }')
# Nobody answers a request for it while it stands.
ip neigh replace 10.77.0.2 lladdr "$address" dev $BRIDGE nud permanent

carrier_is() { [ "$(cat "/sys/class/net/$vif/carrier")" = "$1" ]; }
available() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }

for size in 64 1400 30000; do
	expect_ok xl pause g1
	before=$(available)
	bytes=$(net_bytes bystander)
	dropped=$(net_stat "$vif" tx_dropped)
	# What goes over all flows fills all queues.
	senders=()
	for flow in 1 2 3 4 5 6 7 8; do
		labnet udp 10.77.0.2 $((6000 + flow)) --seconds 12 --size $size --rate 300 --plain >"$LAB_OUT/udp-$flow" 2>&1 &
		senders+=($!)
	done
	wait_for 30 carrier_is 0 || failure "$size bytes: the carrier stays: $(cat "/sys/kernel/debug/xen-netback/$vif/rings")"
	echo "-- carrier off"
	least=$(available)
	wait "${senders[@]}"
	expect_le "KiB of memory held for a guest that takes nothing, datagrams of $size bytes," $((before - least)) 24576
	expect_ge 'packets dropped' $(($(net_stat "$vif" tx_dropped) - dropped)) 1
	expect_ge "bytes of another guest meanwhile" $(($(net_bytes bystander) - bytes)) 200000
	began=$EPOCHREALTIME
	expect_ok xl unpause g1
	wait_for 20 carrier_is 1 || failure "$size bytes: the carrier does not come back"
	echo "-- carrier on $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) ms after the guest goes on"
	expect_ok net_ping 10.77.0.2
	net_exchange 10.77.0.2 --flows 4 --bytes 300000
done
net_stop bystander
expect_le 'ms of silence of another guest' "$net_gap_ms" $((6000 * LAB_PATIENCE))
net_guest_end g1
net_guest_end g2
success
