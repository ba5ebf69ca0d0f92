# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-03, H-13, H-14, H-16, H-18, H-41 from a real guest, which sees no node of dom0's, with a second guest
# at work meanwhile: nothing of it reaches that one.
# timeout: 900

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
disk=$(disk_loop good 32)
guest_start good --memory 256 "phy:$disk,xvda,w"
guest_start g1 --vcpus 2 "phy:$(disk_loop data 16),xvda,w" "phy:$(front_carrier),xvdy,r"
front_move_in g1
for misdeed in race grants indirect index state random; do
	guest_load_start good xvda 10
	front_guest g1 400 blk bad --devid 51712 "$misdeed"
	guest_load_end good
done
guest_stop g1
guest_stop good
success
