#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall report as text, markdown and JSON: its numbers against SQL on the same store, its rates against what was computed
# by hand, names that try to be markup, recordings with little in them.
. "$(dirname "$0")/../report.sh"

j() { jq -r "$1" "$work/out.json"; }
total() { j ".charts[] | select(.id == \"$1\") | .lines[] | select(.name == \"$2\") | .total | . * 1000 | round / 1000"; }

# --- sums of a recorded storm, against SQL ---
for sample in defrag-spin kswapd-reset; do
	db=$work/$sample.db
	"$SQUALL" import -q "$TOP/samples/$sample-6.18.dat" -o "$db"
	"$SQUALL" report "$db" --format json >"$work/out.json"
	is $? 0 "$sample: report"
	q() { sqlite3 "$db" "$1"; }
	is "$(j '.charts[] | select(.id == "kswapd-runs") | .lines[0].total')" "$(q 'SELECT count(*) FROM mm_vmscan_kswapd_wake')" \
		"$sample: runs of kswapd"
	is "$(j '[.charts[] | [(.seconds | length), (.lines[] | .values | length)] | max] | max <= 1000')" true \
		"$sample: no line has more than 1000 points"
	is "$(j '[.charts[] | (.seconds | length) as $n | .lines[] | .values | length == $n] | all')" true \
		"$sample: each line has a value, or null, at each time"
	"$SQUALL" analyze --json "$db" >"$work/analyze.json"
	what='[.findings[] | [.kind, .variant, .severity, .start_ns, .end_ns, .summary, .tasks]], .reclaim_calls, .event_counts'
	is "$(j "$what" | md5sum)" "$(jq -r "$what" "$work/analyze.json" | md5sum)" "$sample: the findings are those of analyze"
	# A trace goes the same way without a store; only names of the input differ.
	"$SQUALL" report "$TOP/samples/$sample-6.18.dat" --format json | jq '[.charts, .tables.stalled]' >"$work/trace.json"
	is "$(md5sum <"$work/trace.json")" "$(jq '[.charts, .tables.stalled]' "$work/out.json" | md5sum)" \
		"$sample: a trace and its store give the same charts"
done

db=$work/defrag-spin.db
"$SQUALL" report "$db" --format json >"$work/out.json"
q() { sqlite3 "$db" "$1"; }
is "$(total stalls 'direct reclaim')" "$(q 'SELECT count(*) FROM mm_vmscan_direct_reclaim_end')" "direct reclaims"
is "$(total stalled 'direct reclaim')" "$(q "SELECT round(sum(waited) / 1e9, 3) FROM (SELECT ts - lag(ts) OVER w AS waited, what
	FROM (SELECT id, ts, pid, 0 AS what FROM mm_vmscan_direct_reclaim_begin
		UNION ALL SELECT id, ts, pid, 1 FROM mm_vmscan_direct_reclaim_end) WINDOW w AS (PARTITION BY pid ORDER BY id))
	WHERE what = 1")" "seconds in direct reclaim"
