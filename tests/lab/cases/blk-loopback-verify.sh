# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What dom0's own frontend writes through the driver is on the device, and reads back the same.
# suite: quick
# timeout: 200

modprobe xen-blkfront
loop=$(disk_loop data 32)
vbd_attach "$loop" xvdz
expect_ok fio --name=t --filename=/dev/xvdz --rw=randwrite --bsrange=512-128k --size=16m --iodepth=8 \
	--ioengine=libaio --direct=1 --verify=crc32c --verify_fatal=1 --eta=never
sum_front=$(dd if=/dev/xvdz bs=1M iflag=direct status=none | sha256sum)
expect_ok vbd_detach xvdz
sum_back=$(dd if="$loop" bs=1M iflag=direct status=none | sha256sum)
expect_eq 'the sum of the device' "$sum_back" "$sum_front"
success
