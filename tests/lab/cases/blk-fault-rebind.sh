# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-19: with a guest connected the module is not unloaded. Unbound first, it is; the guest's I/O stands
# still, and goes on without an error and without a lost byte when a driver is there again.
# suite: quick
# timeout: 400

. "$LAB/cases/lib/guest-load"
drivers=/sys/bus/xen-backend/drivers/vbd
loop=$(disk_loop data 128)
guest_start g1 --vcpus 2 "phy:$loop,xvda,w"
device=$(basename "$(guest_vbd_sysfs g1 xvda)")
guest_load_start g1 xvda 30

expect_fail rmmod xen-blkback
guest_load_moves g1 xvda

for round in 1 2; do
	expect_ok timeout 30 tee "$drivers/unbind" <<<"$device" >/dev/null
	expect_eq 'the number of block threads' "$(pgrep -c '^blkback\.' || true)" 0
	# xenstored and xenconsoled have a page each.
	expect_le "pages of the guest that are mapped" "$(xenfront grants "$(xl domid g1)")" 2
	[ "$round" = 1 ] || expect_ok lab_unload
	stands=$(guest_load_writes g1 xvda)
	sleep 2 # it must not go on: that cannot be awaited
	expect_eq 'writes that are answered without a driver' "$(guest_load_writes g1 xvda)" "$stands"
	if [ "$round" = 1 ]; then
		expect_ok tee "$drivers/bind" <<<"$device" >/dev/null
	else
		cleanup lab_unload
		# The guest keeps what it was offered.
		expect_ok modprobe xen-blkback max_queues=1 max_ring_page_order=0
	fi
	wait_for 30 xs_is "$(guest_vbd g1 xvda)/state" 4 || failure "round $round: the backend does not connect again"
	guest_load_moves g1 xvda
done
expect_eq 'rings in use and on offer, and their order' "$(xenstore-read \
	"/local/domain/$(xl domid g1)/device/vbd/51712/multi-queue-num-queues" \
	"$(guest_vbd g1 xvda)/multi-queue-max-queues" "$(guest_vbd g1 xvda)/max-ring-page-order" | xargs)" '2 2 4'
guest_load_end g1
guest_load_compare g1 xvda "$loop"
guest_stop g1
success
