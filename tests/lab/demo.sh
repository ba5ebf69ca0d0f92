# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of `make demo` that runs in dom0 (tests/lab/demo).

# shellcheck source=tests/lab/lib.sh
. /lab/lib.sh
# shellcheck source=tests/lab/cases/lib/net
. /lab/cases/lib/net
set -eEu -o pipefail
trap lab_on_error ERR
trap demo_end EXIT

watcher=
demo_end() {
	local status=$?
	trap - EXIT ERR
	set +eE
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null
	if [ "$status" != 0 ]; then
		echo "what the kernel said last:"
		dmesg | tail -n 15
	fi
	exit "$status"
}

step() {
	printf '\n[dom0 %s s] %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"
}

# loaded MODULE: says which it is, and that it is this tree's.
loaded() {
	local path
	path=$(modinfo -n "$1")
	echo "$1 : $path"
	case $path in
	*/updates/dkms/*) ;;
	*) failure "that is not this tree's module" ;;
	esac
	expect_eq "the version of $1 that is loaded" "$(cat "/sys/module/${1//-/_}/srcversion")" \
		"$(modinfo -F srcversion "$path")"
}

step "the hypervisor, the toolstack and the drivers"
xl info | grep -E '^(xen_version|release|virt_caps|xen_caps)' || true
LAB_VERDICT=/dev/null lab_blkback_load
expect_ok modprobe xen-netback
loaded xen-blkback
loaded xen-netback

step "the daemon that plugs what xl asks for, in place of the scripts"
expect_ok systemctl start xen-hotplugd
ls -l /etc/xen/scripts/vif-openvswitch /etc/xen/scripts/block

step "xl create: a ${DEMO_TYPE:-pv} guest with a disk of 32 MiB, on a bridge of Open vSwitch"
net_bridge
loop=$(disk_loop disk 32)
console=$LAB/out/consoles/guest-demo.log
rm -f "$console"
mkdir -p "${console%/*}"
: >"$console"
tail -n +1 -F "$console" 2>/dev/null | sed -u 's/^/    guest | /' &
watcher=$!
guest_start demo --stock-script --type "${DEMO_TYPE:-pv}" --vif "$(net_spec "")" "phy:$loop,xvda,w"
xl list
xl block-list demo
xl network-list demo
ovs-vsctl show

step "what the daemon has done, and how long a plug takes beside the toolstack's own script"
xenbectl list
timed_attach() {
	local start=$EPOCHREALTIME number
	xl network-attach demo "bridge=$BRIDGE" "script=$1"
	echo "xl network-attach with $1: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
	number=$(xenstore-list "$XS_VIF/$(xl domid demo)" | sort -n | tail -n 1)
	xl network-detach demo "$number"
}
timed_attach /bin/true
timed_attach vif-openvswitch
timed_attach vif-openvswitch.stock
journalctl -u xen-hotplugd -o cat | grep plugged

step "the guest writes its disk with fio and verifies every block by its CRC"
expect_ok guest_run demo 'fio --name=write-and-verify --filename=/dev/xvda --rw=randwrite \
	--bsrange=4k-128k --size=16m --iodepth=32 --ioengine=libaio --direct=1 --fdatasync=32 \
	--verify=crc32c --verify_fatal=1 --do_verify=1 \
	--eta=never --clat_percentiles=0' >/dev/null

step "the guest and dom0 read the same disk"
guest_sum=$(guest_run demo 'dd if=/dev/xvda bs=1M iflag=direct 2>/dev/null | sha256sum' | cut -c1-64)
dom0_sum=$(dd if="$loop" bs=1M iflag=direct status=none | sha256sum | cut -c1-64)
echo "guest: $guest_sum"
echo "dom0 : $dom0_sum"
expect_eq 'the sum in dom0' "$dom0_sum" "$guest_sum"

step "ping, and TCP whose every byte is checked, both ways"
net_guest_up demo 2
expect_ok net_ping 10.77.0.2
expect_ok net_ping fd77::2
net_serve demo
net_exchange 10.77.0.2 --flows 2 --bytes 4000000

step "what dom0 sees of it"
ps -eo pid,comm,time | awk 'NR == 1 || $2 ~ /^blkback[.]/'
expect_ge 'block threads' "$(pgrep -c '^blkback\.' || true)" 1
sysfs=$(guest_vbd_sysfs demo xvda)
grep -H . "$sysfs"/statistics/* | sed "s,^$sysfs/,,"
xentop -b -f -i 1 | awk '$1 == "NAME" || $1 == "demo"' | cut -c1-200
expect_ge 'sectors written' "$(cat "$sysfs/statistics/wr_sect")" $((16 * 2048))
vif=$(net_vif demo)
ip -statistics link show "$vif"
expect_ge 'bytes from the guest' "$(cat "/sys/class/net/$vif/statistics/rx_bytes")" 8000000

step "the guest goes, and its disk and its interface with it"
guest_stop demo
wait_for 30 test ! -e "/sys/class/net/$vif" || failure "$vif stays"
expect_eq 'block threads left' "$(pgrep -c '^blkback\.' || true)" 0
nothing_left() { [ -z "$(ovs-vsctl list-ports "$BRIDGE")" ] && [ "$(xenbectl list --json | tr -d ' \n')" = '[]' ]; }
expect_ok wait_for 20 nothing_left
