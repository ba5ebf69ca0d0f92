# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks on other machines, and the tools that connect them: what cannot be is refused with the tool's own last
# words; one that hangs is killed within the time of a plug and does not hold up other devices; what has been
# connected is given out once, survives the daemon, and is taken back when the disk is removed, when the plug
# fails after all, and when everybody has gone without a word.
#
# What this cannot show: there is no kernel module for NBD, iSCSI or RBD here. nbd-client and iscsiadm are the
# real ones, on their ways to fail. In the place of `rbd` stands a program with its arguments and output that
# maps loop devices; what it is told and what becomes of that is shown, Ceph is not. The lab's
# hotplug-disk-nbd and hotplug-disk-iscsi have the real initiators.

loop_nodes
TARGETS=/local/domain/0/data/xen-hotplugd/targets
export RBD=$RUN/rbd
# For iscsiadm's lock.
mkdir -p "$RBD" /run/lock

# rbd map|unmap: /dev/rbdN is a loop device of the file of that name, by another name.
stand_in_for_rbd() {
	cat >/usr/bin/rbd <<-'END'
		#!/bin/bash
		dir=/tmp/user/rbd
		echo "$*" >>"$dir/calls"
		case $1 in
		map)
			file=$dir/${*: -1}
			file=${file//@/_}
			[ ! -e "$file.hangs" ] || exec sleep 1000 # a tool that does not end by itself
			[ ! -e "$file.slow" ] || sleep 1 # a tool that takes its time: the time is what is played
			if [ ! -e "$file" ]; then
				printf 'rbd: sysfs write failed\nrbd: map failed: (2) No such file or directory\n' >&2
				exit 2
			fi
			loop=$(losetup -f --show "$file")
			number=${loop#/dev/loop}
			[ ! -e "$file.odd" ] || { echo "/dev/odd$number"; exit 0; }
			[ ! -e "$file.late" ] || (sleep 1; mknod "/dev/rbd$number" b 7 "$number") >/dev/null 2>&1 & # as late as udev may be
			[ -e "$file.nonode" ] || [ -e "$file.late" ] || mknod "/dev/rbd$number" b 7 "$number"
			echo "/dev/rbd$number"
			;;
		unmap)
			number=${2#/dev/rbd}
			[ ! -e "$dir/busy" ] || { rm "$dir/busy"; echo 'rbd: sysfs write failed' >&2; exit 16; }
			[ ! -e "$dir/refuses" ] || { echo 'rbd: unmap failed: (1) no' >&2; exit 1; }
			losetup -d "/dev/loop$number"
			rm -f "/dev/rbd$number"
			;;
		esac
	END
	chmod +x /usr/bin/rbd
}

# target_make DOMID DEVID SCRIPT PARAMS [MODE]
target_make() {
	vbd_make "$1" "$2" "$4" "${5:-w}" "$XS_BACKEND/vbd/$1/$2/script" "/etc/xen/scripts/$3"
}

refuse() {
	local message
	target_make "$1" "$2" "$3" "$4" "${6:-w}"
	if message=$(block add "$1" "$2" "$3" 2>&1); then fail "$4 is given out"; fi
	expect_match "refusal of $4" "$message" "$5"
	expect_match hotplug-error "$(xs "vbd/$1/$2/hotplug-error")" "$5"
	expect_eq physical-device "$(xs "vbd/$1/$2/physical-device")" none
	xenstore-rm "$XS_BACKEND/vbd/$1"
}

notes() {
	xenstore-ls "$TARGETS" 2>/dev/null | wc -l
}

mapped() {
	losetup -l -n -O BACK-FILE | grep -c "^$RBD/" || true
}

is_mapped() {
	[ "$(mapped)" = "$1" ]
}

refusals() {
	refuse 1 1 block-nbd host=-d "params: host='-d': must be the name or the IP address"
	refuse 1 1 block-nbd 'host=a;reboot' "params: host='a;reboot'"
	refuse 1 1 block-nbd host=127.0.0.1,name=x 'must have the kernel.s module nbd loaded'
	refuse 1 1 block-iscsi iqn=iqn.2001-04.com.example:a "must be iqn=NAME,portal=ADDRESS"
	# The real tool: there is no record, then no driver for the discovery.
	refuse 1 1 block-iscsi iqn=iqn.2001-04.com.example:a,portal=127.0.0.1 'iscsiadm: .*iSCSI driver'
	refuse 1 1 block-rbd rbd/none 'rbd: map failed: \(2\) No such file or directory'
	refuse 1 1 block-rbd rbd/odd 'says that it has mapped the image, and not where'
	expect_eq 'mappings but for the odd one' "$(mapped)" 1
	losetup -d "$(losetup -j "$RBD/rbd/odd" -O NAME -n | tr -d ' ')"
	expect_eq notes "$(notes)" 0
	mv /usr/bin/rbd "$RUN/rbd.away"
	refuse 1 1 block-rbd rbd/a 'cannot run /usr/bin/rbd: must be installed'
	mv "$RUN/rbd.away" /usr/bin/rbd
	expect_eq notes "$(notes)" 0
}

disks() {
	: >"$RBD/calls"
	target_make 1 51712 block-rbd rbd/a,id=xen
	block add 1 51712 block-rbd
	expect_eq hotplug-status "$(xs vbd/1/51712/hotplug-status)" connected
	node=$(xs vbd/1/51712/node)
	expect_match node "$node" '^/dev/rbd[0-9]+$'
	expect_eq physical-device "$(xs vbd/1/51712/physical-device)" "$(stat -c '%t:%T' "$node")"
	expect_eq diskseq "$(xs vbd/1/51712/diskseq)" "$(cat "/sys/block/loop${node#/dev/rbd}/diskseq")"
	expect_eq 'what rbd was told' "$(cat "$RBD/calls")" 'map --id xen rbd/a'
	expect_match note "$(xenstore-read "$TARGETS/vbd-1-51712")" "^block-rbd $node .* rbd/a,id=xen$"
	block add 1 51712 block-rbd
	expect_eq 'calls' "$(wc -l <"$RBD/calls")" 1

	# The same image for another guest, by another name of its pool and user.
	refuse 2 51712 block-rbd a 'domain 1 has this disk as device 51712 with mode w already'
	target_make 2 51712 block-rbd rbd/b r
	block add 2 51712 block-rbd
	expect_eq 'what rbd was told' "$(tail -n 1 "$RBD/calls")" 'map --read-only rbd/b'
	target_make 3 51712 block-rbd rbd/b r
	block add 3 51712 block-rbd
	expect_eq 'mappings' "$(mapped)" 3

	# The tool is done before its device can be opened.
	target_make 4 51712 block-rbd rbd/late
	block add 4 51712 block-rbd || fail "a disk whose node comes late is refused"
	expect_eq physical-device "$(xs vbd/4/51712/physical-device)" "$(stat -c '%t:%T' "$(xs vbd/4/51712/node)")"
	block remove 4 51712 block-rbd
	xenstore-rm "$XS_BACKEND/vbd/4"

	# In use for a moment longer.
	touch "$RBD/busy"
	for domid in 1 2 3; do
		block remove $domid 51712 block-rbd
		xenstore-rm "$XS_BACKEND/vbd/$domid"
	done
	expect_eq 'mappings' "$(mapped)" 0
	expect_eq notes "$(notes)" 0
	block remove 1 51712 block-rbd

	# It cannot be removed: the script says so, and later it goes all the same.
	target_make 4 1 block-rbd rbd/a
	block add 4 1 block-rbd
	touch "$RBD/refuses"
	if message=$(block remove 4 1 block-rbd 2>&1); then fail "a disk that is still there is gone"; fi
	expect_match 'the message' "$message" 'unmap failed: \(1\) no'
	expect_eq notes "$(notes)" 1
	rm "$RBD/refuses"
	block remove 4 1 block-rbd
	xenstore-rm "$XS_BACKEND/vbd/4"
	expect_eq 'mappings' "$(mapped)" 0
}

stand_in_for_rbd
mkdir -p "$RBD/rbd"
truncate -s 8M "$RBD/rbd/a" "$RBD/rbd/b" "$RBD/rbd/odd" "$RBD/rbd/nonode" "$RBD/rbd/late"
touch "$RBD/rbd/late.late" "$RBD/rbd/odd.odd" "$RBD/rbd/nonode.nonode" "$RBD/rbd/hangs.hangs"
disks
refusals
daemon_start
disks
refusals

# One that hangs is killed, and others do not wait for it.
daemon_stop TERM
printf '[disk]\ndirectories = %s/disks\n[general]\ntimeout = 9\n' "$RUN" >/etc/xen/xen-hotplugd.conf
daemon_start
# One whose device never comes is given up in time, and taken back.
refuse 5 1 block-rbd rbd/nonode '/dev/rbd[0-9]+ cannot be opened: No such file'
expect_eq 'mappings' "$(mapped)" 0
target_make 5 1 block-rbd rbd/hangs
block add 5 1 block-rbd 2>"$RUN/hangs.err" &
hanging=$!
wait_for 20 hanging_runs || fail "the tool does not run"
target_make 6 1 block-rbd rbd/a
start=$EPOCHREALTIME
block add 6 1 block-rbd
echo "-- beside one that hangs: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
kill -0 $hanging || fail "the plug has ended before the other one had begun"
if wait $hanging; then fail "a disk that hangs is given out"; fi
expect_match 'what it is told' "$(cat "$RUN/hangs.err")" 'rbd: not done in time, and killed'
if hanging_runs; then fail "the tool still runs"; fi
xenstore-rm "$XS_BACKEND/vbd/5"

# A server that takes the connection and says nothing: the real nbd-client hangs in the same way. It is asked
# here by itself, as without the module the daemon does not get as far.
python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 10809)); s.listen(); open("/tmp/user/listens", "w"); time.sleep(60)' &
server=$!
wait_for 5 test -e "$RUN/listens"
status=0
timeout 2 nbd-client 127.0.0.1 10809 /dev/nbd0 -name x || status=$?
expect_eq 'nbd-client is silent until it is killed' "$status" 124
kill $server

