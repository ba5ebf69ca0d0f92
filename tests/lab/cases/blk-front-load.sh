# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Many requests at once of all kinds and sizes over all queues: every byte is right.
# timeout: 300

. "$LAB/cases/lib/front"
loop=$(disk_loop data 32)
front blk load --self "$loop" --seconds 20 --depth 32 --segs 64 --queues max --order 2 --persistent 0
front blk load --self "$loop" --seconds 20 --depth 32 --segs 64 --queues max --order 2 --persistent 1
front blk load --self "$loop" --seconds 10 --depth 64 --segs 11 --abi x86_32
success
