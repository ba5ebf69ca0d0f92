# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-13: a guest is paused and goes on, is destroyed, and crashes into a core dump, all with I/O under way:
# its device goes in time, and nothing is written afterwards.
# timeout: 480

. "$LAB/cases/lib/guest-load"
loop=$(disk_loop data 64)

gone() {
	guest_disk_gone "$1"
	wait_for 30 lab_domain_gone "$1" || failure "guest $1 stays: $(xl list)"
	expect_eq 'the number of block threads' "$(pgrep -c "^blkback\\.$1\\." || true)" 0
}

guest_start g1 "phy:$loop,xvda,w"
domid=$(xl domid g1)
guest_load_start g1 xvda 15
expect_ok xl pause g1
sleep 15 # a pause has no event but its end; an hour is not different from this for a driver without timers
expect_ok xl unpause g1
guest_load_end g1

guest_load_start g1 xvda 30
expect_ok xl destroy g1
gone "$domid"
expect_unwritten "$loop"

mkdir -p /var/lib/xen/dump
cleanup 'rm -f /var/lib/xen/dump/*'
guest_start g1 --memory 256 --config 'on_crash = "coredump-destroy"' "phy:$loop,xvda,w"
domid=$(xl domid g1)
guest_load_start g1 xvda 30
# Its answer does not come.
path=/local/domain/$domid/data/lab
xenstore-write "$path/cmd" "1000 $(base64 -w 0 <<<'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger')"
wait_for 120 lab_domain_gone "$domid" || failure "guest $domid stays: $(xl list)"
gone "$domid"
expect_ok test -n "$(ls /var/lib/xen/dump)"
expect_unwritten "$loop"
success
