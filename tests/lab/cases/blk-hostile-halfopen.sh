# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-46: many devices that stop half way can all be removed, and another one works.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds halfopen
success
