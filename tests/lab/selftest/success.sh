# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A case that says success is a success.
# expect: success

expect_eq 'one and one' $((1 + 1)) 2
expect_fail false
success
