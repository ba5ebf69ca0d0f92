# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Frames of 9000 bytes and of the largest size there is pass both ways whole, with and without offloads.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --vif "$(net_spec "")"
net_guest_up g1 2
net_serve g1
vif=$(net_vif g1)
front=/local/domain/$(xl domid g1)/device/vif/0

mtu() {
	expect_ok ip link set "$vif" mtu "$1"
	expect_ok ovs-vsctl set interface $BRIDGE "mtu_request=$1"
	xs_wait 20 "$front/mtu" xs_is "$front/mtu" "$1" || failure "the guest is not told that the mtu is $1"
	expect_ok guest_run g1 "ip link set eth0 mtu $1"
}

# Nothing is cut by those who send: what does not fit gets no answer.
whole() {
	expect_ok ping -c 3 -i 0.2 -W 3 -M 'do' -s $(($1 - 28)) 10.77.0.2
	expect_ok ping -c 3 -i 0.2 -W 3 -M 'do' -s $(($1 - 48)) fd77::2
	expect_fail ping -c 1 -W 1 -M 'do' -s $(($1 - 27)) 10.77.0.2
}

offloads() {
	labnet features "$vif" "$@" >/dev/null || error "$vif does not take $*"
	guest_run g1 "labnet features eth0 $*" >/dev/null || error "eth0 does not take $*"
}

for size in 9000 65517; do
	mtu $size
	whole $size
	net_exchange 10.77.0.2 --flows 2 --bytes 2000000
	net_exchange fd77::2 --bytes 2000000
	offloads tso=off gso=off
	bytes=$(net_stat "$vif" rx_bytes) packets=$(net_stat "$vif" rx_packets)
	net_exchange 10.77.0.2 --way in --bytes 4000000
	expect_ge 'bytes of an average packet from the guest' \
		$((($(net_stat "$vif" rx_bytes) - bytes) / ($(net_stat "$vif" rx_packets) - packets))) 4000
	net_exchange fd77::2 --way out --bytes 4000000
	offloads tso=on gso=on
done
expect_fail ip link set "$vif" mtu 65518
expect_fail ip link set "$vif" mtu 67
net_nothing_refused "$vif"
mtu 1500
whole 1500
net_exchange 10.77.0.2 --bytes 2000000
net_guest_end g1
success
