# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-03: requests that change while they are read are answered once, and nothing else is touched.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds race
success
