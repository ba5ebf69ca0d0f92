# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# Every combination of layout, number of queues, ring order and persistent grants connects and does
# verified I/O.
# timeout: 400

. "$LAB/cases/lib/front"
blkback_reload max_queues=4
disk=$(front_ramdisk 0)
front blk matrix --self "$disk"
success
