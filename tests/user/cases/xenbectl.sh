# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# xenbectl lists devices with and without the daemon, finds what is wrong with one, and changes nothing;
# metrics are text in the format that Prometheus reads, also in a file.

xenbectl() { "$USER_PROGRAMS/xenbectl" "$@"; }

ip link add xenbr0 up type bridge
vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" xenbr0
expect_match 'without daemon' "$(xenbectl list)" 'vif1.0 +waiting +initialising +- .*xenbr0'
expect_match 'doctor' "$(xenbectl doctor || true)" 'does not answer.*vif1.0: nobody has plugged it'
mkdir -p "$RUN/metrics"
printf '[general]\nmetrics = %s/metrics/xen.prom\n' "$RUN" >/etc/xen/xen-hotplugd.conf
daemon_start
hotplug online 1 0 vif-bridge
before=$(xenstore-ls -f)
expect_match 'list' "$(xenbectl list)" 'vif1.0 +waiting +initialising +plugged +[0-9]+\.[0-9] +xenbr0'
expect_eq 'list in JSON' "$(xenbectl --json list | python3 -c 'import json, sys
for d in json.load(sys.stdin): print(d["name"], d["daemon"]["state"], d["backend"]["bridge"])')" \
	'vif1.0 plugged xenbr0'
expect_match 'show' "$(xenbectl show vif1.0)" '"script": "vif-bridge"'
if xenbectl show vif2.0 2>/dev/null; then fail "there is no vif2.0"; fi
expect_match 'doctor' "$(xenbectl doctor || true)" 'vif1.0: the guest has no driver for it'
xenstore-write "$XS_BACKEND/vif/1/0/state" 4
expect_match 'doctor' "$(xenbectl doctor)" 'nothing is wrong'
xenstore-write "$XS_BACKEND/vif/1/0/state" 2
expect_eq 'xenstore' "$(xenstore-ls -f)" "$before"
vif_make 3 0 "$XS_BACKEND/vif/3/0/bridge" nowhere
hotplug online 3 0 vif-bridge 2>/dev/null || true
expect_match 'doctor of one' "$(xenbectl doctor vif3.0 || true)" \
	"vif3.0: it was refused when it was plugged: bridge='nowhere'"

# What the drivers say counts until they are connected; a guest's words are shown as what they are.
vif_make 6 0 "$XS_BACKEND/vif/6/0/bridge" xenbr0
hotplug online 6 0 vif-bridge
xenstore-write /local/domain/6/error/device/vif/0/error $'no\nring\033[2J'
expect_match "the guest's complaint" "$(xenbectl doctor vif6.0 || true)" "the guest's driver has complained: no.ring.\[2J\$"
xenstore-write /local/domain/0/error/backend/vif/6/0/error "12 mapping tx-ring-ref"
expect_match "the driver's complaint" "$(xenbectl doctor vif6.0 || true)" 'the driver has complained: 12 mapping tx-ring-ref'
xenstore-write "$XS_BACKEND/vif/6/0/state" 4
expect_match 'doctor, when it is connected' "$(xenbectl doctor vif6.0)" 'nothing is wrong'

# What QEMU emulates is shown with the vif's bridge.
ip link add vif6.0-emu type veth peer name emu
hotplug add 6 0 vif-bridge tap
expect_match 'the emulated device' "$(xenbectl list)" 'vif6.0-emu +emulated +emulated +plugged +[0-9.]+ +xenbr0'
expect_match 'doctor' "$(xenbectl doctor vif6.0-emu)" 'nothing is wrong'
hotplug remove 6 0 vif-bridge tap

metrics=$(xenbectl metrics)
expect_match 'metrics' "$metrics" 'xen_hotplug_device\{device="vif1.0",domid="1",state="plugged"\} 1'
expect_match 'metrics' "$metrics" 'xen_hotplug_failures_total\{device="vif3.0",domid="3"\} 1'
expect_match 'metrics' "$metrics" 'xen_backend_bytes_total\{device="vif1.0",domid="1",direction="in"\} [0-9]+'
expect_match 'metrics' "$metrics" 'xen_backend_errors_total\{device="vif1.0",domid="1"\} [0-9]+'
# The format wants each family's samples together, and of each label set one.
expect_eq 'the format of metrics' "$(awk '/^# TYPE/ { family = $3; if (seen[family]++) print "twice: " family }
	!/^#/ { name = $1; sub(/{.*/, "", name); sub(/_total$/, "", name)
		if (name != family) print "not of " family ": " $1; if (sample[$1]++) print "twice: " $1 }' <<<"$metrics")" ''
