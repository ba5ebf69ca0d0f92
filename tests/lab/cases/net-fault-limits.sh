# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-26: a guest with as few grant frames and event channels as it can live with gets its interface, with the
# queues it can make, and its packets.
# timeout: 200

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_guest_plain g1 --vcpus 2 --config 'max_grant_frames = 4' --config 'max_event_channels = 64' \
	--config 'max_maptrack_frames = 0' --extra lab.netfront=max_queues=1
expect_eq queues "$(net_queues "$vif")" 1
net_exchange 10.79.0.2 --flows 4 --bytes 1000000
net_nothing_refused "$vif"
net_guest_end g1
success
