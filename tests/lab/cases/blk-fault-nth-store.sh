# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: each access to xenstore in a device's life fails once, the disk does not open, a discard finds no
# memory. The driver says so or gets on, holds nothing, and serves the next connection.
# timeout: 500

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
nth read read-memory write exists watch open discard
nth --queues max --order 1 read
success
