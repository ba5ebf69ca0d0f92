# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl gives a disk to a running guest and takes it away, again and again.
# suite: quick
# timeout: 300

loop=$(disk_loop data 8)
guest_start g1
for round in 1 2; do
	expect_ok xl block-attach g1 "phy:$loop,xvdb,w"
	guest_wait_disk g1 xvdb
	expect_ok guest_run g1 'dd if=/dev/xvdb of=/dev/null bs=1M iflag=direct'
	expect_eq "round $round: devices in xl block-list" "$(xl block-list g1 | grep -c /vbd/)" 1
	expect_ok xl block-detach g1 xvdb
	expect_fail guest_run g1 '[ -b /dev/xvdb ]'
	expect_ok wait_for 10 test ! -e "$(guest_vbd_sysfs g1 xvdb)"
	expect_eq "round $round: what xenstore still has" "$(xenstore-list "$XS_BACKEND/$(xl domid g1)" \
		2>/dev/null)" ''
done
success
