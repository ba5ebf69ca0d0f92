# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A command that fails unexpectedly means a broken case, and names the line.
# expect: error

cleanup 'echo the cleanup ran'
value=$(cat /nowhere)
echo "$value"
success