# Killed while a tool runs: the next daemon clears what was begun, and connects. What was connected stays.
touch "$RBD/rbd/b.slow"
target_make 7 1 block-rbd rbd/b
block add 7 1 block-rbd &
plug=$!
wait_for 20 xenstore-exists "$TARGETS/vbd-7-1" || fail "nothing is noted"
daemon_stop KILL
daemon_start
wait $plug || fail "the script has failed with the daemon"
expect_match node "$(xs vbd/7/1/node)" '^/dev/rbd[0-9]+$'
expect_match node "$(xs vbd/6/1/node)" '^/dev/rbd[0-9]+$'
refuse 8 1 block-rbd rbd/a 'domain 6 has this disk'

# It is removed while a tool runs: that is killed, nobody waits for it, and the daemon ends well, which says that
# nothing of it is left in memory either.
target_make 8 2 block-rbd rbd/hangs
block add 8 2 block-rbd 2>"$RUN/removed.err" &
plug=$!
wait_for 20 hanging_runs || fail "the tool does not run"
block remove 8 2 block-rbd
if wait $plug; then fail "a disk that was removed is given out"; fi
expect_match 'what it is told' "$(cat "$RUN/removed.err")" 'it has been removed meanwhile'
wait_for 20 hanging_gone || fail "the tool still runs"
xenstore-rm "$XS_BACKEND/vbd/8"
target_make 8 3 block-rbd rbd/hangs
block add 8 3 block-rbd 2>"$RUN/ended.err" &
plug=$!
wait_for 20 hanging_runs || fail "the tool does not run"
daemon_stop TERM
wait_for 20 hanging_gone || fail "the tool has outlived the daemon"
daemon_start
if wait $plug; then fail "a disk that hangs is given out"; fi
xenstore-rm "$XS_BACKEND/vbd/8"

# Its guest goes while it is on its way.
rm -f "$RBD/rbd/b.slow"
touch "$RBD/rbd/nonode.slow"
target_make 9 1 block-rbd rbd/nonode
block add 9 1 block-rbd 2>"$RUN/gone.err" &
plug=$!
wait_for 20 xenstore-exists "$TARGETS/vbd-9-1" || fail "nothing is noted"
xenstore-rm "$XS_BACKEND/vbd/9"
if wait $plug; then fail "a disk of nobody is given out"; fi
no_note() { ! xenstore-exists "$TARGETS/$1"; }
wait_for 10 no_note vbd-9-1 || fail "the note is left"

# Everybody goes without a word, and the daemon before them.
daemon_stop KILL
xenstore-rm "$XS_BACKEND/vbd/6"
xenstore-rm "$XS_BACKEND/vbd/7"
daemon_start
# Its first look is after 10 s, the next a minute later.
if wait_for 20 no_note vbd-6-1; then fail "it is taken back before it was seen twice"; fi
wait_for 90 is_mapped 0 || fail "$(mapped) disks are left: $(xenstore-ls -f "$TARGETS")"
no_notes() { no_note vbd-6-1 && no_note vbd-7-1; }
wait_for 40 no_notes || fail "notes are left"
