# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever has died, at the end there are the ports that should be there, and no others: of the daemon,
# ovsdb-server, ovs-vswitchd, and a guest while nobody looked. Ports of others are never touched.

ovs_start
ovs-vsctl add-port ovsbr0 other -- set interface other type=internal
daemon_start
for domid in 1 2 3; do
	vif_make $domid 0 "$XS_BACKEND/vif/$domid/0/bridge" ovsbr0.$domid
	hotplug online $domid 0
done

# Somebody removes a port, and changes another one.
ovs-vsctl del-port vif1.0 -- set port vif2.0 tag=99
wait_for 5 has_port vif1.0 || fail "vif1.0 was not put back"
tag_is() { [ "$(ovs_port "$1" tag)" = "$2" ]; }
wait_for 5 tag_is vif1.0 1 || fail "vif1.0 has lost its VLAN"
wait_for 5 tag_is vif2.0 2 || fail "vif2.0 is in another VLAN"

# What others add to our rows stays.
ovs-vsctl set interface vif1.0 external_ids:ovn-installed=true
ovs-vsctl set port vif1.0 tag=98
wait_for 5 tag_is vif1.0 1 || fail "vif1.0 is in another VLAN"
expect_eq ovn-installed "$(ovs_interface vif1.0 external_ids:ovn-installed)" '"true"'

# The bridge goes and comes again.
ovs-vsctl del-br ovsbr0
ovs-vsctl add-br ovsbr0 -- set bridge ovsbr0 datapath_type=netdev -- \
	add-port ovsbr0 other -- set interface other type=internal
for domid in 1 2 3; do
	wait_for 10 tag_is vif$domid.0 $domid || fail "vif$domid.0 was not put back into the new bridge"
done

# The daemon dies, and so does a guest; a port of ours is lost, too.
daemon_stop KILL
vif_destroy 1 0
ovs-vsctl del-port vif2.0
sed -i 's/^timeout.*/timeout = 30/' /etc/xen/xen-hotplugd.conf
daemon_start
wait_for 10 has_port vif2.0 || fail "vif2.0 was not put back"
# The daemon first looks for orphans after 10 s.
if wait_for 16 has_no_port vif1.0; then fail "the orphan is gone before it was seen twice"; fi

plug_without() { # plug_without WHAT DOMID COMMAND-THAT-BRINGS-IT-BACK
	local plug
	vif_make "$2" 0
	hotplug online "$2" 0 &
	plug=$!
	"$3"
	wait "$plug" || fail "the plug did not wait for the $1"
	has_port "vif$2.0" || fail "vif$2.0 is not there"
}

# The database and the switch are restarted: nothing is lost, and a plug meanwhile waits.
kill -9 "$(cat /run/openvswitch/ovsdb-server.pid)"
rm -f /run/openvswitch/ovsdb-server.pid
plug_without database 4 ovsdb_start
kill -9 "$(cat /run/openvswitch/ovs-vswitchd.pid)"
rm -f /run/openvswitch/ovs-vswitchd.pid
plug_without switch 5 vswitchd_start

# The guest goes, with a daemon that sees it.
vif_destroy 3 0
wait_for 10 has_no_port vif3.0 || fail "vif3.0 is left"
has_port other || fail "the port of others was removed"

# An orphan goes after it was seen twice.
ovs-vsctl add-port ovsbr0 orphan -- set port orphan external_ids:xen-backend-owner=vif/77/0 \
	-- set interface orphan type=internal
nft 'table netdev xen-hotplug { chain vif_78_0 { type filter hook ingress device "other" priority filter; }; }'
would=$("$XEN_HOTPLUGD" --dry-run 2>&1)
expect_match 'what would be done' "$would" 'would remove a port of Open vSwitch, which was for vif/77/0'
expect_match 'what would be done' "$would" 'would remove vif_78_0, which was for vif/78/0'
has_port orphan || fail "--dry-run has removed it"
