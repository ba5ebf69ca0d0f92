# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-01, F-03, F-04: ovs-vswitchd and ovsdb-server are restarted, killed and frozen, the database is read-only,
# xenstored is frozen for a minute: traffic goes on, plugs wait or fail with a reason, and afterwards there are
# the ports that should be there.
# timeout: 1500
. "$LAB/cases/lib/hotplug"
. "$LAB/cases/lib/net"

hotplug_start ovsbr0
ip addr add 10.77.0.1/24 dev ovsbr0
guest_start g1 --config "vif = ['bridge=ovsbr0,script=vif-openvswitch']"
domid=$(xl domid g1)
net_guest_up g1 2
net_serve g1
index=$(cat "/sys/class/net/vif$domid.0/ifindex")

# all_right WHAT: the vif is the one it was, and plugged, and bytes move.
all_right() {
	net_moves "traffic" 60
	expect_eq "the device after $1" "$(cat "/sys/class/net/vif$domid.0/ifindex")" "$index"
	expect_ok wait_for 60 has_port "vif$domid.0"
}
# silence WHAT: ends the flow, prints how long nothing came, and starts another.
silence() {
	net_stop traffic
	echo "-- $1: the longest silence was $net_gap_ms ms"
	net_start traffic 10.77.0.2
}
net_start traffic 10.77.0.2

systemctl restart ovs-vswitchd
all_right 'a restart of ovs-vswitchd'
silence 'ovs-vswitchd restarted'
expect_le 'the outage, ms,' "$net_gap_ms" $((5000 * LAB_PATIENCE))

systemctl restart ovsdb-server
all_right 'a restart of ovsdb-server'
kill -KILL "$(cat /run/openvswitch/ovsdb-server.pid)"
vif_bare 0 9
expect_ok plug online 0 9
expect_ok has_port vif0.9
all_right 'the death of ovsdb-server'
silence 'ovsdb-server restarted and killed'

# Answers that take five seconds.
kill -STOP "$(cat /run/openvswitch/ovsdb-server.pid)"
plug offline 0 9 &
plug=$!
sleep 5 # what is tested is a time without answers; it has no event that ends it
kill -CONT "$(cat /run/openvswitch/ovsdb-server.pid)"
wait "$plug" || failure 'a slow database was not waited for'
expect_ok no_port vif0.9

# Nobody can write to the database any more, for it has become the copy of another one: the plug fails, and says
# why; then it works again.
hotplug_conf general 'timeout = 10'
readonly() { ovs-appctl -t ovsdb-server "ovsdb-server/$1-active-ovsdb-server" "${@:2}"; }
expect_ok readonly set unix:/run/openvswitch/nobody.sock
expect_ok readonly connect
cleanup 'ovs-appctl -t ovsdb-server ovsdb-server/disconnect-active-ovsdb-server'
if message=$(plug online 0 9 2>&1); then failure 'it is plugged into a database that cannot be written'; fi
expect_match 'the reason' "$message" 'ovsdb-server refuses: '
expect_ok readonly disconnect
expect_ok plug online 0 9
expect_ok has_port vif0.9
expect_ok plug offline 0 9
all_right 'a database that cannot be written'

# Stopped altogether: a VM start fails after the limit, not never.
kill -STOP "$(cat /run/openvswitch/ovs-vswitchd.pid)"
start=$SECONDS
if message=$(xl network-attach g1 bridge=ovsbr0 script=vif-openvswitch 2>&1); then
	failure 'it was plugged without ovs-vswitchd'
fi
expect_match 'the message' "$message" 'not done within 10 s: ovs-vswitchd does not'
expect_le 'what it took, s,' $((SECONDS - start)) $((60 * LAB_PATIENCE))
kill -CONT "$(cat /run/openvswitch/ovs-vswitchd.pid)"
expect_ok wait_for 30 no_port "vif$domid.1"
all_right 'a frozen ovs-vswitchd'

# xenstored is frozen for a minute.
store=$(pidof -s oxenstored xenstored) || error 'there is no xenstored'
kill -STOP "$store"
plug online 0 9 &
plug=$!
for second in 10 20 30 40 50 60; do
	sleep 10 # the same
	net_moves traffic 60
	echo "-- after $second s"
done
spent=$(ps -o cputimes= -p "$(systemctl show -p MainPID --value xen-hotplugd)")
kill -CONT "$store"
expect_le 'processor time of the daemon, s,' "${spent// /}" 20
wait "$plug" || plug online 0 9 || failure 'nothing is plugged after xenstored was frozen'
expect_ok has_port vif0.9
all_right 'a frozen xenstored'
net_stop traffic
echo "-- the longest silence was $net_gap_ms ms"
vif_bare_end 0 9
expect_ok wait_for 30 no_port vif0.9
expect_ok xl destroy g1
expect_ok wait_for 30 no_port "vif$domid.0"
success
