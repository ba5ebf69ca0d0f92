# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored, and migrated to this same machine, under TCP in both directions: every
# byte arrives, no connection is reset, and nothing of the old interface stays.
# timeout: 700

. "$LAB/cases/lib/net"
. "$LAB/cases/lib/moves"
expect_ok modprobe xen-netback
net_bridge

device_gone() {
	net_gone "$1"
}
device_serves() {
	xs_wait 30 "$(net_back g1)" xs_is "$(net_back g1)/state" 4 || failure 'the guest has no connection'
	net_moves flows4 120
	net_moves flows6 120
}

# Live migration of a PV guest takes shadow page tables, which not every Xen has been built with.
for type in pv pvh; do
	guest_start g1 --type $type --memory 256 --vcpus 2 --vif "$(net_spec mac=00:16:3e:aa:bb:01)"
	net_guest_up g1 2
	net_serve g1
	net_start flows4 10.77.0.2 --flows 2
	net_start flows6 fd77::2
	guest_save_and_restore
	if [ $type = pv ]; then
		guest_save_and_restore
	else
		guest_migrate
		guest_migrate_in_vain false
	fi
	net_stop flows4
	echo "-- $type: longest silence over IPv4: $net_gap_ms ms"
	net_stop flows6
	echo "-- $type: longest silence over IPv6: $net_gap_ms ms"
	net_guest_end g1
done
success
