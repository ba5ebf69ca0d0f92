# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-423: however a guest cuts its packets, what the stack gets has its headers in one piece: a program at the
# interface's entrance looks at each packet.
# timeout: 400

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
# A program can be put there since Linux 6.6.
rest=$(uname -r)
major=${rest%%.*} rest=${rest#*.} minor=${rest%%.*}
[ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "$minor" -ge 6 ]; } || skip "Linux $(uname -r) has no such place"
xenfront net io --handle 70 >"$LAB_OUT/front" 2>&1 &
pid=$!
wait_for 20 test -d /sys/class/net/vif0.70 || failure 'no vif0.70'
labnet linear vif0.70 >"$LAB_OUT/linear" 2>&1 &
linear=$!
cleanup "kill $linear 2>/dev/null || true"
wait_for 20 grep -q attached "$LAB_OUT/linear" || error 'labnet does not run'
status=0
wait $pid || status=$?
cat "$LAB_OUT/front"
expect_eq "the frontend's end" $status 0
kill $linear
status=0
wait $linear || status=$?
cat "$LAB_OUT/linear"
expect_eq "the program's verdict" $status 0
expect_ge 'packets looked at' "$(sed -n 's/^packets \([0-9]*\) .*/\1/p' "$LAB_OUT/linear")" 500
success
