# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk given as read-only cannot be written, neither by a guest nor through dom0's own frontend, and
# not a byte of it changes.
# suite: quick
# timeout: 300

file=$(disk_file data 8)
head -c 8M /dev/urandom >"$file"
loop=$(losetup --show -f "$file")
before=$(sha256sum <"$file")

guest_start g1 "phy:$loop,xvda,r"
back=$(guest_vbd g1 xvda)
expect_eq 'the read-only bit of info' "$(($(xenstore-read "$back/info") & 4))" 4
expect_eq 'mode in sysfs' "$(cat "$(guest_vbd_sysfs g1 xvda)/mode")" r
expect_eq 'ro in the guest' "$(guest_run g1 'cat /sys/block/xvda/ro')" 1
expect_eq 'what the guest reads' \
	"$(guest_run g1 'dd if=/dev/xvda bs=1M iflag=direct 2>/dev/null | sha256sum')" "$before"
expect_fail guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=4k count=1 oflag=direct'
expect_fail guest_run g1 'blkdiscard /dev/xvda'
guest_stop g1

# What the frontend says about the disk is no one's business.
vbd_attach "$loop" xvdz r front/mode=w
expect_fail dd if=/dev/zero of=/dev/xvdz bs=4k count=1 oflag=direct
expect_fail blkdiscard /dev/xvdz
expect_ok vbd_detach xvdz
sync "$file"
expect_eq 'the sum of the image' "$(sha256sum <"$file")" "$before"
success
