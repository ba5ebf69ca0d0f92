# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tap of an emulated device is plugged beside the vif and named after it; until the guest's driver is
# connected, it is the one in use; after its end, also when QEMU has removed it before, no port of it is left.

ovs_start
daemon_start
vif_make 1 0 "$XS_BACKEND/vif/1/0/vifname" lan
ip link add vif1.0-emu type veth peer name emu
hotplug online 1 0
hotplug add 1 0 vif-openvswitch tap
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0 | sort | tr '\n' ' ')" 'lan lan-emu '
expect_eq 'status of the tap' "$(ovs_interface lan-emu external_ids:iface-status)" active
status_is() { [ "$(ovs_interface "$1" external_ids:iface-status)" = "$2" ]; }
wait_for 5 status_is lan inactive || fail "the vif is still said to be in use"
expect_eq 'identity of both' "$(ovs_interface lan external_ids:iface-id)" \
	"$(ovs_interface lan-emu external_ids:iface-id)"
# The guest's own driver takes over; QEMU's tap stays, and nobody is behind it.
xenstore-write "$XS_BACKEND/vif/1/0/state" 4
wait_for 5 status_is lan active || fail "the vif is not said to be in use when it is connected"
wait_for 5 status_is lan-emu inactive || fail "the tap is still said to be in use"
xenstore-write "$XS_BACKEND/vif/1/0/state" 2
wait_for 5 status_is lan-emu active || fail "the tap is not in use again"
wait_for 5 status_is lan inactive || fail "the vif is still said to be in use"
# QEMU ends its tap; the script comes later.
ip link del lan-emu
only_lan() { [ "$(ovs-vsctl list-ports ovsbr0)" = lan ]; }
wait_for 5 only_lan || fail "the port of a tap that has gone stays"
wait_for 5 status_is lan active || fail "the vif is not said to be in use"
hotplug remove 1 0 vif-openvswitch tap
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0)" lan
hotplug offline 1 0
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0)" ''
