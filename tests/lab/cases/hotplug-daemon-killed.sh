# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The daemon is killed while xl waits for it, and while a guest runs: systemd starts it again with the
# script's connection, which never notices; traffic goes on; a guest that goes meanwhile leaves no port.
# timeout: 900
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
ip addr add 10.0.0.254/24 dev ovsbr0
guest_start g1 --config "vif = ['bridge=ovsbr0,script=vif-openvswitch']"
guest_address g1 10.0.0.1/24
expect_ok guest_ping g1 10.0.0.254
domid=$(xl domid g1)

kept() { [ "$(systemctl show -p NFileDescriptorStore --value xen-hotplugd)" != 0 ]; }
another_daemon() { pid=$(systemctl show -p MainPID --value xen-hotplugd) && [ "$pid" != 0 ] && [ "$pid" != "$1" ]; }
for round in 1 2 3; do
	pid=$(systemctl show -p MainPID --value xen-hotplugd)
	# ovs-vswitchd is stopped, so that the plug is under way when the daemon dies.
	kill -STOP "$(cat /run/openvswitch/ovs-vswitchd.pid)"
	xl network-attach g1 bridge=ovsbr0 script=vif-openvswitch &
	attach=$!
	expect_ok wait_for 30 has_port "vif$domid.$round"
	expect_ok wait_for 30 kept
	kill -KILL "$pid"
	expect_ok wait_for 30 another_daemon "$pid"
	kill -CONT "$(cat /run/openvswitch/ovs-vswitchd.pid)"
	wait "$attach" || failure "round $round: xl network-attach has failed with the daemon"
	expect_ok has_port "vif$domid.$round"
	expect_eq hotplug-status "$(xenstore-read "/local/domain/0/backend/vif/$domid/$round/hotplug-status")" connected
	expect_ok guest_ping g1 10.0.0.254
	kept && failure "round $round: systemd still has the script's connection"
done

systemctl stop xen-hotplugd.service xen-hotplugd.socket
ovs-vsctl del-port "vif$domid.0"
systemctl start xen-hotplugd.socket xen-hotplugd.service
expect_ok wait_for 30 has_port "vif$domid.0"
expect_ok wait_for 30 guest_ping g1 10.0.0.254
expect_ok xl destroy g1
for devid in 0 1 2 3; do
	expect_ok wait_for 30 no_port "vif$domid.$devid"
done
success
