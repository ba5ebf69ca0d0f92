# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # for the guest's shell
# A driver domain: the backends and the daemon, in place of `xl devd`, run in a guest. An unmodified xl in dom0
# gives another guest a network device and disks from there; they are plugged, go, come again with a daemon that
# was killed, and leave nothing behind.
# timeout: 900
. "$LAB/cases/lib/hotplug"

requires cpio xz
[ "$LAB_DEBUG" = 0 ] || skip "the guest has another kernel than dom0, and there are no drivers for it"
daemon=/usr/libexec/xen-hotplugd
tree=/var/tmp/driver
mkdir -p "$tree"/{drivers,etc/xen,usr/libexec,srv}
cleanup "rm -rf $tree $tree.cpio"
# The guest has dom0's kernel, so dom0's modules are the guest's.
for module in xen-netback xen-blkback bridge loop; do
	modprobe --ignore-install --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
	cp "$file" "$tree/drivers/"
	case $file in *.xz) xz -d "$tree/drivers/${file##*/}" ;; esac
	basename "$file" .xz
done >"$tree/drivers/order"
cp $daemon "$tree/usr/libexec/"
ldd $daemon | grep -o '/[^ ]*\.so[^ ]*' | while read -r file; do
	mkdir -p "$tree${file%/*}"
	cp -L "$file" "$tree$file"
done
printf '[general]\nrun = events\n[disk]\ndirectories = /srv\n' >"$tree/etc/xen/xen-hotplugd.conf"
guest_ramdisk
{
	cat "$LAB_RUN/guest.cpio"
	(cd "$tree" && find . | cpio --quiet -o -H newc)
} >$tree.cpio

# The daemon of dom0 is there as well, and leaves alone what is not dom0's.
systemctl start xen-hotplugd.socket xen-hotplugd.service
cleanup 'systemctl stop xen-hotplugd.service xen-hotplugd.socket'

guest_start driver --ramdisk $tree.cpio --config 'driver_domain = 1'
there=$(xl domid driver)
expect_ok guest_run driver '[ -s /drivers/order ] || exit 1
	for i in $(cat /drivers/order); do insmod /drivers/$i || exit 1; done
	ip link add xenbr0 type bridge && ip addr add 10.0.0.254/24 dev xenbr0 && ip link set xenbr0 up mtu 1400
	echo of-the-driver-domain >/srv/disk && truncate -s 4M /srv/disk
	mkdir -p /run'
start_daemon() {
	guest_run driver "$daemon --debug >>/tmp/hotplugd.log 2>&1 </dev/null & sleep 1; pidof xen-hotplugd" # to see one that ends at once
}
expect_ok start_daemon

xs_empty() { [ -z "$(xenstore-list "$1" 2>/dev/null)" ]; }

# Plugged at the start of a guest.
guest_start g1 --config "vif = ['backend=driver,bridge=xenbr0,mac=00:16:3e:12:34:56,vifname=lan0']
disk = ['backend=driver,format=raw,vdev=xvdb,access=r,target=/srv/disk']"
domid=$(xl domid g1)
vif=/local/domain/$there/backend/vif/$domid/0
vbd=/local/domain/$there/backend/vbd/$domid/51728
expect_eq 'hotplug-status of the vif' "$(xenstore-read "$vif/hotplug-status")" connected
expect_eq 'hotplug-status of the disk' "$(xenstore-read "$vbd/hotplug-status")" connected
expect_ok guest_run driver '[ -e /sys/class/net/xenbr0/brif/lan0 ]'
guest_address g1 10.0.0.1/24
expect_ok guest_ping g1 10.0.0.254
guest_wait_disk g1 xvdb
expect_ok guest_run g1 'busybox head -c 20 /dev/xvdb | grep -qx of-the-driver-domain'

# A disk that the driver domain's administrator does not allow, and a bridge that is not there: across domains, xl
# does not wait for the script, so the reason is where xenbectl and a watch find it.
refused() { [ "$(xenstore-read "$1/hotplug-status" 2>/dev/null)" = error ]; }
xl block-attach g1 'backend=driver,format=raw,vdev=xvdc,access=r,target=/etc/xen/xen-hotplugd.conf' || true
expect_ok wait_for 30 refused "${vbd%/*}/51744"
expect_match 'its reason' "$(xenstore-read "${vbd%/*}/51744/hotplug-error")" \
	"^params='/etc/xen/xen-hotplugd.conf': must be below one of the directories"
expect_fail xenstore-exists "${vbd%/*}/51744/physical-device"
xl network-attach g1 backend=driver bridge=none0 || true
expect_ok wait_for 30 refused "${vif%/*}/1"
expect_match 'its reason' "$(xenstore-read "${vif%/*}/1/hotplug-error")" \
	"^bridge='none0': there is no bridge of this name"

# Out and in, with another daemon that knows nothing of the first.
expect_ok guest_run driver 'killall -KILL xen-hotplugd; rm -f /run/xen-hotplugd/socket'
expect_ok start_daemon
expect_ok guest_ping g1 10.0.0.254
expect_ok xl network-detach g1 0
expect_ok wait_for 30 xs_empty "$vif"
expect_ok guest_run driver '[ ! -e /sys/class/net/lan0 ]'
expect_ok xl network-attach g1 backend=driver bridge=xenbr0 mac=00:16:3e:12:34:57
expect_ok guest_run driver '[ "$(ls /sys/class/net/xenbr0/brif | wc -l)" = 1 ]'

expect_ok xl destroy g1
expect_ok wait_for 60 xs_empty "/local/domain/$there/backend/vif/$domid"
expect_ok wait_for 60 xs_empty "/local/domain/$there/backend/vbd/$domid"
expect_ok guest_run driver 'cat /tmp/hotplugd.log; [ -z "$(ls /sys/class/net/xenbr0/brif)" ] && [ -z "$(losetup -a)" ]'
success
