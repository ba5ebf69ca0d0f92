# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-03, F-14: Open vSwitch is restarted, the bridge is deleted and made again, the interface is renamed and
# leaves its bridge, all under TCP: connections outlive it, and nothing of the driver's is disturbed.
# timeout: 400

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --vcpus 2 --vif "$(net_spec "")"
net_guest_up g1 2
net_serve g1
vif=$(net_vif g1)
rx=$(net_stat "$vif" rx_packets)
net_start flows 10.77.0.2 --flows 3

expect_ok systemctl restart openvswitch-switch
net_bridge_up
net_moves flows 120
expect_eq 'the ports afterwards' "$(ovs-vsctl list-ports $BRIDGE)" "$vif"

expect_ok ovs-vsctl del-port $BRIDGE "$vif"
expect_eq 'carrier of an interface that was taken off' "$(cat "/sys/class/net/$vif/carrier")" 1
# xen-hotplugd may have put it back already.
expect_ok ovs-vsctl --may-exist add-port $BRIDGE "$vif"
net_moves flows 120

expect_ok ovs-vsctl del-br $BRIDGE
expect_ok test -d "/sys/class/net/$vif"
expect_ok ovs-vsctl add-br $BRIDGE -- add-port $BRIDGE "$vif"
net_bridge_up
net_moves flows 120

# Under another name it is another port.
expect_ok ip link set "$vif" down
expect_ok ip link set "$vif" name renamed0
expect_ok ip link set renamed0 up
expect_ok ovs-vsctl --if-exists del-port $BRIDGE "$vif" -- add-port $BRIDGE renamed0
net_moves flows 120
expect_fail ip link delete renamed0
net_moves flows
expect_ge 'packets from the guest, since the beginning' "$(net_stat renamed0 rx_packets)" "$((rx + 1))"
net_stop flows
echo "-- longest silence: $net_gap_ms ms"
domid=$(xl domid g1)
expect_ok xl destroy g1
wait_for 20 test ! -e /sys/class/net/renamed0 || failure 'a renamed interface stays'
wait_for 20 test ! -e "/sys/bus/xen-backend/devices/vif-$domid-0" || failure 'the device stays'
success
