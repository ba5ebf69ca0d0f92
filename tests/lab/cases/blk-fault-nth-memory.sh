# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: each allocation of a device's life fails once. The driver says so or gets on, holds nothing, and
# serves the next connection.
# timeout: 400

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
nth --persistent 1 alloc page kthread sysfs
nth --queues max --order 1 kthread
success
