# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-10, H-17, H-34: events without work, no pages for packets, hash settings that change all the time.
# timeout: 300

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad storm pages control/hash-storm
success
