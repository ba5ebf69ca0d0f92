# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-16: a ring whose indices lie is stopped, the device closes and can be used again; others notice nothing.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds index
success
