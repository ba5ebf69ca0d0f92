# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-06: slots that leave their page, too many of them, lengths that disagree, packets without an end.
# timeout: 300

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad slot slots
success
