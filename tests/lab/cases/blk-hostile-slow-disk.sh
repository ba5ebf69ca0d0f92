# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Frontends that close, lie or vanish while the disk is still at work: what it finishes after that is
# not lost, and the device goes in time.
# timeout: 400

. "$LAB/cases/lib/front"
# Answers come 20 ms later and from an interrupt; those of a disk in memory come at once.
modprobe null_blk nr_devices=1 gb=1 memory_backed=1 irqmode=2 completion_nsec=20000000 hw_queue_depth=256 ||
	error 'there is no null_blk module'
front blk bad --self /dev/nullb0 state/close-with-full-ring-20 index/prod-jump-while-busy \
	keys/directory-removed-under-load flood/full-rings-and-silence
front blk load --self /dev/nullb0 --seconds 5 --queues max
# A disk with a write cache, where barriers and flushes mean something.
cached=$(disk_loop cached 32)
front blk bad --self "$cached" flood/barriers-and-flushes flood/barriers-and-flushes-and-away
success
