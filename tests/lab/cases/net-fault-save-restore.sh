# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored, and migrated to this same machine, under TCP in both directions: every
# byte arrives, no connection is reset, and nothing of the old interface stays.
# timeout: 700

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
save=/var/tmp/g1.save
cleanup "rm -f $save"
net_bridge

seq_of() { xenstore-read "/local/domain/$1/data/lab/cmd" | cut -d' ' -f1; }

# moved OLD SEQ: after each move the guest has another number, and commands go on where they were.
moved() {
	local path
	net_gone "$1"
	wait_for 30 lab_domain_gone "$1" || failure "guest $1 stays: $(xl list)"
	path=/local/domain/$(xl domid g1)/data/lab
	xenstore-write "$path/cmd" "$2"
	xs_wait 30 "$(net_back g1)" xs_is "$(net_back g1)/state" 4 || failure 'the restored guest does not connect'
	net_moves flows4 120
	net_moves flows6 120
}

save_and_restore() {
	local domid seq
	domid=$(xl domid g1)
	seq=$(seq_of "$domid")
	expect_ok xl save g1 "$save"
	net_gone "$domid"
	expect_ok xl restore "$save"
	rm "$save"
	moved "$domid" "$seq"
}

migrate() {
	local domid seq
	domid=$(xl domid g1)
	seq=$(seq_of "$domid")
	expect_ok xl migrate -s '' g1 'xl migrate-receive'
	moved "$domid" "$seq"
}

# The target refuses: the source goes on with its own interface.
migrate_in_vain() {
	local domid
	domid=$(xl domid g1)
	expect_fail xl migrate -s '' g1 false
	expect_eq 'the number of the guest' "$(xl domid g1)" "$domid"
	net_moves flows4 120
}

# Live migration of a PV guest takes shadow page tables, which not every Xen has been built with.
for type in pv pvh; do
	guest_start g1 --type $type --memory 256 --vcpus 2 --vif "$(net_spec mac=00:16:3e:aa:bb:01)"
	net_guest_up g1 2
	net_serve g1
	net_start flows4 10.77.0.2 --flows 2
	net_start flows6 fd77::2
	save_and_restore
	if [ $type = pv ]; then
		save_and_restore
	else
		migrate
		migrate_in_vain
	fi
	net_stop flows4
	echo "-- $type: longest silence over IPv4: $net_gap_ms ms"
	net_stop flows6
	echo "-- $type: longest silence over IPv6: $net_gap_ms ms"
	net_guest_end g1
done
success