for type in 0:unmovable 1:movable 2:reclaimable; do
	is "$(total extfrag "for ${type#*:}" | grep . || echo 0)" \
		"$(q "SELECT count(*) FROM mm_page_alloc_extfrag WHERE alloc_migratetype = ${type%:*}")" "pages taken for ${type#*:}"
done
is "$(total compaction succeeded | grep . || echo 0)" "$(q 'SELECT count(*) FROM mm_compaction_end WHERE status = 8')" \
	"compactions that succeeded"
is "$(j '[.charts[] | select(.id == "compaction") | .lines[].total] | add // 0')" "$(q 'SELECT count(*) FROM mm_compaction_end')" \
	"all compactions"
is "$(j '[.charts[] | select(.id == "scan-events") | .lines[] | select(.name | startswith("reclaimed")) | .total] | add')" \
	"$(q 'SELECT sum(nr_reclaimed) FROM mm_vmscan_lru_shrink_inactive')" "pages reclaimed"
is "$(j '.charts[] | select(.id == "retry-free") | .lines[] | select(.name | endswith("DMA32 free")) | "\(.lowest) \(.highest)"')" \
	"$(q "SELECT printf('%d %d', 4096 * min(available - reclaimable), 4096 * max(available - reclaimable)) FROM reclaim_retry_zone
		WHERE zone_idx = 1")" "the lowest and the highest of what retries saw free"
is "$(j '.charts[] | select(.id == "latency") | .lines[] | select(.name == "longest") | .highest * 1000 | round')" \
	"$(q "SELECT CAST(round(max(waited) / 1e3) AS INT) FROM (SELECT ts - lag(ts) OVER w AS waited, what
	FROM (SELECT id, ts, pid, 0 AS what FROM mm_vmscan_direct_reclaim_begin
		UNION ALL SELECT id, ts, pid, 1 FROM mm_vmscan_direct_reclaim_end) WINDOW w AS (PARTITION BY pid ORDER BY id))
	WHERE what = 1")" "the longest direct reclaim, in us"
is "$(j '[.tables.stalled[] | select(.comm == "pipehog") | .direct_reclaims] | add')" "$(q "SELECT count(*)
	FROM mm_vmscan_direct_reclaim_end WHERE pid IN (SELECT pid FROM task WHERE comm = 'pipehog')")" "direct reclaims of pipehog"
is "$(j '.tables.events | map({(.name): .events}) | add | .mm_vmscan_direct_reclaim_begin')" \
	"$(q 'SELECT count(*) FROM mm_vmscan_direct_reclaim_begin')" "counts of events"
is "$(j '.charts_left_out[] | select(.id == "psi") | .why')" 'a trace has no samples of counters; squall record takes them.' \
	"a chart without data says why"

# Kernels up to 4.6 print 3 for success and 4 for complete.
cp "$db" "$work/old.db"
sqlite3 "$work/old.db" "UPDATE mm_compaction_end SET status = CASE status WHEN 8 THEN 3 WHEN 5 THEN 4 ELSE status END"
is "$("$SQUALL" report "$work/old.db" --format json | jq '[.charts[] | select(.id == "compaction") | .lines]')" \
	"$(j '[.charts[] | select(.id == "compaction") | .lines]')" "results of compaction of an old kernel"

# --- the forms to read ---
(cd "$TOP" && "$SQUALL" report samples/defrag-spin-6.18.dat) >"$work/out.text"
is "$(grep -v '^  source_' "$work/out.text" | awk 'length > 80')" "" "text fits into 80 columns"
"$SQUALL" report "$db" --format markdown >"$work/out.markdown"
p50=$(j '[.findings[0].evidence.lost_stall_p50 | if type == "object" then .value else . end][0] * 1000')
like "$(cat "$work/out.markdown")" "^\| lost_stall_p50 \| $(printf %.2f "$p50") \| ms \|$" "a short time is told in ms"
is "$(grep -c '^| who suffered | thread | stalls | seconds lost |$' "$work/out.markdown") $(grep -c 'PSI full' "$work/out.markdown")" \
	"1 0" "no column of PSI where there is none"

# --- samples, by hand ---
sampled_store "$work/sampled.db"
is $? 0 "a store with samples"
"$SQUALL" report "$work/sampled.db" --format json >"$work/out.json"
is $? 0 "its report"
curve() { j ".charts[] | select(.id == \"$1\") | . as \$c | .lines[$2] as \$l | [range(\$c.seconds | length)] |
	map(select(\$l.values[.] != null) | \"\(\$c.seconds[.] * 10 | round / 10)=\(\$l.values[.])\") | join(\" \")"; }
# 250 ms of the 500 before; nothing until 2 s; 500 ms of the 500 before; nothing since.
is "$(curve psi 0)" "1=50 1.5=0 2=0 2.5=100" "PSI is a rate of the time since it was read before"
is "$(curve kswapd-cpu 0)" "1=80 1.5=0 2.5=0" "CPU of kswapd: 400 ms of 500, then it stood still"
is "$(curve scan 0)" "1=1200 1.5=0 2.5=0" "pages a second"
is "$(j '.charts[] | select(.id == "node-free") | .lines | map("\(.name) \(.lowest) \(.highest)") | join(", ")')" \
	"free 1024000 4096000, min 409600 819200" "watermarks are sums over zones"
is "$(j '.charts[] | select(.id == "kswapd-failures") | .lines[0] | "\(.highest) \(.highest_at_s)"')" "15 0.7" "kswapd_failures"
is "$(curve cgroup-psi 0)" "1.5=30" "pressure of a cgroup: 300 ms of the second before"
is "$(curve cgroup-limit 0)" "1.5=40" "hits of its limit: 40 in the second before"
is "$(j '.tables["growing-cgroups"][] | select(.limit_hits == null) | "\(.grown_bytes) \(.peak_bytes) \(.last_bytes)"')" \
	"8388608 9437184 5242880" "a cgroup that grew"
is "$(j '.tables["kswapd-resets"] | length, .[0].resets, .[0].runs, .[0].tid' | xargs)" "1 1 15 201" "who set the count back"
is "$(j '.tables.environment[] | select(.name == "vm.swappiness") | .value')" "60, then 100" "a setting that changed"
is "$(j '.charts_left_out[] | select(.id == "zswap") | .why')" "not sampled: this kernel has no zswap." "the reason of the sampler"
is "$(j '.tables["kswapd-resets"][0].comm')" "${evil:0:31}" "JSON holds the very name"
# Three tasks, seven reclaims of 50 ms and 38 pages each.
is "$(j '[.tables.stalled[] | .threads] | add')" 3 "three threads"
is "$(j '[.tables.stalled[] | .direct_s] | add * 1000 | round')" 1050 "seconds that they stood still"
is "$(j '[.tables.stalled[] | .direct_max_s] | max * 1000 | round')" 50 "the longest of them"
is "$(j '[.tables.demand[] | .reclaimed_pages] | add')" 798 "pages that they reclaimed"
is "$(j '.charts[] | select(.id == "retry-free") | .lines | map(.highest) | join(" ")')" "16384000 3866624" "what retries saw"

# Three hours, two samples a second: every value but two is between 300 and 309 pages.
cp "$work/sampled.db" "$work/long.db"
sqlite3 "$work/long.db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21600)
	INSERT INTO sample (ts, series_id, value) SELECT 103000000000 + i * 500000000, 5,
		CASE i WHEN 7777 THEN 9 WHEN 12345 THEN 5000 ELSE 300 + i % 10 END FROM n"
"$SQUALL" report "$work/long.db" --format json >"$work/out.json"
is "$(j '.charts[] | select(.id == "node-free") | .seconds | length > 500 and length <= 1000')" true "three hours: at most 1000 points"
is "$(j '.charts[] | select(.id == "node-free") | .lines[] | select(.name == "free") | .values |
	"\(map(select(. == 5000 * 4096)) | length) \(map(select(. == 9 * 4096)) | length)"')" "1 1" "the highest and the lowest stay"
# The highest is 3 s and 12345 halves of a second after the start; two points stand for 32.8 s.
is "$(j '.charts[] | select(.id == "node-free") | .seconds as $s | .lines[] | select(.name == "free") | .values as $v |
	[range($v | length)] | map(select($v[.] == 5000 * 4096) | $s[.] | . > 6175.5 - 32.8 and . < 6175.5 + 16.4) | all')" true "where they were"

# Copies of files, 20 s apart. Pressure grew by 10 s, then by 25 s: the last copy took longer than its stamp says.
# kswapd ran for 2 s of the first 20. The node has no vmstat of its own; Movable has no page, and prints a min.
cp "$work/sampled.db" "$work/sparse.db"
sqlite3 "$work/sparse.db" <<-END
	UPDATE meta SET value = '141000000000' WHERE key = 'end_ns';
	INSERT INTO meta VALUES ('swappiness', '100'), ('lowmem_reserve_ratio', '256' || char(9) || '32');
	DELETE FROM sample;
	UPDATE series SET name = 'zone.DMA.free' WHERE id = 5;
	UPDATE series SET scope = 'zone', node = 0 WHERE id IN (5, 6, 7);
	UPDATE series SET cgroup_id = NULL, name = 'zone.Movable.min', unit = 'pages' WHERE id = 6;
	UPDATE series SET cgroup_id = NULL, name = 'zone.Movable.managed', unit = 'pages' WHERE id = 7;
	INSERT INTO sample (ts, series_id, value) VALUES
		(100000000000, 11, 0), (100000000000, 1, 1000), (100000000000, 2, 5), (100000000000, 5, 100),
		(100000000000, 3, 10), (100000000000, 6, 32), (100000000000, 7, 0), (100000000000, 10, 100),
		(120000000000, 11, 20), (120000000000, 1, 10001000), (120000000000, 2, 2000000005), (120000000000, 5, 300),
		(140000000000, 11, 30), (140000000000, 1, 35001000);
END
"$SQUALL" report "$work/sparse.db" --format json >"$work/out.json"
is $? 0 "copies that are far apart"
limits() { j ".charts[] | select(.id == \"$1\") | .lines | map(\"\(.name) \(.lowest) \(.highest)\") | join(\", \")"; }
is "$(limits psi)" "memory some 50 100" "pressure is never more than all of the time"
is "$(j '.charts[] | select(.id == "psi") | . as $c | .lines[0].values | [to_entries[] | select(.value == 50) | $c.seconds[.key]] |
	"\(min < 0.1) \(max > 19.9)"')" "true true" "it is told of the time before the copy"
is "$(limits kswapd-cpu)" "kswapd0 0 10" "what had not grown at the last copy stood still"
is "$(limits node-free)" "free 409600 1228800, min 40960 40960" "free pages are those of zones; a zone without pages has no watermark"
is "$(j '[.tables.environment[] | select(.name == "swappiness" or .name == "vm.swappiness")] | length')" 1 "a setting stands there once"
is "$(j '.tables.environment[] | select(.name == "lowmem_reserve_ratio") | .value')" "256 32" "and without tabs"

# The sampler was held up for 10 s, and kswapd ran from 0.2 s of them to the end: and no 0 stands between.
cp "$work/sparse.db" "$work/held.db"
sqlite3 "$work/held.db" "DELETE FROM sample;
	INSERT INTO sample (ts, series_id, value) VALUES (100000000000, 2, 5), (110000000000, 2, 9800000005)"
"$SQUALL" report "$work/held.db" --format json >"$work/out.json"
is "$(j '.charts[] | select(.id == "kswapd-cpu") | . as $c | .lines[0].values | [to_entries[] | select(.value != null) |
	select($c.seconds[.key] <= 10.05) | "\($c.seconds[.key] * 10 | round / 10)=\(.value | round)"] | unique |
	join(" ")')" \
	"0.2=0 0.2=100 10=100" "what was read late is one load without a gap"

# Too wide a table: the column of node 0 goes, that of the reason, which is not told, stays.
"$SQUALL" report "$work/sampled.db" --format text >"$work/out.text"
is "$(grep '  runs forgotten  ' "$work/out.text" | xargs)" "name thread cgroup resets runs forgotten seen by reason" \
	"in text a column of zeros is left out, one of what is not told is not"

# --- names ---
for format in text markdown; do
	"$SQUALL" report "$work/sampled.db" --format $format >"$work/out.$format"
	is $? 0 "$format"
	! LC_ALL=C grep -q "$(printf '[\033\377]')" "$work/out.$format" && iconv -f UTF-8 -t UTF-8 "$work/out.$format" >/dev/null
	ok $? "$format: no control character, and valid UTF-8"
	! grep -q "$(printf '\342\200\250')" "$work/out.$format"
	ok $? "$format: no separator of lines in a name"
done
# Code spans taken away, nothing of a name may be left, and each row of a table has its columns.
! sed 's/`[^`]*`//g' "$work/out.markdown" | grep -q 'pwned\|<b>\|<i>'
ok $? "markdown: names stand in code spans"
is "$(sed 's/`[^`]*`/x/g; s/\\|//g' "$work/out.markdown" | awk '/^\|/ { n = gsub(/\|/, "|"); if (rows++ && n != columns) bad++;
	columns = n; next } { rows = 0 } END { print bad + 0 }')" 0 "markdown: no name breaks a table"
