# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A frontend that closes and connects again, with other features each time, is served right each time.
# timeout: 400

. "$LAB/cases/lib/front"
netback_queues 2
front net reconnect --times "$(lab_times 40)"
success
