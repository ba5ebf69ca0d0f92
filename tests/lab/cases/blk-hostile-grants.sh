# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-13: segments whose page cannot be used fail their request alone, at every position.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds grants
success
