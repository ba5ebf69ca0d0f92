# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A disk that is in use and so does not go away is a failure, although the case forgot it.
# expect: failure

loop=$(disk_loop data 4)
modprobe xen-blkfront
vbd_attach "$loop" xvdz
exec 9</dev/xvdz
# Held by a process that is no child of the case, so that the device outlives it; the machine's end is its own.
setsid sleep 600 & # it is the leftover itself: nobody waits for it
success
