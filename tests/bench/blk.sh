# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables for lib.sh
#
# Runs in the lab's dom0, which is its own frontend here: the same fio jobs on RAM disks themselves,
# through the stock xen-blkback and through ours, in one boot. Prints one JSON object a line on
# standard output, for tests/bench/bench; everything else goes to standard error.
#
# BENCH_RUNS (default 3), BENCH_SECONDS (default 1) and BENCH_SETS (default: all) may be set by the line
# before this script.
set -eu

# shellcheck source=tests/lab/lib.sh
. /lab/lib.sh

runs=${BENCH_RUNS:-3}
seconds=${BENCH_SECONDS:-1}
sets=${BENCH_SETS:-single rings disks bystander memory}
# DKMS puts the in-tree module aside while ours is installed, and beside it a note where it is from.
stock=$(find "/lib/modules/$(uname -r)/kernel" /var/lib/dkms/xen-backends/original_module \
	-name 'xen-blkback.ko*' ! -name '*.origin' | head -n 1)
[ -n "$stock" ] || { echo "the in-tree xen-blkback is not in this image" >&2; exit 1; }
driver=raw
run=0

# ---- results -----------------------------------------------------------------------------------------

# fio_job SET JOB RW BS DEPTH DEVICE...: the same on all of the devices at once; their sum.
fio_job() {
	local set=$1 name=$2 rw=$3 bs=$4 depth=$5 device jobs=() iops errors
	shift 5
	for device; do
		jobs+=("--name=$device" "--filename=$device")
	done
	read -r iops errors <<<"$(fio --rw="$rw" --bs="$bs" --iodepth="$depth" --ioengine=libaio --direct=1 \
		--runtime="$seconds" --time_based --size="$size" --randrepeat=1 --output-format=terse \
		--terse-version=3 "${jobs[@]}" </dev/null |
		awk -F';' '{ iops += $8 + $49; errors += $5 } END { print iops + 0, errors + 0 }')"
	result "$set" "$name" IOPS "$iops" "$errors"
}

# ---- drivers and disks -------------------------------------------------------------------------------

all_gone() {
	[ -z "$(ls /sys/bus/xen-backend/devices)" ]
}

load() { # load DRIVER
	wait_for 60 all_gone || { say 'devices stay'; return 1; }
	rmmod xen_blkback 2>/dev/null || true
	rmmod xenbe 2>/dev/null || true
	case $1 in
	ours)
		modprobe xen-blkback
		[ -d /sys/module/xenbe ] || { say "modprobe xen-blkback did not load ours"; return 1; }
		;;
	stock) insmod "$stock" ;;
	esac
	driver=$1
}

# The device of the Nth disk as jobs see it now.
disk() {
	if [ "$driver" = raw ]; then
		echo "/dev/ram$1"
	else
		printf '/dev/xvd%b\n' "\\x$(printf %x $((0x6b + $1)))" # xvdk and on
	fi
}

# with_disks COUNT COMMAND...: COMMAND is given the names of the devices.
with_disks() {
	local count=$1 i devices=()
	shift
	for ((i = 0; i < count; i++)); do
		devices+=("$(disk $i)")
		[ "$driver" = raw ] || xl block-attach 0 "phy:/dev/ram$i" "$(basename "$(disk $i)")" w >&2
	done
	for ((i = 0; i < count; i++)); do
		wait_for 60 test -b "${devices[i]}" || { say "no ${devices[i]}"; return 1; }
		# One pass over all of it: maps what will stay mapped, in both drivers.
		dd if="${devices[i]}" of=/dev/null bs=1M iflag=direct 2>/dev/null
		# What udev read of the new disk would be searched for again by each request.
		blockdev --flushbufs "${devices[i]}"
	done
	"$@" "${devices[@]}"
	for ((i = 0; i < count; i++)); do
		[ "$driver" = raw ] || xl block-detach 0 "$(basename "$(disk $i)")" >&2
	done
	[ "$driver" = raw ] || wait_for 60 all_gone
}

front() { # front [PARAMETER=VALUE...]
	# The last disk may still be on its way out.
	wait_for 60 modprobe -q -r xen-blkfront || { say 'xen-blkfront stays'; return 1; }
	modprobe xen-blkfront "$@"
}

# ramdisks COUNT MEGABYTES
ramdisks() {
	local i
	rmmod brd 2>/dev/null || true
	size=$2m
	modprobe brd rd_nr="$1" rd_size=$(($2 * 1024))
	for ((i = 0; i < $1; i++)); do
		dd if=/dev/zero of="/dev/ram$i" bs=1M count="$2" 2>/dev/null
		blockdev --flushbufs "/dev/ram$i"
	done
}

# each_driver COMMAND...: on the RAM disks themselves, then by turns.
each_driver() {
	driver=raw
	run=0
	"$@"
	for run in $(seq "$runs"); do
		say "$1: run $run of $runs: stock"
		load stock
		"$@"
		say "$1: run $run of $runs: ours"
		load ours
		"$@"
	done
}

# ---- the sets ----------------------------------------------------------------------------------------

single_jobs() {
	local rw
	for rw in randread randwrite; do
		fio_job single "$rw-4k-qd1" $rw 4k 1 "$1"
	done
	for rw in randread randwrite; do
		fio_job single "$rw-4k-qd32" $rw 4k 32 "$1"
	done
	fio_job single read-128k-qd8 read 128k 8 "$1"
	fio_job single write-128k-qd8 write 128k 8 "$1"
}

single() { with_disks 1 single_jobs; }

