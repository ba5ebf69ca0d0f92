# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-392, H-10: a guest that gives one page where the first packet needs two is one that takes nothing: its
# carrier goes, and comes within a second when there are pages. One queue without pages is no reason for that,
# and does not disturb another.
# timeout: 200

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/net"
netback_reload max_queues=2 rx_drain_timeout_msecs=1000 rx_stall_timeout_msecs=3000
front net bad stall
success
