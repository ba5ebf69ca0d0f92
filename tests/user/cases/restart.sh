# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon that is killed while a script waits: the script's work is done all the same. Socket activation:
# the script starts the daemon. Only root is answered. Of two daemons, one acts.

ovs_start
daemon_start
expect_eq 'mode of the socket' "$(stat -c %a /run/xen-hotplugd/socket)" 600

# Killed with the plug under way: the device is not there yet, so the script waits.
vif_make 1 0
ip link del vif1.0
hotplug online 1 0 &
plug=$!
wait_for 5 grep -q 'vif1.0: waiting' "$RUN/daemon.log"
daemon_stop KILL
vif_device 1 0
wait "$plug" || fail "the script has failed with the daemon"
expect_eq hotplug-status "$(xs vif/1/0/hotplug-status)" connected
has_port vif1.0 || fail "there is no port"

# The same, and the daemon comes again before the device does: it waits until the script has done.
daemon_start
vif_make 2 0
ip link del vif2.0
hotplug online 2 0 &
plug=$!
wait_for 5 grep -q 'vif2.0: waiting' "$RUN/daemon.log"
daemon_stop KILL
"$XEN_HOTPLUGD" --debug 2>>"$RUN/daemon.log" &
daemon_pid=$!
vif_device 2 0
wait "$plug" || fail "the script has failed"
wait_for 10 daemon_listens || fail "the daemon does not come back"
has_port vif2.0 || fail "there is no port"

# A second one waits for the lock, and takes over when the first has gone.
"$XEN_HOTPLUGD" --socket="$RUN/second" 2>"$RUN/second.log" &
second=$!
if wait_for 1 test -S "$RUN/second"; then fail "two daemons act at once"; fi
daemon_stop TERM
wait_for 5 test -S "$RUN/second" || fail "the second one has not taken over"
kill "$second"
wait "$second"

# Started by its socket.
systemd-socket-activate --seqpacket -l /run/xen-hotplugd/socket -E "ASAN_OPTIONS=$ASAN_OPTIONS" \
	"$XEN_HOTPLUGD" --debug 2>"$RUN/activated.log" &
# shellcheck disable=SC2034 # lib.sh ends it
daemon_pid=$!
wait_for 10 daemon_listens
vif_make 3 0
hotplug online 3 0
grep -q 'vif3.0: plugged in' "$RUN/activated.log" || fail "it was not the daemon that did it"

# Only root, also if the mode of the socket should be wrong.
chmod 666 /run/xen-hotplugd/socket
chmod 755 /run/xen-hotplugd
expect_eq 'answer to nobody' "$(setpriv --reuid=65534 --clear-groups python3 - <<'END'
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/xen-hotplugd/socket")
try:
    s.send(b"xen-hotplug-1\0list\0")
    print(len(s.recv(65536)))
except (BrokenPipeError, ConnectionResetError):
    print(0)
END
)" 0
# What is no request is refused, and the daemon stays.
expect_match 'answer to nonsense' "$(python3 - <<'END'
import socket
for data in (b"x", b"xen-hotplug-1\0online\0path=/etc\0", b"a" * 5000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/xen-hotplugd/socket")
    s.send(data)
    print(s.recv(65536).decode())
END
)" "^error the request is not one of.*error XENBUS_PATH='/etc'.*error the request is too long"
