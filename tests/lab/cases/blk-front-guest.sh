# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# The user-space frontend inside a real guest: verified I/O, and the basic misdeeds of one that cannot
# write any of dom0's nodes.
# timeout: 400

. "$LAB/cases/lib/front"
program=$(command -v xenfront) || error 'there is no xenfront'
size=$(stat -L -c %s "$program")
carrier=$(disk_loop carrier 4)
dd if="$program" of="$carrier" bs=1M conv=fsync status=none
disk=$(disk_loop data 16)
guest_start g1 "phy:$disk,xvda,w" "phy:$carrier,xvdb,r"
guest_run g1 "head -c $size /dev/xvdb >/tmp/xenfront && chmod +x /tmp/xenfront" ||
	error 'the program does not get into the guest'
# A driver that is bound cannot be unloaded.
# shellcheck disable=SC2016 # for the guest's shell
guest_run g1 'cd /sys/bus/xen/drivers/vbd && for d in vbd-*; do echo "$d" >unbind; done
	modprobe -r xen-blkfront' || error "the guest's own frontend stays"

# in_guest TIMEOUT ARGUMENTS...
in_guest() {
	local limit=$1 status=0
	shift
	guest_run --timeout "$limit" g1 "/tmp/xenfront $*" || status=$?
	[ "$status" -ne 1 ] || failure "xenfront $* in the guest"
	[ "$status" -eq 0 ] || error "xenfront $* ended with status $status in the guest"
}

in_guest 120 blk io --devid 51712
in_guest 120 blk bad --devid 51712 index sector
guest_stop g1
success
