# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Two guests on one bridge exchange TCP over IPv4 and IPv6, with large packets passed on whole from one ring
# to the other, also when only one of them can take such, and with datagrams whose sums are blank all the way.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start g1 --memory 256 --vcpus 2 --vif "$(net_spec "")"
guest_start g2 --memory 256 --type pvh --vif "$(net_spec "")"
net_guest_up g1 2
net_guest_up g2 3
net_serve g1 g2
vif1=$(net_vif g1) vif2=$(net_vif g2)

both() {
	echo "== $1"
	net_guest_exchange g1 10.77.0.3 --flows 2 --bytes 2000000
	net_guest_exchange g2 10.77.0.2 --flows 2 --bytes 2000000
	net_guest_exchange g1 fd77::3 --bytes 2000000
}

both 'all offloads'
bytes=$(net_stat "$vif2" tx_bytes) packets=$(net_stat "$vif2" tx_packets)
net_guest_exchange g1 10.77.0.3 --way out --bytes 8000000
expect_ge 'bytes of an average packet from guest to guest' \
	$((($(net_stat "$vif2" tx_bytes) - bytes) / ($(net_stat "$vif2" tx_packets) - packets))) 2000
labnet features "$vif2" tso=off >/dev/null
both 'the second takes no large packets'
labnet features "$vif2" tx=off sg=off >/dev/null
both 'the second takes no blank sums, and only one page a packet'
labnet features "$vif2" tx=on sg=on tso=on >/dev/null
guest_run g1 'labnet features eth0 tx=off tso=off sg=off' >/dev/null
both 'the first sums up itself'
guest_run g1 'labnet features eth0 tx=on sg=on tso=on' >/dev/null

# A guest that takes its time loses some; what comes is right.
net_sink g2
expect_ok guest_run g1 'labnet udp 10.77.0.3 5003 --packets 2000 --size 1400 --rate 500'
expect_ge 'datagrams of 2000 that arrive' "$(net_sink_end g2)" 1900
expect_ok guest_run g2 'ping -c 3 -W 2 10.77.0.2'
net_nothing_refused "$vif1"
net_nothing_refused "$vif2"
# Neither is disturbed by the end of the other.
net_guest_end g2
expect_ok net_ping 10.77.0.2
net_guest_end g1
success
