# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl gives disks to a guest by the daemon: a block device, and a file behind a loop device with
# its sequence number; one that another guest has is refused with the reason; nothing is left at the end.
# suite: quick
# timeout: 600
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
mkdir -p /var/lib/xen/images
truncate -s 16M /var/lib/xen/images/lab.img
cleanup 'rm -f /var/lib/xen/images/lab.img'
loop=$(disk_loop data 8)
guest_start g1
guest_start g2
domid=$(xl domid g1)

start=$EPOCHREALTIME
expect_ok xl block-attach g1 "phy:$loop,xvdb,w"
echo "-- xl block-attach took $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
guest_wait_disk g1 xvdb
be=$(guest_vbd g1 xvdb)
expect_eq diskseq "$(xenstore-read "$be/diskseq")" "$(cat "/sys/block/${loop#/dev/}/diskseq")"
if message=$(xl block-attach g2 "phy:$loop,xvdb,w" 2>&1); then failure "two writers have one disk"; fi
expect_match 'the message' "$message" "domain $domid has this disk as device 51728 with mode w already"

expect_ok xl block-attach g1 'format=raw,backendtype=phy,script=block,vdev=xvdc,access=w,target=/var/lib/xen/images/lab.img'
guest_wait_disk g1 xvdc
be=$(guest_vbd g1 xvdc)
node=$(xenstore-read "$be/node")
expect_match node "$node" '^/dev/loop[0-9]+$'
expect_eq 'direct I/O' "$(cat "/sys/block/${node#/dev/}/loop/dio")" 1
expect_ok guest_run g1 'echo hello >/dev/xvdc; sync'
expect_ok xl block-detach g1 xvdc
expect_ok xl block-detach g1 xvdb
detached() { [ -z "$(losetup -j /var/lib/xen/images/lab.img)" ]; }
expect_ok wait_for 20 detached
expect_eq 'the file' "$(head -c 5 /var/lib/xen/images/lab.img)" hello

# A disk that its driver cannot open: its words are what the doctor has.
vbd_bare 51984 "$loop" r
xenstore-write "$XS_BACKEND/0/51984/physical-device" ff:ff
complains() { [[ $(xenbectl doctor vbd0.51984) == *'the driver has complained: '*'cannot open block device ff:ff'* ]]; }
wait_for 20 complains || failure "the doctor says: $(xenbectl doctor vbd0.51984)"
vbd_bare_end 51984
expect_match 'the journal' "$(journalctl -u xen-hotplugd -o export | grep -c '^DURATION_US=')" '^[1-9]'
success
