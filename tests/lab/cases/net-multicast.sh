# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Multicast gets to a guest and from it, over IPv4 and IPv6. When the guest wants to be spared what it has not
# joined, that is left out and counted, at once, and when it no longer wants that, all of it comes again.
# timeout: 200

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --vif "$(net_spec "")"
net_guest_up g1 2
vif=$(net_vif g1)
ip route replace 239.0.0.0/8 dev $BRIDGE
expect_ok guest_run g1 'ip route add 239.0.0.0/8 dev eth0'
packets=200

# told GROUP: how many of the datagrams to the group arrive in the guest.
told() {
	net_sink g1 --group "$1" --iface eth0
	labnet udp "$1" 5003 --packets $packets --size 500 --rate 200 --iface $BRIDGE ||
		error "nothing can be sent to $1"
	told=$(net_sink_end g1)
}

for group in 239.1.2.3 ff15::77; do
	told $group
	expect_eq "datagrams to $group that the guest got" "$told" $packets
	labnet udp-sink 5003 --group $group --iface $BRIDGE >"$LAB_OUT/sink" 2>&1 &
	sink=$!
	wait_for 10 grep -q listening "$LAB_OUT/sink" || error 'labnet does not run'
	expect_ok guest_run g1 "labnet udp $group 5003 --packets $packets --size 500 --rate 200 --iface eth0"
	kill $sink
	expect_ok wait $sink
	expect_eq "datagrams to $group from the guest" \
		"$(sed -n 's/^datagrams \([0-9]*\) .*/\1/p' "$LAB_OUT/sink")" $packets
done

# Linux's frontend joins nothing, so all multicast is what it has not joined.
key=/local/domain/$(xl domid g1)/device/vif/0/request-multicast-control
xenstore-write "$key" 1
filters() {
	local before
	before=$(net_count "$vif" to_filtered)
	labnet udp 239.1.2.3 5003 --packets 3 --iface $BRIDGE >/dev/null
	[ "$(net_count "$vif" to_filtered)" -gt "$before" ]
}
wait_for 20 filters || failure 'nothing is left out'
before=$(net_count "$vif" to_filtered)
told 239.1.2.3
expect_eq 'datagrams to a group not joined' "$told" 0
expect_ge 'packets left out' $(($(net_count "$vif" to_filtered) - before)) $packets
# Broadcast and what is for the guest itself is not multicast.
expect_ok guest_run g1 'ip neigh flush dev eth0; ping -c 2 -W 2 10.77.0.1'
ip neigh flush dev $BRIDGE
expect_ok net_ping 10.77.0.2

xenstore-write "$key" 0
passes() { ! filters; }
wait_for 20 passes || failure 'the filter stays'
told 239.1.2.3
expect_eq 'datagrams after the filter' "$told" $packets
net_guest_end g1
success
