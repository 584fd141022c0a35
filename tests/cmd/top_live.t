#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall top of this machine, under real memcg reclaim: batch and JSON against the kernel's own counts, without privileges,
# the screen with its keys, a recording that begins and ends while it watches, and the terminal after a crash.
. "$(dirname "$0")/../record.sh"
. "$(dirname "$0")/../terminal.sh"

echo 'tmux kill-server' >>"$cleanup"
name=squall-test.$$
# json FILTER: of the last run, one line
json() { jq -sc "$1" <"$work/json" | tr -d ' '; }
# above A B DESCRIPTION, between LEAST X MOST DESCRIPTION: whole numbers
above() { [ "$1" -gt "$2" ]; ok $? "$3 ($1)"; }
between() { [ "$1" -le "$2" ] && [ "$2" -le "$3" ]; ok $? "$4 ($1 <= $2 <= $3)"; }

# --- batch -----------------------------------------------------------------------------------------------------------
# Sums of rates cannot be more than the kernel counts from before the start to after the end, nor much less than in the
# same time without the start and the end. Calls of all cgroups: others may reclaim at the same time.
ring=$instances/squall-count.$$
mkdir "$ring"
echo "rmdir '$ring' 2>/dev/null" >>"$cleanup"
echo 64 >"$ring/buffer_size_kb"
calls() { grep -hE '^(entries|overrun|read events):' "$ring"/per_cpu/cpu*/stats | awk '{ n += $NF } END { print n }'; }
echo 1 >"$ring/events/vmscan/mm_vmscan_memcg_reclaim_end/enable"
start_load
calls_before=$(calls)
failed_before=$(cat "$group/memory.failcnt")
"$SQUALL" top --json -n 10 -d 0.5 -o "$work/batch.db" >"$work/json" 2>"$work/err"
is $? 0 "JSON of ten half seconds"
failed=$(($(cat "$group/memory.failcnt") - failed_before))
calls=$(($(calls) - calls_before))
is "$(wc -l <"$work/json")" 10 "one object for each, in a line"
is "$(json 'map(.views | keys) | unique')" '[["findings","kernel","memcgs","nodes","swap","tasks"]]' "with all views"
is "$(json '[.[].summary.ts_ns] | [.[1:], .[:-1]] | transpose | map((.[0] - .[1]) % 500000000) | unique')" '[0]' \
	"intervals end each half second"
