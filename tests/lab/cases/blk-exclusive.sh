# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk somebody else writes to is not given to a guest for writing, and none whose sequence number is not
# the chosen one's; what is shared on purpose is.
# timeout: 200

back=$XS_BACKEND/4000/51712

# offer MODE [KEY=VALUE...]: the disk, to a domain that is not there; waits until it is opened or refused.
offer() {
	local mode=$1
	shift
	vbd_publish 4000 "$loop" xvda "$mode" "$@"
	# With a disk the backend stays in InitWait, without one it closes.
	if ! xs_wait 20 "$back" has_decided; then
		failure "no decision: state $(xenstore-read "$back/state")"
	fi
}

has_decided() {
	local open
	open=$(cat /sys/bus/xen-backend/devices/vbd-4000-51712/physical_device 2>/dev/null || true)
	# Without the file the driver has not come to it yet.
	{ [ -n "$open" ] && [ "$open" != 0:0 ]; } ||
		[ "$(xenstore-read "$back/state" 2>/dev/null)" = 6 ]
}

withdraw() {
	xenstore-rm "$back"
	xenstore-rm /local/domain/4000
	wait_for 20 test ! -e /sys/bus/xen-backend/devices/vbd-4000-51712 || failure 'the device stays'
}

refused() { # refused TEXT OFFER...
	local text=$1
	shift
	offer "$@"
	expect_eq "state after the offer of $*" "$(xenstore-read "$back/state")" 6
	expect_ok grep -q "$text" <<<"$(xenstore-read /local/domain/0/error/backend/vbd/4000/51712/error)"
	withdraw
}

taken() {
	offer "$@"
	expect_eq "state after the offer of $*" "$(xenstore-read "$back/state")" 2
	withdraw
}

modprobe xen-blkback
loop=$(disk_loop data 16)
cleanup 'xenstore-rm /local/domain/4000; xenstore-rm '"$back"
taken w

mkfs.ext2 -q "$loop"
mkdir -p "$LAB_RUN/mnt"
mount "$loop" "$LAB_RUN/mnt"
cleanup "umount $LAB_RUN/mnt"
refused 'in use by dom0 or another guest' w
taken r
taken 'w!'
umount "$LAB_RUN/mnt"
taken w

# Another machine has it.
modprobe xen-blkfront
vbd_attach "$loop" xvdz
refused 'in use by dom0 or another guest' w
taken 'w!'
expect_ok vbd_detach xvdz
taken w

seq=$(cat "/sys/block/${loop#/dev/}/diskseq")
taken w "diskseq=$seq"
refused "its diskseq is $seq, must be $((seq + 1))" w "diskseq=$((seq + 1))"
refused 'diskseq is unreadable' w 'diskseq=x'
success
