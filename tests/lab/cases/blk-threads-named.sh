# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The threads of a disk are called blkback.<domid>.<dev>, with the queue's number if there are several.
# suite: quick
# timeout: 200

modprobe -r xen-blkfront
cleanup 'modprobe -r xen-blkfront'
loop=$(disk_loop data 4)
for queues in 1 2; do
	modprobe xen-blkfront max_queues=$queues
	vbd_attach "$loop" xvdz
	names=$(pgrep -l '^blkback\.0\.xvdz' | cut -d' ' -f2 | sort | xargs)
	if [ $queues = 1 ]; then
		expect_eq 'the thread of one queue' "$names" blkback.0.xvdz
	else
		expect_eq 'the threads of two queues' "$names" 'blkback.0.xvdz-0 blkback.0.xvdz-1'
	fi
	expect_ok vbd_detach xvdz
	expect_eq 'the number of threads left' "$(pgrep -c '^blkback\.')" 0
	modprobe -r xen-blkfront
done
success
