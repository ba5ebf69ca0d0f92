# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A frontend that closes and connects again, with other features each time, is served right each time.
# timeout: 300

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
front blk reconnect --self "$disk" --times "$(lab_times 60)"
success
