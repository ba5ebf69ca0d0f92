# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# suite: quick
# H-18: the frontend's state in every order and at every speed; it ends closed and can be used again.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds state
success
