# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-15: whatever would change a disk is refused on a read-only one, and not a byte of it changes.
# timeout: 150

. "$LAB/cases/lib/front"
file=$(disk_file data 8)
head -c 8M /dev/urandom >"$file"
loop=$(losetup --show -f "$file")
before=$(sha256sum <"$file")
front blk bad --self "$loop" --mode r readonly
front blk load --self "$loop" --mode r --seconds 2
sync "$file"
expect_eq 'the sum of the image' "$(sha256sum <"$file")" "$before"
success
