# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A routed vif has a route to each of the guest's addresses, and proxy ARP; a NATed one has the router's
# address as well, 127 above the guest's.

ip link add uplink up type veth peer name uplink2
ip addr add 192.0.2.1/24 dev uplink
daemon_start
vif_make 1 0 "$XS_BACKEND/vif/1/0/ip" '10.9.0.5 10.8.0.0/24' "$XS_BACKEND/vif/1/0/gatewaydev" uplink
hotplug online 1 0 vif-route
expect_match 'the route' "$(ip route show 10.9.0.5)" 'dev vif1.0 .*src 192.0.2.1'
expect_match 'the network' "$(ip route show 10.8.0.0/24)" 'dev vif1.0'
expect_eq proxy_arp "$(cat /proc/sys/net/ipv4/conf/vif1.0/proxy_arp)" 1
ip -n g1 addr add 10.9.0.5/32 dev eth0
ip -n g1 route add 192.0.2.1 dev eth0
ip netns exec g1 ping -q -c 1 -W 5 192.0.2.1
hotplug online 1 0 vif-route
hotplug offline 1 0 vif-route

vif_make 2 0 "$XS_BACKEND/vif/2/0/ip" 10.7.0.5/16
hotplug online 2 0 vif-nat
expect_match 'the address' "$(ip addr show vif2.0)" '10.7.0.132/32'
expect_match 'the route' "$(ip route show 10.7.0.5)" 'dev vif2.0 .*src 10.7.0.132'
ip -n g2 addr add 10.7.0.5/16 dev eth0
ip netns exec g2 ping -q -c 1 -W 5 10.7.0.132
vif_make 3 1
hotplug online 3 1 vif-nat
expect_match 'the route' "$(ip route show 10.0.3.2)" 'dev vif3.1 .*src 10.0.3.129'
refused ip 10.0.0.200 "ip='10.0.0.200': must be an IPv4 address that ends in at most 128" vif-nat
