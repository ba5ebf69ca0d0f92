# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# xenbectl top shows what the drivers count while a guest reads its disk and is pinged: requests, bytes, the slots
# of the rings, and no errors.
# timeout: 600
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
requires python3
ip addr add 10.0.20.254/24 dev ovsbr0
cleanup 'ip addr del 10.0.20.254/24 dev ovsbr0'
loop=$(disk_loop data 8)
guest_start g1 --config "vif = ['mac=00:16:3e:12:34:57,bridge=ovsbr0,script=vif-openvswitch']"
guest_address g1 10.0.20.1/24
domid=$(xl domid g1)
expect_ok xl block-attach g1 "phy:$loop,xvdb,w"
guest_wait_disk g1 xvdb

ping -q -i 0.2 10.0.20.1 >/dev/null &
cleanup "kill $!"
xenbectl top --json --interval=5 --count=2 >"$LAB_OUT/top.json" &
top=$!
expect_ok guest_run g1 'for i in 1 2 3 4 5 6; do
	echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/xvdb of=/dev/null bs=64k count=16 2>/dev/null
	sleep 1 # there is to be some I/O in each interval that is shown: time is what it is spread over
done'
wait $top || failure "top has ended with $?"
expect_eq 'what is shown' "$(python3 - "$LAB_OUT/top.json" "vif$domid.0" "vbd$domid.51728" <<'END'
import json, sys
turns = [{d["name"]: d for d in json.loads(line)["devices"]} for line in open(sys.argv[1])]
for name in sys.argv[2:]:
    rows = [t[name] for t in turns]
    print(rows[0]["state"], rows[0]["hotplug"], max(r["in_per_s"] for r in rows) > 0,
          max(r["in_bytes_per_s"] for r in rows) > 0, rows[0]["errors"],
          rows[0]["ring_slots"] > 0 and rows[0]["ring_used"] <= rows[0]["ring_slots"])
END
)" "connected plugged True True 0 True
connected plugged True True 0 True"
# The same as metrics, which the daemon reads inside of its sandbox.
metrics=$(xenbectl metrics | grep '^xen_backend')
for device in "vif$domid.0" "vbd$domid.51728"; do
	expect_match "slots of $device" "$metrics" "xen_backend_ring_slots\{device=\"$device\",domid=\"$domid\"\} [1-9]"
	expect_match "requests of $device" "$metrics" \
		"xen_backend_requests_total\{device=\"$device\",domid=\"$domid\",direction=\"in\"\} [1-9]"
	expect_match "errors of $device" "$metrics" "xen_backend_errors_total\{device=\"$device\",domid=\"$domid\"\} 0"
done
success
