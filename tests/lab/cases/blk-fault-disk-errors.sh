# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-08: errors of the disk reach the guest for exactly the requests that touch the bad sectors, and nothing
# is said to have worked that did not.
# timeout: 300

. "$LAB/cases/lib/front"
disk=$(front_ramdisk 0)
half=$(disk_dm half "0 8192 linear $disk 0" "8192 24 error" "8216 8168 linear $disk 8216" \
	"16384 7 error" "16391 32768 linear $disk 16391")
for options in '--persistent 0' '--persistent 1 --queues max --order 2'; do
	for bad in '8192 24' '16384 7'; do
		read -r first nr <<<"$bad"
		# shellcheck disable=SC2086 # several words
		front blk load --self "$half" --seconds 6 --depth 16 --segs 64 --area-at $((first - 3072)) \
			--area-mib 3 --bad-first "$first" --bad-nr "$nr" $options
	done
done
grep -q 'ok   load.* [1-9][0-9]* failed' "$LAB_OUT/log" || error 'no bad sector has been met'

# A disk that fails each write for a second, and works for the next.
flakey=$(disk_dm flakey "0 32768 flakey $disk 0 1 1 1 error_writes")
front blk load --self "$flakey" --seconds 8 --depth 16 --errors 1 --queues max
[[ $(grep 'ok   load' "$LAB_OUT/log" | tail -n 1) != *' 0 failed'* ]] || error 'no write has failed'

# The real guest: an error for the bad sector, not for its neighbours.
guest_start g1 "phy:$half,xvda,w"
expect_ok guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=512 seek=8184 count=8 conv=fsync'
expect_fail guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=512 seek=8192 count=8 conv=fsync'
expect_fail guest_run g1 'dd if=/dev/xvda of=/dev/null bs=512 skip=8208 count=8 iflag=direct'
expect_ok guest_run g1 'dd if=/dev/xvda of=/dev/null bs=512 skip=8216 count=8 iflag=direct'
# The bad sector is mended: nothing remembers the error.
disk_dm_change half "0 49152 linear $disk 0"
expect_ok guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=512 seek=8192 count=24 conv=fsync'
guest_stop g1
success
