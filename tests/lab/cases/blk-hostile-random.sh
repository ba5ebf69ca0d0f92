# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-41: a hundred thousand mutated requests are each answered once.
# timeout: 600

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/guest-load"
seed=$(lab_seed)
# Any number may be the grant of any page of the same domain, so the bystander is in another.
guest_start good --memory 256 "phy:$(disk_loop good 32),xvda,w"
guest_load_start good xvda 10
front blk bad --self "$(front_ramdisk 0)" --seed "$seed" random
guest_load_end good
guest_stop good
success
