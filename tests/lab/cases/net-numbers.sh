# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# No number of an interface goes down when its guest connects again, with more queues or fewer; the same from
# rtnl as from ethtool.
# timeout: 300

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
xenfront net reconnect --handle 60 --times 25 >"$LAB_OUT/reconnect" 2>&1 &
pid=$!
rx=0 tx=0 all=0 looks=0
while kill -0 "$pid" 2>/dev/null; do
	# Before the interface is there, and once it is gone, there are none.
	now_rx=$(net_stat vif0.60 rx_bytes 2>/dev/null) || continue
	now_tx=$(net_stat vif0.60 tx_bytes 2>/dev/null) || continue
	now_all=$(net_count vif0.60 '_packets' 2>/dev/null) || continue
	[ "$now_rx" -ge "$rx" ] || failure "bytes from the guest went down from $rx to $now_rx"
	[ "$now_tx" -ge "$tx" ] || failure "bytes to the guest went down from $tx to $now_tx"
	[ "$now_all" -ge "$all" ] || failure "packets of all queues went down from $all to $now_all"
	rx=$now_rx tx=$now_tx all=$now_all
	looks=$((looks + 1))
done
cat "$LAB_OUT/reconnect"
expect_ok wait "$pid"
expect_ge 'looks at the numbers' "$looks" 20
expect_ge 'packets of all connections' "$all" 200

# The same of a real guest that loads its driver again.
guest_start g1 --vcpus 2 --vif "$(net_spec_plain "")"
vif=$(net_vif g1)
ip address add 10.79.0.1/24 dev "$vif"
bytes=0
for queues in 2 1 2; do
	net_front_reload g1 max_queues=$queues
	net_guest_address g1 eth0 10.79.0.2/24 fd79::2/64
	net_serve g1
	expect_ge "bytes from the guest before the exchange" "$(net_stat "$vif" rx_bytes)" "$bytes"
	net_exchange 10.79.0.2 --bytes 300000
	expect_ge "bytes from the guest" "$(net_stat "$vif" rx_bytes)" $((bytes + 300000))
	bytes=$(net_stat "$vif" rx_bytes)
	expect_eq 'bytes of all queues' "$(net_count "$vif" from_bytes)" "$(net_stat "$vif" rx_bytes)"
done
net_guest_end g1
success
