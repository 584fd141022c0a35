#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# run.sh TEST... - runs tests under prove, two at a time. When some fail, what they said of it is shown at the end, above
# prove's totals: a log of many tests is read from there.
LINES_EACH=40

TAP_DIR=$(mktemp -d) || exit
export TAP_DIR
trap 'rm -rf "$TAP_DIR"' EXIT

prove -j2 --exec "${0%/*}/exec.sh" "$@" | tee "$TAP_DIR/prove"
status=${PIPESTATUS[0]}
[ "$status" -ne 0 ] || exit 0
for log in "$TAP_DIR"/*; do
	[[ $log != */prove && $log != *.err ]] || continue
	grep -q '^not ok' "$log" || { grep -qE '^1\.\.' "$log" && continue; }
	echo "--- ${log##*/}"
	grep -A4 -E '^not ok' "$log" | grep -vE '^(ok|--)' | head -$LINES_EACH
	tail -5 "$log.err"
done
sed -n '/^Test Summary Report/,$p' "$TAP_DIR/prove"
exit "$status"
