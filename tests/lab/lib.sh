# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a case of the lab has at hand. A case is a bash script, sourced in dom0 after this file, with
# errexit and nounset on. It ends with one of
#
#   success [REASON]    what it promises was seen
#   skip REASON         it cannot be seen here
#   error REASON        the lab or the case is broken
#   failure REASON      the code under test is broken
#
# Each ends the case at once, from a subshell too. A command that fails where the case did not expect
# it is an error. Whatever the end, the functions given to `cleanup` run, last one first, and then
# guests, disks and loop devices that are left over are removed.

LAB=${LAB:-/lab}
LAB_RUN=${LAB_RUN:-/run/lab}
LAB_SUITE=${LAB_SUITE:-}
# By this all time limits are multiplied: more when the host had other work at the start.
LAB_PATIENCE=${LAB_PATIENCE:-1}
GUEST_FILES=/usr/lib/xen-lab
XS_BACKEND=/local/domain/0/backend/vbd
XS_VIF=/local/domain/0/backend/vif
PATH=/lab/bin:$PATH

lab_cleanups=()

# ---- verdicts --------------------------------------------------------------------------------------

lab_verdict() {
	local verdict=$1 status=$2
	shift 2
	echo "== $verdict: $*"
	printf '%s %s\n' "$verdict" "$(tr '\n' ' ' <<<"$*")" >>"${LAB_VERDICT:-/dev/null}"
	exit "$status"
}

success() { lab_verdict success 0 "$@"; }
skip() { lab_verdict skip 3 "$@"; }
error() { lab_verdict error 4 "$@"; }
failure() { lab_verdict failure 5 "$@"; }

# Called by run-case before the case is sourced.
lab_case_begin() {
	set -eEu -o pipefail
	trap lab_on_error ERR
	trap lab_on_exit EXIT
	lab_blkback_load
}

