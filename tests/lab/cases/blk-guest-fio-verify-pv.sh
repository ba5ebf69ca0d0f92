# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A PV guest writes and verifies its disk: mixed sizes and depths, flushes, discard; and dom0 finds on
# the device what the guest read back.
# suite: quick
# timeout: 400

. "$LAB/cases/lib/guest-fio-verify"
guest_fio_verify pv
success
