# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks are given out: a block device as it is, a file behind a loop device with direct I/O, each with its
# sequence number; who shares with whom, and what dom0 itself uses, is judged; and nothing is left behind.

loop_nodes

refuse() {
	local message
	if message=$(block add "$1" "$2" 2>&1); then fail "disk $2 of domain $1 is given out"; fi
	expect_match "refusal for domain $1" "$message" "$3"
	expect_match hotplug-error "$(xs "vbd/$1/$2/hotplug-error")" "$3"
	xenstore-rm "$XS_BACKEND/vbd/$1/$2"
}

disks() {
	truncate -s 8M "$RUN/disks/a" "$RUN/disks/b"
	vbd_make 1 51712 "$RUN/disks/a" w
	block add 1 51712
	expect_eq hotplug-status "$(xs vbd/1/51712/hotplug-status)" connected
	node=$(xs vbd/1/51712/node)
	expect_match node "$node" '^/dev/loop[0-9]+$'
	expect_eq physical-device-path "$(xs vbd/1/51712/physical-device-path)" "$node"
	expect_eq physical-device "$(xs vbd/1/51712/physical-device)" \
		"$(stat -c '%t:%T' "$node")"
	expect_eq diskseq "$(xs vbd/1/51712/diskseq)" "$(cat "/sys/block/${node#/dev/}/diskseq")"
	expect_eq 'the file' "$(cat "/sys/block/${node#/dev/}/loop/backing_file")" "$RUN/disks/a"
	block add 1 51712
	expect_eq node "$(xs vbd/1/51712/node)" "$node"

	# The same file for another guest, and the loop device itself.
	vbd_make 2 51712 "$RUN/disks/a" r
	refuse 2 51712 'domain 1 has this disk as device 51712 with mode w already'
	vbd_make 2 51712 "$node" 'w'
	refuse 2 51712 'domain 1 has this disk'
	vbd_make 2 51712 "$RUN/disks/b" 'w!'
	block add 2 51712
	vbd_make 3 51712 "$RUN/disks/b" 'w!'
	block add 3 51712

	# The same machine under two numbers, as while it moves within the host.
	vbd_make 4 51712 "$RUN/disks/a" w
	xenstore-write /local/domain/4/vm "$(xenstore-read /local/domain/1/vm)"
	block add 4 51712

	for domid in 1 2 3 4; do
		block remove $domid 51712
		# Who plugs it again must not find what it was: the loop device is another one's by then.
		for key in physical-device physical-device-path diskseq node hotplug-by; do
			expect_eq "$key of domain $domid" "$(xs vbd/$domid/51712/$key)" none
		done
		xenstore-rm "$XS_BACKEND/vbd/$domid"
	done
	unused() { [ -z "$(losetup -j "$RUN/disks/a")$(losetup -j "$RUN/disks/b")" ]; }
	wait_for 5 unused || fail "a loop device is left"
	block remove 1 51712

	# A block device.
	loop=$(losetup -f --show "$RUN/disks/a")
	vbd_make 5 768 "phy:$loop" w
	block add 5 768
	expect_eq physical-device-path "$(xs vbd/5/768/physical-device-path)" "$loop"
	expect_eq node "$(xs vbd/5/768/node)" none
	expect_match diskseq "$(xs vbd/5/768/diskseq)" '^[0-9]+$'
	block remove 5 768
	xenstore-rm "$XS_BACKEND/vbd/5"

	# One that is mounted here.
	mkfs.ext4 -q "$loop"
	mkdir -p "$RUN/mnt"
	mount "$loop" "$RUN/mnt"
	vbd_make 6 768 "$loop" w
	refuse 6 768 'not in use here'
	vbd_make 6 768 "$loop" r
	refuse 6 768 'not mounted here to be written to'
	umount "$RUN/mnt"
	losetup -d "$loop"

	# One that cannot be written to, and a file on a file system that cannot.
	loop=$(losetup -r -f --show "$RUN/disks/a")
	vbd_make 6 768 "$loop" w
	refuse 6 768 "mode='w': must be 'r', for '$loop' is read-only"
	vbd_make 6 768 "$loop" r
	block add 6 768
	block remove 6 768
	xenstore-rm "$XS_BACKEND/vbd/6"
	losetup -d "$loop"
	mount --bind -r "$RUN/disks" "$RUN/disks"
	vbd_make 6 768 "$RUN/disks/b" w
	refuse 6 768 'must be a file that can be written to: Read-only file system'
	umount "$RUN/disks"

	vbd_make 7 1 /etc/passwd r
	refuse 7 1 "params='/etc/passwd': must be below one of the directories"
	ln -sf /etc/passwd "$RUN/disks/link"
	vbd_make 7 1 "$RUN/disks/link" r
	refuse 7 1 "must be below one of the directories"
	vbd_make 7 1 "$RUN/disks/../disks/a" r
	refuse 7 1 "must be a path without '..'"
	vbd_make 7 1 /dev/null r
	refuse 7 1 'must be a block device or a file'
	vbd_make 7 1 "$RUN/disks/none" r
	refuse 7 1 'can be opened: No such file'
	vbd_make 7 1 "$RUN/disks/a" x
	refuse 7 1 "mode='x': must be"
	vbd_make 7 1 "" r
	refuse 7 1 'only a cdrom may be empty'
	vbd_make 7 1 "" r "$XS_BACKEND/vbd/7/1/device-type" cdrom
	block add 7 1
	expect_eq hotplug-status "$(xs vbd/7/1/hotplug-status)" connected
	expect_eq physical-device "$(xs vbd/7/1/physical-device)" none
	xenstore-rm "$XS_BACKEND/vbd/7"
}

disks
daemon_start
disks
