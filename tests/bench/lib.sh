# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # set by the scripts
#
# What the scripts of the benchmark share; tests/bench/bench puts it before each. Results are JSON objects, a
# line each, on standard output; everything else goes to standard error. The scripts set `sets` (what is to be
# measured), `driver` (what is being measured) and `run`.

say() {
	echo "$*" >&2
}

has() { # has SET
	[[ " $sets " == *" $1 "* ]]
}

# Nothing measured is an error.
result() { # result SET JOB UNIT VALUE [ERRORS]
	local errors=${5:-0}
	[ -n "$4" ] || errors=1
	printf '{"set":"%s","job":"%s","driver":"%s","run":%d,"unit":"%s","value":%s,"error":%d}\n' \
		"$1" "$2" "$driver" "$run" "$3" "${4:-0}" "$errors"
}
