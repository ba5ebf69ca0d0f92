# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored, and migrated to this same machine, while it does I/O. No request is
# lost, none is done twice on other data, and nothing of the old device stays.
# timeout: 900

. "$LAB/cases/lib/guest-load"
# Not where disks are: that is in memory.
save=/var/tmp/g1.save
cleanup "rm -f $save"

# After each move the guest has another number, and commands go on where they were.
moved() {
	local old=$1 seq=$2 path
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vbd-$old-51712" || failure "the disk of $old stays"
	wait_for 30 lab_domain_gone "$old" || failure "guest $old stays: $(xl list)"
	path=/local/domain/$(xl domid g1)/data/lab
	xenstore-write "$path/cmd" "$seq"
	wait_for 30 xs_is "$(guest_vbd g1 xvda)/state" 4 || failure 'the restored guest does not connect'
	guest_load_moves g1 xvda
}

seq_of() { xenstore-read "/local/domain/$1/data/lab/cmd" | cut -d' ' -f1; }

save_and_restore() {
	local domid seq
	domid=$(xl domid g1)
	seq=$(seq_of "$domid")
	expect_ok xl save g1 "$save"
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

# The target refuses, at once or in the middle of the memory: the source goes on with its own device.
migrate_in_vain() {
	local domid target
	domid=$(xl domid g1)
	for target in false 'head -c 60000000 | xl migrate-receive'; do
		expect_fail xl migrate -s '' g1 "$target"
		expect_eq 'the number of the guest' "$(xl domid g1)" "$domid"
		guest_load_moves g1 xvda
	done
}

# Live migration of a PV guest takes shadow page tables, which not every Xen has been built with.
for type in pv pvh; do
	loop=$(disk_loop "data-$type" 128)
	guest_start g1 --type $type --memory 256 "phy:$loop,xvda,w"
	guest_load_start g1 xvda 62
	save_and_restore
	if [ $type = pv ]; then
		save_and_restore
	else
		migrate
		migrate_in_vain
	fi
	guest_load_end g1
	expect_eq 'what the guest reads' \
		"$(guest_run g1 'dd if=/dev/xvda bs=1M iflag=direct 2>/dev/null | sha256sum')" \
		"$(dd if="$loop" bs=1M iflag=direct status=none | sha256sum)"
	guest_stop g1
done
success
