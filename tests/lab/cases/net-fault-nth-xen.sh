# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-16: each call to Xen in an interface's life fails once: copy (one of a batch), map of pages that are to
# stay, unmap, rings, event channels. The driver says so or loses that packet, holds nothing, and serves the
# next connection.
# timeout: 500

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
expect_ok modprobe xen-netback
net_nth copy map map-one unmap-one ring evtchn
net_nth --queues max --split 1 ring evtchn
success
