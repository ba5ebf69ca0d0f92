# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each key that cannot be honoured fails the attach, with one message that names it, and leaves no port.

ovs_start
ip link add xenbr0 type bridge
ip link add dummy type veth peer name dummy2
daemon_start
refused bridge nowhere "bridge='nowhere': Open vSwitch has no bridge"
refused bridge 'ovsbr0.5000' "bridge='ovsbr0.5000': must be NAME"
refused bridge 'x -- del-br ovsbr0' "bridge='x -- del-br ovsbr0': must be"
refused vlan 10/20 "vlan='10/20': must be with a 'p'"
refused vlan 10p/20u "vlan: VLAN 20 cannot be untagged beside VLAN 10"
refused mtu 9 "mtu='9': must be a number from 68"
refused rate fast "rate='fast': must be BYTES,MICROSECONDS"
refused mac 01:00:00:00:00:00 "mac='01:00:00:00:00:00': must be"
refused vifname 'a b' "vifname='a b': must be"
refused vifname lo "vifname='lo': must be a name that no other network device has"
refused ip 10.0.0.1/99 "ip='10.0.0.1/99': must be"
# The test's datapath is in user space, where the kernel's filter is not passed.
refused ip 10.0.0.1 "ip: cannot be enforced on bridge 'ovsbr0'"
refused bridge nowhere "bridge='nowhere': there is no bridge" vif-bridge
refused bridge dummy "bridge='dummy': is a network device, and not a bridge" vif-bridge
refused bridge xenbr0.10 "does not know VLANs" vif-bridge
refused ip '' "ip: missing" vif-route
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0)" ''
expect_eq 'the bridges' "$(ovs-vsctl list-br)" ovsbr0
