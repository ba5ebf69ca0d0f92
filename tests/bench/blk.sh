# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the lab's dom0, which is its own frontend here: the same fio jobs on a RAM disk itself,
# through the stock xen-blkback and through ours, in one boot. Prints one JSON object a line on
# standard output, for tests/bench/bench; everything else goes to standard error.
#
# BENCH_RUNS (default 3) and BENCH_SECONDS (default 1) may be set by the line before this script.
set -eu

runs=${BENCH_RUNS:-3}
seconds=${BENCH_SECONDS:-1}
disk=/dev/ram0
front=/dev/xvdz
# DKMS puts the in-tree module aside while ours is installed, and beside it a note where it is from.
stock=$(find "/lib/modules/$(uname -r)/kernel" /var/lib/dkms/xen-backends/original_module \
	-name 'xen-blkback.ko*' ! -name '*.origin' | head -n 1)
[ -n "$stock" ] || { echo "the in-tree xen-blkback is not in this image" >&2; exit 1; }

# name, fio's rw, bs, iodepth
jobs="randread-4k-qd1 randread 4k 1
randwrite-4k-qd1 randwrite 4k 1
randread-4k-qd32 randread 4k 32
randwrite-4k-qd32 randwrite 4k 32
read-128k-qd8 read 128k 8
write-128k-qd8 write 128k 8"

say() {
	echo "$*" >&2
}

measure() { # measure DRIVER DEVICE RUN
	echo "$jobs" | while read -r name rw bs depth; do
		fio --name=job --filename="$2" --rw="$rw" --bs="$bs" --iodepth="$depth" \
			--ioengine=libaio --direct=1 --runtime="$seconds" --time_based --size=64m \
			--randrepeat=1 --output-format=terse --terse-version=3 </dev/null |
			awk -F';' -v d="$1" -v n="$name" -v r="$3" '{
				iops = $8 + $49; errors = $5
				printf "{\"driver\":\"%s\",\"job\":\"%s\",\"run\":%d,\"iops\":%d,\"error\":%d}\n",
					d, n, r, iops, errors }'
	done
}

wait_for() { # wait_for SECONDS CONDITION...: polls, because udev and the bus tell no shell
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || { say "not in time: $*"; return 1; }
		sleep 0.2 # nothing to wait on from a shell
	done
}

gone() {
	[ ! -e "$front" ] && [ -z "$(ls /sys/bus/xen-backend/devices)" ]
}

through() { # through DRIVER MODULE RUN
	rmmod xen_blkback 2>/dev/null || true
	rmmod xenbe 2>/dev/null || true
	if [ "$1" = ours ]; then
		modprobe xen-blkback
		[ -d /sys/module/xenbe ] || { say "modprobe xen-blkback did not load ours"; return 1; }
	else
		insmod "$2"
	fi
	xl block-attach 0 "phy:$disk" xvdz w >&2
	wait_for 60 test -b "$front"
	# One pass over the file area first: maps what will stay mapped, in both drivers.
	dd if="$front" of=/dev/null bs=1M count=64 iflag=direct 2>/dev/null
	# What udev read of the new disk would be searched for again by each request.
	blockdev --flushbufs "$front"
	measure "$1" "$front" "$3"
	xl block-detach 0 xvdz >&2
	wait_for 60 gone
}

modprobe brd rd_nr=1 rd_size=102400
modprobe xen-blkfront
dd if=/dev/zero of=$disk bs=1M count=100 2>/dev/null
echo "{\"kernel\":\"$(uname -r)\",\"xen\":\"$(xl info xen_version 2>/dev/null)\",\"stock\":\"$stock\",\"ours\":\"$(modinfo -n xen-blkback)\"}"
blockdev --flushbufs "$disk"
measure raw "$disk" 0
for run in $(seq "$runs"); do
	say "run $run of $runs: stock"
	through stock "$stock" "$run"
	say "run $run of $runs: ours"
	through ours "" "$run"
done
