#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The program built with ASan and UBSan: the golden sequences, hostile names, compare, report, and the samples through import and
# analyze.
. "$(dirname "$0")/../lib.sh"

export SQUALL=$BUILD/san/squall
export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1

for test in golden hostile cli compare report; do
	"$TOP/tests/cmd/$test.t" >"$work/log" 2>&1
	ok $? "$test.t with sanitizers"
	grep -A3 '^not ok' "$work/log" | sed 's/^/# /'
done
for sample in "$TOP"/samples/*.dat; do
	name=$(basename "$sample" .dat)
	"$SQUALL" import -q "$sample" -o "$work/$name.db" 2>"$work/err"
	is "$?$(cat "$work/err")" 0 "$name: import with sanitizers"
	"$SQUALL" analyze "$work/$name.db" >/dev/null 2>"$work/err"
	is "$?$(cat "$work/err")" 0 "$name: analyze of the store with sanitizers"
done
done_testing
