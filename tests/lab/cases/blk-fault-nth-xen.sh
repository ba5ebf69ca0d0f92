# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-16: each call to Xen in a device's life fails once: map (all of a batch, one page of it), unmap, copy,
# event channel, ring. The driver says so or gets on, holds nothing, and serves the next connection.
# timeout: 400

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
nth --persistent 0 map map-one unmap-one copy ring evtchn
nth --persistent 1 map map-one unmap-one
nth --queues max --order 1 ring evtchn
success
