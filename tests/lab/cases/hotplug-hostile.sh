# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-42: names and keys with the syntax of shells and of OVSDB, of two kilobytes, not UTF-8, are stored as data
# or refused with one message that names the key; a guest that writes to its own nodes meanwhile changes
# nothing; and the daemon never notices more than that.
# timeout: 900
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
daemon=$(systemctl show -p MainPID --value xen-hotplugd)
long=$(printf 'a%.0s' {1..2000})

# shellcheck disable=SC2016 # nobody is to expand it
shell='$(touch /tmp/pwned)'

# The name of the machine is data.
guest_start g1
domid=$(xl domid g1)
for name in 'x -- del-br ovsbr0' '"]]],"where":[["_uuid"' "$shell" $'\xff\xfe' "$long"; do
	xenstore-write "/local/domain/$domid/name" "$name"
	expect_ok xl network-attach "$domid" bridge=ovsbr0 script=vif-openvswitch
	devid=$(xenstore-list "$XS_VIF/$domid" | sort -n | tail -n 1)
	# What is not UTF-8 is no text for OVSDB, and left out.
	ovs-vsctl --if-exists get interface "vif$domid.$devid" external_ids:xen-vm-name
	expect_ok xl network-detach "$domid" "$devid"
	expect_ok wait_for 20 no_port "vif$domid.$devid"
done
xenstore-write "/local/domain/$domid/name" g1
[ ! -e /tmp/pwned ] || failure 'a shell has read the name'
expect_eq 'the bridges' "$(ovs-vsctl list-br)" ovsbr0

# refused KEY VALUE [KEY=VALUE...]: with a message that names the key, and no port.
refused() {
	local key=$1 value=$2 message status=0
	vif_bare 0 9 "$key=$value" "${@:3}"
	message=$(plug online 0 9 2>&1) || status=$?
	[ "$status" = 1 ] || failure "$key='${value:0:60}': the script ends with $status: $message"
	expect_match "the refusal of $key" "$message" "$key"
	expect_eq 'the lines of it' "$(wc -l <<<"$message")" 1
	expect_le 'the length of it' "${#message}" 600
	expect_eq hotplug-status "$(hotplug_status 0 9)" error
	expect_match hotplug-error "$(hotplug_error 0 9)" "$key"
	expect_ok no_port vif0.9
	vif_bare_end 0 9
	wait_for 20 test ! -e /sys/class/net/vif0.9 || failure 'vif0.9 stays'
}

for value in 'x -- del-br ovsbr0' 'ovsbr0;reboot' "$shell" '../../etc/passwd' $'ovsbr0\nx' "$long" 'ovsbr0.5000' \
	'ovsbr0:1:2:x' $'\xc3\x28' '*' '-h'; do
	refused bridge "$value"
done
for value in '00:16:3e:00:00' '00:16:3e:00:00:00:00' '01:00:5e:00:00:01' "$shell" "$long"; do
	refused mac "$value"
done
for value in 0 67 65536 -1 1500x 0x5dc 99999999999999999999 "$long"; do refused mtu "$value"; done
for value in '10.0.0.1/33' '10.0.0' '::g' '10.0.0.1;id' "$long"; do refused ip "$value" mac=00:16:3e:00:00:01; done
for value in 4096p 10/20 10p/20p 10-5 x "$long"; do refused vlan "$value"; done
for value in 'a b' 'a/b' '..' 'sixteencharacters' 'lo' "$long"; do refused vifname "$value"; done
for value in fast 1 ',,' '-1,2' "$long"; do refused rate "$value"; done
for value in $'a\x01b' "$long"; do refused iface-id "$value"; done

# The guest writes what it can while it is plugged, and while it is taken out.
vif_bare "$domid" 5
scribble() {
	while :; do
		xenstore-write "/local/domain/$domid/device/vif/5/state" "$((RANDOM % 9))" \
			"/local/domain/$domid/device/vif/5/mtu" x "/local/domain/$domid/device/vif/5/bridge" other \
			"/local/domain/$domid/device/vif/5/backend" /local/domain/0/backend/vif/0/1 2>/dev/null || true
	done
}
scribble &
scribbler=$!
cleanup "kill $scribbler 2>/dev/null || true"
for round in 1 2 3 4 5; do
	expect_ok plug online "$domid" 5
	expect_eq "round $round" "$(hotplug_status "$domid" 5) $(ovs-vsctl list-ports ovsbr0)" "connected vif$domid.5"
	expect_ok plug offline "$domid" 5
	expect_ok no_port "vif$domid.5"
done
kill "$scribbler"
vif_bare_end "$domid" 5

# The same of disks.
refused_disk() {
	local message status=0
	vbd_bare 51968 "$2" "$1"
	message=$(plug_disk online 0 51968 2>&1) || status=$?
	[ "$status" = 1 ] || failure "params='${2:0:60}' mode $1: the script ends with $status: $message"
	expect_match "the refusal of '${2:0:40}' mode $1" "$message" "$3"
	expect_eq 'the lines of it' "$(wc -l <<<"$message")" 1
	vbd_bare_end 51968
}
loop=$(disk_loop data 8)
refused_disk w /etc/passwd params=
refused_disk w /dev/../etc/shadow params=
refused_disk w /dev/null params=
refused_disk w "/dev/$long" params=
refused_disk w '/dev/loop0;id' params=
refused_disk w '' params
refused_disk x "$loop" mode=
refused_disk "w$shell" "$loop" mode=

expect_eq 'the daemon' "$(systemctl show -p MainPID --value xen-hotplugd)" "$daemon"
expect_le 'lines in the journal' "$(journalctl -u xen-hotplugd --since -900s | wc -l)" 600
guest_stop g1
success
