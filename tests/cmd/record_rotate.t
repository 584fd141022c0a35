#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record --max-size and --rotate on real events: no file grows past its limit, no event is missing or there twice
# over a switch, each file is a store of its own, and nothing that is not ours is touched.
. "$(dirname "$0")/../record.sh"

limit=$((4 << 20))
mkdir "$work/out"
cd "$work/out" || exit 1

# Left by somebody else: numbers go on behind it.
echo mine >storm.0007.db
start_load
"$SQUALL" record -o storm.db --max-size 4MiB --rotate 40 --events +lru,+slab >"$work/summary" 2>"$work/err" &
pid=$!
largest=0
for round in $(seq 2000); do
	[ -e storm.0014.db ] && break
	for file in storm.0*.db; do
		size=$(stat -c %s "$file" "$file-wal" 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')
		[ "$size" -gt $largest ] && largest=$size
	done
	sleep 0.02
done
kill -INT $pid
wait $pid
is $? 0 "a recording that is rotated ends in order"
stop_load
[ $largest -gt 100000 ] && [ $largest -le $limit ]
ok $? "no file with its log was larger than the limit (largest $largest of $limit)"
is "$(cat storm.0007.db)" mine "a file that was there is as it was"
rm storm.0007.db
files=(storm.*.db)
[ ${#files[@]} -ge 7 ]
ok $? "there are several files (${#files[@]})"
is "${files[0]}" storm.0008.db "numbers go on after the greatest that was there"
is "$(stat -c %a "${files[@]}" | sort -u)" 600 "all are their owner's alone"

bad=
rows=0
last=
previous=
for file in "${files[@]}"; do
	[ "$(sql "$file" "PRAGMA integrity_check")" = ok ] || bad+=" $file:integrity"
	[ "$(meta "$file" complete)" = 1 ] || bad+=" $file:incomplete"
	count=$(event_rows "$file")
	[ "$count" = "$(meta "$file" events)" ] || bad+=" $file:events"
	[ "$count" = "$(sql "$file" "SELECT sum(rows) FROM event_type")" ] || bad+=" $file:rows"
	[ "$(meta "$file" continues)" = "$previous" ] || bad+=" $file:continues"
	[ -z "$previous" ] || [ "$(meta "$previous" continued_in)" = "$file" ] || bad+=" $file:continued_in"
	event_ids "$file" >"$work/ids"
	sort -nuc "$work/ids" 2>/dev/null || bad+=" $file:twice"
	[ -z "$last" ] || [ ! -s "$work/ids" ] || [ "$(head -1 "$work/ids")" -gt "$last" ] || bad+=" $file:order"
	[ -s "$work/ids" ] && last=$(tail -1 "$work/ids")
	# Facts of the start, and names of series and threads, are in the first file from their source.
	for table in meta kernel_feature event_type series cgroup; do
		case $table in
		meta) part="key NOT IN ('continued_in', 'continues', 'part') AND key NOT GLOB '*@*'" ;;	# not what changed then
		series) part="cgroup_id IS NULL" ;;							# not those that are gone
		*) part=1 ;;
		esac
		sql "$file" "SELECT count(*) FROM $table WHERE $part" >"$work/n"
		[ "$(cat "$work/n")" -ge "$(sql "${files[0]}" "SELECT count(*) FROM $table WHERE $part")" ] || bad+=" $file:$table"
	done
	[ "$(sql "$file" "SELECT count(*) FROM mm_vmscan_memcg_reclaim_begin WHERE pid NOT IN (SELECT pid FROM task)")" = 0 ] ||
		bad+=" $file:task"
	# Each series has a value from the first moment on: the switch. A sample that was read before it can come after it.
	[ -z "$previous" ] || [ "$(sql "$file" "SELECT count(*) FROM series WHERE id IN (SELECT series_id FROM sample)
		AND id NOT IN (SELECT series_id FROM sample WHERE ts = (SELECT ts FROM sample ORDER BY id LIMIT 1))
		AND id <= $series")" = 0 ] || bad+=" $file:baseline"
	series=$(sql "$file" "SELECT max(id) FROM series")
	"$SQUALL" analyze "$file" >"$work/text" 2>&1 || bad+=" $file:analyze"
	[ "$(sql "$file" "SELECT count(*) FROM finding")" = 0 ] || bad+=" $file:finding"
	rows=$((rows + count))
	previous=$file
