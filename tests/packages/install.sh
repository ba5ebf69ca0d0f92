#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Promises: the package xen-backends-dkms makes modprobe load our modules for every kernel that is
# supported, lets kernels that are not alone without failing the package run, whether they were there
# before it or come after it, survives being installed again, and leaves nothing behind when purged.
#
#   tests/packages/install.sh SUITE   in a throw-away copy of the chroot of SUITE, with make deb's packages
#
# Loading the modules is the lab's part. One line for each step; the counts go to
# build/check/packages.result as "passed failed skipped".
set -eu

cd "$(dirname "$0")/../.."

if [ "$1" != --inside ]; then
	log=build/deb/$1/install.log
	mkdir -p build/check
	rm -f build/check/packages.result
	: >"$log"
	status=0
	tools/chroot "$1" -- tests/packages/install.sh --inside "$1" "$log" || status=$?
	[ -e build/check/packages.result ] || echo "0 1 0" >build/check/packages.result
	[ "$status" = 0 ] || echo "  the whole output is in $log"
	exit "$status"
fi

# ---- in the chroot ---------------------------------------------------------------------------------

suite=$2 log=$PWD/$3
debs=(build/deb/"$suite"/xen-backends-dkms_*.deb)
result=$PWD/build/check/packages.result
passed=0 failed=0
problem=

# step NAME COMMAND...: one counted result; the command's output goes to the log.
step() {
	local name=$1
	shift
	problem=
	printf '\n==== %s\n' "$name" >>"$log"
	if "$@" >>"$log" 2>&1; then
		passed=$((passed + 1))
		printf '  %-7s %s\n' ok "$name"
	else
		failed=$((failed + 1))
		printf '  %-7s %s: %s\n' FAILED "$name" "${problem:-see the log}"
		printf 'FAILED: %s\n' "$problem" >>"$log"
	fi
}

# The steps run where `set -e` is off: each check says itself what was wrong.
fail() {
	problem=$*
	return 1
}

# Where modprobe would take module $1 from, for the kernel under test.
where() {
	modinfo -k "$kver" -n "$1" 2>/dev/null
}

# Makes kernel $1 appear, with the headers under test in the directory $2, by default a copy.
add_kernel() {
	local dir=/lib/modules/$1 headers=${2:-/usr/src/linux-headers-$1}

	mkdir -p "$dir"
	touch "$dir/modules.order" "$dir/modules.builtin" "$dir/modules.builtin.modinfo"
	[ -e "$headers" ] || cp -a "/usr/src/linux-headers-$kver" "$headers"
	ln -s "$headers" "$dir/build"
}

without_xen() {
	sed -i '/^CONFIG_XEN_BACKEND=/d' "/usr/src/linux-headers-$1/.config" \
		"/usr/src/linux-headers-$1/include/config/auto.conf"
}

ours_for() {
	find "/lib/modules/$1" -name 'xen-*back.ko*' -o -name 'xenbe.ko*' | grep -c /updates/
}

# ---- the steps -------------------------------------------------------------------------------------

stock_first() {
	local driver

	for driver in $drivers; do
		case $(where "$driver") in
		*/kernel/drivers/*/$driver/*) ;;
		*) fail "the kernel's own $driver is not there to begin with: $(where "$driver")" || return ;;
		esac
	done
}

installs() {
	# DKMS builds for the running kernel only, when a kernel of that version is here too.
	echo 'autoinstall_all_kernels="yes"' >>/etc/dkms/framework.conf
	dpkg -i "${debs[@]}" >/tmp/dpkg.out 2>&1 || {
		cat /tmp/dpkg.out /var/lib/dkms/xen-backends/*/build/make.log
		fail "dpkg -i failed"
		return
	}
	cat /tmp/dpkg.out
	dkms status | grep -q "xen-backends.*$kver.*installed" || fail "dkms status: $(dkms status)"
}

wins() {
	local module

	for module in xenbe $drivers; do
		case $(where "$module") in
		*/updates/dkms/$module.ko*) ;;
		*) fail "$module would come from $(where "$module")" || return ;;
		esac
		modinfo -k "$kver" -F vermagic "$module" | grep -q "^$kver " ||
			fail "vermagic of $module: $(modinfo -k "$kver" -F vermagic "$module")" || return
	done
}

pulls_in_xenbe() {
	local driver order

	for driver in $drivers; do
		order=$(modprobe -S "$kver" --show-depends "$driver" | awk '/^insmod/ { print $2 }' |
			xargs -n1 basename)
		echo "$order"
		case $(echo "$order" | sed 's/\.ko.*//' | tr '\n' ' ') in
		"xenbe $driver ") ;;
		*) fail "modprobe would load: $order" || return ;;
		esac
	done
}

