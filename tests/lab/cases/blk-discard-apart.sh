# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk that takes long over a discard answers reads meanwhile.
# timeout: 200

modprobe xen-blkfront
loop=$(disk_loop data 16)
slow=$(disk_dm slow "0 32768 delay $loop 0 0 $loop 0 $((LAB_DEBUG ? 60000 : 15000))")
vbd_attach "$slow" xvdz
udevadm settle
expect_ge 'bytes one discard may have' "$(cat /sys/block/xvdz/queue/discard_max_bytes)" 1
blkdiscard /dev/xvdz &
discard=$!
at_the_disk() {
	grep -q 'at the disk [1-9]' "/sys/kernel/debug/xen-blkback/vbd-0-$(vdev_number xvdz)/rings"
}
start=$SECONDS
wait_for 10 at_the_disk || failure 'no discard comes'
echo "-- it is at the disk after $((SECONDS - start)) s"
start=$SECONDS
# Not dd: it seeks, and the kernel lets nobody seek on a disk while somebody discards it.
expect_ok fio --name=reads --filename=/dev/xvdz --rw=read --bs=64k --size=6400k --direct=1 --ioengine=libaio \
	--output="$LAB_OUT/fio"
echo "-- 100 reads took $((SECONDS - start)) s beside the discard"
expect_ok kill -0 "$discard"
expect_ok wait "$discard"
expect_ok vbd_detach xvdz
success
