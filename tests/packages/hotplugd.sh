#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Promises: the package xen-hotplugd takes the place of the toolstack's scripts, survives being installed
# again, and gives the scripts back as they were when it is removed, or purged, after which nothing of it
# is left. Its units and manuals are right.
#
#   tests/packages/hotplugd.sh SUITE   in a throw-away copy of the chroot of SUITE, with make deb's packages
#
# Adds to the counts in build/check/packages.result.
set -eu

cd "$(dirname "$0")/../.."

if [ "$1" != --inside ]; then
	exec tools/chroot "$1+user" -- tests/packages/hotplugd.sh --inside "$1"
fi

suite=$2
result=build/check/packages.result log=build/deb/$suite/hotplugd.log
deb=$(compgen -G "build/deb/$suite/xen-hotplugd_*.deb")
names=(vif-openvswitch vif-bridge vif-route vif-nat block block-iscsi block-nbd)
passed=0 failed=0
: >"$log"

step() {
	printf '\n==== %s\n' "$*" >>"$log"
	if "$@" >>"$log" 2>&1; then
		passed=$((passed + 1))
		printf '  %-7s %s\n' ok "$*"
	else
		failed=$((failed + 1))
		printf '  %-7s %s: see %s\n' FAILED "$*" "$log"
	fi
}

scripts() {
	(cd /etc/xen/scripts && sha256sum "${names[@]}")
}

stock_is_in_place() {
	[ "$(scripts)" = "$before" ] && [ ! -e /etc/xen/scripts/block-rbd ] && ! compgen -G '/etc/xen/scripts/*.stock' && ! dpkg-divert --list | grep xen-hotplugd
}

ours_is_in_place() {
	local name
	for name in "${names[@]}"; do
		[ "$(readlink -f "/etc/xen/scripts/$name")" = /usr/libexec/xen-hotplug ] || return 1
		[ -f "/etc/xen/scripts/$name.stock" ] || return 1
	done
	# The toolstack has none of this name.
	[ "$(readlink -f /etc/xen/scripts/block-rbd)" = /usr/libexec/xen-hotplug ] || return 1
	/usr/libexec/xen-hotplugd --version
	xenbectl --version
}

nothing_is_left() {
	! find / -xdev -path /src -prune -o -path /proc -prune -o -path /var/lib/dpkg -prune -o -path /var/log -prune -o \
		-name '*xen-hotplug*' ! -name xen-hotplug-common.sh -print | grep .
}

# The units and rules are what this suite's systemd and udev take.
systemd_takes_the_units() {
	local complaints
	complaints=$(systemd-analyze verify --man=no xen-hotplugd.service xen-hotplugd.socket 2>&1 |
		grep 'xen-hotplugd' || true)
	echo "$complaints"
	[ -z "$complaints" ]
}

# Every option of --help is in the manual, and no other.
manual_has_the_options() {
	local program page
	while read -r program page; do
		diff <("$program" --help | grep -o -- '--[a-z-]*' | sort -u | sed 's/^--//') \
			<(grep -o -- 'Fl -[a-z-]*' "docs/man/$page" | sort -u | sed 's/^Fl -//')
	done <<-END
		/usr/libexec/xen-hotplugd xen-hotplugd.8
		xenbectl xenbectl.8
	END
}

before=$(scripts)
step dpkg -i "$deb"
step ours_is_in_place
step systemd_takes_the_units
step manual_has_the_options
step dpkg -i "$deb"
step ours_is_in_place
step dpkg --unpack "$deb"
step dpkg --configure xen-hotplugd
step ours_is_in_place
step dpkg --remove xen-hotplugd
step stock_is_in_place
step dpkg -i "$deb"
step dpkg --purge xen-hotplugd
step stock_is_in_place
step nothing_is_left

read -r p f s <"$result" || p=0 f=0 s=0
echo "$((p + passed)) $((f + failed)) ${s:-0}" >"$result"
[ "$failed" = 0 ]
