# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The driver's numbers are right: every request is in one bucket of the latency table, errors of the disk are
# told apart, rings show where they stand, and no number goes down when a frontend connects again.
# timeout: 200

debug=/sys/kernel/debug/xen-blkback/vbd-0-$(vdev_number xvdz)
stats=/sys/bus/xen-backend/devices/vbd-0-$(vdev_number xvdz)/statistics

# column NAME: the sum over all buckets of one kind of request.
column() {
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next }
		{ sum += $at } END { print sum + 0 }' "$debug/latency"
}

number() {
	awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' "$debug/errors"
}

modprobe xen-blkfront
disk=$(disk_loop data 16)
vbd_attach "$disk" xvdz
dd if=/dev/xvdz of=/dev/null bs=4k count=300 iflag=direct status=none
dd if=/dev/zero of=/dev/xvdz bs=4k count=200 oflag=direct status=none
udevadm settle
expect_eq 'reads in the table' "$(column read)" "$(cat "$stats/rd_req")"
expect_eq 'writes in the table' "$(column write)" "$(cat "$stats/wr_req")"
expect_ok test "$(column read)" -ge 300
expect_ok test "$(column write)" -ge 200
expect_ok grep -q '^ring 0: no requests' "$debug/rings"
expect_eq 'requests at the disk' "$(sed -n 's/.*at the disk \([0-9]*\) .*/\1/p' "$debug/rings" | sort -u)" 0
expect_eq 'errors and refusals' "$(awk '{ sum += $NF } END { print sum + 0 }' "$debug/errors")" 0

expect_ok vbd_detach xvdz

# Sectors 16384 and 16385 of the next disk cannot be read.
bad=$(disk_dm bad "0 16384 linear $disk 0" '16384 2 error' "16386 16382 linear $disk 16386")
vbd_attach "$bad" xvdz
udevadm settle
before=$(column read)
expect_fail dd if=/dev/xvdz of=/dev/null bs=512 skip=16384 count=1 iflag=direct status=none
expect_eq "the disk's I/O errors" "$(number 'disk io')" "$(cat "$stats/err_req")"
expect_ok test "$(cat "$stats/err_req")" -ge 1
expect_ok dd if=/dev/xvdz of=/dev/null bs=512 skip=16386 count=1 iflag=direct status=none
expect_ok test "$(column read)" -ge $((before + 2))
expect_ok grep -q 'read of .* sectors from .* failed: io error' <<<"$(dmesg)"
expect_ok vbd_detach xvdz

dmsetup remove bad
. "$LAB/cases/lib/front"
xenfront blk reconnect --self "$disk" --devid "$(vdev_number xvdz)" --times 10 >"$LAB_OUT/reconnect" 2>&1 &
pid=$!
seen=0
while kill -0 "$pid" 2>/dev/null; do
	now=$(cat "$stats/rd_req" 2>/dev/null) || continue
	[ "$now" -ge "$seen" ] || failure "the number of reads went down from $seen to $now"
	seen=$now
done
expect_ok wait "$pid"
expect_ge 'reads of all connections' "$seen" 11
success
