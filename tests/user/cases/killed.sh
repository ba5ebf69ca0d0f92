# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon is killed at its first, second, third ... message to anybody while it plugs a vif or a disk, and
# while it takes it out: the script succeeds all the same, and there is exactly the port, or the loop device,
# that should be.

ovs_start
# The leak check does not work under strace.
export ASAN_OPTIONS=detect_leaks=0
calls=sendmsg,sendto,write,writev

# daemon_dying N: a daemon that is killed at its Nth such call from now on.
daemon_dying() {
	local pid
	"$XEN_HOTPLUGD" 2>>"$RUN/daemon.log" &
	daemon_pid=$!
	wait_for 10 daemon_listens
	strace -f -qq -o "$RUN/strace" -p "$daemon_pid" -e "trace=$calls" -e "inject=$calls:signal=SIGKILL:when=$1" &
	pid=$!
	wait_for 10 grep -q "^TracerPid:.*$pid" "/proc/$daemon_pid/status"
}

daemon_is_dead() { ! kill -0 "$daemon_pid" 2>/dev/null; }

daemon_end() {
	kill -KILL "$daemon_pid" 2>/dev/null || true
	wait "$daemon_pid" 2>/dev/null || true
	daemon_pid=
	rm -f /run/xen-hotplugd/socket
}

# The count of a step in which the daemon has lived, and how many steps there were.
lived() { if ! daemon_is_dead; then survived=$((survived + 1)); fi; }
enough() {
	[ "$survived" -ge 2 ] || fail "the daemon has not survived a plug of a $1 in $step steps"
	[ "$step" -gt 8 ] || fail "it was killed in $step steps of a $1 only: strace did not do it"
}

survived=0
for step in $(seq 1 60); do
	daemon_dying "$step"
	vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" ovsbr0.7
	hotplug online 1 0 || fail "step $step: the plug has failed"
	expect_eq "step $step: hotplug-status" "$(xs vif/1/0/hotplug-status)" connected
	expect_eq "step $step: the ports" "$(ovs-vsctl list-ports ovsbr0) $(ovs_port vif1.0 tag)" 'vif1.0 7'
	lived
	daemon_end

	daemon_dying "$step"
	hotplug offline 1 0 || fail "step $step: the unplug has failed"
	expect_eq "step $step: the ports" "$(ovs-vsctl list-ports ovsbr0)" ''
	daemon_end
	vif_destroy 1 0
	# Some steps behind the last one that it gets to.
	[ "$survived" -lt 2 ] || break
done
enough vif

loop_nodes
truncate -s 8M "$RUN/disks/a"
calls=$calls,ioctl
survived=0
for step in $(seq 1 60); do
	daemon_dying "$step"
	vbd_make 1 51712 "$RUN/disks/a" w
	block add 1 51712 || fail "step $step: the plug has failed"
	expect_eq "step $step: hotplug-status" "$(xs vbd/1/51712/hotplug-status)" connected
	expect_eq "step $step: the loop devices" "$(losetup -n -O NAME -j "$RUN/disks/a")" "$(xs vbd/1/51712/node)"
	lived
	daemon_end

	daemon_dying "$step"
	block remove 1 51712 || fail "step $step: the unplug has failed"
	unused() { [ -z "$(losetup -j "$RUN/disks/a")" ]; }
	wait_for 5 unused || fail "step $step: $(losetup -j "$RUN/disks/a") stays"
	daemon_end
	xenstore-rm "$XS_BACKEND/vbd/1"
	[ "$survived" -lt 2 ] || break
done
enough disk
