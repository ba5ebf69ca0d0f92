# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk comes back when the guest's driver comes back in the same domain, and when the guest reboots.
# suite: quick
# timeout: 240

loop=$(disk_loop data 16)
guest_start g1 "phy:$loop,xvda,w"
back=$(guest_vbd g1 xvda)

# In the same domain, as with kexec or a boot loader with a driver of its own: closed, then again.
expect_ok guest_run g1 'dd if=/dev/zero bs=64k count=16 2>/dev/null | tr "\0" A | dd of=/dev/xvda bs=1M \
	iflag=fullblock oflag=direct'
for round in 1 2 3; do
	expect_ok guest_run g1 'modprobe -r xen-blkfront'
	xs_wait 20 "$back/state" xs_is "$back/state" 6 ||
		failure "round $round: the backend does not close, it is in $(xenstore-read "$back/state")"
	expect_ok guest_run g1 'modprobe xen-blkfront'
	guest_wait_disk g1 xvda
	expect_ok guest_run g1 'head -c 1048576 /dev/xvda | tr -d A | wc -c | grep -qx 0'
done

# A reboot: a new domain gets the same disk.
domid=$(xl domid g1)
expect_ok xl reboot -F g1
expect_ok wait_for 90 guest_is_another g1 "$domid"
guest_wait_ready g1
expect_ok guest_run g1 'head -c 1048576 /dev/xvda | tr -d A | wc -c | grep -qx 0'
expect_eq 'the old backend' "$(xenstore-read "$back/state" 2>/dev/null)" ''
success
