# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The rate of an interface holds for all its queues together, in each direction; it can be changed while
# traffic runs, and who waits for an old one goes on at once. The toolstack's key sets what the guest sends.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --vcpus 2 --vif "$(net_spec rate=10Mb/s)"
net_guest_up g1 2
net_serve g1
vif=$(net_vif g1)
back=$(net_back g1)
limits=$(net_sysfs g1)/limits
expect_eq "queues of $vif" "$(net_queues "$vif")" 2
expect_eq 'what the guest may send, by the key' "$(cat "$limits/from_guest")" 1250000
expect_eq 'what it may be sent' "$(cat "$limits/to_guest")" 0

# ms_of WAY BYTES: sets $ms. Many connections, so that both queues are full.
ms_of() {
	net_exchange 10.77.0.2 --way "$1" --flows 6 --bytes $(($2 / 6)) | tee "$LAB_OUT/exchange"
	ms=$(($(sed -n 's/.* us \([0-9]*\) .*/\1/p' "$LAB_OUT/exchange") / 1000))
}

# Of 5 MB at least 4.9 have to wait: the burst is 50 ms.
ms_of in 5000000
expect_ge 'ms for 5 MB from the guest at 1.25 MB/s' $ms 3700
expect_ge 'times the guest waited' "$(net_count "$vif" from_limited)" 1
ms_of out 5000000
expect_le 'ms for 5 MB to the guest without a limit' $ms $((3000 * LAB_PATIENCE))

echo 1000000 >"$limits/to_guest"
ms_of out 5000000
expect_ge 'ms for 5 MB to the guest at 1 MB/s' $ms 4600
expect_le 'ms for 5 MB to the guest at 1 MB/s' $ms $((9000 * LAB_PATIENCE))
expect_ge 'times a packet waited' "$(net_count "$vif" to_limited)" 1
echo 0 >"$limits/to_guest"

# The key again, while it runs.
xenstore-write "$back/rate" 100000,50000
is_set() { [ "$(cat "$limits/from_guest")" = 2000000 ]; }
wait_for 20 is_set || failure 'the key is not looked at'
xenstore-write "$back/rate" nonsense
wait_for 20 net_complains rate || failure 'nothing is said about a rate that is none'
expect_ok net_ping 10.77.0.2
xenstore-rm "$back/rate"

# At a byte a second nothing gets through; when the limit goes everything goes on.
net_start flows 10.77.0.2 --flows 4
for file in from_guest to_guest; do
	net_moves flows
	echo 1 >"$limits/$file"
	waits() { grep -q 'waits for what its rate allows' "/sys/kernel/debug/xen-netback/$vif/rings"; }
	wait_for 30 waits || failure 'no queue says that it waits for the rate'
	echo 0 >"$limits/$file"
	net_moves flows 30
done
net_stop flows
for bad in -1 1x '' 18446744073709551616; do
	expect_fail bash -c "echo '$bad' >$limits/from_guest"
done
expect_fail bash -c "echo 0 >$limits/burst_ms"
expect_fail bash -c "echo 10001 >$limits/burst_ms"

# With one set, the interface can go.
echo 1 >"$limits/from_guest"
echo 1 >"$limits/to_guest"
net_guest_end g1
success
