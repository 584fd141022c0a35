#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh GROUP... - installs the packages of these groups of deps.txt that are missing. Quiet when none is.
set -eu
cd "$(dirname "$0")"

say() {
	echo "deps: $*" >&2
}

wanted() {
	for group; do
		awk -v g="$group" '$1 == g { print $2 }' deps.txt
	done | sort -u
}

# Also right for virtual and renamed packages: dpkg knows what is installed under that very name.
missing() {
	for package in $(wanted "$@"); do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || echo "$package"
	done
}

# Elsewhere nothing can be installed, but what is there may do.
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	if command -v cc >/dev/null && pkg-config --exists sqlite3 jansson libnettle libzstd zlib 2>/dev/null ||
	   pkg-config --exists sqlite3 jansson nettle libzstd zlib 2>/dev/null; then
		say "this is no Debian system; going on with what is installed"
		exit 0
	fi
	say "this is no Debian system: install what these Debian 12 packages hold, then run make again:"
	say "$(wanted "$@" | tr '\n' ' ')"
	exit 1
fi
packages=$(missing "$@" | tr '\n' ' ')
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif command -v sudo >/dev/null; then
	as_root=sudo
else
	say "missing: $packages"
	say "run this as root, or install sudo: apt-get install $packages"
	exit 1
fi

install() {
	# shellcheck disable=SC2086 -- a list of words
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages </dev/null
}

say "installing: $packages"
# Package lists may be absent (a bare machine) or old (a package is gone from the mirror): then fetch them once.
if ! install >/dev/null 2>&1; then
	$as_root apt-get update </dev/null >/dev/null || say "apt-get update failed; trying with the lists there are"
	install >&2 || { say "could not install: $packages"; exit 1; }
fi
