# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest with eight interfaces uses all of them at once; each gets its own packets and no other's.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
vifs=()
for ((i = 0; i < 8; i++)); do
	vifs+=(--vif "$(net_spec_plain "mac=00:16:3e:00:08:0$i")")
done
guest_start g1 --vcpus 2 "${vifs[@]}"
domid=$(xl domid g1)
for ((i = 0; i < 8; i++)); do
	# The guest's drivers find them in any order.
	device=$(guest_run g1 "basename \$(dirname \$(grep -l '00:16:3e:00:08:0$i' /sys/class/net/*/address))")
	net_guest_address g1 "$device" "10.79.$i.2/24" "fd79:$i::2/64"
	net_dom0_address g1 $i "10.79.$i.1/24"
done
net_serve g1
for ((i = 0; i < 8; i++)); do
	net_start "flows$i" "10.79.$i.2" --flows 2
done
for ((i = 0; i < 8; i++)); do
	net_moves "flows$i"
done
for ((i = 0; i < 8; i++)); do
	net_stop "flows$i"
	net_nothing_refused "vif$domid.$i"
	expect_ge "bytes from the guest over interface $i" "$(net_stat "vif$domid.$i" rx_bytes)" 10000
done
expect_eq "dom0's interfaces" "$(find /sys/class/net -name "vif$domid.*" | wc -l)" 8
# One goes, the others do not notice.
net_start flows "10.79.1.2"
expect_ok xl network-detach g1 4
wait_for 30 test ! -e "/sys/class/net/vif$domid.4" || failure 'a detached interface stays'
net_moves flows
net_stop flows
expect_ok xl destroy g1
for ((i = 0; i < 8; i++)); do
	net_gone "$domid" $i
done
success