done
is "$bad" "" "each file is a whole store, and continues the one before"
is $rows "$(meta "$previous" events_read)" "the events of all files are what was read from the kernel"
is "$(meta "$previous" events_lost_in_ring) $(meta "$previous" events_dropped_by_writer)" "0 0" "nothing is lost"
is "$(sed -n 's/^events *//p' "$work/summary")" $rows "the summary counts them all"
like "$(cat "$work/summary")" "^files     ${#files[@]} were written, the last ${#files[@]} are there" "and the files"
is "$(meta "$previous" ended)" SIGINT "the last file says why it ended"

# Only the last are kept, and only ours are removed.
rm -f storm.*
start_load
"$SQUALL" record -q -o storm.db --max-size 4MiB --rotate 2 --events +lru,+slab 2>"$work/err" &
pid=$!
wait_for 60 test -e storm.0005.db
kill -INT $pid
wait $pid
stop_load
files=(storm.*.db)
is ${#files[@]} 2 "only as many files as asked for are kept"
[ "$(meta "${files[1]}" part)" -gt 2 ]
ok $? "of more ($(meta "${files[1]}" part))"
is "$(meta "${files[0]}" continued_in)" "${files[1]}" "and these are the last"

# What is thinned when a file is full: the next ones say so themselves, from their beginning.
rm -f storm.*
start_load
"$SQUALL" record -q -o storm.db --max-size 4MiB --rotate 40 --events +lru,+slab --max-rate 1500 2>"$work/err" &
pid=$!
thins() { [ "$(sql "$1" "SELECT count(*) FROM loss WHERE stage = 'thinned'" 2>/dev/null)" -gt 0 ]; }
some_thins() { for file in storm.*.db; do thins $file && return; done; return 1; }
wait_for 30 some_thins
number=$(ls storm.*.db | wc -l)
wait_for 90 test -e "$(printf 'storm.%04d.db' $((number + 1)))"
kill -INT $pid
wait $pid
stop_load
files=(storm.*.db)
[ ${#files[@]} -gt $number ]
ok $? "files follow the one in which a class was thinned (the ${number}th of ${#files[@]})"
bad=
for file in "${files[@]:number}"; do
	[ "$(sql "$file" "SELECT stage FROM loss WHERE rowid = 1 AND events IS NULL
		AND after_id < (SELECT min(id) FROM mm_vmscan_memcg_reclaim_begin)")" = thinned ] || bad+=" $file:loss"
	[ "$(sql "$file" "SELECT count(*) FROM meta WHERE key GLOB 'thinned.*'")" -gt 0 ] || bad+=" $file:meta"
	[ "$("$SQUALL" analyze --json "$file" | jq '(.thinned | length > 0) and .lost_unknown')" = true ] ||
		bad+=" $file:analysis"
	"$SQUALL" analyze "$file" | grep -q '^No storm found .* much of the recording is lost' || bad+=" $file:verdict"
	# When the machine is busy with other things, all threads are recorded again, and what follows is whole.
	[ "$(sql "$file" "SELECT count(*) FROM loss WHERE stage = 'thinned-end'")" = 0 ] || break
done
is "$bad" "" "each of them says alone that it is thinned"

# Without rotation the recording ends.
start_load
"$SQUALL" record -o one.db --max-size 4MiB --events +lru,+slab -d 60 >"$work/summary" 2>"$work/err"
is $? 0 "a full file ends the recording in order"
is "$(grep -c 'one.db has reached --max-size: the recording ended there' "$work/err")" 1 "which is said"
is "$(meta one.db complete) $(meta one.db ended)" "1 max-size" "and stored"
[ "$(stat -c %s one.db)" -le $limit ]
ok $? "it is not larger than its limit"
is "$(event_rows one.db)" "$(sed -n 's/^events *//p' "$work/summary")" "the summary counts what is stored"
"$SQUALL" record -q -o two.db --max-size 4MiB --events +lru,+slab -- sh -c '
	for i in $(seq 600); do grep -q reached "$0" && break; sleep 0.1; done; touch done; exit 3' "$work/err" 2>"$work/err"
status=$?
stop_load
is "$status $(ls done) $(meta two.db ended)" "3 done max-size" "a command is not disturbed by a full file"

"$SQUALL" record -q -o x.db --max-size 1MiB 2>"$work/err"
is $? 2 "a limit that is too small is refused"
"$SQUALL" record -q -o x.db --max-size 0 --rotate 3 2>"$work/err"
is $? 2 "rotation without a limit is refused"
"$SQUALL" record -q -o /nowhere/x.db --rotate 3 -- touch ran 2>"$work/err"
is "$? $(ls ran 2>/dev/null)" "2 " "a command does not run when the recording cannot start"
like "$(cat "$work/err")" '^squall: .*(nowhere|No such file)' "and the reason is said"
done_testing
