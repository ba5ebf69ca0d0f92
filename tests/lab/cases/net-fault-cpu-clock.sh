# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-21, F-22: a processor of dom0 goes and comes, real-time processes take both for seconds, the clock jumps an
# hour ahead and back: TCP goes on, and a rate stays what it was.
# timeout: 300

. "$LAB/cases/lib/net"
[ -w /sys/devices/system/cpu/cpu1/online ] || skip 'dom0 cannot give a processor away'
expect_ok modprobe xen-netback
cleanup 'echo 1 >/sys/devices/system/cpu/cpu1/online'
net_guest_plain g1 --vcpus 2
net_start flows 10.79.0.2 --flows 4
for round in 1 2 3; do
	echo "-- round $round"
	echo 0 >/sys/devices/system/cpu/cpu1/online
	net_moves flows
	echo 1 >/sys/devices/system/cpu/cpu1/online
	net_moves flows
done

# The kernel leaves them 95 % of the time; what is tested is that nothing waits longer than they run.
hogs=()
for cpu in 0 1; do
	timeout 8 chrt -f 50 taskset -c $cpu sh -c 'while :; do :; done' &
	hogs+=($!)
done
wait "${hogs[@]}" || true
net_moves flows

now=$(date +%s)
up=$(cut -d. -f1 /proc/uptime)
# shellcheck disable=SC2016 # when it runs
cleanup 'date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null'
limits=$(net_sysfs g1)/limits
for offset in 3600 -3600; do
	expect_ok date -s "@$((now + offset))"
	net_moves flows
done
net_stop flows
expect_le 'ms of silence' "$net_gap_ms" $((20000 * LAB_PATIENCE))
echo 1000000 >"$limits/from_guest"
for offset in 3600 -3600; do
	net_start flows 10.79.0.2 --way in --flows 2
	bytes=$(net_bytes flows)
	expect_ok date -s "@$((now + offset))"
	up_began=$(cut -d. -f1 /proc/uptime)
	sleep 4 # a rate is something per time: that cannot be awaited
	bytes=$(($(net_bytes flows) - bytes)) seconds=$(($(cut -d. -f1 /proc/uptime) - up_began + 2))
	expect_le "bytes in $seconds s at 1 MB a second" $bytes $((seconds * 1000000 + 200000))
	expect_ge "bytes in $seconds s at 1 MB a second" $bytes 500000
	net_stop flows
done
date -s "@$((now + $(cut -d. -f1 /proc/uptime) - up))" >/dev/null
net_guest_end g1
success