rings_jobs() {
	fio_job rings randread-4k-qd256 randread 4k 256 "$1"
	fio_job rings randwrite-4k-qd256 randwrite 4k 256 "$1"
}

rings() { with_disks 1 rings_jobs; }

disks_jobs() { fio_job disks "randread-4k-qd8-x$#" randread 4k 8 "$@"; }

disks() {
	local count
	for count in 1 4 16; do
		with_disks $count disks_jobs
	done
}

# How long reads of one disk take while another one gets all it can take.
bystander_jobs() {
	local loaded mean p99 errors
	for loaded in 0 1; do
		if [ $loaded = 1 ]; then
			fio --name=flood --filename="$2" --rw=randrw --bs=64k --iodepth=64 --numjobs=2 \
				--ioengine=libaio --direct=1 --runtime=600 --time_based --size="$size" \
				--output=/dev/null &
			sleep 1 # it has to be at work; nothing tells
		fi
		read -r mean p99 errors <<<"$(fio --name=job --filename="$1" --rw=randread --bs=4k --iodepth=1 \
			--ioengine=libaio --direct=1 --runtime="$((seconds * 2))" --time_based --size="$size" \
			--randrepeat=1 --output-format=json </dev/null | python3 -c '
import json, sys
job = json.load(sys.stdin)["jobs"][0]
ns = job["read"]["clat_ns"]
print("%.2f %.2f %d" % (ns["mean"] / 1000, ns["percentile"]["99.000000"] / 1000, job["error"]))')"
		[ $loaded = 0 ] || pkill -x fio
		wait
		result bystander "$([ $loaded = 1 ] && echo flooded || echo alone)-mean" us "$mean" "$errors"
		result bystander "$([ $loaded = 1 ] && echo flooded || echo alone)-p99" us "$p99" "$errors"
	done
}

bystander() { with_disks 2 bystander_jobs; }

# The lists of the processors are not in MemFree.
free_kib() {
	awk '$1 == "MemFree:" { kib += $2 } $1 == "count:" { kib += $2 * 4 } END { print kib }' \
		/proc/meminfo /proc/zoneinfo
}

# When what has just ended has given everything back: that takes the balloon a while, and nothing announces it.
settled_kib() {
	local last now=0 i
	for ((i = 0; i < 30; i++)); do
		echo 3 >/proc/sys/vm/drop_caches
		last=$now
		now=$(free_kib)
		[ $((now - last)) -gt 256 ] || [ $((last - now)) -gt 256 ] || break
		sleep 2 # see above
	done
	echo "$now"
}

memory_attach() { # memory_attach VDEV DEVICE
	xl block-attach g1 "vdev=$1,access=w,script=$LAB/block-script,target=$2" >&2
	guest_wait_disk g1 "$1"
}

memory_busy() { # memory_busy SECONDS AND VDEV...: read from all of them at depth 256, AND after the command
	local seconds=$1 and=$2 command='' vdev
	shift 2
	for vdev; do
		command+=" --name=$vdev --filename=/dev/$vdev"
	done
	guest_run g1 "fio --rw=randread --bs=4k --iodepth=256 --direct=1 --ioengine=libaio --size=48m \
		--time_based --runtime=$seconds $command >/dev/null 2>&1 $and" >&2
}

# What a disk with an order-4 ring takes of dom0's memory, of two for the noise; its frontend is in a guest, where
# it keeps 68 MiB for each.
memory() {
	local before idle busy loop=() vdevs=(xvda xvdb) i
	[ "$driver" != raw ] || return 0
	guest_start g1 --extra lab.front=max_ring_page_order=4 >&2
	for i in "${!vdevs[@]}"; do
		loop+=("$(disk_loop "bench$i" 64)")
	done
	# What is allocated once has been.
	memory_attach xvda "${loop[0]}"
	memory_busy 5 '' xvda
	xl block-detach g1 xvda >&2
	before=$(settled_kib)
	for i in "${!vdevs[@]}"; do
		memory_attach "${vdevs[i]}" "${loop[i]}"
	done
	idle=$(settled_kib)
	memory_busy 20 '&' "${vdevs[@]}"
	sleep 10 # in the middle of it
	busy=$(free_kib)
	# Asked for again and again: it is a child of a shell that has ended, which nobody can wait for.
	guest_run g1 'while pidof fio >/dev/null; do sleep 1; done' >&2 # see above
	for i in "${!vdevs[@]}"; do
		xl block-detach g1 "${vdevs[i]}" >&2
	done
	# What else dom0 has taken or given back meanwhile, in equal parts before and after.
	before=$(((before + $(settled_kib)) / 2))
	result memory idle-disk-order-4 KiB $(((before - idle) / ${#vdevs[@]}))
	result memory busy-disk-order-4 KiB $(((before - busy) / ${#vdevs[@]}))
	guest_stop g1 >&2
	losetup -d "${loop[@]}"
}

modprobe xen-blkfront
echo "{\"kernel\":\"$(uname -r)\",\"xen\":\"$(xl info xen_version 2>/dev/null)\",\"stock\":\"$stock\",\"ours\":\"$(modinfo -n xen-blkback)\"}"
for set in $sets; do
	case $set in
	single) ramdisks 1 64 ;;
	rings)
		ramdisks 1 64
		front max_ring_page_order=4
		;;
	disks) ramdisks 16 8 ;;
	bystander) ramdisks 2 32 ;;
	memory) ;;
	*)
		say "there is no set '$set': single rings disks bystander memory"
		exit 1
		;;
	esac
	each_driver "$set"
	[ "$set" != rings ] || front
done
