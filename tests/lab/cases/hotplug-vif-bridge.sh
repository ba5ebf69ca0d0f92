# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl plugs a guest into a Linux bridge by the daemon: its VLANs on the wire, its name, the
# bridge's MTU, no addresses but its own; a bridge that knows no VLANs is refused; nothing is left at the end.
# timeout: 600
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
ip link add xenbr0 type bridge vlan_filtering 1
cleanup 'ip link del xenbr0'
ip link set xenbr0 mtu 1400 up
# Another station on the wire, that sees what frames have for tags.
ip link add wire type veth peer name wire2
cleanup 'ip link del wire'
ip link set wire mtu 1400 master xenbr0 up
ip link set wire2 mtu 1400 up
bridge vlan add dev wire vid 10
ip link add link wire2 name wire10 type vlan id 10
ip addr add 10.0.10.254/24 dev wire10
ip link set wire10 up

vlan=,vlan=10p/20
[ "$LAB_SUITE" != bookworm ] || vlan=	# xl of Xen 4.17 has no such key
guest_start g1 --config "vif = ['mac=00:16:3e:12:34:56,bridge=xenbr0,script=vif-bridge,vifname=lan0,ip=10.0.10.1$vlan']"
domid=$(xl domid g1)
expect_eq 'its bridge' "$(basename "$(readlink /sys/class/net/lan0/master)")" xenbr0
expect_eq 'its MTU' "$(cat /sys/class/net/lan0/mtu)" 1400
[ ! -e "/sys/class/net/vif$domid.0" ] || failure "vif$domid.0 has kept its name"
if [ -z "$vlan" ]; then
	xenstore-write "$XS_VIF/$domid/0/vlan" 10p/20
	vlans_are_set() { bridge vlan show dev lan0 | grep -q 'PVID'; }
	expect_ok wait_for 20 vlans_are_set
fi
bridge vlan show dev lan0
expect_match 'its VLANs' "$(bridge vlan show dev lan0 | tr -s '\n\t ' ' ')" 'lan0 10 PVID Egress Untagged 20 $'
guest_address g1 10.0.10.1/24
timeout 60 tcpdump -i wire2 -c 1 -nn -e 'vlan 10 and ether src 00:16:3e:12:34:56' >"$LAB_RUN/tmp.tags" 2>/dev/null &
tcpdump=$!
expect_ok guest_ping g1 10.0.10.254
wait "$tcpdump" || failure "no tag was seen on the wire"
rm -f "$LAB_RUN/tmp.tags"
expect_ok guest_ping g1 -s 1372 10.0.10.254

# Addresses that are not the guest's: IP, MAC, ARP.
expect_ok guest_run g1 'busybox ip addr add 10.0.10.66/24 dev eth0'
expect_fail guest_ping g1 -I 10.0.10.66 10.0.10.254
expect_fail guest_run g1 'busybox arping -c 2 -w 5 -s 10.0.10.66 -I eth0 10.0.10.254'
expect_ok guest_ping g1 -I 10.0.10.1 10.0.10.254
expect_ok guest_run g1 'busybox ip link set eth0 down && busybox ip link set eth0 address 00:16:3e:66:66:66 &&
	busybox ip link set eth0 up'
expect_fail guest_ping g1 -I 10.0.10.1 10.0.10.254
expect_ok guest_run g1 'busybox ip link set eth0 down && busybox ip link set eth0 address 00:16:3e:12:34:56 &&
	busybox ip link set eth0 up'
expect_ok wait_for 20 guest_ping g1 -I 10.0.10.1 10.0.10.254

# The driver goes and comes: the new device is plugged like the old one.
echo "vif-$domid-0" >/sys/bus/xen-backend/drivers/vif/unbind
wait_for 20 test ! -e /sys/class/net/lan0 || failure "lan0 stays without its driver"
echo "vif-$domid-0" >/sys/bus/xen-backend/drivers/vif/bind
wait_for 20 test -e /sys/class/net/lan0/master || failure "the new device was not plugged"
expect_ok wait_for 60 guest_ping g1 -I 10.0.10.1 10.0.10.254
expect_fail guest_ping g1 -I 10.0.10.66 10.0.10.254

expect_ok xl destroy g1
no_chain() { ! nft list table netdev xen-hotplug 2>/dev/null | grep -q "vif_${domid}_0"; }
expect_ok wait_for 30 no_chain
wait_for 30 test ! -e /sys/class/net/lan0 || failure "lan0 stays after the guest's end"

ip link set xenbr0 type bridge vlan_filtering 0
vif_bare 0 9 bridge=xenbr0 vlan=10p
if message=$(plug online 0 9 vif-bridge 2>&1); then failure "a bridge that knows no VLANs is taken"; fi
expect_match 'the message' "$message" "vlan: bridge 'xenbr0' does not know VLANs; it must have vlan_filtering 1"
vif_bare_end 0 9
success
