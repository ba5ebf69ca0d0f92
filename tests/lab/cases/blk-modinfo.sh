# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# modprobe xen-blkback loads the package's module and not the kernel's own one.
# suite: quick
# timeout: 200

path=$(modinfo -n xen-blkback)
expect_match 'the path of xen-blkback' "$path" '/updates/dkms/xen-blkback\.ko'
expect_eq 'the version that is loaded' "$(cat /sys/module/xen_blkback/srcversion)" \
	"$(modinfo -F srcversion "$path")"
expect_match "the library's path" "$(modinfo -n xenbe)" '/updates/dkms/xenbe\.ko'
expect_eq 'what loads for a new disk' \
	"$(modprobe --show-depends xen-backend:vbd | awk '{ path = $2 } END { print path }')" "$path"
success
