# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# XSA-423, XSA-448: however a guest cuts its packets, what the stack gets has its headers in one piece, and no
# fragment of no bytes: a module looks at each packet that the interface receives.
# timeout: 400

. "$LAB/cases/lib/front"
expect_ok modprobe xen-netback
seen=/sys/module/lab_skb/parameters
expect_ok insmod "$(lab_module lab_skb)" of=vif0.70
cleanup 'rmmod lab_skb'
front net io --handle 70
expect_ge 'packets looked at' "$(cat $seen/packets)" 500
expect_eq 'packets with their headers in pieces' "$(cat $seen/pieces)" 0
expect_eq 'packets with empty fragments' "$(cat $seen/empty)" 0
expect_eq 'packets whose fragments are longer or shorter than they' "$(cat $seen/unequal)" 0
success
