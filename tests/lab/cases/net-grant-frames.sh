# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest's grant table has room for so many queues. The first interfaces of a guest are not offered all of it: the last
# one connects as well, and all of them carry what they are given. What goes with an interface is offered again.
# timeout: 400

. "$LAB/cases/lib/net"
netback_queues 4

spec() { net_spec_plain "mac=00:16:3e:00:07:0$1"; }

offered() { # offered NUMBER: the queues that interface's frontend was told of
	xenstore-read "$XS_VIF/$domid/$1/multi-queue-max-queues"
}

up() { # up NUMBER: gives both ends of it their addresses
	local device
	wait_for 60 guest_run g1 "grep -q '00:16:3e:00:07:0$1' /sys/class/net/*/address" ||
		failure "the guest has no interface $1: $(guest_run g1 'dmesg | tail -n 5')"
	device=$(guest_run g1 "basename \$(dirname \$(grep -l '00:16:3e:00:07:0$1' /sys/class/net/*/address))")
	net_guest_address g1 "$device" "10.79.$1.2/24" "fd79:$1::2/64"
	net_dom0_address g1 "$1" "10.79.$1.1/24"
}

# Four interfaces with four queues each would take all sixteen frames, and leave none for the disk. The guest's
# frontends make two at the most.
guest_start g1 --vcpus 2 --config 'max_grant_frames = 16' \
	--vif "$(spec 0)" --vif "$(spec 1)" --vif "$(spec 2)" --vif "$(spec 3)"
domid=$(xl domid g1)
for i in 0 1 2 3; do
	up $i
done
net_serve g1
expect_eq 'queues on offer' "$(offered 0) $(offered 1) $(offered 2) $(offered 3)" '4 2 1 1'
for i in 0 1 2 3; do
	queues=$(offered $i)
	expect_eq "queues of interface $i" "$(net_queues "vif$domid.$i")" $((queues > 2 ? 2 : queues))
	net_exchange "10.79.$i.2" --flows 2 --bytes 50000
	net_nothing_refused "vif$domid.$i"
done

# Another driver offers those that are connected what they have, whichever it finds first: 1 queue would not do for the
# two of interface 1.
for i in 1 3 2; do
	echo "vif-$domid-$i" >/sys/bus/xen-backend/drivers/vif/unbind
done
for i in 3 2 1; do
	echo "vif-$domid-$i" >/sys/bus/xen-backend/drivers/vif/bind
	expect_ok env "vif=vif$domid.$i" "XENBUS_PATH=$XS_VIF/$domid/$i" XENBUS_TYPE=vif "$LAB/vif-script" online
	net_dom0_address g1 $i "10.79.$i.1/24"
	wait_for 30 xs_is "$XS_VIF/$domid/$i/state" 4 || failure "interface $i: $(vif_states "$domid" $i)"
done
expect_eq 'queues on offer, another driver' "$(offered 1) $(offered 2) $(offered 3)" '2 1 1'
for i in 1 2 3; do
	net_exchange "10.79.$i.2" --flows 2 --bytes 50000
done

# Four are free again, and one that comes now gets half of them.
expect_ok xl network-detach g1 0
net_gone "$domid" 0
expect_ok xl network-attach g1 script="$LAB/vif-script" bridge=none mac=00:16:3e:00:07:04
up 4
expect_eq 'queues on offer after another has gone' "$(offered 4)" 2
net_exchange 10.79.4.2 --flows 2 --bytes 50000
net_nothing_refused "vif$domid.4"
expect_ok xl destroy g1
for i in 1 2 3 4; do
	net_gone "$domid" $i
done
success
