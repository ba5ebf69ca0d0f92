# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-15 on a disk of 4096-byte blocks: half blocks are refused too.
# timeout: 300

. "$LAB/cases/lib/front"
loop=$(disk_loop data 16 --sector-size 4096)
front blk bad --self "$loop" sector
success
