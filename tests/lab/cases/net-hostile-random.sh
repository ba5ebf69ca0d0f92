# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-41: a hundred thousand mutated slots, and five thousand control messages, are each answered once.
# timeout: 400

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
front net bad --seed "$(lab_seed)" random
success
