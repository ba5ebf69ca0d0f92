# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored, and migrated to this same machine, while it does I/O. No request is
# lost, none is done twice on other data, and nothing of the old device stays.
# timeout: 900

. "$LAB/cases/lib/guest-load"
. "$LAB/cases/lib/moves"

device_gone() {
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vbd-$1-51712" || failure "the disk of $1 stays"
}
device_serves() {
	wait_for 30 xs_is "$(guest_vbd g1 xvda)/state" 4 || failure 'the guest has no connection'
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
	expect_eq 'what the guest reads' \
		"$(guest_run g1 'dd if=/dev/xvda bs=1M iflag=direct 2>/dev/null | sha256sum')" \
		"$(dd if="$loop" bs=1M iflag=direct status=none | sha256sum)"
	guest_stop g1
done
success
