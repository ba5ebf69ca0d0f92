# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-20: the idle module is loaded and unloaded a thousand times, or as often as three minutes allow, and leaves
# no memory and no thread; in a guest that serves nobody it loads and goes again.
# timeout: 400

expect_ok modprobe -r xen-netback
cleanup 'modprobe -r xen-netback; modprobe xen-netback'
mkdir -p "$LAB_RUN/tmp"
for name in xenbe xen-netback; do
	module_unpack "$name" "$LAB_RUN/tmp/$name.ko"
done
cd "$LAB_RUN/tmp" || error 'no directory'
slab() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }
before=$(slab)
threads=$(ps -e --no-headers | wc -l)
for ((i = 0; i < 1000 && SECONDS < 180; i++)); do
	{ insmod xen-netback.ko && rmmod xen-netback; } || failure "round $i"
done
expect_ge 'times' "$i" "$(lab_times 100)"
# KASAN keeps what has been freed for a while.
expect_le 'growth of SUnreclaim, KiB' $(($(slab) - before)) $((${LAB_DEBUG:-0} ? 65536 : 8192))
expect_le 'new processes' $(($(ps -e --no-headers | wc -l) - threads)) 10
expect_ok test ! -e /sys/kernel/debug/xen-netback

# Guests of the debug kernel's lab have another kernel than dom0, for which these are not.
[ "${LAB_DEBUG:-0}" = 0 ] || success
tar -cf mods.tar xenbe.ko xen-netback.ko
truncate -s 4M mods.tar
guest_start g1 "phy:$(losetup --show -f mods.tar),xvda,r"
expect_ok guest_run g1 'cd /tmp && tar xf /dev/xvda && insmod xenbe.ko && insmod xen-netback.ko &&
	rmmod xen-netback && rmmod xenbe'
guest_stop g1
success
