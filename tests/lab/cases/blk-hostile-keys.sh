# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-19: ring parameters that are missing or no numbers give one error and a closed device.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds keys
success