lab_on_error() {
	local status=$? line=${BASH_LINENO[0]} file=${BASH_SOURCE[1]##*/}
	# A verdict ends a subshell with its status: the shell around it only follows.
	if [ "$status" -ge 3 ] && [ "$status" -le 5 ] && [ -s "$LAB_VERDICT" ]; then
		return
	fi
	# In a substitution: what is done with its status is seen in the shell around it.
	[ "$BASH_SUBSHELL" = 0 ] || return
	printf 'error %s line %s ended with status %s: %s\n' "$file" "$line" "$status" \
		"$(head -n 1 <<<"$BASH_COMMAND")" | tee -a "$LAB_VERDICT" >&2
}

lab_on_exit() {
	local status=$? i
	trap - EXIT ERR
	set +eE
	# While everything is still there.
	case $status in
	0 | 3) ;;
	*) "$LAB/collect" "$LAB_OUT" ;;
	esac
	for ((i = ${#lab_cleanups[@]} - 1; i >= 0; i--)); do
		eval "${lab_cleanups[i]}"
	done
	lab_sweep || echo "failure what the case used cannot be removed: $lab_sweep_why" >>"$LAB_VERDICT"
	[ "${LAB_DEBUG:-0}" = 0 ] || lab_no_leak || echo "failure memory of the driver is lost: see leaks" >>"$LAB_VERDICT"
	exit "$status"
}

# cleanup COMMAND: runs COMMAND when the case ends.
cleanup() {
	lab_cleanups+=("$*")
}

# Removes guests, dom0's own disks and loop devices. Fails if something stays.
lab_sweep() {
	local domid dir
	lab_sweep_why=
	# A disk that is made to wait would keep all that follows waiting.
	lab_dm_names | xargs -r -n 1 dmsetup wipe_table --force --noflush
	for domid in $(xenstore-list /local/domain); do
		[ "$domid" = 0 ] || xl destroy "$domid" || lab_sweep_why="domain $domid"
	done
	for dir in $(xenstore-list "$XS_BACKEND/0" 2>/dev/null); do
		# The frontend may have been killed, and answer nothing any more.
		vbd_detach "$dir" || [ ! -e "/sys/bus/xen-backend/devices/vbd-0-$dir" ] ||
			lab_sweep_why="disk $dir of dom0"
	done
	for dir in $(xenstore-list "$XS_VIF/0" 2>/dev/null); do
		vif_detach "$dir" || [ ! -e "/sys/bus/xen-backend/devices/vif-0-$dir" ] ||
			lab_sweep_why="interface $dir of dom0"
	done
	wait_for 20 lab_no_vbd_left || lab_sweep_why="a device of a domain which is gone"
	wait_for 20 lab_no_vif_left || lab_sweep_why="an interface of a domain which is gone"
	lab_dm_names | xargs -r -n 1 dmsetup remove --force --retry
	losetup -D
	wait_for 10 lab_no_loop_left || lab_sweep_why="a loop device, which somebody holds open"
	[ ! -d /sys/module/lab_fault ] || { lab_unload && rmmod lab_fault; }
	rmmod brd null_blk scsi_debug 2>/dev/null
	rm -rf "${LAB_RUN:?}/tmp"
	[ -z "$lab_sweep_why" ]
}

# For the debug kernel: nothing that the driver has allocated is without a pointer to it.
lab_no_leak() {
	local leaks=/sys/kernel/debug/kmemleak
	[ -e "$leaks" ] || return 0
	sleep 6 # it looks only at what is older than five seconds
	echo scan >"$leaks"
	cat "$leaks" >"$LAB_OUT/leaks"
	echo clear >"$leaks"
	! grep -q '\[xenbe\]\|\[xen_blkback\]\|\[xen_netback\]' "$LAB_OUT/leaks"
}

# One that is still open is only detached when it is closed.
lab_no_loop_left() {
	[ -z "$(losetup -n -O NAME)" ]
}

lab_dm_names() {
	cat /sys/block/dm-*/dm/name 2>/dev/null || true
}

lab_no_vbd_left() { lab_no_device_left vbd; }
lab_no_vif_left() { lab_no_device_left vif; }

lab_no_device_left() {
	# A loop, because the name of a directory that has no entry is the pattern itself.
	local dir
	for dir in /sys/bus/xen-backend/devices/"$1"-*; do
		[ ! -e "$dir" ] || return 1
	done
}

# ---- waiting and expecting -------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: until COMMAND succeeds; fails when the time is over. For things that
# announce themselves through xenstore, xs_wait is quicker.
wait_for() {
	local deadline=$((SECONDS + $1 * LAB_PATIENCE))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.2 # polled: files in sysfs, devices and processes have no common event to wait for
	done
}

# xs_wait SECONDS PATH COMMAND...: like wait_for, but COMMAND is tried whenever xenstore changes at or
# below PATH, or a domain goes.
xs_wait() {
	local deadline=$((SECONDS + $1 * LAB_PATIENCE)) path=$2 left pid fd status=1
	shift 2
	exec {fd}< <(exec xenstore-watch "$path" @releaseDomain)
	pid=$!
	while left=$((deadline - SECONDS)) && [ "$left" -gt 0 ] && read -r -t "$left" _ <&"$fd"; do
		if "$@"; then
			status=0
			break
		fi
	done
	exec {fd}<&-
	kill "$pid" 2>/dev/null || true
	return $status
}

xs_is() {
	[ "$(xenstore-read "$1" 2>/dev/null)" = "$2" ]
}

expect_eq() {
	echo "-- $1: $2"
	[ "$2" = "$3" ] || failure "$1 is '$2' and not '$3'"
}

# expect_ok COMMAND...: its failure is the failure of the code under test.
expect_ok() {
	echo "-- $*"
	"$@" || failure "'$*' ended with status $?"
}

expect_fail() {
	echo "-- $* (has to fail)"
	if "$@"; then failure "'$*' succeeded"; fi
}

expect_le() {
	echo "-- $1: $2 (at most $3)"
	[ "$2" -le "$3" ] || failure "$1 is $2, which is more than $3"
}

expect_ge() {
	echo "-- $1: $2 (at least $3)"
	[ "$2" -ge "$3" ] || failure "$1 is $2, which is less than $3"
}

expect_match() {
	echo "-- $1: $2"
	[[ $2 =~ $3 ]] || failure "$1 is '$2', which does not match '$3'"
}

# Prints a seed, another one in each run; make lab CASE=... LAB_SEED=N repeats one.
lab_seed() {
	local seed=${LAB_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
	echo "-- seed $seed (LAB_SEED=$seed repeats it)" >&2
	echo "$seed"
}

# lab_times N: how often something is done that is done N times on an ordinary kernel. The debug kernel takes
# many times as long for each, and sees a mistake when it is made for the first time.
lab_times() {
	echo $((${LAB_DEBUG:-0} ? ($1 + 9) / 10 : $1))
}

# requires COMMAND...: the programs a case cannot do without.
requires() {
	local word
	for word; do
		command -v "$word" >/dev/null || error "there is no $word in dom0"
	done
}

# ---- the driver ------------------------------------------------------------------------------------

lab_blkback_load() {
	modprobe xen-blkback || failure "xen-blkback does not load"
}

# blkback_reload [PARAMETER=VALUE...]: takes the driver out and loads it again; the case's end brings
# back the defaults.
blkback_reload() {
	expect_ok modprobe -r xen-blkback
	expect_ok modprobe xen-blkback "$@"
	[ $# -eq 0 ] || cleanup 'modprobe -r xen-blkback; modprobe xen-blkback'
}

# netback_reload [PARAMETER=VALUE...]: the same with xen-netback.
netback_reload() {
	expect_ok modprobe -r xen-netback
	expect_ok modprobe xen-netback "$@"
	[ $# -eq 0 ] || cleanup 'modprobe -r xen-netback; modprobe xen-netback'
}

# netback_queues NUMBER: loads it; what interfaces made from now on are offered, until the case ends. Without this
# it is a queue for each processor.
netback_queues() {
	local parameter=/sys/module/xen_netback/parameters/max_queues
	expect_ok modprobe xen-netback
	cleanup "echo $(cat $parameter) >$parameter"
	echo "$1" >$parameter
}

# Ours, each after what it needs.
LAB_MODULES=(xenbe xen-blkback xen-netback)

lab_unload() {
	local i name
	for ((i = ${#LAB_MODULES[@]} - 1; i >= 0; i--)); do
		name=${LAB_MODULES[i]}
		[ ! -d "/sys/module/${name//-/_}" ] || rmmod "$name" || return
	done
}

# Puts the modules which the host has built (in /lab/modules) in place of the package's, in the file
# system too, so that every later modprobe takes them.
lab_reload() {
	local name path
	lab_unload || return
	for name in "${LAB_MODULES[@]}"; do
		path=$(modinfo -n "$name") || return
		case $path in
		*.xz) xz -0 --check=crc32 -c "$LAB/modules/$name.ko" >"$path" || return ;;
		*.ko) cp "$LAB/modules/$name.ko" "$path" || return ;;
		*)
			echo "$path: do not know how to compress it"
			return 1
			;;
		esac
	done
	modprobe -a xen-blkback xen-netback || return
	for name in "${LAB_MODULES[@]}"; do
		echo "$name: srcversion $(cat "/sys/module/${name//-/_}/srcversion") is loaded"
	done
}

# The programs of the daemons instead of those that are installed; whoever needs them starts them.
lab_reload_daemons() {
	systemctl stop xen-hotplugd.service xen-hotplugd.socket || return
	cp --remove-destination "$LAB/modules/xen-hotplugd" "$LAB/modules/xen-hotplug" /usr/libexec/ || return
	cp --remove-destination "$LAB/modules/xenbectl" /usr/sbin/
}

# lab_module NAME: the file of one of the modules in tests/lab/fault.
lab_module() {
	local dir=$LAB_RUN/modules
	if [ "${LAB_DEBUG:-0}" = 0 ]; then
		echo "$LAB/bin/$1.ko"
		return
	fi
	# The debug kernel is in no build chroot; dom0 has its headers. It takes minutes: once for all cases.
	if [ ! -e "$dir/$1.ko" ]; then
		mkdir -p "$dir"
		cp "$LAB/fault/"* "$dir"
		make -s -C "/lib/modules/$(uname -r)/build" M="$dir" modules >&2 || error "$1.ko cannot be built"
	fi
	echo "$dir/$1.ko"
}

# Faults in what the kernel does for the driver: tests/lab/fault/lab_fault.c says which there are.
# fault_load puts the installed modules behind it, and the case's end undoes that. fault_arm WORD..., as
# "map 3"; fault_disarm; fault_fired prints how many calls failed.
fault_load() {
	local name dir=$LAB_RUN/tmp/fault ko
	requires nm objcopy
	mkdir -p "$dir"
	ko=$(lab_module lab_fault)
	nm "$ko" | awk '$2 == "T" && $3 ~ /^lab_fault_/ { print substr($3, 11), $3 }' >"$dir/names"
	expect_ok lab_unload
	insmod "$ko" || error 'lab_fault.ko does not load: is it built for this kernel?'
	cleanup fault_disarm
	for name in "${LAB_MODULES[@]}"; do
		module_unpack "$name" "$dir/$name.ko"
		objcopy --redefine-syms="$dir/names" "$dir/$name.ko"
		expect_ok insmod "$dir/$name.ko"
	done
}

# module_unpack NAME FILE: a copy of an installed module.
module_unpack() {
	local path
	path=$(modinfo -n "$1")
	case $path in
	*.xz) xz -dc "$path" >"$2" ;;
	*.zst) zstd -q -dc "$path" >"$2" ;;
	*) cp "$path" "$2" ;;
	esac
}

fault_arm() { echo "$*" >/sys/module/lab_fault/parameters/arm; }
fault_disarm() { fault_arm off; }
fault_fired() { cut -d' ' -f3 /sys/module/lab_fault/parameters/arm; }
fault_hog() { echo "$1" >/sys/module/lab_fault/parameters/hog; }

# ---- disks -----------------------------------------------------------------------------------------

# disk_file NAME MEGABYTES: makes a sparse file, prints its path.
disk_file() {
	mkdir -p "$LAB_RUN/tmp"
	truncate -s "${2}M" "$LAB_RUN/tmp/$1"
	echo "$LAB_RUN/tmp/$1"
}

# disk_loop NAME MEGABYTES [losetup options...]: the same behind a loop device, whose path it prints.
disk_loop() {
	local file
	file=$(disk_file "$1" "$2")
	shift 2
	losetup --show -f "$@" "$file"
}

# disk_dm NAME TABLE...: makes a device of the device mapper from these lines, prints its path.
disk_dm() {
	local name=$1
	shift
	modprobe dm-mod
	printf '%s\n' "$@" | dmsetup create "$name" >/dev/null
	echo "/dev/mapper/$name"
}

# expect_unwritten DEVICE: of a guest that is gone.
expect_unwritten() {
	local sum
	sum=$(sha256sum <"$1")
	sleep 3 # cannot be awaited: nothing announces a write that should not be
	expect_eq 'the disk after the end of the guest' "$(sha256sum <"$1")" "$sum"
}

# disk_dm_change NAME TABLE...: gives it another table; what is under way is not waited for.
disk_dm_change() {
	local name=$1
	shift
	printf '%s\n' "$@" | dmsetup load "$name"
	dmsetup suspend --noflush --nolockfs "$name"
	dmsetup resume "$name"
}

# Size of a block device in sectors of 512 bytes.
disk_sectors() { blockdev --getsz "$1"; }

# The number of a virtual device, as it stands in xenstore: xvda to xvdz (whole disks), or a number.
vdev_number() {
	local letter
	case $1 in
	xvd?)
		printf -v letter %d "'${1#xvd}"
		letter=$((letter - 97))
		# Major 202 has room for 16 disks of 16 numbers; the others have a scheme of their own.
		echo $((letter < 16 ? 202 << 8 | letter << 4 : 1 << 28 | letter << 8))
		;;
	*) echo "$1" ;;
	esac
}

# vbd_attach DEVICE VDEV [MODE] [KEY=VALUE...]: gives block device DEVICE to dom0 itself as VDEV, as a
# toolstack and its script do, but in one step. A KEY that begins with front/ is written on the
# frontend's side. Waits until both ends are connected and the disk is there.
vbd_attach() {
	local device=$1 vdev=$2 mode=${3:-w}
	shift $(($# < 3 ? $# : 3))
	vbd_publish 0 "$device" "$vdev" "$mode" "$@"
	wait_for 30 test -b "/dev/$vdev" ||
		failure "no /dev/$vdev appears: $(vbd_states "$(vdev_number "$vdev")")"
}

# device_nodes [front/]KEY=VALUE...: appends to the caller's nodes what they are in $back or $front. A value may begin
# with "-": xenstore-write wants -- before them.
device_nodes() {
	local pair
	for pair; do
		case $pair in
		front/*)
			pair=${pair#front/}
			nodes+=("$front/${pair%%=*}" "${pair#*=}")
			;;
		*) nodes+=("$back/${pair%%=*}" "${pair#*=}") ;;
		esac
	done
}

# The same for domain DOMID, without waiting.
vbd_publish() {
	local domid=$1 device=$2 vdev=$3 mode=$4 number back front nodes=()
	shift 4
	number=$(vdev_number "$vdev")
	back=$XS_BACKEND/$domid/$number
	front=/local/domain/$domid/device/vbd/$number
	device_nodes "$@"
	xenstore-write -- \
		"$back/frontend" "$front" "$back/frontend-id" "$domid" "$back/online" 1 "$back/state" 1 \
		"$back/dev" "$vdev" "$back/type" phy "$back/mode" "$mode" "$back/removable" 0 \
		"$back/bootable" 1 "$back/device-type" disk "$back/params" "$device" \
		"$back/physical-device" "$(stat -L -c '%t:%T' "$device")" "$back/hotplug-status" connected \
		"$front/backend" "$back" "$front/backend-id" 0 "$front/state" 1 \
		"$front/virtual-device" "$number" "$front/device-type" disk "${nodes[@]}"
	if [ "$domid" != 0 ]; then
		xenstore-chmod "$front" "n$domid" r0
		xenstore-chmod "$back" n0 "r$domid"
	fi
}

vbd_states() {
	echo "frontend $(xenstore-read "/local/domain/0/device/vbd/$1/state" 2>/dev/null || echo gone)," \
		"backend $(xenstore-read "$XS_BACKEND/0/$1/state" 2>/dev/null || echo gone)"
}

# vbd_detach VDEV: takes it away again, in order; fails if the backend does not let go of it.
vbd_detach() {
	local number back front
	number=$(vdev_number "$1")
	back=$XS_BACKEND/0/$number
	front=$(xenstore-read "$back/frontend" || echo "/local/domain/0/device/vbd/$number")
	xenstore-write "$back/online" 0 "$back/state" 5
	xs_wait 15 "$back" xs_is "$back/state" 6
	local status=$?
	# One by one: the first that is not there would keep the others.
	xenstore-rm "$front" 2>/dev/null || true
	xenstore-rm "$back"
	wait_for 10 test ! -e "/sys/bus/xen-backend/devices/vbd-0-$number" || status=1
	return $status
}

# ---- interfaces ------------------------------------------------------------------------------------

# vif_attach HANDLE [KEY=VALUE...]: gives dom0 itself an interface, as a toolstack does. There is no script,
# and so no `script` key, unless one is named. A KEY that begins with front/ is written on the frontend's
# side. Waits until both ends are connected.
vif_attach() {
	local back=$XS_VIF/0/$1
	vif_publish 0 "$@"
	xs_wait 30 "$back" xs_is "$back/state" 4 ||
		failure "interface $1 of dom0 does not connect: $(vif_states 0 "$1")"
}

# vif_publish DOMID HANDLE [KEY=VALUE...]: the same for any domain, without waiting.
vif_publish() {
	local domid=$1 handle=$2 back front nodes=() mac
	shift 2
	back=$XS_VIF/$domid/$handle
	front=/local/domain/$domid/device/vif/$handle
	mac=$(printf '00:16:3e:77:%02x:%02x' "$((domid & 255))" "$handle")
	device_nodes "$@"
	xenstore-write -- \
		"$back/frontend" "$front" "$back/frontend-id" "$domid" "$back/online" 1 "$back/state" 1 \
		"$back/handle" "$handle" "$back/mac" "$mac" "$back/type" vif \
		"$front/backend" "$back" "$front/backend-id" 0 "$front/state" 1 \
		"$front/handle" "$handle" "$front/mac" "$mac" "${nodes[@]}"
	if [ "$domid" != 0 ]; then
		xenstore-chmod "$front" "n$domid" r0
		xenstore-chmod "$back" n0 "r$domid"
	fi
}

vif_states() {
	echo "frontend $(xenstore-read "/local/domain/$1/device/vif/$2/state" 2>/dev/null || echo gone)," \
		"backend $(xenstore-read "$XS_VIF/$1/$2/state" 2>/dev/null || echo gone)," \
		"$(xenstore-read "/local/domain/0/error/backend/vif/$1/$2/error" 2>/dev/null || echo 'no error')"
}

# vif_front HANDLE: dom0's own network device of that interface, the guest's end.
vif_front() {
	# It gets another name in a moment.
	udevadm settle
	ls "/sys/bus/xen/devices/vif-$1/net"
}

# vif_detach HANDLE: takes it away again, in order; fails if the backend does not let go of it.
vif_detach() {
	local back=$XS_VIF/0/$1 front status
	front=$(xenstore-read "$back/frontend" || echo "/local/domain/0/device/vif/$1")
	xenstore-write "$back/online" 0 "$back/state" 5
	xs_wait 15 "$back" xs_is "$back/state" 6
	status=$?
	xenstore-rm "$front" 2>/dev/null || true
	xenstore-rm "$back"
	wait_for 10 test ! -e "/sys/bus/xen-backend/devices/vif-0-$1" || status=1
	return $status
}

# ---- guests ----------------------------------------------------------------------------------------

# guest_start NAME [--type pv|pvh|hvm] [--memory MB] [--vcpus N] [--extra ARGS] [--config LINE] [--vif SPEC...]
# [--loader FILE] [--ramdisk FILE] [--stock-script] [DISK...]: starts a Linux guest by xl and waits until it takes
# commands. A DISK is what xl's disk= list takes; "phy:DEVICE,VDEV,MODE" goes through the lab's own quick hotplug
# script unless Xen's is asked for. ARGS are for its kernel. With a loader, that is started and has to find kernel
# and initial file system on a disk.
guest_start() {
	local domid
	guest_create "$@"
	domid=$(xl domid "$1")
	guest_wait_up "$domid" && return
	lab_emulator_killed "$domid" || failure "guest $1 does not come up"
	echo "-- the emulator killed $1 (docs/lab.md), once more"
	guest_create "$@"
	guest_wait_ready "$1"
}

# Emulated SVM now and then goes on in the guest with the hypervisor's registers.
lab_emulator_killed() {
	xl dmesg | grep -A 12 " d$1v[0-9]* Triple fault" | grep -q 'RIP: *e008:'
}

# The same without waiting for the guest, which --paused leaves paused.
guest_create() {
	local name=$1 type=pv memory=384 vcpus=1 extra='' config='' disks='' vifs='' disk loader='' script=lab paused=
	local ramdisk=$LAB_RUN/guest.cpio
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--type) type=$2 && shift ;;
		--memory) memory=$2 && shift ;;
		--vcpus) vcpus=$2 && shift ;;
		--extra) extra=$2 && shift ;;
		--ramdisk) ramdisk=$2 && shift ;;
		--config) config+=$2$'\n' && shift ;;
		--vif) vifs+="${vifs:+, }'$2'" && shift ;;
		--loader) loader=$2 && shift ;;
		--stock-script) script=stock ;;
		--paused) paused=-p ;;
		*) break ;;
		esac
		shift
	done
	for disk; do
		if [ "$script" = lab ] && [[ $disk =~ ^phy:([^,]*),([^,]*),([^,]*)$ ]]; then
			disk="vdev=${BASH_REMATCH[2]},access=${BASH_REMATCH[3]}"
			disk+=",script=$LAB/block-script,target=${BASH_REMATCH[1]}"
		fi
		disks+="${disks:+, }'$disk'"
	done
	if [ -n "$loader" ]; then
		config+="kernel = \"$loader\""$'\n'
	else
		guest_ramdisk ""
		# The emulated cmpxchg16b, met by a nested page fault, ends the guest with a double fault.
		[ "$type" = pv ] || extra+=' clearcpuid=cx16'
		config+="kernel = \"$GUEST_FILES/vmlinuz\""$'\n'
		config+="ramdisk = \"$ramdisk\""$'\n'
		config+="extra = \"console=hvc0 quiet mitigations=off panic=1 $extra\""$'\n'
	fi
	mkdir -p "$LAB_RUN/guests"
	cat >"$LAB_RUN/guests/$name.cfg" <<-END
		name = "$name"
		type = "$type"
		memory = $memory
		vcpus = $vcpus
		disk = [ $disks ]
		vif = [ $vifs ]
		on_crash = "destroy"
		$config
	END
	expect_ok xl create $paused "$LAB_RUN/guests/$name.cfg"
}

# guest_ramdisk [SUFFIX]: makes $LAB_RUN/guestSUFFIX.cpio. The guest's initial file system is in the
# image, its /init comes from the host, and so does /bin/labnet. The suffix -small means one without fio
# and labnet.
guest_ramdisk() {
	local ramdisk=$LAB_RUN/guest${1:-}.cpio
	[ ! "$ramdisk" -nt "$LAB/guest/init" ] || return 0
	{
		cat "$GUEST_FILES/guest${1:-}.cpio"
		(cd "$LAB/guest" && echo init | cpio --quiet -o -H newc)
		[ -n "${1:-}" ] || [ ! -e "$LAB/bin/labnet" ] ||
			(cd "$LAB" && echo bin/labnet | cpio --quiet -o -H newc)
	} >"$ramdisk.tmp"
	mv "$ramdisk.tmp" "$ramdisk"
}

# Whether Xen has no domain of that number any more, not even one that is dying.
lab_domain_gone() {
	! xl list 2>/dev/null | awk '{ print $2 }' | grep -qx "$1"
}

# guest_wait_up DOMID: whether it comes up. One that dies is not waited for.
guest_wait_up() {
	local path=/local/domain/$1/data/lab
	xs_wait 120 "$path" lab_guest_ready_or_gone "$1" && xs_is "$path/ready" 1 || return 1
	echo "-- guest $(xl domname "$1") is up"
}

lab_guest_ready_or_gone() {
	xs_is "/local/domain/$1/data/lab/ready" 1 || lab_domain_gone "$1"
}

guest_wait_ready() {
	guest_wait_up "$(xl domid "$1")" || failure "guest $1 does not come up"
}

# Whether guest NAME has another domid than DOMID: it has been rebooted.
guest_is_another() {
	local domid
	domid=$(xl domid "$1" 2>/dev/null) && [ "$domid" != "$2" ]
}

# guest_run [--timeout SECONDS] NAME COMMAND: runs a shell command in the guest, prints what it
# printed, and returns its exit status.
guest_run() {
	local limit=240 name command domid path seq status pieces i
	[ "$1" != --timeout ] || {
		limit=$2
		shift 2
	}
	name=$1 command=$2
	domid=$(xl domid "$name")
	path=/local/domain/$domid/data/lab
	seq=$(($(xenstore-read "$path/cmd" 2>/dev/null | cut -d' ' -f1 || true) + 1))
	xenstore-write "$path/cmd" "$seq $(base64 -w 0 <<<"$command")"
	xs_wait "$limit" "$path/done" lab_guest_done "$path" "$seq" || {
		lab_emulator_ended "$name" "$domid"
		failure "guest $name does not answer within $limit s: $command"
	}
	read -r _ status pieces <<<"$(xenstore-read "$path/done")"
	for ((i = 0; i < pieces; i++)); do
		xenstore-read "$path/out/$i"
	done | base64 -d
	return "$status"
}

# lab_emulator_ended NAME DOMID: an end that is no backend's work is an error, after which the lab begins anew.
lab_emulator_ended() {
	if grep -qs 'PANIC: double fault' "$LAB/out/consoles/guest-$1"*.log || lab_emulator_killed "$2"; then
		error "the emulator has killed guest $1"
	fi
}

lab_guest_done() {
	local seq
	read -r seq _ <<<"$(xenstore-read "$1/done" 2>/dev/null)"
	[ "$seq" = "$2" ]
}

# guest_wait_disk NAME DEVICE: until the guest has /dev/DEVICE.
guest_wait_disk() {
	# shellcheck disable=SC2016 # for the guest's shell
	guest_run "$1" 'i=0; until [ -b /dev/'"$2"' ] || [ $i = 600 ]; do usleep 100000; i=$((i + 1)); done
		[ -b /dev/'"$2"' ]' || failure "guest $1 gets no $2"
}

# guest_stop NAME: shuts it down by force; its disks are gone when this returns.
guest_stop() {
	local domid
	domid=$(xl domid "$1")
	expect_ok xl destroy "$1"
	wait_for 20 test ! -e "/sys/bus/xen-backend/devices/vbd-$domid-51712" ||
		failure "the disk of guest $1 stays after its end"
	wait_for 20 test ! -e "/sys/bus/xen-backend/devices/vif-$domid-0" ||
		failure "the interface of guest $1 stays after its end"
}

# The xenstore directory and the sysfs directory of the backend of a guest's disk.
guest_vbd() { echo "$XS_BACKEND/$(xl domid "$1")/$(vdev_number "$2")"; }
guest_vbd_sysfs() { echo "/sys/bus/xen-backend/devices/vbd-$(xl domid "$1")-$(vdev_number "$2")"; }
