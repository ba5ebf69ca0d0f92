# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2034 # variables for lib.sh
#
# Runs in the lab's dom0, which is its own guest here: TCP, small datagrams and pings over a veth pair, through
# the in-tree xen-netback and through ours, in one boot, with Linux's frontend in a network namespace of its
# own. Prints one JSON object a line on standard output, for tests/bench/bench; everything else goes to
# standard error.
#
# BENCH_RUNS (default 1), BENCH_SECONDS (default 2) and BENCH_SETS (default: all but "profile" and "guest", which
# means little in instruction-counting mode) may be set by the line before this script.
set -eu
# shellcheck source=tests/lab/lib.sh
. /lab/lib.sh

runs=${BENCH_RUNS:-1}
seconds=${BENCH_SECONDS:-2}
sets=${BENCH_SETS:-small tcp vifs}
port=5001
driver=raw
run=0
# Behind the names of what is measured with our poll in threads.
threads=
# DKMS puts the in-tree module aside while ours is installed, and beside it a note where it is from.
stock=$(find "/lib/modules/$(uname -r)/kernel" /var/lib/dkms/xen-backends/original_module \
	-name 'xen-netback.ko*' ! -name '*.origin' | head -n 1)
[ -n "$stock" ] || { echo "the in-tree xen-netback is not in this image" >&2; exit 1; }

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
	sleep 0.3 # what is under way arrives, and nothing announces the last
	# The namespace's command is that of labnet itself: ip replaces itself by it.
	kill $sink
	wait $sink || true
	awk -v s="$seconds" '/^datagrams/ { printf "%.0f", $2 / s }' /run/sink
}

ping_ms() { # ping_ms ADDRESS
	ping -f -q -c 3000 "$1" | tee >(cat >&2) |
		sed -n 's/.* 0% packet loss, time \([0-9]*\)ms.*/\1/p'
}

# Where the time goes: nanoseconds of each function for a KiB of TCP, of those in which no CPU was idle. A hypercall
# has the name of who makes it, and what Xen does for it counts there.
profile() { # profile WAY OF-THE-EXCHANGE
	local ns symbol
	perf record -q -a -g -e cpu-clock -F 2000 -o /run/perf -- \
		labnet exchange 10.78.1.2 $port --plain --way "$2" --flows 1 --seconds "$seconds" >/run/exchange
	ns=$(awk '/^out/ { print $6 * 1000 * 1024 / ($2 + $4) }' /run/exchange)
	perf script -i /run/perf -F ip,sym 2>/dev/null |
		awk -v ns="$ns" 'BEGIN { RS = ""; FS = "\n" }
			{ split($1, here, " "); split($2, caller, " ")
			  name = here[2] ~ /^xen_hypercall/ ? "Xen:" caller[2] : here[2] }
			name ~ /halt|idle|sched_op|sched_block/ { next }
			{ share[name]++; all++ }
			END { for (name in share) if (share[name] >= all / 100)
				printf "%.1f %s\n", ns * share[name] / all, name }' | sort -rn >/run/symbols
	while read -r ns symbol; do
		result profile "$1 $symbol" ns/KiB "$ns"
	done </run/symbols
}