like "$(cat "$work/out.markdown")" '^# Reclaim report' "markdown has its title"

# --- recordings with little in them ---
printf ' bash-301     [001] .....   200.000002: sched_wakeup: comm=x pid=2\n' >"$work/other.txt"
for format in text markdown html json; do
	"$SQUALL" report "$work/other.txt" --format $format >"$work/out" 2>"$work/err"
	is "$?$(cat "$work/err")" 0 "$format of a trace without reclaim events"
	[ $format = json ] || like "$(cat "$work/out")" 'that does not *$|that does not mean' "$format: it is not called healthy"
done
"$SQUALL" import -q "$work/other.txt" -o "$work/empty.db"
sqlite3 "$work/empty.db" "DELETE FROM sched_wakeup; UPDATE event_type SET rows = 0; DELETE FROM meta WHERE key IN ('start_ns', 'end_ns');
	UPDATE meta SET value = 0 WHERE key = 'events'"
for format in text markdown html json; do
	"$SQUALL" report "$work/empty.db" --format $format >"$work/out" 2>"$work/err"
	is "$?$(cat "$work/err")" 0 "$format of a store without events"
done
"$SQUALL" report "$work/empty.db" --format json | jq -e '.charts == [] and .findings == []' >/dev/null
ok $? "it has no charts and no findings"
sample=$TOP/samples/kswapd-reset-6.18.dat
head -c $(($(stat -c %s "$sample") * 3 / 4)) "$sample" >"$work/cut.dat"
"$SQUALL" report "$work/cut.dat" -o "$work/cut.md" 2>"$work/err"
status=$?
if [ -s "$work/cut.md" ]; then
	is $status 2 "a damaged trace: status 2"
	like "$(cat "$work/cut.md")" '^- \*\*Damaged:\*\*' "and a report that says so"
