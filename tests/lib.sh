# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - TAP for shell tests. Source it, call ok/is/skip, end with done_testing.
# Given by the environment: SQUALL (the binary), BUILD (where products are), TOP (the source tree).

TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$TOP/build}
SQUALL=${SQUALL:-$BUILD/squall}
export LC_ALL=C TZ=UTC
unset NO_COLOR

test_count=0
test_failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/squall-test.XXXXXX")
trap 'rm -rf "$work"' EXIT

# ok STATUS DESCRIPTION: passes when STATUS is 0.
ok() {
	test_count=$((test_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $test_count - $2"
	else
		echo "not ok $test_count - $2"
		test_failed=1
	fi
}

# is GOT WANTED DESCRIPTION
is() {
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || printf '#   got:    %s\n#   wanted: %s\n' "$1" "$2" | sed '2,$s/^\([^#]\)/# \1/'
}

# like GOT REGEX DESCRIPTION (extended regular expression)
like() {
	printf '%s\n' "$1" | grep -qE -- "$2"
	local status=$?
	ok $status "$3"
	[ $status -eq 0 ] || printf '%s\n' "$1" | head -5 | sed 's/^/#   got: /'
}

# skip DESCRIPTION REASON
skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

# skip_all REASON: nothing here can run.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$test_count"
	exit $test_failed
}
