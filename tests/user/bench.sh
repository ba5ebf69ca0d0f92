# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long a script takes, the toolstack's own and ours in turn, on this machine; whether that grows with
# the number of devices; and what memory the daemon has in the end. Prints a table; nothing passes or fails.

DEVICES=${DEVICES:-200}
BASE=100
set +x
for script in vif-openvswitch vif-bridge block; do
	[ -e "$STOCK/$script" ] || skip "the toolstack's scripts are not installed"
done

# timed NAME ROUNDS COMMAND...: the median and the 99th part of a hundred, in ms; $i is the round.
timed() {
	local name=$1 rounds=$2 i start
	shift 2
	for i in $(seq 1 "$rounds"); do
		"prepare_$1" "$i"
		start=$EPOCHREALTIME
		"$@" "$i" >"$RUN/bench.log" 2>&1 || fail "$name: $(cat "$RUN/bench.log")"
		echo $((${EPOCHREALTIME/./} - ${start/./}))
		"check_$1" "$i"
		"clean_$1" "$i" >"$RUN/bench.log" 2>&1
	done | sort -n | awk -v name="$name" '{ t[NR] = $1 / 1000 }
		END { printf "%-42s %9.1f %9.1f\n", name, t[int((NR + 1) / 2)], t[int(NR * 0.99 + 0.99)] }' >>"$RUN/table"
}

prepare_vif() { vif_make 9 0; }
clean_vif() { "$scripts/vif-openvswitch" offline type_if=vif; vif_destroy 9 0; }
vif() { "$scripts/vif-openvswitch" online type_if=vif; }
check_vif() { [ "$(xs vif/9/0/hotplug-status)" = connected ]; }
prepare_vbd() { vbd_make 9 51712 "$loop" w; }
clean_vbd() { "$scripts/block" remove; xenstore-rm "$XS_BACKEND/vbd/9"; }
vbd() { "$scripts/block" add; }
check_vbd() { [ "$(xs vbd/9/51712/physical-device)" != none ]; }

with_path() {
	local path=$1
	shift
	XENBUS_PATH=$path XENBUS_TYPE=${path:8:3} XENBUS_BASE_PATH=backend vif=vif9.0 netdev='' \
		script=$scripts/x timed "$@"
}

measure() {
	export XENBUS_PATH XENBUS_TYPE XENBUS_BASE_PATH vif script netdev
	with_path backend/vif/9/0 "vif, $1" "$2" vif
	with_path backend/vbd/9/51712 "disk, $1" "$2" vbd
}

[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
[ -e /dev/loop99 ] || mknod /dev/loop99 b 7 99
truncate -s 1M "$RUN/disks/a"
loop=/dev/loop99
losetup "$loop" "$RUN/disks/a"
ovs_start
: >"$RUN/table"

scripts=$STOCK
measure "the toolstack's scripts" 10
scripts=/etc/xen/scripts
measure 'ours, no daemon' 10
daemon_start_quiet() { "$XEN_HOTPLUGD" 2>>"$RUN/daemon.log" & daemon_pid=$!; wait_for 10 daemon_listens; }
daemon_start_quiet
measure 'ours' 100

ip netns add guests
for i in $(seq 1 "$DEVICES"); do
	domid=$((BASE + i))
	be=$XS_BACKEND/vif/$domid/0
	xenstore-write "/local/domain/$domid/vm" "/vm/$UUID$(printf %02x $((i % 256)))" "$be/frontend-id" $domid \
		"$be/online" 1 "$be/state" 2 "$be/script" /etc/xen/scripts/vif-openvswitch "$be/mac" \
		"$(printf '00:16:3e:01:%02x:%02x' $((i / 256)) $((i % 256)))" "$be/bridge" ovsbr0 \
		"$XS_BACKEND/vbd/$domid/1/mode" r "$XS_BACKEND/vbd/$domid/1/physical-device" "7:$(printf %x $((i + 1000)))"
	ip link add "vif$domid.0" type veth peer name "e$i" netns guests
	hotplug online $domid 0
done
measure "ours, with $DEVICES vifs and disks there" 100
scripts=$STOCK
with_path backend/vbd/9/51712 "disk, the toolstack's, with $DEVICES there" 3 vbd

printf '%-42s %9s %9s\n' 'from script call to connected' 'p50 ms' 'p99 ms'
cat "$RUN/table"
awk '/^(Rss|Pss|Private_Dirty|Private_Clean):/ { sum[$1] += $2 } END {
	printf "memory of the daemon: %d KiB resident, %d KiB of it its own\n", sum["Rss:"],
		sum["Private_Dirty:"] + sum["Private_Clean:"] }' "/proc/$daemon_pid/smaps_rollup"
losetup -d "$loop"
