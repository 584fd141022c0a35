#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A ring that overflows: the recorder is stopped while memory is reclaimed. What the store has and what it says is lost
# must come to what the kernel counted in per_cpu/cpu*/stats of the instance.
. "$(dirname "$0")/../record.sh"

"$SQUALL" record -q -b 0.0625 --events +lru -o "$work/loss.db" 2>"$work/err" &
recorder=$!
instance=$instances/squall-$recorder
wait_for 15 records $recorder

# Loss in the middle, twice; whole before, between and behind.
for round in 1 2; do
	sh "$load" 1
	sleep 0.5
	kill -STOP $recorder
	sh "$load" 1
	sleep 0.2
	kill -CONT $recorder
	sleep 0.5
	sh "$load" 1
done
# From here on nothing is written, so the counters stand still. The recorder takes it for a stranger's doing.
echo 0 >"$instance/tracing_on"
sleep 1
made=0
overrun=0
for stats in "$instance"/per_cpu/cpu*/stats; do
	while IFS=': ' read -r name value; do
		case $name in
		entries | read) made=$((made + ${value##* })) ;;
		overrun) made=$((made + value)) overrun=$((overrun + value)) ;;
		esac
	done < <(sed 's/^commit overrun.*//; s/^dropped.*//' "$stats")
done
kill -INT $recorder
wait $recorder
is $? 0 "the recording ends as others do"

query() { sqlite3 "$work/loss.db" "$1"; }
rows=0
for table in $(query "SELECT name FROM event_type"); do
	rows=$((rows + $(query "SELECT count(*) FROM \"$table\"")))
done
lost=$(query "SELECT sum(events) FROM loss WHERE stage = 'ring'")
[ "$overrun" -gt 100 ]
ok $? "the ring overflowed ($overrun events)"
[ "$rows" -gt 100 ]
ok $? "not all is lost ($rows events)"
is "$lost" "$overrun" "the store has the number of lost events"
is "$((rows + lost))" "$made" "what is stored and what is lost is what the kernel wrote"
is "$(query "SELECT count(*) FROM loss WHERE stage = 'ring' AND cpu IS NULL")" 0 "each loss has its CPU"
is "$(query "SELECT count(*) FROM loss WHERE stage NOT IN ('ring', 'off')")" 0 "nothing is lost on the way from the ring to the store"
out=$("$SQUALL" analyze "$work/loss.db")
is $? 0 "the store can be analyzed"
like "$out" "^  events +$rows; LOST: at least $lost events in [0-9]+ places" "the analysis has the numbers"
is "$("$SQUALL" analyze --json "$work/loss.db" | jq '.lost_events')" "$lost" "and in JSON"
like "$out" '^No storm found .* but much of the recording is lost' "and does not call it whole"
done_testing
