# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-13: a frontend that ends at a hundred random points of its life, from the first node to the middle of
# packets, leaves an interface that can be removed, and nothing else. A real guest does so five times.
# timeout: 600

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
seed=$(lab_seed)
front net kill --times "$(lab_times 100)" --seed "$seed"

RANDOM=$((seed & 32767))
for round in 1 2 3 4 5; do
	pause=$((RANDOM % 9000))
	guest_create g1 --vif "$(net_spec_plain "")"
	domid=$(xl domid g1)
	echo "-- guest $domid is destroyed after $pause ms"
	# As much for it as there can be, from its first moment on.
	ip address replace 10.79.0.1/24 dev "vif$domid.0"
	ip neigh replace 10.79.0.2 lladdr 00:16:3e:00:00:02 dev "vif$domid.0" nud permanent
	labnet udp 10.79.0.2 6000 --seconds 60 --size 1400 --rate 300 --plain >/dev/null 2>&1 &
	flood=$!
	cleanup "kill $flood 2>/dev/null || true"
	# The point in time is what is tested.
	sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
	expect_ok xl destroy g1
	net_gone "$domid"
	wait_for 30 lab_domain_gone "$domid" || failure "round $round: guest $domid stays"
	kill $flood
done
front net load --seconds 3
success
