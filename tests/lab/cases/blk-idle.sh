# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk that nobody uses costs nothing: its threads sleep, and kept pages go back once.
# timeout: 200

modprobe xen-blkfront
age=/sys/module/xen_blkback/parameters/persistent_grant_unused_seconds
before=$(cat $age)
cleanup "echo $before >$age"
echo 2 >$age
vbd_attach "$(disk_loop data 16)" xvdz
udevadm settle
dd if=/dev/xvdz of=/dev/null bs=64k count=32 iflag=direct status=none
# Only the rings' own pages stay.
rings=$(grep -c '^ring ' "/sys/kernel/debug/xen-blkback/vbd-0-$(vdev_number xvdz)/rings")
few() { [ "$(xenfront grants 0)" -le $((rings * 16)) ]; }
wait_for 30 few || failure "$(xenfront grants 0) pages of an idle disk stay mapped"

# How often the driver's threads have been awake.
wakes() {
	local pid sum=0
	for pid in $(pgrep '^blkback\.'); do
		sum=$((sum + $(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status")))
	done
	echo "$sum"
}
expect_ge 'the number of threads' "$(pgrep -c '^blkback\.')" 1
start=$(wakes)
sleep 10 # what is tested is that nothing happens: that cannot be awaited
expect_eq 'times a thread was awake in ten idle seconds' $(($(wakes) - start)) 0
expect_ok dd if=/dev/xvdz of=/dev/null bs=64k count=1 iflag=direct status=none
expect_ge 'times it was awake for a read' $(($(wakes) - start)) 1
expect_ok vbd_detach xvdz
success
