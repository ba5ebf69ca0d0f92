# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the lab's dom0, which is its own guest here: TCP, small datagrams and pings over a veth pair, through
# the in-tree xen-netback and through ours, in one boot, with Linux's frontend in a network namespace of its
# own. Prints one JSON object a line on standard output, for tests/bench/bench; everything else goes to
# standard error.
#
# BENCH_RUNS (default 1), BENCH_SECONDS (default 2) and BENCH_GUEST (default 0; 1: the same with a real guest,
# which means little in instruction-counting mode) may be set by the line before this script.
set -eu
# shellcheck source=tests/lab/lib.sh
. /lab/lib.sh

runs=${BENCH_RUNS:-1}
seconds=${BENCH_SECONDS:-2}
port=5001
# DKMS puts the in-tree module aside while ours is installed, and beside it a note where it is from.
stock=$(find "/lib/modules/$(uname -r)/kernel" /var/lib/dkms/xen-backends/original_module \
	-name 'xen-netback.ko*' ! -name '*.origin' | head -n 1)
[ -n "$stock" ] || { echo "the in-tree xen-netback is not in this image" >&2; exit 1; }

say() {
	echo "$*" >&2
}

result() { # result DRIVER JOB QUEUES RUN VALUE UNIT
	printf '{"driver":"%s","job":"%s","queues":%d,"run":%d,"value":%s,"unit":"%s"}\n' "$@"
}

# ---- one figure each ---------------------------------------------------------------------------------------

megabits() { # megabits ADDRESS WAY FLOWS
	labnet exchange "$1" $port --plain --way "$2" --flows "$3" --seconds "$seconds" | tee >(cat >&2) |
		awk '/^out/ { printf "%.1f", ($2 + $4) * 8 / $6 }'
}

# Datagrams that arrive in a second. The words behind say where each end runs: in dom0 or in the namespace.
datagrams() { # datagrams ADDRESS SINK-COMMAND SENDER-COMMAND
	local sink
	# shellcheck disable=SC2086 # several words, or none
	$2 labnet udp-sink 5003 --plain >/run/sink 2>&1 &
	sink=$!
	wait_for 20 grep -q listening /run/sink
	# shellcheck disable=SC2086
	$3 labnet udp "$1" 5003 --plain --size 64 --seconds "$seconds" >&2
	# What is under way arrives, and nothing announces the last.
	sleep 0.3
	# The namespace's command is that of labnet itself: ip replaces itself by it.
	kill $sink
	wait $sink || true
	awk -v s="$seconds" '/^datagrams/ { printf "%.0f", $2 / s }' /run/sink
}

ping_ms() { # ping_ms ADDRESS
	ping -f -q -c 3000 "$1" | tee >(cat >&2) |
		sed -n 's/.* 0% packet loss, time \([0-9]*\)ms.*/\1/p'
}

measure() { # measure DRIVER QUEUES RUN
	local flows=$(($2 == 1 ? 1 : 2 * $2)) server fe='ip netns exec fe'
	$fe labnet serve $port >/run/serve 2>&1 &
	server=$!
	wait_for 20 grep -q listening /run/serve
	# Addresses are found, rings and sockets are warm.
	labnet exchange 10.78.1.2 $port --plain --bytes 1000000 >&2
	result "$1" tcp-out "$2" "$3" "$(megabits 10.78.1.2 in $flows)" Mbit/s
	result "$1" tcp-in "$2" "$3" "$(megabits 10.78.1.2 out $flows)" Mbit/s
	if [ "$2" = 1 ]; then
		result "$1" udp64-out "$2" "$3" "$(datagrams 10.78.1.1 '' "$fe")" /s
		result "$1" udp64-in "$2" "$3" "$(datagrams 10.78.1.2 "$fe" '')" /s
		result "$1" ping-3000 "$2" "$3" "$(ping_ms 10.78.1.2)" ms
	fi
	kill $server
	wait $server || true
}

# ---- what is measured ------------------------------------------------------------------------------------------

addresses() { # addresses DEVICE: the guest's end, to be put into the namespace
	ip netns add fe
	ip link set "$1" netns fe name front
	ip -n fe address add 10.78.1.2/24 dev front
	ip -n fe link set front up
	ip -n fe link set lo up
	ip address add 10.78.1.1/24 dev vif0.1
	ip link set vif0.1 up
}

floor() { # floor RUN
	ip link add vif0.1 type veth peer name veth-fe
	addresses veth-fe
	measure floor 1 "$1"
	ip link delete vif0.1
	ip netns delete fe
}

load() { # load DRIVER QUEUES
	rmmod xen_netback 2>/dev/null || true
	if [ "$1" = ours ]; then
		modprobe xen-netback "max_queues=$2"
		[ -d /sys/module/xenbe ] || { say "modprobe xen-netback did not load ours"; return 1; }
	else
		insmod "$stock" "max_queues=$2"
	fi
	modprobe -r xen-netfront
	modprobe xen-netfront "max_queues=$2"
}

# The in-tree driver wants a script, and its word.
attach() { # attach HANDLE
	vif_publish 0 "$1" script=/bin/true hotplug-status=connected
	wait_for 30 xs_is "$XS_VIF/0/$1/state" 4 || { say "no connection: $(vif_states 0 "$1")"; return 1; }
}

through() { # through DRIVER QUEUES RUN
	load "$1" "$2"
	attach 1
	addresses "$(vif_front 1)"
	measure "$1" "$2" "$3"
	vif_detach 1 >&2
	ip netns delete fe
}

available() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }

# What an idle interface costs dom0, the frontend's part included, which is the same for both drivers.
memory() { # memory DRIVER QUEUES RUN
	local before i
	load "$1" "$2"
	# What is allocated once has been.
	attach 9
	before=$(available)
	for i in 11 12 13 14 15 16 17 18; do
		attach $i
		ip link set "vif0.$i" up
	done
	result "$1" memory "$2" "$3" $(((before - $(available)) / 8)) KiB
	for i in 9 11 12 13 14 15 16 17 18; do
		vif_detach $i >&2
	done
}

guest() { # guest DRIVER RUN
	local domid
	load "$1" 2
	LAB_OUT=/run guest_start bench --vcpus 2 --vif "bridge=none,script=/lab/vif-script" >&2
	domid=$(xl domid bench)
	guest_run bench "ip link set eth0 up && ip address add 10.78.9.2/24 dev eth0 &&
		labnet serve $port >/dev/null 2>&1 &" >&2
	ip address add 10.78.9.1/24 dev "vif$domid.0"
	labnet exchange 10.78.9.2 $port --plain --bytes 1000000 >&2
	result "$1" guest-tcp-out 2 "$2" "$(megabits 10.78.9.2 in 4)" Mbit/s
	result "$1" guest-tcp-in 2 "$2" "$(megabits 10.78.9.2 out 4)" Mbit/s
	xl destroy bench
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vif-$domid-0"
}

modprobe veth
echo "{\"kernel\":\"$(uname -r)\",\"xen\":\"$(xl info xen_version 2>/dev/null)\",\"stock\":\"$stock\",\"ours\":\"$(modinfo -n xen-netback)\"}"
for run in $(seq "$runs"); do
	say "run $run of $runs: floor"
	floor "$run"
	for queues in 1 2 4; do
		for driver in stock ours; do
			say "run $run of $runs: $driver, $queues queues"
			through $driver $queues "$run"
			memory $driver $queues "$run"
		done
	done
	[ "${BENCH_GUEST:-0}" = 0 ] || for driver in stock ours; do
		say "run $run of $runs: $driver, a guest"
		guest $driver "$run"
	done
done
