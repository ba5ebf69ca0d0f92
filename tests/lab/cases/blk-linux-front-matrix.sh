# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Linux's own frontend connects and its data is right with every combination of queues, ring order and
# persistent grants that it can be told to use.
# timeout: 400

modprobe -r xen-blkfront
cleanup 'modprobe -r xen-blkfront'
loop=$(disk_loop data 8)
front=/local/domain/0/device/vbd/$(vdev_number xvdz)
combinations=0
# It makes no more queues than there are processors.
most=$(($(nproc) < 2 ? 1 : 2))
for queues in $(seq "$most"); do
	for order in 0 1 4; do
		for persistent in 0 1; do
			echo "== $queues queues, order $order, persistent $persistent"
			modprobe xen-blkfront max_queues="$queues" max_ring_page_order=$order \
				feature_persistent=$persistent
			vbd_attach "$loop" xvdz
			# What was agreed on, not only what was asked for.
			if [ "$queues" = 1 ]; then
				expect_eq queues "$(xenstore-read "$front/multi-queue-num-queues" 2>/dev/null || echo 1)" 1
			else
				expect_eq queues "$(xenstore-read "$front/multi-queue-num-queues")" "$queues"
			fi
			if [ $order = 0 ]; then
				expect_eq order "$(xenstore-read "$front/ring-page-order" 2>/dev/null || echo 0)" 0
			else
				expect_eq order "$(xenstore-read "$front/ring-page-order")" $order
			fi
			expect_eq persistent "$(xenstore-read "$front/feature-persistent")" $persistent
			# A job on each processor, and so on each queue.
			expect_ok fio --eta=never --output-format=terse --filename=/dev/xvdz --rw=randwrite \
				--bsrange=4k-256k --size=2m --offset_increment=4m --numjobs="$most" --cpus_allowed=0-$((most - 1)) \
				--cpus_allowed_policy=split --iodepth=32 --ioengine=libaio --direct=1 \
				--verify=crc32c --verify_fatal=1 --name=t
			expect_ok vbd_detach xvdz
			modprobe -r xen-blkfront
			combinations=$((combinations + 1))
		done
	done
done
expect_eq 'the number of combinations' $combinations $((6 * most))
success
