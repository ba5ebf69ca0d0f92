# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest that reboots finds its disk as it left it, and nothing of the old connection stays.
# timeout: 240

loop=$(disk_loop data 16)
guest_start g1 "phy:$loop,xvda,w"
expect_ok guest_run g1 'dd if=/dev/zero bs=64k count=16 2>/dev/null | tr "\0" A | dd of=/dev/xvda bs=1M \
	iflag=fullblock oflag=direct'
for round in 1 2; do
	domid=$(xl domid g1)
	old=$(guest_vbd g1 xvda)
	expect_ok xl reboot -F g1
	wait_for 90 guest_is_another g1 "$domid" || failure "round $round: the guest does not come back"
	guest_wait_ready g1
	expect_ok guest_run g1 'head -c 1048576 /dev/xvda | tr -d A | wc -c | grep -qx 0'
	expect_eq 'the old backend' "$(xenstore-read "$old/state" 2>/dev/null)" ''
	expect_eq 'the number of block threads' "$(pgrep -c "^blkback\\.$domid\\." || true)" 0
done
success
