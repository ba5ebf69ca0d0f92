# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-13: a guest is paused and goes on, is destroyed, and crashes into a core dump, all with TCP under way: its
# interface goes in time, also from the bridge, and the next guest in its place works.
# timeout: 540

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge

gone() {
	net_gone "$1"
	wait_for 30 lab_domain_gone "$1" || failure "guest $1 stays: $(xl list)"
	expect_eq 'pages of the guest that are mapped' "$(xenfront grants "$1")" 0
	net_kill flows
	wait "${net_pid[flows]}" 2>/dev/null || true
	unset "net_pid[flows]"
}

begin() {
	guest_start g1 --memory 256 --vcpus 2 "$@" --vif "$(net_spec "")"
	domid=$(xl domid g1)
	net_guest_up g1 2
	net_serve g1
	net_start flows 10.77.0.2 --flows 4
}

begin
expect_ok xl pause g1
sleep 15 # a pause has no event but its end; longer than packets wait for pages
expect_ok xl unpause g1
net_moves flows 120
expect_ok xl destroy g1
gone "$domid"
no_port() { ! ovs-vsctl list-ports $BRIDGE | grep -q "^vif$domid\."; }
wait_for 30 no_port || failure 'the port stays on the bridge'

mkdir -p /var/lib/xen/dump
cleanup 'rm -f /var/lib/xen/dump/*'
begin --config 'on_crash = "coredump-destroy"'
# Its answer does not come.
path=/local/domain/$domid/data/lab
xenstore-write "$path/cmd" "1000 $(base64 -w 0 <<<'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger')"
wait_for 120 lab_domain_gone "$domid" || failure "guest $domid stays: $(xl list)"
gone "$domid"
expect_ok test -n "$(ls /var/lib/xen/dump)"

# With the guest goes what waits for its pages, and the timer of that: the driver is not there any more when the
# time is over.
begin
vif=$(net_vif g1)
waits() { grep -q 'waits for pages' "/sys/kernel/debug/xen-netback/$vif/rings"; }
expect_ok xl pause g1
labnet udp 10.77.0.2 6001 --seconds 5 --size 1400 --plain &
wait_for 5 waits || failure "nothing waits for a guest that stands: $(cat "/sys/kernel/debug/xen-netback/$vif/rings")"
expect_ok xl destroy g1
gone "$domid"
expect_ok modprobe -r xen-netback
sleep 12 # longer than packets wait for pages; a timer that is left would run into freed memory
expect_ok modprobe xen-netback

begin
net_stop flows
net_guest_end g1
success
