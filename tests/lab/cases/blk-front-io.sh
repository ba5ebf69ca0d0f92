# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Each kind of request is served right: direct and indirect, at odd places in their pages, flush,
# barrier, discard, full rings, and indices that run over.
# suite: quick
# timeout: 400

. "$LAB/cases/lib/front"
loop=$(disk_loop data 32)
front blk io --self "$loop"
front blk io --self "$loop" --abi x86_32 --queues max --order 4 --persistent 1
losetup -d "$loop"
loop=$(disk_loop blocks 32 --sector-size 4096)
front blk io --self "$loop" --order 1
success
