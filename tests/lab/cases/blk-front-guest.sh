# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# The user-space frontend inside a real guest: verified I/O, and the basic misdeeds of one that cannot
# write any of dom0's nodes.
# timeout: 400

. "$LAB/cases/lib/front"
guest_start g1 "phy:$(disk_loop data 16),xvda,w" "phy:$(front_carrier),xvdy,r"
front_move_in g1
front_guest g1 120 blk io --devid 51712
front_guest g1 120 blk bad --devid 51712 index sector
guest_stop g1
success
