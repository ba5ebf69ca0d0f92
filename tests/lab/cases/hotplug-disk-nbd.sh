# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An unmodified xl gives a guest an export of an NBD server by the daemon: what the guest writes is in the
# server's file; a second guest is refused; a killed daemon does not end it; a detach ends this connection and
# no other; a server that is not there, and an export that it has not, fail the attach with the tool's words.
# timeout: 600
. "$LAB/cases/lib/hotplug"

requires nbd-client nbd-server
modprobe nbd || skip "this kernel has no module nbd"
hotplug_start ovsbr0
# nbd-server looks its address up, and a host that has none but of its loopback device is given no IPv4 at all.
ip addr add 10.0.20.254/24 dev ovsbr0
mkdir -p /var/lib/xen/images
truncate -s 16M /var/lib/xen/images/nbd.img /var/lib/xen/images/other.img
cleanup 'rm -f /var/lib/xen/images/nbd.img /var/lib/xen/images/other.img'
cat >/run/lab-nbd.conf <<-'END'
	[generic]
	listenaddr = 127.0.0.1
	[lab]
	exportname = /var/lib/xen/images/nbd.img
	[other]
	exportname = /var/lib/xen/images/other.img
END
nbd-server -C /run/lab-nbd.conf -p /run/lab-nbd.pid || error "nbd-server does not start"
cleanup 'pkill -F /run/lab-nbd.pid'
listens() { ss -ltn | grep -q '127.0.0.1:10809'; }
wait_for 20 listens || error "nbd-server does not listen: $(journalctl -t nbd_server -o cat -n 5)"
# Somebody else's, on the first device.
nbd-client 127.0.0.1 10809 /dev/nbd0 -name other || error "nbd-client does not connect"
cleanup 'nbd-client -d /dev/nbd0'
guest_start g1
guest_start g2
domid=$(xl domid g1)

nbd() { printf 'format=raw,backendtype=phy,script=block-nbd,vdev=%s,access=w,target=%s' "$1" "$2"; }

start=$EPOCHREALTIME
expect_ok xl block-attach g1 "$(nbd xvdb host=127.0.0.1,name=lab)"
echo "-- xl block-attach took $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
guest_wait_disk g1 xvdb
be=$(guest_vbd g1 xvdb)
node=$(xenstore-read "$be/node")
expect_match node "$node" '^/dev/nbd[1-9][0-9]*$'
expect_eq 'its size' "$(blockdev --getsize64 "$node")" $((16 << 20))
expect_ok guest_run g1 'echo hello >/dev/xvdb; sync'
if message=$(xl block-attach g2 "$(nbd xvdb name=lab,host=127.0.0.1)" 2>&1); then
	failure "two writers have one disk"
fi
expect_match 'the message' "$message" "domain $domid has this disk as device 51728 with mode w already"

expect_ok systemctl kill --signal=KILL --kill-whom=main xen-hotplugd.service
is_back() { xenbectl list | grep -q "vbd$domid.51728 .* plugged"; }
expect_ok wait_for 30 is_back
expect_ok guest_run g1 'echo again >/dev/xvdb; sync'

if message=$(xl block-attach g1 "$(nbd xvdc host=127.0.0.1,name=none)" 2>&1); then
	failure "there is an export that is not there"
fi
expect_match 'the message' "$message" 'nbd-client: '
if message=$(xl block-attach g1 "$(nbd xvdd host=127.0.0.1,port=1,name=lab)" 2>&1); then
	failure "there is a server that is not there"
fi
expect_match 'the message' "$message" 'nbd-client: .*refused'

expect_ok xl block-detach g1 xvdb
is_free() { [ ! -e "/sys/block/${node#/dev/}/pid" ]; }
expect_ok wait_for 20 is_free
expect_eq 'the file' "$(head -c 5 /var/lib/xen/images/nbd.img)" again
[ -e /sys/block/nbd0/pid ] || failure "somebody else's connection has been ended"
expect_eq 'what is noted' "$(xenstore-list /local/domain/0/data/xen-hotplugd/targets)" ''
success
