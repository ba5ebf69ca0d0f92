# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With ip=, frames that do not come from the guest's own addresses are dropped, from before the device is
# up, and again at once after somebody has flushed all filters; without ip=, nothing is.

sees() {
	ip netns exec "g$1" ping -q -c 1 -W "${3:-2}" "$2" >/dev/null
}

sees_not() {
	! sees "$1" "$2" 1
}

ip link add xenbr0 up type bridge
ip addr add 10.0.0.254/24 dev xenbr0
ip -6 addr add 2001:db8::fe/64 dev xenbr0 nodad
daemon_start
be=$XS_BACKEND/vif/1/0
vif_make 1 0 "$be/bridge" xenbr0 "$be/ip" '10.0.0.1 2001:db8::1'
ip -n g1 addr add 10.0.0.1/24 dev eth0
ip -n g1 addr add 10.0.0.2/24 dev eth0
ip -n g1 -6 addr add 2001:db8::1/64 dev eth0 nodad
ip -n g1 -6 addr add 2001:db8::2/64 dev eth0 nodad
hotplug online 1 0 vif-bridge
nft list ruleset
sees 1 10.0.0.254 5 || fail "the guest's own address is dropped"
ip netns exec g1 ping -q -c 1 -W 5 -I 10.0.0.1 10.0.0.254 >/dev/null || fail "10.0.0.1 is dropped"
if ip netns exec g1 ping -q -c 1 -W 1 -I 10.0.0.2 10.0.0.254 >/dev/null; then fail "10.0.0.2 passes"; fi
ip netns exec g1 ping -q -c 1 -W 5 -I 2001:db8::1 2001:db8::fe >/dev/null || fail "2001:db8::1 is dropped"
if ip netns exec g1 ping -q -c 1 -W 1 -I 2001:db8::2 2001:db8::fe >/dev/null; then fail "2001:db8::2 passes"; fi

# Somebody else's MAC address.
ip -n g1 link set eth0 address 00:16:3e:66:66:66
ip neigh flush dev xenbr0
sees_not 1 10.0.0.254 || fail "another MAC address passes"
ip -n g1 link set eth0 address "$(vif_mac 1 0)"
sees 1 10.0.0.254 5 || fail "the guest's own MAC address is dropped"

nft flush ruleset
guarded() { nft list chain netdev xen-hotplug vif_1_0 >/dev/null 2>&1; }
wait_for 5 guarded || fail "the filter is not put back"
if ip netns exec g1 ping -q -c 1 -W 1 -I 10.0.0.2 10.0.0.254 >/dev/null; then fail "10.0.0.2 passes"; fi

# A daemon that is started again takes no device down.
daemon_stop KILL
daemon_start
wait_for 5 grep -q 'vif1.0: plugged again' "$RUN/daemon.log"
guarded || fail "the filter has gone"
if grep -q 'take down' "$RUN/daemon.log"; then fail "the device was taken down"; fi

hotplug offline 1 0 vif-bridge
if guarded; then fail "the filter stays"; fi
vif_destroy 1 0

vif_make 2 0 "$XS_BACKEND/vif/2/0/bridge" xenbr0
ip -n g2 addr add 10.0.0.7/24 dev eth0
hotplug online 2 0 vif-bridge
sees 2 10.0.0.254 5 || fail "a guest without ip= is filtered"
