# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A failure in a subshell wins over the success after it.
# expect: failure

(failure 'seen in a subshell') || true
success
