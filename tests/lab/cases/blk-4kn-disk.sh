# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk of 4096-byte sectors keeps them: the keys in xenstore, what the guest sees, and its data are right.
# timeout: 300

loop=$(disk_loop data 24 --sector-size 4096)
guest_start g1 "phy:$loop,xvda,w"
back=$(guest_vbd g1 xvda)
expect_eq 'sectors, in units of 512 bytes,' "$(xenstore-read "$back/sectors")" $((24 * 2048))
expect_eq sector-size "$(xenstore-read "$back/sector-size")" 4096
expect_eq physical-sector-size "$(xenstore-read "$back/physical-sector-size")" \
	"$(blockdev --getpbsz "$loop")"
expect_eq 'size in the guest' "$(guest_run g1 'cat /sys/block/xvda/size')" $((24 * 2048))
expect_eq 'logical blocks in the guest' \
	"$(guest_run g1 'cat /sys/block/xvda/queue/logical_block_size')" 4096
expect_eq 'physical blocks in the guest' \
	"$(guest_run g1 'cat /sys/block/xvda/queue/physical_block_size')" 4096
expect_ok guest_run g1 'fio --name=t --filename=/dev/xvda --rw=randwrite --bsrange=4k-128k --size=12m \
	--offset=12m --iodepth=16 --ioengine=libaio --direct=1 --verify=crc32c --verify_fatal=1 --eta=never'
sum=$(guest_run g1 'dd if=/dev/xvda bs=1M iflag=direct 2>/dev/null | sha256sum')
expect_eq 'the sum of the device' "$(dd if="$loop" bs=1M iflag=direct status=none | sha256sum)" "$sum"
success
