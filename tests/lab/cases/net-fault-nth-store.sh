# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: each access to xenstore in an interface's life fails once. The driver says so or gets on, holds
# nothing, and serves the next connection.
# timeout: 500

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
expect_ok modprobe xen-netback
net_nth read read-memory exists write watch
net_nth --queues max --split 1 read
success
