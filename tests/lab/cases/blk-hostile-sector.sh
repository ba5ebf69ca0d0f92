# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-15: sectors, lengths and operations that make no sense are refused, and the disk goes on.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds sector
success
