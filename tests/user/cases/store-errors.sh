# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# F-02: the first, second, third ... of the daemon's requests to xenstored fails, with each of the errors there are:
# the script ends, with its device plugged or with one line that says why not; the next try works, and nothing is
# left of either.

ovs_start
loop_nodes
truncate -s 8M "$RUN/disks/a"
sed -i 's/^timeout.*/timeout = 3/' /etc/xen/xen-hotplugd.conf
python3 tests/user/store-errors.py "$RUN/store" /run/xenstored/socket "$RUN/order" "$RUN/fired" &
wait_for 10 test -e "$RUN/store"
start_daemon() {
	XENSTORED_PATH=$RUN/store daemon_start
}
start_daemon
# It is started again, as by systemd; the script may have done its work itself meanwhile.
still_there() {
	# shellcheck disable=SC2154 # of lib.sh
	kill -0 "$daemon_pid" 2>/dev/null && return
	wait "$daemon_pid" 2>/dev/null || true
	rm -f /run/xen-hotplugd/socket
	start_daemon
	deaths=$((deaths + 1))
}

# attempt WHAT COMMAND...: with one request failing. Its end is known, and soon.
attempt() {
	local what=$1 status=0
	shift
	tag=$((tag + 1))
	printf '%s %s %s' "$error" "$step" "$tag" >"$RUN/order"
	timeout 20 "$@" >"$RUN/said" 2>&1 || status=$?
	: >"$RUN/order"
	if [ "$(cat "$RUN/fired" 2>/dev/null)" = "$tag" ]; then fired=1; fi
	case $status in
	0) ;;
	1)
		refusals=$((refusals + 1))
		expect_eq "$error at request $step of $what: the lines" "$(wc -l <"$RUN/said")" 1
		;;
	*) fail "$error at request $step of $what: the script ends with $status: $(cat "$RUN/said")" ;;
	esac
	still_there
	return $status
}
export -f hotplug block

# It may be taken out again by now if the device was said not to be there any more.
connected() {
	[ "$error" = ENOENT ] || expect_eq "$where: hotplug-status" "$(xs "$1/hotplug-status")" connected
}

tag=0 deaths=0 refusals=0 steps=0
for error in EAGAIN ENOENT EACCES EQUOTA EINVAL EIO; do
	for ((step = 1; step < 60; step++)); do
		fired=0
		where="$error at request $step"
		vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" ovsbr0.7
		if attempt 'a plug' bash -c 'hotplug online 1 0'; then connected vif/1/0; fi
		hotplug online 1 0 || fail "$where: the next plug has failed"
		expect_eq "$where: the ports" "$(ovs-vsctl list-ports ovsbr0) $(ovs_port vif1.0 tag)" 'vif1.0 7'
		attempt 'an unplug' bash -c 'hotplug offline 1 0' || true
		hotplug offline 1 0 || fail "$where: the next unplug has failed"
		expect_eq "$where: the ports" "$(ovs-vsctl list-ports ovsbr0)" ''
		vif_destroy 1 0

		vbd_make 1 51712 "$RUN/disks/a" w
		if attempt 'a plug of a disk' bash -c 'block add 1 51712'; then connected vbd/1/51712; fi
		block add 1 51712 || fail "$where: the next plug of the disk has failed"
		expect_eq "$where: the loop devices" "$(losetup -n -O NAME -j "$RUN/disks/a")" "$(xs vbd/1/51712/node)"
		attempt 'an unplug of a disk' bash -c 'block remove 1 51712' || true
		block remove 1 51712 || fail "$where: the next unplug of the disk has failed"
		unused() { [ -z "$(losetup -j "$RUN/disks/a")" ]; }
		# To be told of no node where there is one is a lie that only the next plug finds out.
		[ "$error" = ENOENT ] || wait_for 5 unused || fail "$where: $(losetup -j "$RUN/disks/a") stays"
		xenstore-rm "$XS_BACKEND/vbd/1"
		steps=$((steps + 1))
		# There are no more requests in any of the four.
		[ "$fired" = 1 ] || break
	done
done
echo "-- $steps steps, $refusals refusals, the daemon ended $deaths times"
[ "$steps" -gt 80 ] || fail "there were $steps steps only"
[ "$refusals" -gt 20 ] || fail "only $refusals scripts were refused: nothing was injected"
