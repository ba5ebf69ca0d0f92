# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A minute of random packets both ways over several queues.
# timeout: 120

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net load --queues max --split 1 --seconds 30
success
