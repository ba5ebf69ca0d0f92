# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xentop shows what a guest did to its disk, and it agrees with sysfs.
# suite: quick
# timeout: 300

loop=$(disk_loop data 16)
guest_start g1 --stock-script "phy:$loop,xvda,w"
expect_ok guest_run g1 'dd if=/dev/xvda of=/dev/null bs=64k count=32 iflag=direct &&
	dd if=/dev/zero of=/dev/xvda bs=64k count=16 oflag=direct'
sysfs=$(guest_vbd_sysfs g1 xvda)/statistics
# The columns are found by their titles.
read -r rd wr rsect wsect <<<"$(xentop -b -f -i 1 | awk '
	$1 == "NAME" { for (i = 1; i <= NF; i++) column[$i] = i }
	$1 == "g1" { print $column["VBD_RD"], $column["VBD_WR"], $column["VBD_RSECT"], $column["VBD_WSECT"] }')"
# The guest also reads the start of a new disk by itself.
expect_ge 'reads in xentop' "$rd" 32
expect_ge 'writes in xentop' "$wr" 16
expect_ge 'sectors read in xentop' "$rsect" $((32 * 128))
expect_eq 'sectors written in xentop' "$wsect" $((16 * 128))
expect_eq 'reads in sysfs' "$(cat "$sysfs/rd_req")" "$rd"
expect_eq 'writes in sysfs' "$(cat "$sysfs/wr_req")" "$wr"
expect_eq 'sectors read in sysfs' "$(cat "$sysfs/rd_sect")" "$rsect"
expect_eq 'sectors written in sysfs' "$(cat "$sysfs/wr_sect")" "$wsect"
expect_ok guest_run g1 'sync; blkdiscard -l 65536 /dev/xvda'
expect_ge 'discards in sysfs' "$(cat "$sysfs/ds_req")" 1
expect_eq 'physical_device in sysfs' "$(cat "$sysfs/../physical_device")" \
	"$(stat -L -c '%t:%T' "$loop")"
success
