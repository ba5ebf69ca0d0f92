# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables for lib.sh
#
# Runs in the lab's dom0: how long the toolstack's hotplug scripts and ours take, called as libxl calls them and
# by xl itself; whether that grows with the number of devices; what twenty guests at once take; and how much
# memory the daemon has with a thousand devices. The drivers are ours for all. Prints one JSON object a line on
# standard output, for tests/bench/bench; everything else goes to standard error.
#
# BENCH_RUNS (default 1) and BENCH_SETS (default: all) may be set by the line before this script. For "raw",
# the script is /bin/true.
set -eu
# shellcheck source=tests/lab/lib.sh
. /lab/lib.sh
# shellcheck source=tests/lab/cases/lib/hotplug
. /lab/cases/lib/hotplug

runs=${BENCH_RUNS:-1}
sets=${BENCH_SETS:-script attach many storm memory}
driver=raw
run=0
LAB_OUT=/run/bench
mkdir -p $LAB_OUT

now_us() { echo "${EPOCHREALTIME/./}"; }

rounds() { # rounds OURS STOCK
	if [ "$driver" = stock ]; then echo "$2"; else echo "$1"; fi
}

is_plugged() { [ $driver = raw ] || "$@"; }

# Which file the toolstack runs for a script's name.
file_of() { # file_of NAME
	case $driver in
	raw) echo /bin/true ;;
	stock) echo "/etc/xen/scripts/$1.stock" ;;
	ours) echo "/etc/xen/scripts/$1" ;;
	esac
}

# ---- a script by itself ----------------------------------------------------------------------------------

call() { # call TYPE PATH NAME ACTION
	local file
	file=$(file_of "$3")
	script=$file XENBUS_TYPE=$1 XENBUS_PATH=$2 XENBUS_BASE_PATH=backend vif=vif0.9 netdev='' \
		"$file" "$4" type_if=vif >$LAB_OUT/script 2>&1 || {
		say "$file $4: $(cat $LAB_OUT/script)"
		return 1
	}
}

# The median and the last but one of a hundred of what is read, in ms.
quantiles() { # quantiles SET JOB
	local p50 p99
	read -r p50 p99 <<<"$(sort -n | awk '{ t[NR] = $1 / 1000 }
		END { printf "%.3f %.3f\n", t[int((NR + 1) / 2)], t[int(NR * 0.99 + 0.99)] }')"
	result "$1" "$2-p50" ms "$p50"
	result "$1" "$2-p99" ms "$p99"
}

vif_rounds() { # vif_rounds NAME BRIDGE ROUNDS
	local i start
	for ((i = 0; i < $3; i++)); do
		vif_bare 0 9 "bridge=$2" "script=$(file_of "$1")" >&2
		start=$(now_us)
		call vif backend/vif/0/9 "$1" online
		echo $(($(now_us) - start))
		is_plugged [ "$(hotplug_status 0 9)" = connected ] || { say "$1 has not plugged it"; return 1; }
		call vif backend/vif/0/9 "$1" offline
		vif_bare_end 0 9
		wait_for 20 test ! -e /sys/class/net/vif0.9
	done
}

disk_rounds() { # disk_rounds ROUNDS
	local i start
	for ((i = 0; i < $1; i++)); do
		vbd_bare 51968 "$loop" w
		wait_for 20 test -e /sys/bus/xen-backend/devices/vbd-0-51968
		start=$(now_us)
		call vbd backend/vbd/0/51968 block add
		echo $(($(now_us) - start))
		is_plugged xenstore-exists "$XS_BACKEND/0/51968/physical-device" || { say 'block has not plugged it'; return 1; }
		call vbd backend/vbd/0/51968 block remove
		vbd_bare_end 51968
		wait_for 20 test ! -e /sys/bus/xen-backend/devices/vbd-0-51968
	done
}

# Whoever has a Linux bridge runs no Open vSwitch, which looks at every network device that comes up.
scripts() { # scripts SET SUFFIX ROUNDS
	vif_rounds vif-openvswitch ovsbr0 "$3" | quantiles "$1" "vif-openvswitch$2"
	[ "$1" = many ] || systemctl stop openvswitch-switch >&2
	vif_rounds vif-bridge xenbr0 "$3" | quantiles "$1" "vif-bridge$2"
	disk_rounds "$3" | quantiles "$1" "block$2"
	[ "$1" = many ] || systemctl start openvswitch-switch >&2
	wait_for 60 test -d /sys/class/net/ovsbr0
}

# ---- by xl -----------------------------------------------------------------------------------------------

attaches() {
	local start i ports=0 letters=bcdefghijk
	[ $driver = raw ] || ports=10
	start=$(now_us)
	for ((i = 0; i < 10; i++)); do
		xl network-attach bench bridge=ovsbr0 "script=$(file_of vif-openvswitch)" >&2
	done
	result attach ten-network-attach ms $((($(now_us) - start) / 1000))
	[ "$(ovs-vsctl list-ports ovsbr0 | wc -l)" = $ports ] || { say 'not all are plugged'; return 1; }
	start=$(now_us)
	for ((i = 0; i < 10; i++)); do
		xl block-attach bench \
			"format=raw,vdev=xvd${letters:i:1},access=r,script=$(file_of block),target=$loop" >&2
	done
	result attach ten-block-attach ms $((($(now_us) - start) / 1000))
	for i in $(xenstore-list "$XS_VIF/$(xl domid bench)"); do
		xl network-detach bench "$i" >&2
	done
	for i in $(xenstore-list "$XS_BACKEND/$(xl domid bench)"); do
		xl block-detach --force bench "$i" >&2
	done
}

