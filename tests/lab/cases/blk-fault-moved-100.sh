# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-17: a guest is saved and restored a hundred times while it does I/O, all of which it verifies. No request is
# lost in any of the moves, and a hundred connections leave nothing behind.
# timeout: 5400

. "$LAB/cases/lib/guest-load"
. "$LAB/cases/lib/moves"

device_gone() { guest_disk_gone "$1"; }
device_serves() { guest_disk_connected g1; }
slab() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }

# The load is as large as the disk and may be over before the last move: then all of it is compared, and it begins
# again.
load_ends() {
	guest_load_end g1
	guest_load_compare g1 xvda "$loop"
}

number=$(lab_times 100)
loop=$(disk_loop data 64)
guest_start g1 --memory 256 "phy:$loop,xvda,w"
guest_load_start g1 xvda 30
# What is allocated once has been.
guest_save_and_restore
before=$(slab)
for ((round = 1; round <= number; round++)); do
	if guest_load_over g1; then
		load_ends
		guest_load_start g1 xvda 30
	fi
	guest_save_and_restore
	echo "-- move $round of $number, after $SECONDS s"
done
load_ends
guest_stop g1
# KASAN keeps what has been freed for a while.
expect_le 'growth of SUnreclaim, KiB' $(($(slab) - before)) $((${LAB_DEBUG:-0} ? 65536 : 8192))
success
