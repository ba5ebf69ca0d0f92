# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The threads of a disk are called blkback.<domid>.<dev>, with the queue's number if there are several. Without
# a dev key the disk works as well. As many queues may be had as were offered, even if the module's parameter
# is another by then.
# suite: quick
# timeout: 200

modprobe -r xen-blkfront
cleanup 'modprobe -r xen-blkfront'
loop=$(disk_loop data 4)
# Linux's frontend makes no more queues than there are processors.
most=$(($(nproc) < 2 ? 1 : 2))
for queues in $(seq "$most"); do
	modprobe xen-blkfront max_queues="$queues"
	vbd_attach "$loop" xvdz
	names=$(pgrep -l '^blkback\.0\.xvdz' | cut -d' ' -f2 | sort | xargs)
	if [ "$queues" = 1 ]; then
		expect_eq 'the thread of one queue' "$names" blkback.0.xvdz
	else
		expect_eq 'the threads of two queues' "$names" 'blkback.0.xvdz-0 blkback.0.xvdz-1'
	fi
	expect_ok vbd_detach xvdz
	expect_eq 'the number of threads left' "$(pgrep -c '^blkback\.')" 0
	modprobe -r xen-blkfront
done

vbd_publish 0 "$loop" xvdz w
xenstore-rm "$XS_BACKEND/0/$(vdev_number xvdz)/dev"
modprobe xen-blkfront max_queues=1
wait_for 30 test -b /dev/xvdz || failure "no disk without a dev key: $(vbd_states "$(vdev_number xvdz)")"
expect_match 'the thread without a dev key' "$(pgrep -l '^blkback' | cut -d' ' -f2)" '^blkback\.0\.vbd-0[^ ]*$'
expect_ok dd if=/dev/xvdz of=/dev/null bs=4k count=4 iflag=direct status=none
expect_ok vbd_detach xvdz
modprobe -r xen-blkfront

parameter=/sys/module/xen_blkback/parameters/max_queues
before=$(cat $parameter)
cleanup "echo $before >$parameter"
vbd_publish 0 "$loop" xvdz w
key=$XS_BACKEND/0/$(vdev_number xvdz)/multi-queue-max-queues
wait_for 20 xenstore-exists "$key" || failure "no $key"
expect_ge 'queues that are offered' "$(xenstore-read "$key")" "$most"
echo 1 >$parameter
modprobe xen-blkfront max_queues=2
wait_for 30 test -b /dev/xvdz || failure "no disk: $(vbd_states "$(vdev_number xvdz)")"
expect_eq 'the number of threads' "$(pgrep -c '^blkback\.')" "$most"
expect_ok vbd_detach xvdz
success
