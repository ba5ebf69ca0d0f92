# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-19: ring parameters that are missing or no numbers give one error and a closed device, and do not
# fill the log.
# suite: quick
# timeout: 400

. "$LAB/cases/lib/front"
log_lines() { dmesg | grep -c ' vbd-0-' || true; }

start=$SECONDS
before=$(log_lines)
front_misdeeds keys
# A few for each device and minute; there are two, and over a hundred mistakes.
expect_le "lines in the kernel's log in $((SECONDS - start)) s" $(($(log_lines) - before)) \
	$((20 * (1 + (SECONDS - start) / 60)))
success
