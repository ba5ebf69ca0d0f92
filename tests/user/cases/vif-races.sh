# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device comes after its script; two scripts for one device; the guest is destroyed while it is plugged;
# many at once, in any order: at the end there are the ports of the vifs that are plugged.

ovs_start
daemon_start

# The script is first.
vif_make 1 0
ip link del vif1.0
hotplug online 1 0 &
plug=$!
wait_for 5 grep -q 'vif1.0: waiting: there is no network device' "$RUN/daemon.log"
vif_device 1 0
wait "$plug"
has_port vif1.0 || fail "vif1.0 is not plugged"

# Two for one device.
vif_make 2 0
hotplug online 2 0 &
one=$!
hotplug online 2 0 &
two=$!
wait "$one"
wait "$two"
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0 | grep -c vif2)" 1

# In and out at once: whichever was last, the port and the status say the same.
agree() {
	if [ "$(xs vif/4/0/hotplug-status)" = connected ]; then has_port vif4.0; else has_no_port vif4.0; fi
}
vif_make 4 0
for round in $(seq 1 20); do
	hotplug online 4 0 2>/dev/null &
	one=$!
	# Cannot be awaited: that the transaction has been sent, and not answered.
	sleep "0.00$((round % 10))"
	hotplug offline 4 0 2>/dev/null || true
	wait "$one" || true
	# What comes late has come by then.
	ovs-vsctl --timeout=10 --columns=name list port vif4.0 >/dev/null 2>&1 || true
	agree || fail "round $round: vif4.0 is '$(xs vif/4/0/hotplug-status)' and its port '$(ovs_port vif4.0 name)'"
	hotplug offline 4 0
done
vif_destroy 4 0

# The guest goes while its device is waited for.
vif_make 3 0
ip link del vif3.0
hotplug online 3 0 2>"$RUN/gone" &
plug=$!
wait_for 5 grep -q 'vif3.0: waiting: there is no network device' "$RUN/daemon.log"
xenstore-rm "$XS_BACKEND/vif/3"
if wait "$plug"; then fail "a device that has gone is plugged"; fi
expect_match 'the reason' "$(cat "$RUN/gone")" 'has been removed'
expect_eq 'what is left' "$(xs vif/3/0/hotplug-status)" none

# Many, and each twice.
pids=()
for domid in $(seq 20 49); do
	vif_make "$domid" 0
done
for domid in $(seq 20 49); do
	hotplug online "$domid" 0 &
	pids+=($!)
	hotplug online "$domid" 0 &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || fail "a plug has failed"
done
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0 | wc -l)" 32
for domid in $(seq 20 2 49); do
	hotplug offline "$domid" 0 &
	vif_destroy "$domid" 0
done
left() { [ "$(ovs-vsctl list-ports ovsbr0 | wc -l)" = "$1" ]; }
wait_for 15 left 17 || fail "there are $(ovs-vsctl list-ports ovsbr0 | wc -l) ports"
