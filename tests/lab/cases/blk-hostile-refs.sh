# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-20: ring pages and event channels that are not what a ring needs are refused, nothing stays mapped.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds refs
success
