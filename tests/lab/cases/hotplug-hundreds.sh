# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# H-43: 200 vifs and 200 disks are plugged and unplugged in random order, some twice at once, some unplugged
# before they are plugged: Open vSwitch has the ports of the vifs that are there, and at the end none. The
# daemon stays small. LAB_SEED=N repeats an order.
# timeout: 1500
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
seed=$(lab_seed)
RANDOM=$((seed % 32768))
# What udev does with each of them would be most of the work.
udevadm control --stop-exec-queue
cleanup 'udevadm control --start-exec-queue'
# Who loads the drivers is udev, too.
expect_ok modprobe -a xen-netback xen-blkback
# Nor do the frontends ever speak: dom0's own would need more grants than it has.
modprobe -qr xen-netfront || error 'xen-netfront is in use'
modprobe -qr xen-blkfront || error 'xen-blkfront is in use'
loop=$(disk_loop data 8)
vdev() { echo $((268435456 + $1 * 256)); }

for ((i = 1; i <= 200; i++)); do
	vif_publish 0 $i script=/etc/xen/scripts/vif-openvswitch bridge=ovsbr0
	vbd_bare "$(vdev $i)" "$loop" r
done
for ((i = 1; i <= 200; i++)); do
	wait_for 60 test -e "/sys/class/net/vif0.$i" || failure "there is no vif0.$i"
done

one() {
	case $2 in
	vif) plug "$1" 0 "$3" ;;
	vbd) plug_disk "$1" 0 "$(vdev "$3")" ;;
	esac
}

# storm ACTION...: each action for each device, in random order, eight at once.
storm() {
	local work=() pids=() i word
	for word; do
		for ((i = 1; i <= 200; i++)); do
			work+=("$word vif $i" "$word vbd $i")
		done
	done
	for ((i = ${#work[@]} - 1; i > 0; i--)); do
		local j=$(((RANDOM * 32768 + RANDOM) % (i + 1))) swap=${work[i]}
		work[i]=${work[j]}
		work[j]=$swap
	done
	for ((i = 0; i < ${#work[@]}; i++)); do
		# shellcheck disable=SC2086 # words
		{ one ${work[i]} || echo "${work[i]}" >>"$LAB_OUT/failed"; } >>"$LAB_OUT/storm" 2>&1 &
		pids+=($!)
		if [ ${#pids[@]} = 8 ]; then
			wait "${pids[@]}"
			pids=()
		fi
	done
	wait
}

plugged() { ovs-vsctl list-ports ovsbr0 | wc -l; }
start=$SECONDS
storm online
echo "-- 400 plugs in $((SECONDS - start)) s"
[ ! -s "$LAB_OUT/failed" ] || failure "plugs have failed: $(head -c 500 "$LAB_OUT/failed")"
expect_eq ports "$(plugged)" 200
for ((i = 1; i <= 200; i++)); do
	[ "$(hotplug_status 0 $i)" = connected ] || failure "vif0.$i is $(hotplug_status 0 $i): $(hotplug_error 0 $i)"
	xs_is "$XS_BACKEND/0/$(vdev $i)/physical-device" "$(stat -L -c '%t:%T' "$loop")" ||
		failure "disk $(vdev $i) has no device"
done
pid=$(systemctl show -p MainPID --value xen-hotplugd)
grep -E '^(VmRSS|RssAnon)' "/proc/$pid/status"
expect_le "the daemon's memory, KiB," "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")" 8192

# Twice, and in and out at once; then the daemon is asked what is there.
storm online offline online
rm -f "$LAB_OUT/failed"
storm online
[ ! -s "$LAB_OUT/failed" ] || failure "plugs have failed: $(head -c 500 "$LAB_OUT/failed")"
expect_eq ports "$(plugged)" 200
expect_eq 'what xenbectl has' "$(xenbectl list --json | grep -c '"state": "plugged"')" 400

# Half of them are taken out, the other half goes without a word.
for ((i = 1; i <= 200; i += 2)); do
	one offline vif $i
	one offline vbd $i
done
expect_eq ports "$(plugged)" 100
xenstore-rm "$XS_VIF/0"
xenstore-rm "$XS_BACKEND/0"
xenstore-rm /local/domain/0/device/vif
xenstore-rm /local/domain/0/device/vbd
no_ports() { [ "$(plugged)" = 0 ]; }
expect_ok wait_for 60 no_ports
expect_eq 'what xenbectl has' "$(xenbectl list --json | tr -d ' \n')" '[]'
success