expect_match 'metrics' "$metrics" 'xen_hotplug_devices\{kind="vif",state="plugged"\} 2'
expect_match 'metrics' "$metrics" 'xen_hotplug_plug_seconds\{device="vif1.0",domid="1"\} 0\.[0-9]{6}'
expect_match 'metrics' "$metrics" '# EOF$'
written() { grep -q '^# EOF' "$RUN/metrics/xen.prom" 2>/dev/null; }
wait_for 10 written || fail "the file of metrics is not there"
expect_eq 'mode of the file' "$(stat -c %a "$RUN/metrics/xen.prom")" 644
for word in frobnicate --frobnicate; do
	status=0
	xenbectl $word 2>/dev/null || status=$?
	expect_eq "status of $word" "$status" 2
done

# top: of a vif that gets packets, for two intervals; one that was not there before, or is another one now, has
# no rate yet. There are no drivers here, so neither disks nor rings have numbers: see test-counters.
vif_make 4 0 "$XS_BACKEND/vif/4/0/bridge" xenbr0
hotplug online 4 0 vif-bridge
ip addr add 192.0.2.1/24 dev xenbr0
ip -n g4 addr add 192.0.2.2/24 dev eth0
ping -i 0.05 -q 192.0.2.2 >/dev/null &
pinging=$!
xenbectl top --json --interval=1 --count=3 >"$RUN/top" &
top=$!
wait_for 5 test -s "$RUN/top" || fail "nothing is shown after the first interval"
ip link del vif1.0
vif_device 1 0
vbd_make 5 51712 /nowhere w
wait $top || fail "top has ended with $?"
kill $pinging
expect_eq 'top in JSON' "$(python3 - "$RUN/top" <<'END'
import json, sys
turns = [json.loads(line) for line in open(sys.argv[1])]
print(len(turns), [t["interval"] for t in turns])
rows = [{d["name"]: d for d in t["devices"]} for t in turns]
pinged = [r["vif4.0"] for r in rows]
print({(d["state"], d["hotplug"], d["errors"] is not None, d["ring_slots"]) for d in pinged})
# A busy machine may be late with the pings of one interval.
for key, most in ("in_per_s", 100), ("out_per_s", 100), ("out_bytes_per_s", 10000):
    print(key, all(d[key] is not None for d in pinged), 1 < max(d[key] for d in pinged) < most)
unknown = [r["vif1.0"]["in_per_s"] is None for r in rows]
print("replaced:", unknown[0], sum(unknown))
new = [r.get("vbd5.51712") for r in rows]
print("new:", new[0], new[2]["state"], new[2]["in_per_s"])
END
)" "3 [1, 1, 1]
{('waiting', 'plugged', True, None)}
in_per_s True True
out_per_s True True
out_bytes_per_s True True
replaced: False 1
new: None waiting None"
expect_match 'top' "$(xenbectl top --count=1 --interval=1)" \
	'^DEVICE +STATE +HOTPLUG +RING +IN/S .*vif4.0 +waiting +plugged +- +[0-9]+ +[0-9]+ '
for word in --interval=0 --interval=x --count=0 --count=-1 --frobnicate; do
	status=0
	xenbectl top $word 2>/dev/null || status=$?
	expect_eq "status of top $word" "$status" 2
done

# Two thousand devices, which is more than a socket takes at a time: all are told, also to who reads slowly.
daemon_stop TERM
for i in $(seq 1 2000); do
	printf '%s\0%s\0' "$XS_BACKEND/vif/9/$i/hotplug-by" vif-bridge "$XS_BACKEND/vif/9/$i/state" 2 \
		"$XS_BACKEND/vif/9/$i/bridge" xenbr0 "$XS_BACKEND/vif/9/$i/mac" 00:16:3e:00:00:01
done | xargs -0 -n 400 xenstore-write
daemon_start
all_told() {
	[ "$(xenbectl list --json | python3 -c 'import json, sys
print(sum("daemon" in d for d in json.load(sys.stdin) if d["domid"] == 9))')" = 2000 ]
}
wait_for 60 all_told || fail "xenbectl has $(xenbectl list | grep -c 'vif9.* plugging')"
expect_eq 'who reads slowly' "$(python3 - <<'END'
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/xen-hotplugd/socket")
s.send(b"xen-hotplug-1\0metrics\0")
time.sleep(1) # the daemon has filled the socket by then, and others are served
data = b""
while part := s.recv(65536):
    data += part
print(data.count(b'xen_hotplug_device{device="vif9.'), data.endswith(b"# EOF\n"))
END
)" '2000 True'
