# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-15: each allocation of a device's life fails once. The driver says so or gets on, holds nothing, and
# serves the next connection.
# timeout: 400

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/nth"
nth_sites alloc page kthread sysfs
success
