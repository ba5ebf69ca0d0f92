# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-01, H-37: as much as a frontend can make the driver hold is bounded.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds hold
success
