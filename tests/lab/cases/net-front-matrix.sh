# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# Every combination of queues, event channels and offloads carries the same packets.
# timeout: 600

. "$LAB/cases/lib/front"
netback_queues 4
front net matrix
success
