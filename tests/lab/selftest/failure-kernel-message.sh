# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A kernel message of level "critical" is a failure, whatever the case says.
# expect: failure

echo '<2>lab: not a real problem' >/dev/kmsg
success
