# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-18: a guest is suspended and goes on in the same domain, with I/O and with a request that waits 30 s for
# the disk: its ring is used on as if nothing had been.
# timeout: 400

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
disk=$(front_ramdisk 0)
slow=$(disk_dm slow "0 32768 linear $disk 0")
loop=$(disk_loop data 64)
guest_start g1 --memory 256 "phy:$loop,xvda,w" "phy:$slow,xvdb,w"
domid=$(xl domid g1)
cleanup 'rm -f /var/tmp/g1.save'
guest_load_start g1 xvda 25
for round in 1 2; do
	echo "-- round $round"
	expect_ok xl save -c g1 /var/tmp/g1.save
	rm -f /var/tmp/g1.save
	expect_eq 'the number of the guest' "$(xl domid g1)" "$domid"
	guest_load_moves g1 xvda
done
# The guest's kernel waits for tasks that wait for a disk, 20 s by itself.
guest_run g1 'echo 50000 >/sys/power/pm_freeze_timeout' || error 'the guest has no pm_freeze_timeout'
disk_dm_change slow "0 32768 delay $disk 0 0 $disk 0 30000"
guest_run g1 '(dd if=/dev/zero of=/dev/xvdb bs=64k count=1 oflag=direct 2>/dev/null; echo $? >/tmp/slow) >/dev/null 2>&1 &'
expect_ok xl save -c g1 /var/tmp/g1.save
rm -f /var/tmp/g1.save
guest_load_moves g1 xvda
wait_for 60 guest_run g1 '[ -e /tmp/slow ]' || failure 'the request that waited is not answered'
expect_eq 'the end of the write that waited' "$(guest_run g1 'cat /tmp/slow')" 0
guest_load_end g1
success
