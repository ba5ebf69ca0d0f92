# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The guest is destroyed while it is plugged; two calls of the toolstack for one device; udev and the script
# both: at the end there is what should be there, and nothing else.
# timeout: 900
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
vswitchd() { kill "-$1" "$(cat /run/openvswitch/ovs-vswitchd.pid)"; }
cleanup 'vswitchd CONT 2>/dev/null || true'

for round in 1 2 3; do
	guest_start g1
	domid=$(xl domid g1)
	vswitchd STOP
	xl network-attach g1 bridge=ovsbr0 script=vif-openvswitch >"$LAB_OUT/attach-$round" 2>&1 &
	attach=$!
	expect_ok wait_for 30 has_port "vif$domid.0"
	xl destroy g1 &
	destroy=$!
	# Cannot be awaited: that both are under way.
	sleep "0.$round"
	vswitchd CONT
	wait "$attach" || true
	wait "$destroy" || failure "round $round: the guest cannot be destroyed"
	expect_ok wait_for 30 no_port "vif$domid.0"
	wait_for 30 test ! -e "/sys/class/net/vif$domid.0" || failure "vif$domid.0 stays"
done

both() { # both ACTION: two calls at once, for one interface
	local one two
	plug "$1" 0 9 &
	one=$!
	plug "$1" 0 9 &
	two=$!
	wait "$one" || failure "round $round: the first call has failed"
	wait "$two" || failure "round $round: the second call has failed"
}

# Two calls at once, of each kind.
for round in 1 2 3; do
	vif_bare 0 9
	both online
	expect_eq 'the ports' "$(ovs-vsctl list-ports ovsbr0)" vif0.9
	both offline
	expect_ok no_port vif0.9
	# In and out at once: whichever was last, the port and the status say the same.
	plug online 0 9 2>/dev/null &
	one=$!
	plug offline 0 9 2>/dev/null &
	two=$!
	wait "$one" || true
	wait "$two" || true
	agree() {
		if [ "$(hotplug_status 0 9)" = connected ]; then has_port vif0.9; else no_port vif0.9; fi
	}
	expect_ok wait_for 10 agree
	vif_bare_end 0 9
	expect_ok wait_for 30 no_port vif0.9
done

# Whatever udev says, and a script as well.
hotplug_conf general 'run = events'
loop=$(disk_loop data 8)
guest_start g1
domid=$(xl domid g1)
expect_ok xl network-attach g1 bridge=ovsbr0 script=vif-openvswitch
expect_ok xl block-attach g1 "phy:$loop,xvdb,w"
guest_wait_disk g1 xvdb
udevadm trigger --action=add --subsystem-match=xen-backend --subsystem-match=net
udevadm settle
expect_eq 'the ports' "$(ovs-vsctl list-ports ovsbr0)" "vif$domid.0"
expect_eq hotplug-status "$(hotplug_status "$domid" 0)" connected
expect_ok guest_run g1 'dd if=/dev/zero of=/dev/xvdb bs=64k count=4 conv=fsync 2>/dev/null'
# One that no script was run for.
vif_publish 0 9 script=/etc/xen/scripts/vif-openvswitch bridge=ovsbr0
expect_ok wait_for 30 has_port vif0.9
expect_ok xs_wait 30 "$XS_VIF/0/9" xs_is "$XS_VIF/0/9/hotplug-status" connected
vif_bare_end 0 9
expect_ok wait_for 30 no_port vif0.9
expect_ok xl destroy g1
expect_ok wait_for 30 no_port "vif$domid.0"
success
