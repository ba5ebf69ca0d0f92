# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk may answer from an interrupt at any moment, also while the thread that has asked it goes to sleep: no
# answer is overlooked. With one request at a time nothing else would wake the thread.
# timeout: 200
# suite: quick

. "$LAB/cases/lib/front"
modprobe null_blk nr_devices=0 || error 'there is no null_blk module'
fault_load
dir=/sys/kernel/config/nullb/nullb0
mkdir "$dir"
cleanup "echo 0 >$dir/power; rmdir $dir"
echo 32 >"$dir/size"
echo 512 >"$dir/blocksize"
echo 1 >"$dir/memory_backed"
echo 2 >"$dir/irqmode"
for us in 2 10 40; do
	echo ${us}000 >"$dir/completion_nsec"
	echo 1 >"$dir/power"
	wait_for 20 test -b /dev/nullb0 || error 'null_blk has no disk'
	fault_arm sleep 1 0 # a site of lab_fault.ko: on its way to sleep the thread takes 0.1 ms
	front blk load --self /dev/nullb0 --seconds 3 --depth 1 --segs 2 --queues 1 \
		--max-gap-ms $((3000 * LAB_PATIENCE))
	expect_ge "times the thread was held up, disk of $us us" "$(fault_fired)" 100
	fault_disarm
	echo 0 >"$dir/power"
done
success
