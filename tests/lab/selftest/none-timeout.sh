# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A case that does not end gets no verdict.
# expect: none
# timeout: 5

sleep 1000 # cannot be awaited: it waits for nothing, which is the point
success
