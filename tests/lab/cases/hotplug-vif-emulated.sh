# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An HVM guest has an emulated network device beside its vif: QEMU's tap is plugged like the vif, and is the one
# in use while the guest boots; its frames are in the guest's VLAN; when the guest's own driver takes over, the
# tap goes, and the vif is the one in use; nothing is left at the end. On Open vSwitch and on a Linux bridge.
# timeout: 900
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
[ -n "$(compgen -G '/usr/libexec/xen-qemu-system-i386')$(compgen -G '/usr/lib/xen-*/bin/qemu-system-i386')" ] ||
	skip 'there is no QEMU for guests here'
ip link add xenbr0 type bridge
cleanup 'ip link del xenbr0'
ip link set xenbr0 up
ip addr add 10.0.30.254/24 dev xenbr0
ovs-vsctl add-port ovsbr0 v10 tag=10 -- set interface v10 type=internal \
	-- add-port ovsbr0 trunk -- set interface trunk type=internal
ip addr add 10.0.10.254/24 dev v10
ip link set v10 up
ip link set trunk up

status() { ovs-vsctl --if-exists --timeout=30 get interface "$1" external_ids:iface-status; }
status_is() { [ "$(status "$1")" = "$2" ]; }
hvm=(--type hvm --config "vga = 'none'" --config 'vnc = 0' --config "serial = 'pty'")
hvm+=(--config "vif = ['mac=00:16:3e:12:34:58,bridge=ovsbr0.10,script=vif-openvswitch,model=e1000',
	'mac=00:16:3e:12:34:59,bridge=xenbr0,script=vif-bridge,model=e1000,vifname=lan1']")

guest_create h1 --paused --memory 512 "${hvm[@]}"
domid=$(xl domid h1)
expect_eq 'the ports' "$(ovs-vsctl list-ports ovsbr0 | grep vif | sort | tr '\n' ' ')" "vif$domid.0 vif$domid.0-emu "
expect_eq 'the VLAN of the tap' "$(ovs-vsctl get port "vif$domid.0-emu" tag)" 10
expect_eq 'which one is in use' "$(status "vif$domid.0-emu") $(status "vif$domid.0")" 'active inactive'
expect_eq 'whose the tap is' "$(ovs-vsctl get interface "vif$domid.0-emu" external_ids:iface-id)" \
	"$(ovs-vsctl get interface "vif$domid.0" external_ids:iface-id)"
for name in lan1 lan1-emu; do
	expect_eq "the bridge of $name" "$(basename "$(readlink "/sys/class/net/$name/master")")" xenbr0
done
expect_match 'xenbectl list' "$(xenbectl list)" "vif$domid.0-emu"

expect_ok xl unpause h1
guest_wait_ready h1
guest_address h1 10.0.10.1/24
expect_ok guest_ping h1 10.0.10.254
# The guest has unplugged what was emulated, and QEMU has ended the taps.
expect_ok wait_for 30 status_is "vif$domid.0" active
expect_ok wait_for 30 no_port "vif$domid.0-emu"
wait_for 30 test ! -e /sys/class/net/lan1-emu || failure 'lan1-emu stays'
expect_ok guest_run h1 'busybox ip link set eth1 up && busybox ip addr add 10.0.30.1/24 dev eth1'
expect_ok guest_ping h1 10.0.30.254
expect_ok xl destroy h1
expect_ok wait_for 30 no_port "vif$domid.0"
expect_ok wait_for 30 no_port "vif$domid.0-emu"
for name in lan1 lan1-emu; do
	wait_for 30 test ! -e /sys/class/net/$name || failure "$name stays"
done

# One that has nothing to boot asks the network, by what is emulated.
cat >"$LAB_RUN/tmp.cfg" <<-END
	name = "h2"
	type = "hvm"
	memory = 128
	boot = "n"
	vga = "none"
	vnc = 0
	vif = ['mac=00:16:3e:12:34:60,bridge=ovsbr0.10,script=vif-openvswitch,model=e1000']
END
timeout 240 tcpdump -i trunk -c 1 -nn -e 'vlan 10 and ether src 00:16:3e:12:34:60' >"$LAB_RUN/tmp.tags" 2>/dev/null &
tcpdump=$!
expect_ok xl create "$LAB_RUN/tmp.cfg"
domid=$(xl domid h2)
wait "$tcpdump" || failure 'nothing was heard of the emulated device'
expect_match 'what the trunk saw' "$(cat "$LAB_RUN/tmp.tags")" 'vlan 10'
rm -f "$LAB_RUN/tmp.tags" "$LAB_RUN/tmp.cfg"
expect_ok xl destroy h2
expect_ok wait_for 30 no_port "vif$domid.0-emu"
expect_ok wait_for 30 no_port "vif$domid.0"
success
