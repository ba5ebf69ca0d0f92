# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who is frozen is waited for, and not for ever: ovsdb-server, ovs-vswitchd, xenstored. A plug that has
# failed for that leaves nothing when they go on.

ovs_start
sed -i 's/^timeout.*/timeout = 3/' /etc/xen/xen-hotplugd.conf
daemon_start

frozen() {
	local pid=$1 domid=$2 plug
	vif_make "$domid" 0
	kill -STOP "$pid"
	hotplug online "$domid" 0 &
	plug=$!
	sleep 1 # cannot be awaited: that nothing happens
	kill -CONT "$pid"
	wait "$plug" || fail "it was not waited for"
	expect_eq hotplug-status "$(xs "vif/$domid/0/hotplug-status")" connected
}

frozen "$(cat /run/openvswitch/ovsdb-server.pid)" 1
frozen "$(cat /run/openvswitch/ovs-vswitchd.pid)" 2
frozen "$(pgrep -x xenstored)" 3

for name in ovsdb-server ovs-vswitchd; do
	vif_make 9 0
	kill -STOP "$(cat /run/openvswitch/$name.pid)"
	if message=$(hotplug online 9 0 2>&1); then fail "it was plugged without $name"; fi
	expect_match 'the message' "$message" "not done within 3 s: $name does not"
	expect_eq hotplug-status "$(xs vif/9/0/hotplug-status)" error
	kill -CONT "$(cat /run/openvswitch/$name.pid)"
	wait_for 20 has_no_port vif9.0 || fail "a port is left"
	vif_destroy 9 0
done

# The others were not touched.
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0 | sort | tr '\n' ' ')" 'vif1.0 vif2.0 vif3.0 '
# xenstored has ended: so does the daemon, for it to be started again.
kill -KILL "$(pgrep -x xenstored)"
ended() { ! kill -0 "$daemon_pid" 2>/dev/null; }
hotplug online 1 0 2>/dev/null || true
wait_for 70 ended || fail "the daemon goes on without xenstored"
daemon_pid=