aliases_kept() {
	local kind driver path

	# What the kernel asks for when a backend appears in xenstore.
	while read -r kind driver; do
		path=$(modprobe -S "$kver" --show-depends "xen-backend:$kind" |
			awk '/^insmod/ { print $2 }' | tail -n 1)
		case $path in
		*/updates/dkms/$driver.ko*) ;;
		*) fail "xen-backend:$kind would load $path" || return ;;
		esac
	done <<-END
		vbd xen-blkback
		vif xen-netback
	END
}

# Names the kernel does not export would show only when the module is loaded.
symbols_resolved() {
	local unknown

	unknown=$(depmod -n -e -E "/usr/src/linux-headers-$kver/Module.symvers" "$kver" 2>&1 >/dev/null |
		grep -E '/updates/.*(unknown|disagrees)' || true)
	[ -z "$unknown" ] || fail "$unknown"
}

old_kernel_skipped() {
	[ "$(ours_for $old)" = 0 ] || fail "modules were installed for $old" || return
	grep -q "xen-backends-dkms: no modules for kernel $old" /tmp/dpkg.out ||
		fail "dpkg -i does not say that $old is left alone"
}

no_xen_skipped() {
	[ "$(ours_for $no_xen)" = 0 ] || fail "modules were installed for $no_xen" || return
	grep -q "xen-backends-dkms: no modules for kernel $no_xen" /tmp/dpkg.out ||
		fail "dpkg -i does not say that $no_xen is left alone"
}

# What the kernel's package runs when it is installed after ours.
later_kernel() {
	run-parts --exit-on-error --arg="$1" /etc/kernel/header_postinst.d ||
		fail "header_postinst.d failed for $1" || return
	/etc/kernel/postinst.d/dkms "$1" || fail "postinst.d/dkms failed for $1" || return
	[ "$(ours_for "$1")" = "$2" ] || fail "$(ours_for "$1") modules of ours in /lib/modules/$1"
}

later_kernel_unsupported() {
	local kernel

	add_kernel $later
	add_kernel $later_no_xen
	without_xen $later_no_xen
	for kernel in $later $later_no_xen; do
		later_kernel "$kernel" 0 >/tmp/later.out 2>&1 || {
			cat /tmp/later.out
			return 1
		}
		cat /tmp/later.out
		grep -Eq "BUILD_EXCLUSIVE|xen-backends: kernel $kernel is not supported" /tmp/later.out ||
			fail "nothing says that $kernel is left alone" || return
	done
}

later_kernel_supported() {
	local new=7.1.0-later-amd64

	# A build for one kernel in the name of another: only DKMS's part is at stake here.
	add_kernel $new "/usr/src/linux-headers-$kver"
	later_kernel $new 3
}

again() {
	dpkg -i "${debs[@]}" || fail "dpkg -i over the installed package failed" || return
	[ "$(dkms status -m xen-backends -k "$kver" | wc -l)" = 1 ] || fail "$(dkms status)" || return
	wins
}

purges() {
	local left

	dpkg --purge xen-backends-dkms || fail "dpkg --purge failed" || return
	stock_first || return
	left=$(find /lib/modules/ /usr/src /var/lib/dkms /etc /usr/lib/modprobe.d \
		\( -name '*xenbe*' -o -name 'xen-backends*' -o -path '*/updates/dkms/*' \) -print)
	[ -z "$left" ] || fail "left behind: $left"
}

# ---- in order --------------------------------------------------------------------------------------

if ! compgen -G '/boot/vmlinuz-*' >/dev/null; then
	echo "  installing the distribution's kernel ..."
	if ! { apt-get -q update && apt-get -q -y install --no-install-recommends \
		linux-headers-amd64 linux-image-amd64; } >>"$log" 2>&1; then
		tail -n 5 "$log"
		echo "  FAILED  cannot install linux-image-amd64"
		exit 1
	fi
fi
kver=$(cd /boot && printf '%s\n' vmlinuz-* | sort -V | tail -n 1)
kver=${kver#vmlinuz-}
drivers='xen-blkback xen-netback'
old=5.10.0-99-amd64
later=5.15.0-99-amd64
later_no_xen=6.11.0-noxen-amd64
no_xen=6.12.0-noxen-amd64
add_kernel $old
add_kernel $no_xen
without_xen $no_xen

step "the distribution's drivers are in place ($kver)" stock_first
step "installs, and builds the modules" installs
step "modprobe takes all modules from updates/dkms" wins
step "each driver brings xenbe with it" pulls_in_xenbe
step "the aliases of the devices lead to our modules" aliases_kept
step "every symbol the modules want is there" symbols_resolved
step "a kernel that is too old is skipped with a clear line" old_kernel_skipped
step "a kernel without Xen backends is skipped with a clear line" no_xen_skipped
step "installing it a second time changes nothing" again
step "an unsupported kernel that comes later does not fail" later_kernel_unsupported
step "a supported kernel that comes later gets the modules" later_kernel_supported
step "purging brings the distribution's drivers back" purges

echo "$passed $failed 0" >"$result"
[ "$failed" = 0 ]
