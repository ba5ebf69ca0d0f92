# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-392: a guest that takes no packets any more costs dom0 a bounded amount of memory, however much others
# send it. Packets for it are dropped and counted after a while, then its carrier goes; others are not slowed
# down. When it takes packets again it is back at once.
# timeout: 300

. "$LAB/cases/lib/net"
netback_reload rx_drain_timeout_msecs=4000 rx_stall_timeout_msecs=4000
net_bridge
guest_start g1 --memory 256 --vcpus 2 --vif "$(net_spec "")"
guest_start g2 --memory 256 --vcpus 2 --vif "$(net_spec "")"
net_guest_up g1 2
net_guest_up g2 3
net_serve g1
vif=$(net_vif g1)
expect_ok guest_run g2 'ping -c 1 -W 2 10.77.0.2'
# Fragments go to a queue by their addresses alone, so there are several, for all queues to be full. Nobody
# answers a request for them while the guest stands.
# shellcheck disable=SC2016 # for the guest's shell
guest_run g1 'for i in 1 2 3 4 5 6 7 8; do ip address add 10.77.0.10$i/24 dev eth0; done' ||
	error 'the guest takes no more addresses'
# shellcheck disable=SC2016 # for the guest's shell
guest_run g2 'mac=$(awk "\$1 == \"10.77.0.2\" { print \$4 }" /proc/net/arp)
	for i in 1 2 3 4 5 6 7 8; do arp -s 10.77.0.10$i "$mac"; done' ||
	error 'the guest has no permanent neighbours'
net_looped 50
net_looped_serve 50
net_start bystander 10.78.50.2 --flows 2

available() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }
carrier_is() { [ "$(cat "/sys/class/net/$vif/carrier")" = "$1" ]; }
least=0
falls() {
	local now
	now=$(available)
	[ "$now" -ge "$least" ] || least=$now
	carrier_is 0
}

for size in 64 1400 8000; do
	echo "== datagrams of $size bytes"
	expect_ok xl pause g1
	least=$(available)
	before=$least
	bytes=$(net_bytes bystander)
	dropped=$(net_stat "$vif" tx_dropped)
	guest_run g2 "for i in 1 2 3 4 5 6 7 8; do
		labnet udp 10.77.0.10\$i 600\$i --seconds 15 --size $size --plain >/dev/null 2>&1 &
	done"
	wait_for 30 falls || failure "the carrier stays: $(cat "/sys/kernel/debug/xen-netback/$vif/rings")"
	# Two queues of fq_codel's at most 32 MiB, and what dom0 does otherwise.
	expect_le 'KiB of memory held for a guest that takes nothing' $((before - least)) $((2 * 32 * 1024 + 8192))
	expect_ge 'packets dropped' $(($(net_stat "$vif" tx_dropped) - dropped)) 1
	expect_ge 'bytes of another interface meanwhile' $(($(net_bytes bystander) - bytes)) 200000
	guest_run g2 'killall labnet; true'
	began=$EPOCHREALTIME
	expect_ok xl unpause g1
	wait_for 20 carrier_is 1 || failure 'the carrier does not come back'
	echo "-- carrier on $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) ms after the guest goes on"
	expect_ok net_ping 10.77.0.2
	net_exchange 10.77.0.2 --flows 4 --bytes 300000
done
net_stop bystander
expect_le 'ms of silence of another interface' "$net_gap_ms" $((5000 * LAB_PATIENCE))
expect_ok vif_detach 50
net_guest_end g1
net_guest_end g2
success
