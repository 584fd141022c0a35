#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each query of samples/queries runs on the store of the sample that its "-- sample: NAME" line names, and answers
# something.
. "$(dirname "$0")/../lib.sh"

for sample in "$TOP"/samples/*.dat; do
	"$SQUALL" import -q "$sample" -o "$work/$(basename "$sample" .dat).db" || exit 1
done
count=0
for query in "$TOP"/samples/queries/*.sql; do
	name=$(basename "$query" .sql)
	for sample in $(sed -n 's/^-- sample: //p' "$query"); do
		rows=$(sqlite3 -bail "$work/$sample.db" <"$query" 2>"$work/err")
		ok $? "$name on $sample runs"
		sed 's/^/# /' "$work/err"
		[ -n "$rows" ] || [ "$name" = losses ] || [ "$name-$sample" = findings-healthy-swap-6.18 ]
		ok $? "$name on $sample answers"
	done
	count=$((count + 1))
done
[ "$count" -ge 12 ]
ok $? "a dozen queries ($count)"
done_testing
