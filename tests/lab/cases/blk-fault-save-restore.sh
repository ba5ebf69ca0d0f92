# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored, and migrated to this same machine, while it does I/O. No request is
# lost, none is done twice on other data, and nothing of the old device stays.
# timeout: 900

. "$LAB/cases/lib/guest-load"
. "$LAB/cases/lib/moves"

device_gone() { guest_disk_gone "$1"; }
device_serves() {
	guest_disk_connected g1
	guest_load_moves g1 xvda
}

# One for both: disks are in memory.
loop=$(disk_loop data 128)
# Live migration of a PV guest takes shadow page tables, which not every Xen has been built with.
for type in pv pvh; do
	guest_start g1 --type $type --memory 256 "phy:$loop,xvda,w"
	guest_load_start g1 xvda 62
	guest_save_and_restore
	if [ $type = pv ]; then
		guest_save_and_restore
	else
		guest_migrate
		# The target refuses, at once or in the middle of the memory.
		guest_migrate_in_vain false 'head -c 60000000 | xl migrate-receive'
	fi
	guest_load_end g1
	guest_load_compare g1 xvda "$loop"
	guest_stop g1
done
success
