# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs in vif-post.d are run after the plug and before it is told, and after the unplug, in order, on every
# kind of bridge, with and without the daemon; one that fails, hangs, or belongs to somebody else fails the
# attach with a reason, and what was done is taken back; other devices do not wait; repairs run nothing.

hooks=/etc/xen/scripts/vif-post.d
mkdir -p $hooks

# hook NAME: from standard input.
hook() {
	cat >"$hooks/$1"
	chmod 755 "$hooks/$1"
}

ovs_start
ip link add xenbr0 up type bridge
hook 10-says.hook <<-'END'
	#!/bin/bash
	echo "$* $XENBUS_PATH $vif $dev $bridge ${script##*/} $(cat "/sys/class/net/$dev/operstate") [$(
		xenstore-read "$XENBUS_PATH/hotplug-status")]" >>/tmp/user/said
END
hook 20-second.hook <<-'END'
	#!/bin/bash
	echo "second, $(wc -l </tmp/user/said) before" >>/tmp/user/said
END
printf 'exit 1\n' >"$hooks/30-not-executable.hook"
hook 40-other-name <<-'END'
	#!/bin/bash
	exit 1
END

said() {
	expect_eq 'what was said' "$(cat "$RUN/said")" "$1"
	rm -f "$RUN/said"
}

plugs() {
	vif_make 1 0 "$XS_BACKEND/vif/1/0/bridge" xenbr0 "$XS_BACKEND/vif/1/0/vifname" lan0
	hotplug online 1 0 vif-bridge
	said 'online type_if=vif backend/vif/1/0 vif1.0 lan0 xenbr0 vif-bridge up []
second, 1 before'
	hotplug offline 1 0 vif-bridge
	expect_match 'what was said' "$(cat "$RUN/said")" '^offline type_if=vif backend/vif/1/0 vif1.0 '
	rm "$RUN/said"
	vif_destroy 1 0
	ip link del lan0 2>/dev/null || true
	vif_make 2 0
	hotplug online 2 0
	expect_match 'what was said' "$(cat "$RUN/said")" '^online type_if=vif .* vif2.0 vif2.0 ovsbr0 vif-openvswitch '
	expect_eq hotplug-status "$(xs vif/2/0/hotplug-status)" connected
	hotplug offline 2 0
	vif_destroy 2 0
	rm "$RUN/said"

	hook 15-fails.hook <<-'END'
		#!/bin/bash
		echo "no room for $vif" >&2
		[ "$1" != online ] || exit 3
	END
	vif_make 3 0
	if message=$(hotplug online 3 0 2>&1); then fail "a hook that fails is ignored"; fi
	expect_match 'the message' "$message" 'vif-post.d/15-fails.hook: status 3: no room for vif3.0'
	expect_match hotplug-error "$(xs vif/3/0/hotplug-error)" 'no room for vif3.0'
	expect_eq hotplug-status "$(xs vif/3/0/hotplug-status)" error
	wait_for 10 has_no_port vif3.0 || fail "the port is left"
	hotplug offline 3 0
	vif_destroy 3 0
	rm "$hooks/15-fails.hook" "$RUN/said"

	hook 15-nobodys.hook <<<'#!/bin/true'
	chown 65534 "$hooks/15-nobodys.hook"
	vif_make 3 0
	if message=$(hotplug online 3 0 2>&1); then fail "a hook of somebody else is run"; fi
	expect_match 'the message' "$message" 'must belong to root'
	vif_destroy 3 0
	hook 15-nobodys.hook <<<'not a program'
	chown 0 "$hooks/15-nobodys.hook"
	vif_make 3 0
	if message=$(hotplug online 3 0 2>&1); then fail "what is no program is run"; fi
	expect_match 'the message' "$message" '15-nobodys.hook: status 127: Exec format error'
	vif_destroy 3 0
	rm -f "$hooks/15-nobodys.hook" "$RUN/said"
}

plugs
daemon_start
plugs

# One that hangs.
daemon_stop TERM
printf '[general]\ntimeout = 9\n' >/etc/xen/xen-hotplugd.conf
daemon_start
hook 15-hangs.hook <<-'END'
	#!/bin/bash
	[ "$vif $1" != "vif4.0 online" ] || sleep 1000 # for hanging_runs(): no wait, but what is to be killed
END
vif_make 4 0
hotplug online 4 0 2>"$RUN/hangs.err" &
hanging=$!
wait_for 20 hanging_runs || fail "the hook does not run"
vif_make 5 0
hotplug online 5 0
kill -0 $hanging || fail "the plug has ended before the other one"
if wait $hanging; then fail "a vif with a hook that hangs is plugged"; fi
expect_match 'what it is told' "$(cat "$RUN/hangs.err")" '15-hangs.hook: not done in time, and killed'
if hanging_runs; then fail "the hook still runs"; fi

# What is repaired.
rm -f "$RUN/said"
ovs-vsctl del-port vif5.0
wait_for 10 has_port vif5.0 || fail "the port is not put back"
[ ! -e "$RUN/said" ] || fail "hooks are run for a repair: $(cat "$RUN/said")"
