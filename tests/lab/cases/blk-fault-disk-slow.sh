# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-09: a guest whose writes wait a minute, and one whose disk stands still, are destroyed at once. Their pages
# stay mapped until the disk has let go of them, other disks are not disturbed, and then all is gone.
# timeout: 360

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
other=$(front_ramdisk 1)
disk_dm slow "0 32768 delay $disk 0 0 $disk 0 60000"
still=$(disk_dm still "0 32768 linear $(front_ramdisk 2) 0")
front_bystander_start "$other"

writes_wait() { guest_run "$1" "awk '{ exit \$9 == 0 }' /sys/block/xvda/stat"; }

destroy_in_time() {
	local start=$SECONDS
	expect_ok xl destroy "$1"
	expect_le 'seconds until the guest is destroyed' $((SECONDS - start)) $((15 * LAB_PATIENCE))
}

for victim in slow still; do
	guest_start "$victim" "phy:/dev/mapper/$victim,xvda,w"
	domid=$(xl domid "$victim")
	[ "$victim" = slow ] || dmsetup suspend --noflush --nolockfs still
	guest_run "$victim" 'fio --name=load --filename=/dev/xvda --direct=1 --ioengine=libaio --iodepth=8 \
		--rw=write --bs=64k --size=512k >/dev/null 2>&1 &'
	wait_for 20 writes_wait "$victim" || failure 'no write waits'
	destroy_in_time "$victim"
	# Xen keeps the domain, or rather its pages, as long as somebody has them mapped.
	expect_ge "pages of guest $domid that are still mapped" "$(xenfront grants "$domid")" 8
	[ "$victim" = slow ] || dmsetup resume still
	wait_for 120 test ! -e "/sys/bus/xen-backend/devices/vbd-$domid-51712" ||
		failure "the disk of guest $domid stays"
	wait_for 60 lab_domain_gone "$domid" || failure "guest $domid stays: $(xl list)"
	expect_eq "pages of guest $domid that are mapped" "$(xenfront grants "$domid")" 0
	expect_unwritten "/dev/mapper/$victim"
done
front_bystander_check
# The disks are as good as before.
front blk load --self "$still" --seconds 2
success
