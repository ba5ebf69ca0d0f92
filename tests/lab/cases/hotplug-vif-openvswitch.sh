# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl plugs a guest into Open vSwitch by the daemon: VLANs on the wire, MTU at both ends,
# addresses that are not the guest's dropped by the kernel's datapath, and no port left at the end.
# suite: quick
# timeout: 900
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
guest_start g1 --config "vif = ['mac=00:16:3e:12:34:56,bridge=ovsbr0.10:20,script=vif-openvswitch,mtu=1400,ip=10.0.10.1']"
domid=$(xl domid g1)
expect_eq 'the port' "$(vif_port g1 tag) $(vif_port g1 trunks) $(vif_port g1 vlan_mode)" \
	'10 [20] native-untagged'
expect_eq 'its owner' "$(vif_port g1 external_ids:xen-backend-owner)" "\"vif/$domid/0\""
expect_eq 'the name of the machine' "$(vif_interface g1 external_ids:xen-vm-name)" g1
expect_match 'the identity' "$(vif_interface g1 external_ids:iface-id)" '[0-9a-f-]{36}'
expect_eq 'the MTU' "$(cat "/sys/class/net/vif$domid.0/mtu")" 1400
expect_match 'the datapath' "$(ovs-appctl dpctl/show)" "vif$domid.0"
expect_match 'xenbectl list' "$(xenbectl list)" "vif$domid.0 .*plugged"

# Another port of VLAN 10, and a trunk that sees the tags.
ovs-vsctl add-port ovsbr0 v10 tag=10 -- set interface v10 type=internal \
	-- add-port ovsbr0 trunk -- set interface trunk type=internal
ip addr add 10.0.10.254/24 dev v10
ip link set v10 up
ip link set trunk up
guest_address g1 10.0.10.1/24
expect_ok guest_ping g1 10.0.10.254
timeout 60 tcpdump -i trunk -c 1 -nn -e 'vlan 10 and ether src 00:16:3e:12:34:56' >"$LAB_RUN/tmp.tags" 2>/dev/null &
tcpdump=$!
guest_run g1 'busybox ip neigh flush dev eth0; busybox ping -c 1 -W 1 10.0.10.77' || true
wait "$tcpdump" || failure "no tag was seen on the trunk"
expect_match 'what the trunk saw' "$(cat "$LAB_RUN/tmp.tags")" 'vlan 10'
rm -f "$LAB_RUN/tmp.tags"

# The largest frame passes, and one above does not.
expect_ok guest_ping g1 -s 1372 10.0.10.254
# An address that is not the guest's.
expect_ok guest_run g1 'busybox ip addr add 10.0.10.66/24 dev eth0'
expect_fail guest_ping g1 -I 10.0.10.66 10.0.10.254
# A restart of ovs-vswitchd, which clears ingress qdiscs, does not let it through.
systemctl restart openvswitch-switch
expect_ok wait_for 60 guest_ping g1 10.0.10.254
expect_fail guest_ping g1 -I 10.0.10.66 10.0.10.254

expect_ok xl network-detach g1 0
expect_ok wait_for 20 no_port "vif$domid.0"
start=$EPOCHREALTIME
expect_ok xl network-attach g1 bridge=ovsbr0 script=vif-openvswitch
echo "-- xl network-attach took $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
expect_ok has_port "vif$domid.0"
expect_ok xl destroy g1
expect_ok wait_for 30 no_port "vif$domid.0"

# What cannot be honoured fails, and says why.
guest_start g2
if message=$(xl network-attach g2 bridge=ovsbr0.5000 script=vif-openvswitch 2>&1); then
	failure "a VLAN that does not exist is taken"
fi
expect_match 'the message' "$message" "bridge='ovsbr0.5000': must be"
success
