# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vif is plugged into a Linux bridge, with its MTU; and named; and its traffic passes. A bridge with a dot
# in its name is that bridge. The same script finds a bridge of Open vSwitch.

ip link add xenbr0 mtu 1600 up type bridge
ip link add br0.10 up type bridge
ip addr add 10.0.0.254/24 dev xenbr0
daemon_start
vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" xenbr0 "$XS_BACKEND/vif/1/0/vifname" lan0
hotplug online 1 0 vif-bridge
expect_match 'the device' "$(ip link show lan0)" 'NOARP.*UP.*mtu 1600.*master xenbr0'
[ ! -e /sys/class/net/vif1.0 ] || fail "vif1.0 has kept its name"
expect_eq 'mtu of the guest' "$(xenstore-read /local/domain/1/device/vif/0/mtu)" 1600
ip -n g1 addr add 10.0.0.1/24 dev eth0
ip netns exec g1 ping -q -c 1 -W 5 10.0.0.254

hotplug online 1 0 vif-bridge
expect_eq hotplug-status "$(xs vif/1/0/hotplug-status)" connected

vif_make 2 0 "$XS_BACKEND/vif/2/0/bridge" br0.10
hotplug online 2 0 vif-bridge
expect_match 'the device' "$(ip link show vif2.0)" 'master br0.10'

# Somebody takes it off its bridge: it comes back.
ip link set lan0 nomaster
wait_for 5 test -e /sys/class/net/lan0/master || fail "lan0 was not put back"
ip netns exec g1 ping -q -c 1 -W 5 10.0.0.254

# The driver makes the device anew, as after it was unbound: it is plugged again, and said to be.
ip link del lan0
xenstore-rm "$XS_BACKEND/vif/1/0/hotplug-status"
vif_device 1 0
wait_for 5 test -e /sys/class/net/lan0/master || fail "the new device was not plugged"
connected() { [ "$(xs vif/1/0/hotplug-status)" = connected ]; }
wait_for 5 connected || fail "the new device was not said to be plugged"
hotplug offline 1 0 vif-bridge
expect_match 'the device' "$(ip link show lan0)" 'state DOWN'
vif_destroy 2 0

ovs_start
vif_make 3 0
hotplug online 3 0 vif-bridge
has_port vif3.0 || fail "vif3.0 is not in Open vSwitch"

# From when the guest is connected, xen-netback tells it the MTU; it is known by `carrier`. With the kernel's own
# driver nobody else does.
front=/local/domain/1/device/vif/0
xenstore-write "$XS_BACKEND/vif/1/0/state" 4 "$XS_BACKEND/vif/1/0/carrier" 1 "$front/mtu" 1234
replug() {
	xenstore-write "$XS_BACKEND/vif/1/0/hotplug-status" ""
	hotplug online 1 0 vif-bridge
	expect_eq hotplug-status "$(xs vif/1/0/hotplug-status)" connected
}
replug
expect_eq "the driver's mtu" "$(xenstore-read "$front/mtu")" 1234
xenstore-rm "$XS_BACKEND/vif/1/0/carrier"
replug
mtu=$(cat /sys/class/net/lan0/mtu)
expect_eq 'mtu' "$(xenstore-read "$front/mtu")" "$mtu"
xenstore-write "$XS_BACKEND/vif/1/0/state" 2 "$XS_BACKEND/vif/1/0/carrier" 1 "$front/mtu" 1234
replug
expect_eq 'mtu before the guest is connected' "$(xenstore-read "$front/mtu")" "$mtu"
