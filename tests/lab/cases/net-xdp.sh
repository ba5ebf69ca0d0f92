# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-22: eBPF programs come and go in the driver while TCP flows over the interface, which notices nothing.
# One drops what it is to drop, one sends packets back, one sends them on to another guest, all are counted.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --memory 256 --vcpus 2 --vif "$(net_spec "")"
guest_start g2 --memory 256 --vif "$(net_spec "")"
net_guest_up g1 2
net_guest_up g2 3
net_serve g1
vif1=$(net_vif g1) vif2=$(net_vif g2)
packets=500

# program PROGRAM: on the first guest's interface, until program_end.
program() {
	echo "-- on $vif1: $1"
	labnet xdp "$vif1" "$1" >"$LAB_OUT/xdp" 2>&1 &
	xdp=$!
	wait_for 20 grep -qE '^(attached|bad|labnet)' "$LAB_OUT/xdp" || error 'labnet does not run'
	grep -q '^attached' "$LAB_OUT/xdp" || failure "$(cat "$LAB_OUT/xdp")"
}

program_end() {
	kill $xdp
	expect_ok wait $xdp
}

net_start flows4 10.77.0.2 --flows 2
net_start flows6 fd77::2
for ((i = 0; i < 20; i++)); do
	program pass
	net_moves flows4
	program_end
done
program drop=5004
net_moves flows4
net_moves flows6
dropped=$(net_count "$vif1" xdp_dropped)
labnet udp-sink 5004 >"$LAB_OUT/sink" 2>&1 &
sink=$!
wait_for 10 grep -q listening "$LAB_OUT/sink" || error 'labnet does not run'
expect_ok guest_run g1 "labnet udp 10.77.0.1 5004 --packets $packets --size 200 --rate 500"
expect_eq 'packets dropped' $(($(net_count "$vif1" xdp_dropped) - dropped)) $packets
program_end
# Without the program they arrive: it was the program.
expect_ok guest_run g1 "labnet udp 10.77.0.1 5004 --packets $packets --size 200 --rate 500"
kill $sink
expect_ok wait $sink
expect_eq 'datagrams that arrived' "$(sed -n 's/^datagrams \([0-9]*\) .*/\1/p' "$LAB_OUT/sink")" $packets

# Back to where they came from, with sums that the guest left blank.
for size in 24 200 1472; do
	sent=$(net_count "$vif1" xdp_sent)
	program echo=5005
	expect_ok guest_run g1 "labnet udp 10.77.0.1 5005 --packets 100 --size $size --rate 200 --reply 5000"
	program_end
	expect_ge 'packets sent back' $(($(net_count "$vif1" xdp_sent) - sent)) 100
done

# From ring to ring, without the bridge: its flow table has no part in that.
net_sink g2
expect_ok guest_run g1 'ping -c 1 -W 2 10.77.0.3'
redirected=$(net_count "$vif1" xdp_redirected)
program "redirect=5003,$vif2"
expect_ok guest_run g1 "labnet udp 10.77.0.3 5003 --packets $packets --size 700 --rate 300"
program_end
expect_eq 'packets sent on' $(($(net_count "$vif1" xdp_redirected) - redirected)) $packets
expect_ge 'of them in the second guest' "$(net_sink_end g2)" $((packets * 9 / 10))
# The kernel sends on sixteen by itself. Fewer do not wait for more.
net_sink g2
program "redirect=5003,$vif2"
expect_ok guest_run g1 "labnet udp 10.77.0.3 5003 --packets 10 --size 700 --rate 50"
program_end
expect_ge 'of ten packets in the second guest' "$(net_sink_end g2)" 9

net_stop flows4
net_stop flows6
# With one on it, the interface can go.
program drop=5004
net_guest_end g1
kill $xdp
wait $xdp || true
net_guest_end g2
success
