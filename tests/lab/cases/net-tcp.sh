# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What is sent by TCP arrives byte for byte, both ways, over IPv4 and IPv6, with every combination of queues,
# event channels and offloads.
# timeout: 900

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
data=$(disk_file data 0)
head -c 8M /dev/urandom >"$data"
sum=$(sha256sum <"$data")

# Both ways with address ADDRESS of the guest and MINE of dom0.
transfer() {
	local address=$1 mine=$2 pid
	guest_run g1 'rm -f /tmp/in /tmp/end; (nc -l -p 5001 >/tmp/in; touch /tmp/end) >/dev/null 2>&1 &' ||
		error 'the guest has no nc'
	"$LAB/cases/lib/tcp" send "$address" 5001 <"$data" || failure "nothing gets to $address"
	wait_for 30 guest_run g1 '[ -e /tmp/end ]' || failure "the connection to $address does not end"
	expect_eq "what the guest got at $address" "$(guest_run g1 'sha256sum </tmp/in')" "$sum"

	"$LAB/cases/lib/tcp" receive "$mine" 5002 >"$data.back" 2>"$data.says" &
	pid=$!
	wait_for 10 grep -q listening "$data.says" || error 'dom0 does not listen'
	guest_run g1 "nc $mine 5002 </tmp/in" >/dev/null || failure "the guest does not reach $mine"
	wait $pid || failure "dom0 gets nothing from $address"
	expect_eq "what dom0 got from $address" "$(sha256sum <"$data.back")" "$sum"
}

for split in 1 0; do
	echo $split >/sys/module/xen_netback/parameters/separate_tx_rx_irq
	for queues in 1 2; do
		guest_start g1 --vcpus 2 --extra "lab.netfront=max_queues=$queues" --vif "$(net_spec "")"
		net_guest_up g1 2
		vif=$(net_vif g1)
		expect_eq "queues of $vif" "$(ethtool -l "$vif" | awk '/^Combined/ { n = $2 } END { print n }')" "$queues"
		for offload in on off; do
			ethtool -K "$vif" tso $offload sg $offload tx $offload >/dev/null 2>&1 || true
			echo "-- split $split, queues $queues, offloads $offload"
			transfer 10.77.0.2 10.77.0.1
			transfer fd77::2 fd77::1
		done
		expect_eq 'packets that were refused' "$(ethtool -S "$vif" |
			awk '/refused|to_grant|to_large/ { n += $2 } END { print n + 0 }')" 0
		expect_ok xl destroy g1
		wait_for 20 test ! -e "/sys/class/net/$vif" || failure "$vif stays"
	done
done
success