measure() { # measure QUEUES
	local flows=$(($1 == 1 ? 1 : 2 * $1)) server fe='ip netns exec fe'
	$fe labnet serve $port >/run/serve 2>&1 &
	server=$!
	wait_for 20 grep -q listening /run/serve
	# Addresses are found, rings and sockets are warm.
	labnet exchange 10.78.1.2 $port --plain --bytes 1000000 >&2
	if has tcp; then
		result tcp "tcp-out-$1q$threads" Mbit/s "$(megabits 10.78.1.2 in $flows)"
		result tcp "tcp-in-$1q$threads" Mbit/s "$(megabits 10.78.1.2 out $flows)"
	fi
	if has profile && [ "$1$threads" = 1 ]; then
		profile out in
		profile in out
	fi
	if has small && [ "$1" = 1 ]; then
		result small "udp64-out$threads" /s "$(datagrams 10.78.1.1 '' "$fe")"
		result small "udp64-in$threads" /s "$(datagrams 10.78.1.2 "$fe" '')"
		result small "ping-3000$threads" ms "$(ping_ms 10.78.1.2)"
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

# The floor: a pair of interfaces with nothing between them, with as many flows.
veth() {
	local queues
	ip link add vif0.1 type veth peer name veth-fe
	addresses veth-fe
	for queues in 1 2 4; do
		measure "$queues"
	done
	ip link delete vif0.1
	ip netns delete fe
}

unloaded() {
	[ ! -d /sys/module/xen_netback ] || rmmod xen_netback 2>/dev/null
}

load() { # load DRIVER QUEUES [PARAMETER]
	# The last interface may still be on its way out.
	wait_for 60 unloaded || { say 'the last driver stays'; return 1; }
	if [ "$1" = ours ]; then
		# shellcheck disable=SC2086 # one, or none
		modprobe xen-netback "max_queues=$2" ${3-}
		[ -d /sys/module/xenbe ] || { say "modprobe xen-netback did not load ours"; return 1; }
	else
		insmod "$stock" "max_queues=$2"
	fi
	driver=$1
	modprobe -r xen-netfront
	modprobe xen-netfront "max_queues=$2"
}

# The in-tree driver wants a script, and its word.
attach() { # attach HANDLE
	vif_publish 0 "$1" script=/bin/true hotplug-status=connected
	wait_for 30 xs_is "$XS_VIF/0/$1/state" 4 || { say "no connection: $(vif_states 0 "$1")"; return 1; }
}

through() { # through QUEUES
	attach 1
	addresses "$(vif_front 1)"
	measure "$1"
	vif_detach 1 >&2
	ip netns delete fe
}

available() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }

# What an idle interface costs dom0, the frontend's part included, which is the same for both drivers.
vifs() { # vifs QUEUES
	local before i
	# What is allocated once has been.
	attach 9
	before=$(available)
	for i in 11 12 13 14 15 16 17 18; do
		attach $i
		ip link set "vif0.$i" up
	done
	result vifs "idle-vif-$1q" KiB $(((before - $(available)) / 8))
	for i in 9 11 12 13 14 15 16 17 18; do
		vif_detach $i >&2
	done
}

guest() { # guest QUEUES
	local domid
	LAB_OUT=/run guest_start bench --vcpus 2 --extra "xen_netfront.max_queues=$1" \
		--vif "bridge=none,script=/lab/vif-script" >&2
	domid=$(xl domid bench)
	guest_run bench "ip link set eth0 up && ip address add 10.78.9.2/24 dev eth0 &&
		labnet serve $port >/dev/null 2>&1 &" >&2
	ip address add 10.78.9.1/24 dev "vif$domid.0"
	labnet exchange 10.78.9.2 $port --plain --bytes 1000000 >&2
	result guest "guest-tcp-out-$1q" Mbit/s "$(megabits 10.78.9.2 in 4)"
	result guest "guest-tcp-in-$1q" Mbit/s "$(megabits 10.78.9.2 out 4)"
	xl destroy bench
	wait_for 30 test ! -e "/sys/bus/xen-backend/devices/vif-$domid-0"
}

modprobe veth
echo "{\"kernel\":\"$(uname -r)\",\"xen\":\"$(xl info xen_version 2>/dev/null)\",\"stock\":\"$stock\",\"ours\":\"$(modinfo -n xen-netback)\"}"
for run in $(seq "$runs"); do
	if has small || has tcp || has profile; then
		say "run $run of $runs: a veth pair"
		driver=raw
		veth
	fi
	for queues in 1 2 4; do
		for which in stock ours; do
			say "run $run of $runs: $which, $queues queues"
			load $which $queues
			if has tcp || { [ $queues = 1 ] && { has small || has profile; }; }; then
				through $queues
			fi
			if has vifs; then
				vifs $queues
			fi
		done
	done
	if has small || has tcp; then
		say "run $run of $runs: ours, one queue, in a thread"
		threads=-threads
		load ours 1 threaded=1
		through 1
		threads=
	fi
	for queues in 1 2 4; do
		for which in stock ours; do
			has guest || break
			say "run $run of $runs: $which, a guest with $queues queues"
			load $which $queues
			guest $queues
		done
	done
done
