# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-01 from a real guest: it takes all it may at once, on disks that answer nothing. A guest that comes
# afterwards connects and does its I/O as if it were alone.
# timeout: 500

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
disks=()
for name in a b c; do
	base=$(disk_loop "data-$name" 32)
	disks+=("phy:$(disk_dm "hog$name" "0 65536 linear $base 0"),xvd$name,w")
done
other=$(disk_loop good 64)
guest_start g1 --memory 640 --vcpus 2 "${disks[@]}" "phy:$(front_carrier),xvdy,r"
front_move_in g1
domid=$(xl domid g1)

# Less than the usual, so that a guest of this size comes to it.
limit=500
parameter=/sys/module/xenbe/parameters/guest_maps_max
usual=$(cat $parameter)
cleanup "echo $usual >$parameter"
echo $limit >$parameter
before=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
nr=0
for name in a b c; do
	guest_run g1 "/tmp/xenfront blk load --devid $((51712 + 16 * nr++)) --seconds 0 --queues max --order 4 \
		--depth 30 --segs 256 --area-mib 30 --read 100 >/tmp/load-$name 2>&1 &"
	running() { guest_run g1 "grep -q '^running' /tmp/load-$name"; }
	wait_for 60 running || failure "the load on disk $name does not start"
	dmsetup suspend --noflush --nolockfs "hog$name"
done
# How much the guest holds when it gets no more.
mapped=-1
held() {
	local was=$mapped
	mapped=$(xenfront grants "$domid")
	[ "$mapped" = "$was" ]
}
wait_for 60 held || failure "pages of the guest that are mapped: $mapped and more"
rings=$(cat /sys/kernel/debug/xen-blkback/vbd-"$domid"-*/rings | grep -c '^ring ' || true)
expect_ge 'rings of the hostile guest' "$rings" 3
# Beyond the budget each ring has its own pages and those of one request; the rest is the console's.
expect_le 'pages of the guest that are mapped' "$mapped" $((limit + rings * (16 + 256 + 8) + 8))
expect_ge 'pages of the guest that are mapped' "$mapped" $limit
expect_ok grep -q "waits for pages to map, or its guest's budget" /sys/kernel/debug/xen-blkback/vbd-"$domid"-*/rings
after=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
echo "-- dom0's memory: $((before - after)) KiB less, $mapped pages mapped"

guest_start good --memory 256 "phy:$other,xvda,w"
guest_load_start good xvda 6
guest_load_end good
# Nothing has been given back meanwhile: it was not by luck.
expect_ge 'pages of the hostile guest that are mapped' "$(xenfront grants "$domid")" $limit

for name in a b c; do
	dmsetup resume "hog$name"
done
for name in a b c; do
	guest_run g1 "killall -TERM xenfront; true"
	ended() { guest_run g1 '! pidof xenfront >/dev/null'; }
	wait_for 60 ended || failure 'the hostile frontends do not end'
	guest_run g1 "cat /tmp/load-$name" | tee "$LAB_OUT/load-$name"
	expect_ok grep -q 'requests, 0 failed' "$LAB_OUT/load-$name"
done
guest_stop good
guest_stop g1
success
