# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk may answer from an interrupt at any moment, also while the thread that has asked it goes to sleep: no
# answer is overlooked. With one request at a time nothing else would wake the thread.
# timeout: 200
# suite: quick

. "$LAB/cases/lib/front"
modprobe null_blk nr_devices=0 || error 'there is no null_blk module'
dir=/sys/kernel/config/nullb/nullb0
mkdir "$dir"
cleanup "echo 0 >$dir/power; rmdir $dir"
echo 32 >"$dir/size"
echo 512 >"$dir/blocksize"
echo 1 >"$dir/memory_backed"
echo 2 >"$dir/irqmode"
for ns in 2000 10000 40000; do
	echo $ns >"$dir/completion_nsec"
	echo 1 >"$dir/power"
	wait_for 20 test -b /dev/nullb0 || error 'null_blk has no disk'
	front blk load --self /dev/nullb0 --seconds 3 --depth 1 --segs 2 --queues 1 \
		--max-gap-ms $((3000 * LAB_PATIENCE))
	echo 0 >"$dir/power"
done
success
