# SPDX-License-Identifier: GPL-2.0-only
# common.sh - what the lab's programs share. Source it.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$LAB/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
CACHE=${LAB_CACHE:-$TOP/cache}
export LC_ALL=C

# Exit statuses, as test drivers know them.
LAB_FAILED=1		# it was tried and went wrong
LAB_USAGE=2
LAB_CANNOT=77		# it cannot be done here: a tool or a kernel is not to be had

program=${0##*/}

say() {
	echo "$program: $*" >&2
}

# die STATUS TEXT...
die() {
	local status=$1

	shift
	say "$*"
	exit "$status"
}

# The comment at the head of the program is its help.
usage() {
	sed -n '3,/^[^#]/{s/^# \{0,1\}//p}' "$0"
}

# declared TABLE STORM: a checksum of what an experiment's table says of a storm beforehand: metrics and expectations
declared() {
	jq -c --arg storm "$2" '[.storms[] | select(.name == $storm) | .primary, .secondary, .expected]' <<<"$1" |
		sha256sum | cut -c1-16
}

# need PACKAGE TOOL...: on a user's path the tools of /usr/sbin are not.
need() {
	local package=$1 tool

	shift
	PATH=$PATH:/usr/sbin:/sbin
	for tool; do
		command -v "$tool" >/dev/null || die $LAB_CANNOT "$tool is not there (Debian package $package)"
	done
}

# space FOLDER MIB WHAT: ends here when there is not so much.
space() {
	local free=$(($(df --output=avail -k "$1" | tail -1) / 1024))

	[ "$free" -ge "$2" ] || die $LAB_CANNOT "$3 needs $2 MiB in $1, there are $free"
}
