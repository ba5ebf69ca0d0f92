# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Runs last, in the boot after the panic.
# expect: success

expect_eq 'panic_on_warn' "$(cat /proc/sys/kernel/panic_on_warn)" 1
expect_eq 'hung_task_panic' "$(cat /proc/sys/kernel/hung_task_panic)" 1
expect_eq 'softlockup_panic' "$(cat /proc/sys/kernel/softlockup_panic)" 1
expect_eq 'panic_on_rcu_stall' "$(cat /proc/sys/kernel/panic_on_rcu_stall)" 1
expect_eq 'panic_on_oops' "$(cat /proc/sys/kernel/panic_on_oops)" 1
success
