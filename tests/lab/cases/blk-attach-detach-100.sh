# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk that comes and goes a hundred times leaves no memory, thread, grant or device behind, and is
# not held open.
# timeout: 500

modprobe xen-blkfront
loop=$(disk_loop data 4)
# What udev does with each new disk would be most of the work.
udevadm control --stop-exec-queue
cleanup 'udevadm control --start-exec-queue'

# Once through all that a connection allocates: requests of every size are sent.
once() {
	vbd_attach "$loop" xvdz
	dd if=/dev/zero of=/dev/xvdz bs=256k count=2 oflag=direct status=none
	vbd_detach xvdz || failure 'the device does not go away'
}

# Memory that nobody can reclaim: what is free or reclaimable moves with every process.
unreclaimable_kb() {
	local field value sum=0
	echo 3 >/proc/sys/vm/drop_caches
	while read -r field value _; do
		case $field in
		SUnreclaim: | Percpu: | KernelStack: | VmallocUsed:) sum=$((sum + value)) ;;
		esac
	done </proc/meminfo
	echo $sum
}

for _ in 1 2 3 4 5 6 7 8 9 10; do once; done
before=$(unreclaimable_kb)
free_before=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
rounds=$(lab_times 90)
for ((i = 0; i < rounds; i++)); do once; done
after=$(unreclaimable_kb)
free_after=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
# On the debug kernel freed memory stays with KASAN for a while, up to a thirty-second of all; what is lost there
# kmemleak finds.
expect_le "growth of kernel memory in $rounds rounds, in KiB," $((after - before)) $((LAB_DEBUG ? 65536 : 1024))
expect_le "loss of available memory in $rounds rounds, in KiB," $((free_before - free_after)) 16384
expect_eq 'the number of block threads left' "$(pgrep -c '^blkback\.')" 0
losetup -d "$loop"
wait_for 10 lab_no_loop_left || failure 'somebody still holds the disk'
expect_eq 'what is left in xenstore' "$(xenstore-list "$XS_BACKEND/0" 2>/dev/null)" ''
success
