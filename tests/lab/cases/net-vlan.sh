# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# A guest on an access port is in its VLAN and in no other; one on a trunk port sends and gets tagged packets,
# large ones too, with their offloads, and only those of the trunk's VLANs.
# timeout: 300

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge

# Ports of dom0's own, in VLAN 10 and 20.
for vlan in 10 20; do
	ovs-vsctl add-port $BRIDGE "dom0v$vlan" "tag=$vlan" -- set interface "dom0v$vlan" type=internal
	ip address add "10.77.$vlan.1/24" dev "dom0v$vlan"
	ip address add "fd77:$vlan::1/64" dev "dom0v$vlan" nodad
	ip link set "dom0v$vlan" up
done

# The guest's kernel is dom0's: it may have dom0's modules.
mkdir -p "$LAB_RUN/tmp/modules"
modprobe --ignore-install --show-depends 8021q | awk '$1 == "insmod" { print $2 }' | while read -r path; do
	name=$(basename "$path")
	module_unpack "${name%%.*}" "$LAB_RUN/tmp/modules/${name%%.*}.ko"
	echo "insmod /tmp/modules/${name%%.*}.ko 2>/dev/null" >>"$LAB_RUN/tmp/modules/load"
done
tar -C "$LAB_RUN/tmp" -cf "$LAB_RUN/tmp/modules.tar" modules
truncate -s 4M "$LAB_RUN/tmp/modules.tar"

guest_start access --vif "$(net_spec "bridge=$BRIDGE.10")"
net_guest_address access eth0 10.77.10.2/24 fd77:10::2/64
net_serve access
expect_eq 'the tag of the access port' "$(ovs-vsctl get port "$(net_vif access)" tag)" 10
net_exchange 10.77.10.2 --bytes 1000000
net_exchange fd77:10::2 --bytes 1000000
# Nobody in another VLAN hears of it.
guest_run access 'ip address add 10.77.20.2/24 dev eth0'
expect_fail ping -c 2 -W 1 -I dom0v20 10.77.20.2
expect_fail guest_run access 'ping -c 2 -W 1 10.77.20.1'
net_guest_end access

guest_start trunk --vif "$(net_spec "bridge=$BRIDGE:10:20")" "phy:$(losetup --show -f "$LAB_RUN/tmp/modules.tar"),xvda,r"
vif=$(net_vif trunk)
expect_eq 'the VLANs of the trunk port' "$(ovs-vsctl get port "$vif" trunks)" '[10, 20]'
guest_run trunk 'cd /tmp && tar xf /dev/xvda && sh /tmp/modules/load; [ -d /proc/net/vlan ]' ||
	error 'the guest has no VLANs'
net_guest_wait trunk
for vlan in 10 20 30; do
	guest_run trunk "ip link set eth0 up; ip link add link eth0 name eth0.$vlan type vlan id $vlan" ||
		error 'the guest has no VLANs'
	net_guest_address trunk "eth0.$vlan" "10.77.$vlan.3/24" "fd77:$vlan::3/64"
done
net_serve trunk
for vlan in 10 20; do
	expect_ok net_ping "10.77.$vlan.3"
	for kind in on off; do
		guest_run trunk "labnet features eth0 tso=$kind gso=$kind sg=on" >/dev/null
		labnet features "$vif" "tso=$kind" >/dev/null
		echo "== VLAN $vlan, segments $kind"
		net_exchange "10.77.$vlan.3" --flows 2 --bytes 1000000
		net_exchange "fd77:$vlan::3" --bytes 1000000
	done
done
ovs-vsctl add-port $BRIDGE dom0v30 tag=30 -- set interface dom0v30 type=internal
ip address add 10.77.30.1/24 dev dom0v30
ip link set dom0v30 up
expect_fail ping -c 2 -W 1 10.77.30.3
net_nothing_refused "$vif"
net_guest_end trunk
success
