# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vif is plugged into Open vSwitch with all its keys, by the daemon, by two calls, and taken out again;
# without a daemon, the script does the same.

ovs_start
plug_and_check() {
	vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" ovsbr0.10:20:30 "$XS_BACKEND/vif/1/0/mtu" 1400 \
		/local/domain/1/name 'x -- del-br ovsbr0'
	hotplug online 1 0
	expect_eq hotplug-status "$(xs vif/1/0/hotplug-status)" connected
	expect_eq hotplug-by "$(xs vif/1/0/hotplug-by)" vif-openvswitch
	expect_eq tag "$(ovs_port vif1.0 tag)" 10
	expect_eq trunks "$(ovs_port vif1.0 trunks)" '[20, 30]'
	expect_eq vlan_mode "$(ovs_port vif1.0 vlan_mode)" native-untagged
	expect_eq transient "$(ovs_port vif1.0 other_config:transient)" '"true"'
	expect_eq owner "$(ovs_port vif1.0 external_ids:xen-backend-owner)" '"vif/1/0"'
	expect_eq attached-mac "$(ovs_interface vif1.0 external_ids:attached-mac)" '"00:16:3e:00:01:00"'
	expect_eq xen-vm-name "$(ovs_interface vif1.0 external_ids:xen-vm-name)" '"x -- del-br ovsbr0"'
	expect_eq xen-vm-uuid "$(ovs_interface vif1.0 external_ids:xen-vm-uuid)" "\"${UUID}01\""
	expect_eq vm-id "$(ovs_interface vif1.0 external_ids:vm-id)" "\"${UUID}01\""
	expect_eq iface-status "$(ovs_interface vif1.0 external_ids:iface-status)" active
	expect_match iface-id "$(ovs_interface vif1.0 external_ids:iface-id)" '^"[0-9a-f-]{36}"$'
	expect_eq 'the bridges' "$(ovs-vsctl list-br)" ovsbr0
	expect_eq mtu "$(cat /sys/class/net/vif1.0/mtu)" 1400
	expect_eq 'mtu of the guest' "$(xenstore-read /local/domain/1/device/vif/0/mtu)" 1400
	expect_match 'the device' "$(ip link show vif1.0)" 'NOARP.*UP.*fe:ff:ff:ff:ff:ff'
	expect_eq 'the alias' "$(cat /sys/class/net/vif1.0/ifalias)" vif/1/0
	hotplug online 1 0
	expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0)" vif1.0
	hotplug offline 1 0
	has_no_port vif1.0 || fail "the port is still there"
	expect_eq hotplug-by "$(xs vif/1/0/hotplug-by)" none
	hotplug offline 1 0
	vif_destroy 1 0
	hotplug offline 1 0
}

plug_and_check
daemon_start
plug_and_check

# A port that the toolstack's own script has made, before this package came, is taken out as well.
vif_make 2 0
ovs-vsctl add-port ovsbr0 vif2.0 -- set interface vif2.0 "external-ids:xen-vm-uuid=$UUID"02
hotplug offline 2 0
has_no_port vif2.0 || fail "the port of another script is left"
