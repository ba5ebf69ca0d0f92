# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-17, H-38: too many events, and answers nobody reads, harm only who does it.
# timeout: 400

. "$LAB/cases/lib/front"
front_misdeeds flood
success
