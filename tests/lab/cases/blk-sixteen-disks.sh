# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sixteen disks work at the same time, each with its own data, and all go away again.
# timeout: 400

modprobe xen-blkfront
letters=(a b c d e f g h i j k l m n o p)
job=$LAB_RUN/job
printf '%s\n' '[global]' rw=randwrite bsrange=4k-64k size=2m iodepth=8 ioengine=libaio direct=1 \
	verify=crc32c verify_fatal=1 thread >"$job"
for letter in "${letters[@]}"; do
	vbd_publish 0 "$(disk_loop "data-$letter" 2)" "xvd$letter" w
	printf '%s\n' "[$letter]" "filename=/dev/xvd$letter" "verify_pattern=0x${RANDOM}" >>"$job"
done
for letter in "${letters[@]}"; do
	wait_for 30 test -b "/dev/xvd$letter" || failure "no /dev/xvd$letter appears"
done
expect_ok fio --eta=never "$job"
for letter in "${letters[@]}"; do
	sum=$(dd if="/dev/xvd$letter" bs=1M iflag=direct status=none | sha256sum)
	expect_eq "the sum of xvd$letter" "$(losetup -n -O NAME -j "$LAB_RUN/tmp/data-$letter" |
		xargs -I@ dd if=@ bs=1M iflag=direct status=none | sha256sum)" "$sum"
done
for letter in "${letters[@]}"; do
	expect_ok vbd_detach "xvd$letter"
done
expect_eq 'the number of block threads left' "$(pgrep -c '^blkback\.')" 0
success
