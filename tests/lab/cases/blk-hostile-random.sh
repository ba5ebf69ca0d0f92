# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-41: mutated requests are each answered once.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds random
success
