# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a case of the daemons has at hand, and its beginning and end: bash lib.sh CASE runs one, in network,
# mount and process namespaces that end with it. A case is sourced with errexit on; it succeeds by reaching
# its end, and otherwise says why with `fail`, or `skip`.
#
# The programs are the real ones: xenstored (see no-hypervisor.c), ovsdb-server, ovs-vswitchd with its
# user-space datapath, xen-hotplugd and xen-hotplug as they are installed. A vif is one end of a veth pair,
# the guest the other end in a network namespace of its own.
set -eu -o pipefail

RUN=/tmp/user
XS_BACKEND=/local/domain/0/backend
UUID=01234567-89ab-cdef-0123-4567000000
export XEN_HOTPLUGD=$USER_PROGRAMS/xen-hotplugd
export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1

fail() {
	echo "== failure: $*"
	exit 5
}

skip() {
	echo "$*"
	exit 3
}

expect_eq() {
	echo "-- $1: $2"
	[ "$2" = "$3" ] || fail "$1 is '$2' and not '$3'"
}

expect_match() {
	echo "-- $1: $2"
	[[ $2 =~ $3 ]] || fail "$1 is '$2', which does not match '$3'"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds.
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05 # polled: what other programs know has no common event to wait for
	done
}

# Whether a tool or hook runs that never ends by itself: `sleep 1000` stands for it, and is to be killed.
hanging_runs() { pgrep -f 'sleep 1000'; }
hanging_gone() { ! hanging_runs; }

# ---- programs --------------------------------------------------------------------------------------

xenstored_start() {
	local xenstored
	mkdir -p /run/xenstored /var/lib/xenstored
	xenstored=$(compgen -G '/usr/lib/xen-*/bin/xenstored')
	LD_PRELOAD=$USER_PROGRAMS/no-hypervisor.so "$xenstored" -N >"$RUN/xenstored.log" 2>&1 &
	wait_for 10 xenstore-write /local/domain/0/domid 0 2>"$RUN/xenstore-write.log" ||
		fail "xenstored does not start"
}

ovsdb_start() {
	mkdir -p /run/openvswitch
	[ -e "$RUN/conf.db" ] || ovsdb-tool create "$RUN/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	ovsdb-server "$RUN/conf.db" --remote=punix:/run/openvswitch/db.sock --no-chdir --detach \
		--pidfile --log-file="$RUN/ovsdb.log" -vconsole:off
}

vswitchd_start() {
	ovs-vswitchd --no-chdir --detach --pidfile --log-file="$RUN/vswitchd.log" -vconsole:off
}

ovs_start() {
	[ -e /dev/net/tun ] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
	ovsdb_start
	ovs-vsctl --no-wait init
	vswitchd_start
	ovs-vsctl --timeout=10 add-br "${1:-ovsbr0}" -- set bridge "${1:-ovsbr0}" datapath_type=netdev
}

# daemon_start [OPTION...]: starts xen-hotplugd and waits until it listens.
daemon_start() {
	"$XEN_HOTPLUGD" --debug "$@" 2>>"$RUN/daemon.log" &
	daemon_pid=$!
	wait_for 10 daemon_listens || fail "xen-hotplugd does not listen: $(tail -n 5 "$RUN/daemon.log")"
}

daemon_listens() {
	grep -q ' /run/xen-hotplugd/socket$' /proc/net/unix
}

# daemon_stop TERM|KILL: ends it; asked to, it has to end well.
daemon_stop() {
	local status=0
	kill "-$1" "$daemon_pid"
	wait "$daemon_pid" || status=$?
	daemon_pid=
	[ "$1" != TERM ] || expect_eq "status of xen-hotplugd" "$status" 0
	rm -f /run/xen-hotplugd/socket
}

# ---- devices ---------------------------------------------------------------------------------------

# vif_make DOMID DEVID [KEY VALUE...]: a vif as libxl makes it, with the guest's end in namespace gDOMID.
vif_make() {
	local domid=$1 devid=$2 be=$XS_BACKEND/vif/$1/$2
	shift 2
	xenstore-write "/local/domain/$domid/vm" "/vm/$UUID$(printf %02x "$domid")" \
		"/local/domain/$domid/name" "guest $domid" \
		"$be/frontend" "/local/domain/$domid/device/vif/$devid" "$be/frontend-id" "$domid" \
		"$be/online" 1 "$be/state" 2 "$be/handle" "$devid" "$be/script" /etc/xen/scripts/vif-openvswitch \
		"$be/mac" "$(vif_mac "$domid" "$devid")" "$be/hotplug-status" "" "$be/bridge" ovsbr0 \
		"/local/domain/$domid/device/vif/$devid/state" 1 "$@"
	vif_device "$domid" "$devid"
}

vif_mac() {
	printf '00:16:3e:00:%02x:%02x' "$1" "$2"
}

