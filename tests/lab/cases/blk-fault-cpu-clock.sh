# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-21: a processor of dom0 goes and comes, others keep all of them busy, the clock jumps an hour ahead and
# back: I/O goes on, idle pages are given back neither at once nor never.
# timeout: 300

. "$LAB/cases/lib/front"
[ -w /sys/devices/system/cpu/cpu1/online ] || skip 'dom0 cannot give a processor away'
disk=$(front_ramdisk 0)
other=$(front_ramdisk 1)
cleanup 'echo 1 >/sys/devices/system/cpu/cpu1/online'
front_bystander_start "$disk" --queues max --persistent 1
busy=()
for _ in 1 2 3 4; do
	(while :; do :; done) &
	busy+=($!)
done
# shellcheck disable=SC2016 # when it runs
cleanup 'kill "${busy[@]}" 2>/dev/null || true'
for round in 1 2 3; do
	echo "-- round $round"
	echo 0 >/sys/devices/system/cpu/cpu1/online
	front blk load --self "$other" --seconds 2 --queues max
	echo 1 >/sys/devices/system/cpu/cpu1/online
	front blk load --self "$other" --seconds 2 --queues max
done
kill "${busy[@]}"

now=$(date +%s)
up=$(cut -d. -f1 /proc/uptime)
# shellcheck disable=SC2016 # when it runs
cleanup 'date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null'
for offset in 3600 -3600; do
	expect_ok date -s "@$((now + offset))"
	front blk load --self "$other" --seconds 4 --persistent 1
done
date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null
front_bystander_check

# Persistent pages that nobody uses go after their time, whatever the clock did.
old=$(cat /sys/module/xen_blkback/parameters/persistent_grant_unused_seconds)
cleanup "echo $old >/sys/module/xen_blkback/parameters/persistent_grant_unused_seconds"
echo 20 >/sys/module/xen_blkback/parameters/persistent_grant_unused_seconds
loop=$(disk_loop data 16)
vbd_attach "$loop" xvdb w
expect_ok fio --name=busy --filename=/dev/xvdb --rw=write --bs=64k --iodepth=16 --ioengine=libaio --direct=1 \
	--size=8m --output=/dev/null
expect_ge 'pages that are kept mapped' "$(xenfront grants 0)" 128
few() { [ "$(xenfront grants 0)" -le 64 ]; }
date -s "@$((now + 3600))" >/dev/null
date -s "@$((now - 3600))" >/dev/null
date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null
wait_for 60 few || failure "$(xenfront grants 0) idle pages stay mapped"
vbd_detach xvdb
success
