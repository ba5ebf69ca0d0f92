# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-20: the idle module is loaded and unloaded a thousand times, or as often as four minutes allow; in the wrong order it is refused; in a
# guest that serves nobody it loads and goes again.
# timeout: 600

expect_ok lab_unload
cleanup 'lab_unload; modprobe xen-blkback'
mkdir -p "$LAB_RUN/tmp"
for name in xenbe xen-blkback; do
	module_unpack "$name" "$LAB_RUN/tmp/$name.ko"
done
cd "$LAB_RUN/tmp" || error 'no directory'
expect_fail insmod xen-blkback.ko
slab=$(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)
threads=$(ps -e --no-headers | wc -l)
for ((i = 0; i < 1000 && SECONDS < 240; i++)); do
	{ insmod xenbe.ko && insmod xen-blkback.ko && rmmod xen-blkback && rmmod xenbe; } ||
		failure "round $i"
done
expect_ge 'times' "$i" "$(lab_times 100)"
echo "-- SUnreclaim grew by $(($(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo) - slab)) KiB"
# KASAN keeps what has been freed for a while.
expect_le 'growth of SUnreclaim, KiB' $(($(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo) - slab)) $((${LAB_DEBUG:-0} ? 65536 : 8192))
expect_le 'new processes' $(($(ps -e --no-headers | wc -l) - threads)) 10

# The library is not unloaded below its user; parameters of the wrong kind are refused.
insmod xenbe.ko
expect_ok insmod xen-blkback.ko
expect_fail rmmod xenbe
rmmod xen-blkback
expect_fail insmod xen-blkback.ko max_queues=many
expect_ok insmod xen-blkback.ko
rmmod xen-blkback xenbe

modprobe xen-blkback
# Guests of the debug kernel's lab have another kernel than dom0, for which these are not.
[ "${LAB_DEBUG:-0}" = 0 ] || success
tar -cf mods.tar xenbe.ko xen-blkback.ko
truncate -s 4M mods.tar
guest_start g1 "phy:$(losetup --show -f mods.tar),xvda,r"
expect_ok guest_run g1 'cd /tmp && tar xf /dev/xvda && insmod xenbe.ko && insmod xen-blkback.ko &&
	rmmod xen-blkback && rmmod xenbe'
guest_stop g1
success
