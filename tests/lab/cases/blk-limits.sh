# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Limits on requests and bytes hold from the moment they are set, end at once when they are taken away, and
# refuse what is no number.
# timeout: 200

# Milliseconds for reading COUNT pages one by one.
time_reads() {
	local start=$EPOCHREALTIME
	dd if=/dev/xvdz of=/dev/null bs=4k count="$1" iflag=direct status=none || failure 'a read failed'
	echo $(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
}

modprobe xen-blkfront
loop=$(disk_loop data 16)
vbd_attach "$loop" xvdz
limits=/sys/bus/xen-backend/devices/vbd-0-$(vdev_number xvdz)/limits
expect_eq 'limits at first' "$(cat "$limits/iops" "$limits/bytes" "$limits/burst_ms" | xargs)" '0 0 100'
for bad in -1 1x '' 18446744073709551616; do
	expect_fail bash -c "echo '$bad' >$limits/iops"
done
expect_fail bash -c "echo 10001 >$limits/burst_ms"

# 100 requests at 50 in a second, 5 of them in the burst.
echo 50 >"$limits/iops"
expect_ge 'ms for 100 reads at 50 in a second' "$(time_reads 100)" 1850
echo 0 >"$limits/iops"

# 100 pages at 200 KiB in a second: 2 s, less the burst.
echo 204800 >"$limits/bytes"
expect_ge 'ms for 400 KiB at 200 KiB in a second' "$(time_reads 100)" 1850

# At one request in 100 s a reader would be here for hours.
echo 0 >"$limits/burst_ms"
echo 40 >"$limits/bytes"
dd if=/dev/xvdz of=/dev/null bs=4k count=100 iflag=direct status=none &
reader=$!
cleanup "kill $reader 2>/dev/null"
waits() {
	grep -q 'waits for what limits/ allows' "/sys/kernel/debug/xen-blkback/vbd-0-$(vdev_number xvdz)/rings"
}
wait_for 30 waits || failure 'the ring does not say that it waits for the limit'
echo 0 >"$limits/bytes"
read_ended() {
	! kill -0 "$reader" 2>/dev/null
}
wait_for 30 read_ended || failure 'the reader still waits for a limit that is gone'
expect_ok wait "$reader"

# A disk that is limited can be taken away.
echo 1 >"$limits/iops"
dd if=/dev/xvdz of=/dev/null bs=4k count=3 iflag=direct status=none || failure 'a read failed'
expect_ok vbd_detach xvdz
success
