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

metrics=$(xenbectl metrics)
expect_match 'metrics' "$metrics" 'xen_hotplug_devices\{kind="vif",state="plugged"\} 1'
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
