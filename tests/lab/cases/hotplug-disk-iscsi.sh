# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl gives a guest an iSCSI target by the daemon: what the guest writes is in the target's file;
# a detach ends the session, and a guest that is destroyed while the daemon is away leaves none for long; a
# target that this host has a session with already is refused, and its session stays; so is one that is not
# offered.
# timeout: 900
. "$LAB/cases/lib/hotplug"

requires iscsiadm
modprobe -a target_core_file iscsi_target_mod iscsi_tcp || skip "this kernel has no iSCSI"
iqn=iqn.2001-04.com.example:lab
config=/sys/kernel/config/target
image=/var/lib/xen/images/iscsi.img

# The kernel's own target, here on the loopback device.
target_start() {
	mkdir -p "$config/core/fileio_0/lab"
	echo "fd_dev_name=$image,fd_dev_size=$((16 << 20))" >"$config/core/fileio_0/lab/control"
	echo 1 >"$config/core/fileio_0/lab/enable"
	mkdir -p "$config/iscsi/$iqn/tpgt_1/lun/lun_0" "$config/iscsi/$iqn/tpgt_1/np/127.0.0.1:3260"
	ln -s "$config/core/fileio_0/lab" "$config/iscsi/$iqn/tpgt_1/lun/lun_0/lab"
	echo 0 >"$config/iscsi/$iqn/tpgt_1/attrib/authentication"
	echo 1 >"$config/iscsi/$iqn/tpgt_1/attrib/generate_node_acls"
	echo 0 >"$config/iscsi/$iqn/tpgt_1/attrib/demo_mode_write_protect"
	echo 1 >"$config/iscsi/$iqn/tpgt_1/enable"
}

target_stop() {
	echo 0 >"$config/iscsi/$iqn/tpgt_1/enable"
	rm "$config/iscsi/$iqn/tpgt_1/lun/lun_0/lab"
	rmdir "$config/iscsi/$iqn/tpgt_1/lun/lun_0" "$config/iscsi/$iqn/tpgt_1/np/127.0.0.1:3260" \
		"$config/iscsi/$iqn/tpgt_1" "$config/iscsi/$iqn" "$config/core/fileio_0/lab"
	rm -f "$image"
}

hotplug_start ovsbr0
mkdir -p "${image%/*}"
truncate -s 16M "$image"
target_start || error "the target cannot be set up"
cleanup target_stop
expect_ok systemctl start iscsid.socket
cleanup 'systemctl stop iscsid.socket iscsid.service'
cleanup "iscsiadm -m node -T $iqn --logout; iscsiadm -m node -T $iqn -o delete"
guest_start g1
# Linux frees what was received on another processor when that one receives something (skb_attempt_defer_free), and
# here that are the guest's pages, for the target is on this machine: without traffic the driver would wait for them.
for ((cpu = 0; cpu < $(nproc); cpu++)); do
	taskset -c $cpu ping -q -i 0.2 127.0.0.1 >/dev/null &
	cleanup "kill $!"
done

disk() { printf 'format=raw,backendtype=phy,script=block-iscsi,vdev=%s,access=w,target=%s' "$1" "$2"; }
has_session() { iscsiadm -m session 2>/dev/null | grep -q "$iqn"; }
has_no_session() { ! has_session; }

start=$EPOCHREALTIME
expect_ok xl block-attach g1 "$(disk xvdb "iqn=$iqn,portal=127.0.0.1")"
echo "-- xl block-attach took $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
guest_wait_disk g1 xvdb
be=$(guest_vbd g1 xvdb)
expect_match node "$(xenstore-read "$be/node")" '^/dev/sd[a-z]+$'
expect_ok guest_run g1 'echo hello >/dev/xvdb; sync'
expect_ok xl block-detach g1 xvdb
expect_ok wait_for 20 has_no_session
expect_eq 'the file' "$(head -c 5 "$image")" hello

# Everybody goes without a word.
expect_ok xl block-attach g1 "$(disk xvdb "iqn=$iqn,portal=127.0.0.1")"
guest_wait_disk g1 xvdb
expect_ok systemctl stop xen-hotplugd.socket xen-hotplugd.service
has_session || failure "the session has ended with the daemon"
be=$(guest_vbd g1 xvdb)
expect_ok xl destroy g1
xenstore-rm "$be" 2>/dev/null || true
expect_ok systemctl start xen-hotplugd.socket xen-hotplugd.service
expect_ok wait_for 120 has_no_session

if message=$(iscsiadm -m node -T "$iqn" -p 127.0.0.1 --login 2>&1); then echo "-- a session of our own"; else
	error "iscsiadm cannot log in: $message"
fi
guest_start g2
if message=$(xl block-attach g2 "$(disk xvdb "iqn=$iqn,portal=127.0.0.1")" 2>&1); then
	failure "a session of somebody else is used"
fi
expect_match 'the message' "$message" "must be a target that this host has no session with yet"
has_session || failure "a session of somebody else has been ended"
# libxl leaves the disk that could not be attached in xenstore.
if message=$(xl block-attach g2 "$(disk xvdc "iqn=$iqn-none,portal=127.0.0.1")" 2>&1); then
	failure "there is a target that is not there"
fi
expect_match 'the message' "$message" 'must be a target that 127.0.0.1:3260 offers'
success
