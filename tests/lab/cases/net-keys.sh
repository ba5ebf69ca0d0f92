# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# An interface without a `script` key connects by itself; one with it waits for hotplug-status, and until then
# nothing is lost. The guest is told whether dom0's end is up. A `vifname` is kept, the event for scripts names
# both. What a driver that went has written is not left to the next.
# timeout: 200

. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
modprobe xen-netfront

net_looped 41
net_looped_serve 41
net_exchange 10.78.41.2 --bytes 500000
net_exchange fd78:41::2 --bytes 500000
carrier=$XS_VIF/0/41/carrier
# The first is written when the interface has been made, and it is down.
xs_wait 20 "$carrier" xs_is "$carrier" 1 || failure 'the guest is not told that the interface is up'
ip link set vif0.41 down
xs_wait 20 "$carrier" xs_is "$carrier" 0 || failure 'the guest is not told that the interface is down'
ip link set vif0.41 up
xs_wait 20 "$carrier" xs_is "$carrier" 1 || failure 'the guest is not told that the interface is up again'
ip address replace 10.78.41.1/24 dev vif0.41
expect_ok net_ping 10.78.41.2
expect_ok ip link set vif0.41 down
expect_ok ip link set vif0.41 name other41
expect_ok ip link set other41 up
expect_ok net_ping 10.78.41.2
expect_eq 'the mac address of dom0 end' "$(cat /sys/class/net/other41/address)" fe:ff:ff:ff:ff:ff

# One with a script: the event says which, and nothing is connected before the script has spoken.
mkdir -p "$LAB_RUN/tmp"
stdbuf -oL udevadm monitor --kernel --property --subsystem-match=xen-backend >"$LAB_RUN/tmp/events" &
monitor=$!
cleanup "kill $monitor 2>/dev/null || true"
wait_for 10 grep -q KERNEL "$LAB_RUN/tmp/events" || error 'udevadm does not run'
vif_publish 0 42 script=/etc/xen/scripts/some-script
back=$XS_VIF/0/42
xs_wait 20 "$back" xs_is "$back/state" 2 || failure "no InitWait: $(vif_states 0 42)"
is_told() { grep -q '^script=/etc/xen/scripts/some-script' "$LAB_RUN/tmp/events" && grep -q '^vif=vif0.42' "$LAB_RUN/tmp/events"; }
wait_for 20 is_told || failure "the event has not said it: $(cat "$LAB_RUN/tmp/events")"
wait_for 20 xs_is "/local/domain/0/device/vif/42/state" 4 || failure "the frontend does not begin: $(vif_states 0 42)"
sleep 1 # nothing happens now, and nothing announces that
expect_eq 'the state before the script has spoken' "$(xenstore-read "$back/state")" 2
expect_eq 'carrier before the script has spoken' "$(ip link set vif0.42 up && cat /sys/class/net/vif0.42/carrier)" 0
xenstore-write "$back/hotplug-status" busy
sleep 1 # nothing happens here either
expect_eq 'the state when it says something else' "$(xenstore-read "$back/state")" 2
xenstore-write "$back/hotplug-status" connected
xs_wait 20 "$back" xs_is "$back/state" 4 || failure "the script's word is not heard: $(vif_states 0 42)"
expect_eq carrier "$(cat /sys/class/net/vif0.42/carrier)" 1
# Said twice it changes nothing.
xenstore-write "$back/hotplug-status" connected
ip link set "$(vif_front 42)" up
expect_ok labnet wire vif0.42 "$(vif_front 42)" --packets 50

echo vif-0-42 >/sys/bus/xen-backend/drivers/vif/unbind
expect_fail xenstore-read "$back/hotplug-status"
echo vif-0-42 >/sys/bus/xen-backend/drivers/vif/bind
expect_eq 'carrier of the next' "$(ip link set vif0.42 up && cat /sys/class/net/vif0.42/carrier)" 0
xenstore-write "$back/hotplug-status" connected
wait_for 20 grep -q 1 /sys/class/net/vif0.42/carrier || failure "the next does not connect: $(vif_states 0 42)"
expect_ok labnet wire vif0.42 "$(vif_front 42)" --packets 50

# No handle, no interface, and a reason.
vif_publish 0 43 handle=
# The bus writes words of its own over the reason in xenstore when a driver does not take a device.
is_logged() { dmesg | grep -q 'vif/0/43/handle is "": must be the number of the interface'; }
wait_for 20 is_logged || failure 'nothing is said of an interface without a number'
xenstore-rm "$XS_VIF/0/43" && xenstore-rm /local/domain/0/device/vif/43
expect_ok vif_detach 42
expect_ok vif_detach 41
success
