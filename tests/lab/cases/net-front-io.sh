# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# Packets of all lengths and cuts, blank sums, packets to be segmented, multicast, hashes and static grants, both
# ways, between a frontend that speaks every byte and a packet socket on dom0's interface.
# timeout: 300

. "$LAB/cases/lib/front"
netback_queues 4
front net io
success
