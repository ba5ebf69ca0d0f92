# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-14: a disk that disappears under I/O: errors for its guest only, the device can be taken away, and a new
# disk in its place works.
# timeout: 300

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
other=$(front_ramdisk 1)
front_bystander_start "$other"

sd_of_scsi_debug() {
	local dir
	for dir in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*:*/block/*; do
		[ ! -e "$dir" ] || basename "$dir"
	done
}

scsi_debug_is_there() { [ -n "$(sd_of_scsi_debug)" ]; }

# SCSI: a disk that is pulled out.
modprobe scsi_debug dev_size_mb=64 delay=1 || skip 'no scsi_debug'
wait_for 20 scsi_debug_is_there || error 'scsi_debug has no disk'
sd=$(sd_of_scsi_debug)
guest_start g1
expect_ok xl block-attach g1 "vdev=xvda,access=w,script=$LAB/block-script,target=/dev/$sd"
guest_wait_disk g1 xvda
guest_load_start g1 xvda 30
echo 1 >"/sys/block/$sd/device/delete"
wait_for 120 guest_load_over g1 || failure 'the guest waits for a disk which is not there any more'
# shellcheck disable=SC2016 # for the guest's shell
expect_fail guest_run g1 '[ "$(cat /tmp/load.status)" = 0 ]'
expect_fail guest_run g1 'dd if=/dev/xvda of=/dev/null bs=4k count=1 iflag=direct'
expect_ok xl block-detach g1 xvda
wait_for 30 test ! -e "$(guest_vbd_sysfs g1 xvda)" || failure 'the device stays'
echo '- - -' >"$(echo /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/scsi_host/host*/scan)"
wait_for 20 scsi_debug_is_there || error 'the disk does not come back'
expect_ok xl block-attach g1 "vdev=xvda,access=w,script=$LAB/block-script,target=/dev/$(sd_of_scsi_debug)"
guest_wait_disk g1 xvda
guest_load_start g1 xvda 2
guest_load_end g1
guest_stop g1

# A volume that is removed by force, with requests of a frontend that knows what it may expect.
volume=$(disk_dm volume "0 32768 linear $(front_ramdisk 0) 0")
front_start load --self "$volume" --seconds 8 --depth 32 --queues max --errors 1 --disk-goes 1
dmsetup wipe_table --force --noflush volume
front_end load
expect_ok dmsetup remove volume

# A block device whose whole disk is deleted below an open device.
modprobe null_blk nr_devices=0
# Some kernels call the disk after its index, others after its directory: here that is the same.
dir=/sys/kernel/config/nullb/nullb0
mkdir "$dir"
cleanup "rmdir $dir 2>/dev/null || true"
echo 64 >"$dir/size"
echo 1 >"$dir/memory_backed"
echo 1 >"$dir/power"
null=/dev/nullb0
wait_for 20 test -b "$null" || error 'null_blk has no disk'
front_start load --self "$null" --seconds 8 --depth 32 --queues max --errors 1 --disk-goes 1
echo 0 >"$dir/power"
front_end load
front_bystander_check
success
