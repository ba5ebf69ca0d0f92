# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A hundred interfaces of one domain, dom0 itself, carry every packet both ways, all at once, and leave
# nothing behind. The memory each takes is printed.
# timeout: 400

. "$LAB/cases/lib/net"
netback_queues 1
number=$(lab_times 100)
modprobe xen-netfront
# What udev does with each of two hundred devices would be most of the work.
udevadm control --stop-exec-queue
cleanup 'udevadm control --start-exec-queue'
free_kb() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }

before=$(free_kb)
for ((i = 1; i <= number; i++)); do
	vif_publish 0 $i
done
for ((i = 1; i <= number; i++)); do
	wait_for 60 xs_is "$XS_VIF/0/$i/state" 4 || failure "interface $i: $(vif_states 0 $i)"
done
echo "-- each takes $(((before - $(free_kb)) / number)) KiB of dom0's memory, the frontend's part included"
for ((i = 1; i <= number; i++)); do
	ip link set "vif0.$i" up
	ip link set "$(ls "/sys/bus/xen/devices/vif-$i/net")" up
done
running=()
for ((i = 1; i <= number; i++)); do
	labnet wire "vif0.$i" "$(ls "/sys/bus/xen/devices/vif-$i/net")" --packets 100 >"$LAB_OUT/wire-$i" 2>&1 &
	running+=($!)
done
for ((i = 1; i <= number; i++)); do
	wait "${running[i - 1]}" || failure "interface $i: $(cat "$LAB_OUT/wire-$i")"
	expect_ge "packets from the guest over $i" "$(net_stat "vif0.$i" rx_packets)" 100
	expect_ge "packets to the guest over $i" "$(net_stat "vif0.$i" tx_packets)" 100
done
for ((i = 1; i <= number; i++)); do
	vif_detach $i || failure "interface $i stays"
done
lab_no_vif_left || failure 'a device stays'
expect_eq "what is left of dom0's interfaces" "$(find /sys/class/net -name 'vif0.*' | wc -l)" 0
modprobe -r xen-netfront
expect_le 'pages that are still mapped' "$(xenfront grants 0)" 0
# Linux's frontend (6.12) loses the 256 pages of its receive ring with each interface, whatever the backend.
expect_le "loss of dom0's memory, KiB," $((before - $(free_kb) - number * 256 * 4)) 32768
success