# ---- twenty guests at once -------------------------------------------------------------------------------

# They are made and never run: a small kernel is loaded faster, and it is the same for all.
storm() {
	local i start pids=() name failed=0
	: >$LAB_OUT/storm
	for ((i = 0; i < 20; i++)); do
		name=storm$i
		cat >$LAB_OUT/$name.cfg <<-END
			name = "$name"
			type = "pv"
			memory = 32
			kernel = "/usr/lib/grub-xen/grub-x86_64-xen.bin"
			disk = [ 'format=raw,vdev=xvda,access=r,script=$(file_of block),target=$loop',
				'format=raw,vdev=xvdb,access=r,script=$(file_of block),target=$loop' ]
			vif = [ 'bridge=ovsbr0,script=$(file_of vif-openvswitch)' ]
		END
	done
	start=$(now_us)
	for ((i = 0; i < 20; i++)); do
		xl -t create -p $LAB_OUT/storm$i.cfg >>$LAB_OUT/storm 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	result storm twenty-guests ms $((($(now_us) - start) / 1000))
	# Twenty scripts at once may take longer than libxl waits.
	result storm twenty-guests-failed guests $failed
	[ $failed = 0 ] || say "$failed guests could not be made: $(grep -m 4 'error' $LAB_OUT/storm)"
	start=$(now_us)
	for ((i = 0; i < 20; i++)); do
		xl destroy storm$i >&2 &
	done
	wait
	wait_for 120 lab_no_vif_left
	wait_for 120 lab_no_vbd_left
	result storm twenty-guests-end ms $((($(now_us) - start) / 1000))
}

# ---- many devices ----------------------------------------------------------------------------------------

# Vifs and disks of dom0 itself.
crowd() { # crowd VIFS DISKS
	local i
	for ((i = 1; i <= $1; i++)); do
		vif_publish 0 $((10 + i)) script=/etc/xen/scripts/vif-openvswitch bridge=ovsbr0
	done
	for ((i = 1; i <= $2; i++)); do
		vbd_bare $((268435456 + i * 256)) "$shared" r
	done
	for ((i = 1; i <= $1; i++)); do
		wait_for 60 test -e "/sys/class/net/vif0.$((10 + i))"
		plug online 0 $((10 + i)) >&2
	done
	for ((i = 1; i <= $2; i++)); do
		plug_disk online 0 $((268435456 + i * 256)) >&2
	done
}

crowd_end() {
	xenstore-rm "$XS_VIF/0" 2>/dev/null || true
	xenstore-rm "$XS_BACKEND/0" 2>/dev/null || true
	xenstore-rm /local/domain/0/device/vif 2>/dev/null || true
	xenstore-rm /local/domain/0/device/vbd 2>/dev/null || true
	wait_for 120 lab_no_vif_left
	wait_for 120 lab_no_vbd_left
}

memory() {
	local pid
	pid=$(systemctl show -p MainPID --value xen-hotplugd)
	result memory daemon-1000-devices KiB "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")"
	result memory daemon-1000-devices-own KiB \
		"$(awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$pid/smaps_rollup")"
}

# ----------------------------------------------------------------------------------------------------------

hotplug_start ovsbr0 >&2
modprobe xen-blkback
modprobe xen-netback
ip link add xenbr0 up type bridge
# What udev does with each device is no script's part.
udevadm control --stop-exec-queue
# Nor is what dom0's own frontends do, for whom two hundred vifs are too many.
modprobe -qr xen-netfront
modprobe -qr xen-blkfront
loop=$(disk_loop data 8)
shared=$(disk_loop shared 8)
echo "{\"kernel\":\"$(uname -r)\",\"xen\":\"$(xl info xen_version 2>/dev/null)\",\"stock\":\"/etc/xen/scripts/*.stock\",\"ours\":\"$(readlink -f /etc/xen/scripts/vif-openvswitch)\"}"
for run in $(seq "$runs"); do
	for driver in raw stock ours; do
		has script || break
		say "run $run of $runs: scripts, $driver"
		scripts script '' "$(rounds 50 10)"
	done
	if has attach; then
		guest_start bench >&2
		for driver in raw stock ours; do
			say "run $run of $runs: xl, $driver"
			attaches
		done
		xl destroy bench >&2
	fi
	for driver in raw stock ours; do
		has storm || break
		say "run $run of $runs: twenty guests, $driver"
		storm
	done
	if has many; then
		crowd 100 100
		for driver in raw stock ours; do
			say "run $run of $runs: scripts with two hundred devices there, $driver"
			scripts many -200 "$(rounds 20 5)"
		done
		crowd_end
	fi
	if has memory; then
		crowd 200 800
		driver=ours
		memory
		crowd_end
	fi
done
