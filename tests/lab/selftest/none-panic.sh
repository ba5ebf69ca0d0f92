# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A panic of dom0 gives no verdict, and the next case has a machine again.
# expect: none

echo c >/proc/sysrq-trigger
success
