# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What ethtool and the kernel's tools say of an interface is true: numbers of queues, rings and packets,
# features and their dependence on what the guest takes, the link, and the state of each ring.
# timeout: 200

. "$LAB/cases/lib/net"
requires ethtool
expect_ok modprobe xen-netback
net_guest_plain g1 --vcpus 2
net_exchange 10.79.0.2 --flows 6 --bytes 500000

expect_eq 'the driver' "$(basename "$(readlink "/sys/class/net/$vif/device/driver")")" vif
expect_eq queues "$(net_queues "$vif")" 2
expect_eq 'queues at most' "$(ethtool -l "$vif" | awk '/^Combined/ { print $2; exit }')" \
	"$(xenstore-read "$(net_back g1)/multi-queue-max-queues")"
expect_eq 'queues in sysfs' "$(find "/sys/class/net/$vif/queues" -name 'tx-*' | wc -l)" 2
expect_eq 'the rings' "$(ethtool -g "$vif" | awk '/^[RT]X:/ { print $2 }' | sort -u | xargs)" 256
expect_ok grep -q 'Link detected: yes' <<<"$(ethtool "$vif")"

# Nothing else is sent meanwhile: the numbers of the queues are those of the interface.
guest_run g1 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
echo 1 >"/proc/sys/net/ipv6/conf/$vif/disable_ipv6"
for pair in 'from_packets rx_packets' 'from_bytes rx_bytes' 'to_packets tx_packets' 'to_bytes tx_bytes'; do
	read -r ours theirs <<<"$pair"
	expect_eq "$ours of all queues" "$(net_count "$vif" "_$ours\$|_$ours:")" "$(net_stat "$vif" "$theirs")"
done
expect_ge 'bytes from the guest' "$(net_stat "$vif" rx_bytes)" 3000000
expect_ge 'bytes to the guest' "$(net_stat "$vif" tx_bytes)" 3000000
before=$(net_stat "$vif" tx_packets) from=$(net_stat "$vif" rx_packets)
expect_ok ping -c 10 -i 0.2 10.79.0.2
expect_ge 'packets to the guest for ten pings' $(($(net_stat "$vif" tx_packets) - before)) 10
expect_le 'packets to the guest for ten pings' $(($(net_stat "$vif" tx_packets) - before)) 14
expect_ge 'packets from the guest for ten pings' $(($(net_stat "$vif" rx_packets) - from)) 10

for feature in tcp-segmentation-offload scatter-gather tx-checksum-ipv6 tx-tcp6-segmentation rx-checksumming; do
	expect_eq "$feature" "$(ethtool -k "$vif" | awk -v f="$feature:" '$1 == f { print $2 }')" on
done
expect_ok ethtool -K "$vif" sg off
expect_eq 'segmentation without scatter-gather' \
	"$(ethtool -k "$vif" | awk '$1 == "tcp-segmentation-offload:" { print $2 }')" off
net_exchange 10.79.0.2 --bytes 500000
expect_ok ethtool -K "$vif" sg on tso on

rings=/sys/kernel/debug/xen-netback/$vif/rings
expect_eq 'queues in debugfs' "$(grep -c '^queue ' "$rings")" 2
expect_ok grep -q 'to the guest: ready' "$rings"
expect_ok grep -q 'from the guest: no packets' "$rings"
sed -n 's/.*slots 256 taken \([0-9]*\) answered \([0-9]*\) published \([0-9]*\).*/\1 \2 \3/p' "$rings" >"$LAB_OUT/slots"
expect_eq 'rings in debugfs' "$(wc -l <"$LAB_OUT/slots")" 4
while read -r taken answered published; do
	expect_eq 'slots taken and answered' "$taken" "$answered"
	expect_eq 'slots answered and shown' "$answered" "$published"
done <"$LAB_OUT/slots"
# Each of two queues sends the guest an event, for each way.
notifies() { awk '{ for (i = 1; i < NF; i++) if ($i == "notifies") sum += $(i + 1) } END { print sum }' "$rings"; }
before=$(notifies)
expect_ok sh -c "echo kick >$rings"
expect_ge 'events for the guest' "$(notifies)" $((before + 4))
expect_fail sh -c "echo reset >$rings"
expect_ok ping -c 1 10.79.0.2
# xentop reads what the kernel says, but only on a host that has some bridge of the kernel's own. Its columns are
# found by their titles.
expect_ok ip link add xentop0 type bridge
cleanup 'ip link del xentop0'
expect_ok ip link set xentop0 up
read -r sent received <<<"$(xentop -b -f -i 1 | awk '
	$1 == "NAME" { for (i = 1; i <= NF; i++) column[$i] = i }
	$1 == "g1" { print $column["NETTX(k)"], $column["NETRX(k)"] }')"
expect_ge 'KiB that the guest has sent, as xentop says' "$sent" 2500
expect_ge 'KiB that the guest was sent, as xentop says' "$received" 2500
net_guest_end g1
success
