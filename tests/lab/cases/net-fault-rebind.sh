# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-19: the driver is taken from a guest's interface and given back, and the module with it, while TCP flows:
# no connection is reset, none loses a byte, and the outage is printed. The last driver would offer less than the
# guest has been offered: that counts when the guest connects anew.
# timeout: 400

. "$LAB/cases/lib/net"
. "$LAB/cases/lib/net-plug"
expect_ok modprobe xen-netback
cleanup 'echo 0 >/sys/module/xen_netback/parameters/max_queues'
cleanup 'echo 1 >/sys/module/xen_netback/parameters/separate_tx_rx_irq'
drivers=/sys/bus/xen-backend/drivers/vif
net_bridge
guest_start g1 --vcpus 2 --vif "$(net_spec "")"
net_guest_up g1 2
net_serve g1
vif=$(net_vif g1)
device=$(basename "$(net_sysfs g1)")
net_start flows4 10.77.0.2 --flows 3
net_start flows6 fd77::2

back_again() {
	local carrier
	wait_for 20 test -d "/sys/class/net/$vif" || failure "$1: there is no $vif any more"
	carrier=$(cat "/sys/class/net/$vif/carrier" 2>/dev/null || echo 0)
	# From the first plug on there is a daemon, which may have been quicker.
	[ "$carrier" = 0 ] ||
		expect_eq "$1: with a carrier, hotplug-status" "$(xenstore-read "$(net_back g1)/hotplug-status")" connected
	net_plug g1
	xs_wait 30 "$(net_back g1)" xs_is "$(net_back g1)/state" 4 ||
		failure "$1: no connection: $(vif_states "$(xl domid g1)" 0)"
	net_moves flows4 120
	net_moves flows6 120
	echo "-- $1: traffic goes on $((SECONDS - began)) s after the driver went"
}

for round in 1 2 3; do
	began=$SECONDS
	expect_ok timeout 30 tee "$drivers/unbind" <<<"$device" >/dev/null
	expect_ok test ! -e "/sys/class/net/$vif"
	# xenstored and xenconsoled have a page each.
	expect_le 'pages of the guest that are mapped' "$(xenfront grants "$(xl domid g1)")" 2
	[ $round = 1 ] || expect_ok rmmod xen-netback
	if [ $round = 1 ]; then
		expect_ok tee "$drivers/bind" <<<"$device" >/dev/null
	else
		expect_ok modprobe xen-netback max_queues=$((round < 3 ? 2 : 1)) separate_tx_rx_irq=$((round < 3))
	fi
	back_again "round $round"
	for key in multi-queue-max-queues=2 feature-split-event-channels=1; do
		expect_eq "round $round: offered, ${key%=*}" "$(xenstore-read "$(net_back g1)/${key%=*}")" "${key#*=}"
	done
done

# The module alone is either not let go, or takes its leave in order.
began=$SECONDS
if rmmod xen-netback; then
	expect_ok test ! -e "/sys/class/net/$vif"
	expect_ok modprobe xen-netback
	back_again 'the module'
else
	echo '-- the module is not unloaded under a guest'
	net_moves flows4
fi
net_stop flows4
echo "-- longest silence over IPv4: $net_gap_ms ms"
net_stop flows6
echo "-- longest silence over IPv6: $net_gap_ms ms"
net_nothing_refused "$vif"

# A guest that begins anew while the driver is away. Its frontend (6.12) leaves the keys of two channels behind.
net_front_unload g1
echo 0 >/sys/module/xen_netback/parameters/separate_tx_rx_irq
echo 2 >/sys/module/xen_netback/parameters/max_queues
echo "$device" >$drivers/unbind
echo "$device" >$drivers/bind
net_plug g1
net_front_load g1
expect_ok xenstore-read "/local/domain/$(xl domid g1)/device/vif/0/queue-0/event-channel-tx"
expect_ok xenstore-read "/local/domain/$(xl domid g1)/device/vif/0/queue-0/event-channel"
net_guest_up g1 2
net_serve g1
net_exchange 10.77.0.2 --bytes 500000
net_guest_end g1
success
