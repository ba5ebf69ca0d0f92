# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# F-24: the journal is frozen and its socket full, and the file for the metrics is on a full file system: devices
# are plugged as ever, and afterwards the journal says how many lines are missing, and the other is said once.
# timeout: 600
. "$LAB/cases/lib/hotplug"

hotplug_start ovsbr0
requires python3
mkdir -p /run/full
mount -t tmpfs -o size=8k tmpfs /run/full
cleanup 'umount /run/full'
head -c 64k /dev/zero 2>/dev/null >/run/full/file || true
hotplug_conf general 'metrics = /run/full/metrics'
daemon=$(systemctl show -p MainPID --value xen-hotplugd)
said() { journalctl -u xen-hotplugd -o cat --since -600s | grep -c "$1"; }
cannot_write() { [ "$(said 'Cannot write /run/full/metrics')" = 1 ]; }
expect_ok wait_for 60 cannot_write

journald=$(systemctl show -p MainPID --value systemd-journald)
kill -STOP "$journald"
cleanup "kill -CONT $journald"
# Until whoever would wait for the journal waits: each sender may have some lines there, and all together some more.
python3 - <<'END' || error 'the socket of the journal cannot be filled'
import socket
senders = []
while not senders or senders[-1][1]:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.setblocking(False)
    n = 0
    try:
        while True:
            s.sendto(b"MESSAGE=one of many\nPRIORITY=7\n", "/run/systemd/journal/socket")
            n += 1
    except BlockingIOError:
        senders.append((s, n))
    if len(senders) > 1000:
        raise SystemExit("it takes everything")
print("-- full after", [n for s, n in senders])
END
loop=$(disk_loop data 8)
for round in 1 2 3 4 5 6 7 8; do
	vif_bare 0 9
	vbd_bare 51968 "$loop" r
	start=$SECONDS
	expect_ok plug online 0 9
	expect_ok plug_disk online 0 51968
	expect_eq "hotplug-status of round $round" "$(hotplug_status 0 9)" connected
	expect_ok plug offline 0 9
	expect_ok plug_disk offline 0 51968
	expect_le "what round $round took, s," $((SECONDS - start)) $((5 * LAB_PATIENCE))
	vif_bare_end 0 9
	vbd_bare_end 51968
done
# That is said in the journal, too.
if message=$(vif_bare 0 9 bridge=nobody && plug online 0 9 2>&1); then failure 'it is plugged into a bridge that is none'; fi
expect_match 'the reason' "$message" "bridge='nobody'"
vif_bare_end 0 9

kill -CONT "$journald"
told() {
	vif_bare 0 9
	plug online 0 9
	plug offline 0 9
	vif_bare_end 0 9
	[ "$(said 'lines are missing here: the journal did not take them')" != 0 ]
}
expect_ok wait_for 30 told
expect_eq 'the daemon' "$(systemctl show -p MainPID --value xen-hotplugd)" "$daemon"

rm /run/full/file
expect_ok wait_for 60 test -s /run/full/metrics
expect_match 'the metrics' "$(tail -n 1 /run/full/metrics)" '^# EOF'
cannot_write || failure 'that the metrics cannot be written is not said once'
success
