# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where nobody runs scripts, a device is plugged when its driver is ready, and when it is closed its
# directory is removed, for which the toolstack in dom0 waits. A script that is run all the same does no
# harm. A device that was there before the daemon is plugged as well.

ovs_start
mkdir -p /etc/xen/scripts/vif-post.d
cat >/etc/xen/scripts/vif-post.d/a.hook <<'END'
#!/bin/sh
echo "$1 $vif" >>/tmp/user/said
END
chmod 755 /etc/xen/scripts/vif-post.d/a.hook
printf '[general]\nrun = events\n[disk]\ndirectories = /dev %s/disks\n' "$RUN" >/etc/xen/xen-hotplugd.conf
vif_make 1 0
daemon_start
connected() { [ "$(xs "$1/hotplug-status")" = connected ]; }
wait_for 10 connected vif/1/0 || fail "the vif that was there before is not plugged"
vif_make 2 0
wait_for 10 connected vif/2/0 || fail "the vif is not plugged"
hotplug online 2 0
expect_eq 'ports' "$(ovs-vsctl list-ports ovsbr0 | sort | tr '\n' ' ')" 'vif1.0 vif2.0 '

truncate -s 1M "$RUN/disks/a"
loop_nodes
vbd_make 2 51712 "$RUN/disks/a" w
wait_for 10 connected vbd/2/51712 || fail "the disk is not given out"

# One that cannot be plugged says why, and is plugged once it can be; one that has been stays as it is.
refused() { [ "$(xs "$1/hotplug-status")" = error ]; }
vif_make 3 0 "$XS_BACKEND/vif/3/0/bridge" later0
wait_for 10 refused vif/3/0 || fail "a vif without its bridge is not refused"
expect_match hotplug-error "$(xs vif/3/0/hotplug-error)" "^bridge='later0': Open vSwitch has no bridge of this name"
ovs-vsctl add-br later0 -- set bridge later0 datapath_type=netdev
wait_for 20 connected vif/3/0 || fail "it is not plugged when there is a bridge"
expect_eq hotplug-error "$(xs vif/3/0/hotplug-error)" none
ovs-vsctl del-br later0
wait_for 10 grep -q "vif3.0: bridge='later0'" "$RUN/daemon.log"
expect_eq 'hotplug-status of one that was plugged' "$(xs vif/3/0/hotplug-status)" connected
xenstore-rm "$XS_BACKEND/vif/3"

# The driver closes them; dom0's toolstack waits for the directories to go.
xenstore-write "$XS_BACKEND/vif/2/0/online" 0 "$XS_BACKEND/vif/2/0/state" 5
expect_eq hotplug-status "$(xs vif/2/0/hotplug-status)" connected
xenstore-write "$XS_BACKEND/vif/2/0/state" 6
xenstore-write "$XS_BACKEND/vbd/2/51712/online" 0 "$XS_BACKEND/vbd/2/51712/state" 6
gone() { [ "$(xs "$1/state")" = none ]; }
wait_for 10 gone vif/2/0 || fail "the directory of the vif is left"
wait_for 10 gone vbd/2/51712 || fail "the directory of the disk is left"
wait_for 10 has_no_port vif2.0 || fail "the port is left"
unused() { [ -z "$(losetup -j "$RUN/disks/a")" ]; }
wait_for 10 unused || fail "the loop device is left"
has_port vif1.0 || fail "the other vif has gone, too"

# Programs in vif-post.d are run for what comes and goes, and for the script, and not at a new start of the daemon.
said='online vif1.0
online vif2.0
online vif2.0
online vif3.0
offline vif2.0'
expect_eq 'what the programs said' "$(cat "$RUN/said")" "$said"
daemon_stop TERM
daemon_start
xenstore-write "$XS_BACKEND/vif/1/0/hotplug-status" ""
wait_for 10 connected vif/1/0 || fail "the vif is not plugged again"
expect_eq 'what the programs said' "$(cat "$RUN/said")" "$said"
