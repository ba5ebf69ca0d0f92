# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-04, H-06, H-08, H-10, H-11, H-16, H-17, H-34 from a real guest, which sees nothing of dom0's, with a second
# guest at work meanwhile: nothing of it reaches that one, and dom0 keeps its memory.
# timeout: 600

. "$LAB/cases/lib/front"
. "$LAB/cases/lib/net"
expect_ok modprobe xen-netback
net_bridge
guest_start good --memory 256 --vif "$(net_spec "")"
net_guest_up good 3
net_serve good
# The second interface is the one that is misused; over the first it is told what came of it.
guest_start g1 --vcpus 2 --vif "$(net_spec_plain mac=00:16:3e:00:66:00)" --vif "$(net_spec_plain mac=00:16:3e:00:66:01)" \
	"phy:$(front_carrier),xvdy,r"
domid=$(xl domid g1)
guest_run g1 "head -c $(stat -L -c %s "$(command -v xenfront)") /dev/xvdy >/tmp/xenfront && chmod +x /tmp/xenfront &&
	echo vif-1 >/sys/bus/xen/drivers/vif/unbind" || error 'the program does not get into the guest'
device=$(guest_run g1 "basename \$(dirname \$(grep -l 00:16:3e:00:66:00 /sys/class/net/*/address))")
net_guest_address g1 "$device" 10.79.0.2/24 fd79::2/64
net_dom0_address g1 0 10.79.0.1/24
available() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }
before=$(available)

for misdeed in slot slots extra header grant index race storm pages control/index-129 control/hash-storm; do
	net_start bystander 10.77.0.3
	xenfront net peer "vif$domid.1" --port 5010 >"$LAB_OUT/peer" 2>&1 &
	peer=$!
	wait_for 20 grep -q listening "$LAB_OUT/peer" || error "dom0's end does not run: $(cat "$LAB_OUT/peer")"
	front_guest g1 400 net bad --handle 1 --peer 10.79.0.1:5010 "$misdeed"
	status=0
	wait $peer || status=$?
	cat "$LAB_OUT/peer"
	expect_eq "dom0's end, $misdeed" $status 0
	net_moves bystander
	net_stop bystander
	expect_le "ms of silence of another guest during $misdeed" "$net_gap_ms" $((5000 * LAB_PATIENCE))
	net_nothing_refused "$(net_vif good)"
done
expect_le "loss of dom0's memory, KiB," $((before - $(available))) 32768
expect_ge "packets refused on the guest's interface" "$(net_count "vif$domid.1" from_refused)" 20
net_guest_end good
expect_ok xl destroy g1
net_gone "$domid" 0
net_gone "$domid" 1
success