is "$(json '.[-1].summary | [.missing, .lost_events]')" '[[],0]' "nothing is missing, nothing lost"
between $((failed / 3)) "$(json "[.[].views.memcgs[] | select(.cgroup == \"/$name\").max_per_s | numbers * 0.5] | add | round")" \
	"$failed" "charges of the cgroup that failed, as memory.failcnt has them"
between $((calls / 3)) "$(json '[.[].views.memcgs[].calls_per_s | numbers * 0.5] | add | round')" "$calls" \
	"calls of memcg reclaim, as the kernel's ring has them"
is "$(json "[.[].views.tasks[] | select(.cgroup == \"/$name\") | [.comm, .kind]] | unique")" '[["dd","memcg"]]' \
	"tasks inside reclaim: name, kind and cgroup"
is "$(json '.[-1].views.nodes[0].free.full')" \
	"$(awk '/MemTotal/ { printf "%.0f", $4 * 1024 }' /sys/devices/system/node/node0/meminfo)" "a node's memory"
[ "$(json '.[-1].summary | .own_cpu_percent > 0 and .own_cpu_percent < 50 and .own_bytes < 268435456')" = true ]
ok $? "its own cost: $(json '.[-1].summary | [.own_cpu_percent, .own_bytes]')"
is "$(meta "$work/batch.db" complete)" 1 "-o: the store is complete"
like "$(cat "$work/err")" "^squall: $work/batch.db is complete: [0-9]+ findings?\$" "and it is said so"
above "$(sql "$work/batch.db" "SELECT count(*) FROM mm_vmscan_memcg_reclaim_end WHERE pid IN $ours")" 50 "its events"
rmdir "$ring"

"$SQUALL" top -b -n 2 -d 0.3 -v memcgs -f "$name" -s -calls_per_s >"$work/out" 2>"$work/err"
is "$(grep -c '^# offset=' "$work/out") $(grep -c "^/$name " "$work/out") $(grep -c '^memcgs$' "$work/out")" "2 2 2" \
	"text: two blocks of one view, one row by the filter"
is "$(sed -n 3p "$work/out" | sed 's/  */\n/g')" \
	"$("$SQUALL" top --columns | awk -F '\t' '$1 == "memcgs" { gsub(/  */, "\n", $3); print $3 }')" "text: its titles"
"$SQUALL" top -b -d 0.2 -v nodes >"$work/blocks" 2>"$work/err" &
pid=$!
wait_for 20 grep -q '^# ' "$work/blocks"
kill -INT $pid
wait $pid
is $? 130 "a signal ends it"
gone $pid
ok $? "in order: its trace instance is removed"
"$SQUALL" top -b -d 0.2 -v nodes 2>"$work/err" | head -1 >"$work/out"
is "${PIPESTATUS[0]} $(wc -l <"$work/out")" "141 1" "a reader that has enough ends it"
"$SQUALL" top --json -n 2 -d 0.5 -v nodes --against "$work/batch.db" >"$work/json" 2>/dev/null
[ "$(json 'map(.against.offset_ns - .summary.offset_ns | fabs < 500000000) | unique')" = '[true]' ]
ok $? "--against: the other recording at the same offset, by half a second"
is "$(json '.[1].views.nodes[0].direct_per_s | keys')" '["against","change","value"]' "and its figures"

for wrong in "--at +3" "-r $work/batch.db -o $work/x.db" "-r $work/batch.db --events +slab" "-o $work/batch.db" "--events nonsense"; do
	"$SQUALL" top -b -n 1 $wrong >/dev/null 2>"$work/err"
	is "$? $(grep -c '^squall: ' "$work/err" | sed 's/[1-3]/message/')" "2 message" "wrong: ${wrong//$work\//}"
done

# --- without privileges ----------------------------------------------------------------------------------------------
if command -v setpriv >/dev/null && cp "$SQUALL" "$work/squall" && chmod 755 "$work" "$work/squall" &&
	setpriv --reuid=65534 --regid=65534 --clear-groups "$work/squall" --version >/dev/null 2>&1; then
	setpriv --reuid=65534 --regid=65534 --clear-groups "$work/squall" top --json -n 2 -d 0.5 >"$work/json" 2>"$work/err"
	is "$? $(cat "$work/err")" "0 " "nobody: it goes on, without a message"
	like "$(json '.[1].summary.missing[]')" 'eventsarenotrecorded:.*Permissiondenied.*root' "what is missing, and what to do"
	like "$(json '.[1].summary.missing[]')" 'kswapd_failuresisnotrecorded' "kswapd_failures too"
	is "$(json '.[1].views.nodes[0] | [.direct_per_s, .failures]')" '[null,null]' "which is not 0"
	is "$(json '.[1].views.nodes[0].free.full')" \
		"$(awk '/MemTotal/ { printf "%.0f", $4 * 1024 }' /sys/devices/system/node/node0/meminfo)" "/proc and /sys are shown"
	above "$(json "[.[1].views.memcgs[] | select(.cgroup == \"/$name\").current | numbers] | add")" 1048576 \
		"cgroups are shown"
else
	skip "without privileges" "no setpriv, or nobody cannot run squall"
fi

# --- the screen ------------------------------------------------------------------------------------------------------
cd "$work"
run_in 120 30 "$SQUALL top -v memcgs -f $name"
seen "^..?$name .*[1-9][0-9.]*k?/s" "the cgroup that reclaims, with its rate"
seen "^squall live .* every 1 s  20" "live, by the second"
seen '"squall-test.*": [12] of [0-9]' "--filter holds on the screen"
seen ' Events [1-9][0-9.k]*/s  Own [0-9.]*% [0-9]*M' "the rate of events, and its own cost"
keys Escape p
seen '^[1-9][0-9]* +dd +(inside|ended) +memcg ' "a task inside reclaim, by name"
keys d 0.5 Enter
seen '^squall live .* every 0.5 s' "d: another interval"
from=$(cut -d' ' -f1 /proc/uptime)
keys r
seen '^Recording into squall-[0-9-]*\.db; r ends it' "r records"
seen '^squall live .* REC every' "the header says so"
keys Space
seen '^squall live .* REC PAUSED' "Space pauses"
screen >"$work/paused"
sleep 1.5
is "$(screen)" "$(cat "$work/paused")" "and the screen stands still"
keys Space
seen '^squall live .* REC every' "and goes on"
keys r
seen '^squall-.*\.db is complete: [0-9]+ finding' "r again ends it"
unseen '^squall live .* REC' "the header too"
db=$(ls "$work"/squall-2*.db)
is "$(meta "$db" complete) $(meta "$db" ended)" "1 top" "its store is complete"
is "$(sql "$db" "PRAGMA integrity_check")" ok "and whole"
# What the reader had not read yet comes too.
is "$(sql "$db" "SELECT min(ts) / 1e9 >= $from - 1 FROM mm_vmscan_memcg_reclaim_begin")" 1 "it begins with the key"
between $(($(date +%s) - 60)) "$(($(meta "$db" start_realtime_ns) / 1000000000))" "$(date +%s)" "and knows when that was"
[ "$(($(meta "$db" start_realtime_ns) / 1000000000 - $(date +%s) + $(cut -d. -f1 /proc/uptime)))" -ge "${from%.*}" ]
ok $? "not when the watching began"
above "$(sql "$db" "SELECT count(*) FROM mm_vmscan_memcg_reclaim_begin WHERE pid IN $ours")" 20 "it has events of the load"
is "$(sql "$db" "SELECT DISTINCT comm FROM task WHERE pid IN
	(SELECT pid FROM mm_vmscan_memcg_reclaim_begin WHERE pid IN $ours)")" dd "and names of its tasks"
is "$(sql "$db" "SELECT count(*) FROM cgroup WHERE path = '/$name'")" 1 "the cgroup, which was there before, is named"
above "$(sql "$db" "SELECT count(*) FROM event_type")" 10 "and the types that were told before"
if sql "$db" "SELECT 1 FROM series WHERE name = 'kswapd_failures'" | grep -q 1; then
	above "$(sql "$db" "SELECT count(*) FROM kswapd_failures WHERE previous IS NULL AND value >= 0")" 0 \
		"and kswapd_failures as it stood"
else
	skip "kswapd_failures as it stood" "it cannot be read here"
fi
is "$(sql "$db" "SELECT count(DISTINCT name) FROM series WHERE name IN ('pgscan_direct', 'nr_free_pages')")" 2 "samples"
"$SQUALL" analyze "$db" >"$work/out" 2>&1
is $? 0 "it can be analyzed"
keys 6 Escape
seen '^exposed +nonmovable-reclaim-spin +(yes|no|unknown)' "Kernel: what the machine is exposed to"
seen '^kernel +kswapd-reset-fix +(present|absent|unknown)' "and what the kernel has"
keys q
ended 0 "q"
gone "$(cat "$work/pid")"
ok $? "its trace instance is removed"

run_in 80 24 "$SQUALL top --ascii -v tasks -s comm --against $db"
seen "^Against  \+ better  ! worse  than .*squall-2" "--against: beside the recording that was made"
seen '^TID +COMM\^' "--sort holds on the screen"
screen >"$work/screen"
is "$(LC_ALL=C grep -c '[^ -~]' "$work/screen")" 0 "--ascii: nothing else"
keys r
seen '^Recording into' "r records"
kill -TERM "$(cat "$work/pid")"
ended 143 "TERM"
db=$(ls -t "$work"/squall-2*.db | head -1)
is "$(meta "$db" complete)" 1 "the recording is completed"
for signal in SEGV ABRT; do
	run_in 80 24 "$SQUALL top"
	seen '^squall live ' "it watches"
	kill -$signal "$(cat "$work/pid")"
	ended $((128 + $(kill -l $signal))) "$signal"
done
stop_load
done_testing
