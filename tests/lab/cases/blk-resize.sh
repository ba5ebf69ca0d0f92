# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk that grows or shrinks under its guest, idle or at work, is as large for the guest a little later,
# and nothing behind its end can be reached.
# timeout: 200

front_has_sectors() {
	[ "$(cat /sys/block/xvdz/size)" = "$1" ]
}

# resize MEGABYTES
resize() {
	truncate -s "$1M" "$file"
	losetup -c "$loop"
}

modprobe xen-blkfront
file=$(disk_file data 16)
loop=$(losetup --show -f "$file")
vbd_attach "$loop" xvdz
expect_eq 'sectors at first' "$(cat /sys/block/xvdz/size)" 32768

resize 24
wait_for 30 front_has_sectors 49152 || failure 'the idle disk does not grow'
expect_ok dd if=/dev/urandom of=/dev/xvdz bs=1M seek=16 count=8 oflag=direct status=none
expect_eq 'what was written to the new part' \
	"$(dd if=/dev/xvdz bs=1M skip=16 count=8 iflag=direct status=none | sha256sum)" \
	"$(sync "$file" && tail -c 8M "$file" | sha256sum)"

fio --name=load --filename=/dev/xvdz --size=8M --rw=randread --bs=4k --direct=1 --ioengine=libaio \
	--iodepth=8 --time_based --runtime=20 --output="$LAB_OUT/fio" &
load=$!
cleanup "kill $load 2>/dev/null"
resize 32
wait_for 30 front_has_sectors 65536 || failure 'the disk does not grow under load'
expect_ok kill -0 "$load" # it has been at work all the time
wait "$load" || failure "the load met an error: $(cat "$LAB_OUT/fio")"

resize 16
wait_for 30 front_has_sectors 32768 || failure 'the disk does not shrink'
expect_eq sectors "$(xenstore-read "$XS_BACKEND/0/$(vdev_number xvdz)/sectors")" 32768
expect_ok vbd_detach xvdz
success
