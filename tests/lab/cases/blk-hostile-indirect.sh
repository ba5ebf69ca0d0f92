# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-14: indirect requests that lie are refused.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds indirect
success