else
	is $status 2 "a damaged trace without events: status 2, and no report"
fi

# --- the output ---
cd "$work" || exit 1
for name in a.html:html a.md:Reclaim a.json:findings a.txt:SUFFERED a.other:FINDING; do
	"$SQUALL" report "$work/sampled.db" -o ${name%:*} >"$work/out" 2>&1
	is "$?$(cat "$work/out")" 0 "${name%:*} is written, and nothing said"
done
is "$(head -c 15 a.html)" '<!DOCTYPE html>' "a.html is HTML"
is "$(head -1 a.md)" "# Reclaim report: \`$work/sampled.db\`" "a.md is markdown"
jq -e .findings a.json >/dev/null
ok $? "a.json is JSON"
is "$(head -1 a.txt)$(head -1 a.other)" "$work/sampled.db$work/sampled.db" "others are text"
"$SQUALL" report sampled.db -o a.html 2>"$work/err"
is "$?" 2 "what exists is not replaced"
"$SQUALL" report sampled.db -f -o a.html
is "$?" 0 "unless it is forced"
sum=$(md5sum <sampled.db)
"$SQUALL" report sampled.db -f -o sampled.db 2>"$work/err"
is "$?$(md5sum <sampled.db)" "2$sum" "the recording itself never is"
"$SQUALL" report sampled.db -F pdf 2>"$work/err"
is "$?$(cat "$work/err")" "2squall: pdf: is no format
squall: formats: text markdown html json" "an unknown format"
"$SQUALL" report sampled.db -o no/such/folder.html 2>"$work/err"
is "$?" 2 "a folder that is not there"
if [ -w /dev/full ]; then
	"$SQUALL" report sampled.db --format html >/dev/full 2>"$work/err"
	is "$?" 2 "a full disk behind standard output"
	"$SQUALL" report sampled.db --format html -o /dev/full 2>"$work/err"
	is "$?" 2 "a full disk behind -o"
fi
is "$(ls "$work" | grep -c 'html\.')" 0 "no file under a temporary name is left"
done_testing
