# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Guests with a routed and with a NATed interface are reached, and nobody else's address is taken from them;
# their routes go with them.
# timeout: 600
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
ip link add uplink type dummy
cleanup 'ip link del uplink'
ip addr add 192.0.2.1/24 dev uplink
ip link set uplink up
guest_start g1 --config "vif = ['script=vif-route,ip=10.9.0.5,gatewaydev=uplink', 'script=vif-nat,ip=10.7.0.5']"
domid=$(xl domid g1)
expect_match 'the route' "$(ip route get 10.9.0.5)" "dev vif$domid.0 src 192.0.2.1"
expect_match 'the route' "$(ip route get 10.7.0.5)" "dev vif$domid.1 src 10.7.0.132"
expect_ok guest_run g1 'busybox ip link set eth0 up && busybox ip addr add 10.9.0.5/32 dev eth0 &&
	busybox ip route add 192.0.2.1/32 dev eth0 &&
	busybox ip link set eth1 up && busybox ip addr add 10.7.0.5/24 dev eth1'
expect_ok guest_ping g1 192.0.2.1
expect_ok ping -c 2 -W 10 10.9.0.5
expect_ok guest_ping g1 10.7.0.132
expect_ok guest_run g1 'busybox ip addr add 10.9.0.66/32 dev eth0'
expect_fail guest_ping g1 -I 10.9.0.66 192.0.2.1

if message=$(xl network-attach g1 'script=vif-route' 2>&1); then failure "a routed vif without an address is taken"; fi
expect_match 'the message' "$message" 'ip: missing; a routed vif needs'
expect_ok xl destroy g1
no_route() { ! ip route | grep -q "vif$domid"; }
expect_ok wait_for 30 no_route
success