# The network device, which the driver makes.
vif_device() {
	ip netns list | grep -q "^g$1\b" || ip netns add "g$1"
	ip link add "vif$1.$2" type veth peer name "eth$2" netns "g$1" address "$(vif_mac "$1" "$2")"
	ip -n "g$1" link set "eth$2" up
}

# hotplug ACTION DOMID DEVID [SCRIPT [TYPE]]: as libxl runs it for a vif.
hotplug() {
	script=/etc/xen/scripts/${4:-vif-openvswitch} XENBUS_TYPE=vif XENBUS_PATH=backend/vif/$2/$3 \
		XENBUS_BASE_PATH=backend vif=vif$2.$3 "/etc/xen/scripts/${4:-vif-openvswitch}" "$1" \
		"type_if=${5:-vif}"
}

# refused KEY VALUE WORDS: the vif of domain 9 with this key is refused, with a message that has these words.
refused() {
	local be=$XS_BACKEND/vif/9/0 message
	vif_make 9 0 "$be/$1" "$2"
	if message=$(hotplug online 9 0 "${4:-vif-openvswitch}" 2>&1); then
		fail "$1=$2 is taken"
	fi
	expect_match "refusal of $1=$2" "$message" "$3"
	expect_match hotplug-error "$(xenstore-read "$be/hotplug-error")" "$3"
	expect_eq hotplug-status "$(xenstore-read "$be/hotplug-status")" error
	vif_destroy 9 0
}

# The guest has gone: the driver's device, and the directories.
vif_destroy() {
	ip link del "vif$1.$2" 2>/dev/null || true
	xenstore-rm "$XS_BACKEND/vif/$1/$2"
}

# vbd_make DOMID DEVID PARAMS MODE [KEY VALUE...]
vbd_make() {
	local be=$XS_BACKEND/vbd/$1/$2
	xenstore-write "/local/domain/$1/vm" "/vm/$UUID$(printf %02x "$1")" "$be/frontend-id" "$1" \
		"$be/online" 1 "$be/state" 2 "$be/params" "$3" "$be/mode" "$4" "$be/type" phy \
		"$be/script" /etc/xen/scripts/block "$be/device-type" disk "${@:5}"
}

# The nodes of loop devices, which a container may not have.
loop_nodes() {
	local i
	[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
	for i in $(seq 0 15); do
		[ -e "/dev/loop$i" ] || mknod "/dev/loop$i" b 7 "$i"
	done
}

# block ACTION DOMID DEVID [SCRIPT]: as libxl runs it for a disk.
block() {
	script=/etc/xen/scripts/${4:-block} XENBUS_TYPE=vbd XENBUS_PATH=backend/vbd/$2/$3 \
		XENBUS_BASE_PATH=backend "/etc/xen/scripts/${4:-block}" "$1"
}

xs() {
	xenstore-read "$XS_BACKEND/$1" 2>/dev/null || echo none
}

# ovs_port NAME COLUMN, ovs_interface NAME COLUMN: as ovs-vsctl prints it; nothing if there is no such port.
ovs_port() {
	ovs-vsctl --if-exists --timeout=5 get port "$1" "$2"
}

ovs_interface() {
	ovs-vsctl --if-exists --timeout=5 get interface "$1" "$2"
}

has_port() {
	[ -n "$(ovs_port "$1" name)" ]
}

has_no_port() {
	! has_port "$1"
}

# ---- beginning and end -----------------------------------------------------------------------------

daemon_pid=

on_exit() {
	local status=$?
	set +ex
	trap - EXIT
	if [ "$status" != 0 ] && [ "$status" != 3 ]; then
		for file in "$RUN"/*.log; do
			echo "== ${file##*/}"
			tail -n 60 "$file"
		done
		xenstore-ls -f "$XS_BACKEND"
	fi
	losetup -l -n -O NAME,BACK-FILE | awk -v dir="$RUN" 'index($2, dir) == 1 { print $1 }' | xargs -r losetup -d
	exit "$status"
}

begin() {
	trap on_exit EXIT
	mount --make-rprivate /
	mount -t sysfs sysfs /sys
	mount -t proc proc /proc
	mkdir -p "$RUN" /etc/xen/scripts /run/netns
	mount -t tmpfs tmpfs "$RUN"
	mount -t tmpfs tmpfs /run
	mkdir -p "$RUN/disks"
	rm -rf /etc/xen/scripts/vif-post.d
	STOCK=$RUN/stock
	cp -a /etc/xen/scripts "$STOCK"
	for script in vif-openvswitch vif-bridge vif-route vif-nat block block-iscsi block-nbd block-rbd; do
		ln -sf "$USER_PROGRAMS/xen-hotplug" "/etc/xen/scripts/$script"
	done
	printf '[disk]\ndirectories = /dev %s/disks\n[general]\ntimeout = %s\n' "$RUN" "${TIMEOUT:-30}" \
		>/etc/xen/xen-hotplugd.conf
	ip link set lo up
	xenstored_start
}

begin
set -x
# shellcheck source=/dev/null
. "$1"
set +x
[ -z "$daemon_pid" ] || daemon_stop TERM
