# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-22: while TCP flows, an interface goes up and down, changes its MTU, its offloads and its queue
# discipline, and moves to another network namespace and back: no connection is lost, no packet is wrong.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_guest_plain g1 --vcpus 2
net_start flows 10.79.0.2 --flows 4
for ((i = 0; i < 10; i++)); do
	for offload in 'tso off' 'sg off' 'tx off' 'tx on' 'sg on' 'tso on'; do
		# shellcheck disable=SC2086 # two words
		expect_ok ethtool -K "$vif" $offload
	done
	net_moves flows
done
for mtu in 576 9000 1280 65517 1500; do
	expect_ok ip link set "$vif" mtu $mtu
	net_moves flows
done
for ((i = 0; i < 10; i++)); do
	expect_ok ip link set "$vif" down
	expect_ok ip link set "$vif" up
	ip address replace 10.79.0.1/24 dev "$vif"
done
net_moves flows
for discipline in pfifo fq_codel mq; do
	tc qdisc replace dev "$vif" root $discipline 2>/dev/null || echo "-- no $discipline here"
	net_moves flows
done
net_stop flows

# Its connections are those of another namespace then.
ip netns add elsewhere
cleanup 'ip netns delete elsewhere 2>/dev/null || true'
expect_ok ip link set "$vif" netns elsewhere
ip -n elsewhere address add 10.79.0.1/24 dev "$vif"
ip -n elsewhere link set "$vif" up
expect_ok ip netns exec elsewhere labnet exchange 10.79.0.2 $NET_PORT --bytes 2000000
# A guest that connects again does so there.
net_front_reload g1
net_guest_address g1 eth0 10.79.0.2/24 fd79::2/64
expect_ok ip netns exec elsewhere labnet exchange 10.79.0.2 $NET_PORT --bytes 2000000
expect_eq 'packets that were refused' "$(ip netns exec elsewhere ethtool -S "$vif" |
	awk '/refused|to_grant|to_large/ { n += $2 } END { print n + 0 }')" 0
expect_ok ip -n elsewhere link set "$vif" netns 1
ip address replace 10.79.0.1/24 dev "$vif"
ip link set "$vif" up
net_exchange 10.79.0.2 --bytes 1000000

# Where it is when it goes does not matter.
expect_ok ip link set "$vif" netns elsewhere
domid=$(xl domid g1)
expect_ok xl destroy g1
wait_for 20 test ! -e "/sys/bus/xen-backend/devices/vif-$domid-0" || failure 'the device stays'
expect_eq 'interfaces elsewhere' "$(ip -n elsewhere -o link show | grep -c vif || true)" 0
success
