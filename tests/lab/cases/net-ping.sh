# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest on an Open vSwitch bridge, wired by the distribution's script, reaches dom0 and is reached, over
# IPv4 and IPv6, with packets of all sizes; what goes by TCP arrives byte for byte.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
expect_match 'the path of xen-netback' "$(modinfo -n xen-netback)" '/updates/dkms/xen-netback\.ko'
net_bridge
guest_start g1 --vif "$(net_spec "")"
vif=$(net_vif g1)
expect_ok test -d "/sys/class/net/$vif"
expect_eq 'the port on the bridge' "$(ovs-vsctl list-ports $BRIDGE)" "$vif"
net_guest_up g1 2
expect_ok net_ping 10.77.0.2
expect_ok net_ping fd77::2
expect_ok guest_run g1 'ping -c 3 -W 2 10.77.0.1'
expect_ok guest_run g1 'ping -6 -c 3 -W 2 fd77::1'
for size in 0 1 18 86 87 1472; do
	expect_ok ping -c 2 -i 0.2 -W 2 -s $size 10.77.0.2
done
net_serve g1
net_exchange 10.77.0.2 --flows 2 --bytes 1000000
net_exchange fd77::2 --flows 2 --bytes 1000000
net_nothing_refused "$vif"
expect_eq 'carrier' "$(cat "/sys/class/net/$vif/carrier")" 1
expect_ge 'packets from the guest' "$(cat "/sys/class/net/$vif/statistics/rx_packets")" 20
expect_ge 'packets to the guest' "$(cat "/sys/class/net/$vif/statistics/tx_packets")" 20
expect_ok xl destroy g1
wait_for 20 test ! -e "/sys/class/net/$vif" || failure "$vif stays"
success
