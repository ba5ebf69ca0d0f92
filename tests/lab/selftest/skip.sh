# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What cannot be run is skipped.
# expect: skip

skip 'this is not the right place'
