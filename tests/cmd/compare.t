#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall compare on stores whose numbers are put in by hand, on imported storms, and on recordings of this machine; what
# it refuses, and what it makes of input that is no experiment.
. "$(dirname "$0")/../lib.sh"

run() {
	"$SQUALL" compare "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

"$SQUALL" import -q "$TOP/tests/golden/kswapd-busy.txt" -o "$work/plain.db"

# make NAME P99_US STALL_US SCAN [SQL]: a run of ten seconds with these counters at its end.
run_number=0
make() {
	cp "$work/plain.db" "$work/$1.db"
	run_number=$((run_number + 1))
	sqlite3 "$work/$1.db" "
		UPDATE meta SET value = $run_number WHERE key = 'start_ns';
		DELETE FROM meta WHERE key LIKE 'source%';
		INSERT INTO meta VALUES ('boot_id', 'boot$run_number'), ('start_realtime_ns', $run_number);
		INSERT OR REPLACE INTO meta VALUES ('kernel_release', '6.18.1-' || substr('$1', 1, 1)),
			('thp_enabled', 'always');
		INSERT INTO series(id, scope, node, cgroup_id, name, unit) VALUES
			(901, 'system', NULL, NULL, 'job.db.p99_us', 'us'),
			(902, 'system', NULL, NULL, 'psi.memory.full.total', 'us'),
			(903, 'system', NULL, NULL, 'pgscan_anon', 'pages'),
			(904, 'system', NULL, NULL, 'pgscan_file', 'pages'),
			(905, 'system', NULL, NULL, 'pswpin', 'pages');
		INSERT INTO sample(ts, series_id, value) VALUES (100000000000, 902, 1000), (100000000000, 903, 500),
			(100000000000, 904, 0), (100000000000, 905, 7), (110000000000, 901, $2),
			(110000000000, 902, 1000 + $3), (110000000000, 903, 500 + $4), (110000000000, 904, $4);
		$5"
}

# Interleaved. p99: medians 120 and 60. Stalls: 25 % and 50 % of the time, medians. Scan: no order in it.
make b1 100 2000000 900
make c1 50 4000000 800
make c2 80 6000000 900
make b2 140 3000000 700
make b3 120 2500000 600
make c3 60 5000000 500
make c4 70 5500000 1000
make b4 130 2600000 650
make b5 110 2400000 850
make c5 55 4500000 640
base=("$work"/b[1-5].db)
cand=("$work"/c[1-5].db)
stalls='.metrics[] | select(.name == "psi.memory_full")'
job='.metrics[] | select(.name == "job.db.p99_us")'

run --json -p job.db.p99_us "${base[@]}" -- "${cand[@]}"
is "$status" 0 "two arms of five runs are compared"
is "$err" "" "without a complaint"
is "$(jq -c "$job | [.role, .verdict, .base.median, .cand.median, .ratio, .cliffs_delta, .p_holm]" <<<"$out")" \
	'["primary","better",120,60,0.5,-1,null]' "the job's latency was halved"
# All five below all five: 2 of the 252 orders.
is "$(jq "$job | .p * 126 | round" <<<"$out")" 1 "p is exact"
is "$(jq -c "$job | [.base.q1, .base.q3, .p_is_exact]" <<<"$out")" '[110,130,true]' "quartiles"
is "$(jq -c "$job.ratio_95 | [.[0] < 0.5, .[1] > 0.5, .[0] >= 50 / 140, .[1] <= 80 / 100]" <<<"$out")" \
	'[true,true,true,true]' "the interval lies around the ratio"
is "$(jq -c "$stalls | [.verdict, .base.median, .cand.median, .ratio]" <<<"$out")" '["worse",25,50,2]' \
	"that tasks stall twice as long is as plain"
is "$(jq .secondary_metrics_tested <<<"$out")" 2 "what is the same in all runs is not tested"
# Stalls and scan.all: two metrics.
is "$(jq "$stalls | .p_holm * 63 | round" <<<"$out")" 1 "Holm over two metrics"
is "$(jq -r '.metrics[] | select(.name == "scan.all") | .verdict' <<<"$out")" \
	"no difference shown" "no difference in scans"
# 900 + 900 pages in 10 s
is "$(jq '.metrics[] | select(.name == "scan.all") | .base_values[0]' <<<"$out")" 180 "a rate is per second"
is "$(jq '.metrics[] | select(.name == "swap.in") | .base.median' <<<"$out")" 0 "a counter that stands still is 0"
is "$(jq '.metrics[] | select(.name == "swap.out") | .base.median' <<<"$out")" null "one that is not there is null"
is "$(jq -r '.notes[].text' <<<"$out" | grep -c .)" 1 "the only note is that there was no placebo"

run -p job.db.p99_us "${base[@]}" -- "${cand[@]}"
cp "$work/out" "$work/first"
like "$out" '^  job.db.p99_us: better \(lower is better\)' "text tells the primary verdict"
is "$(grep -A2 '^Worse: 1 secondary' <<<"$out" | tail -1 | awk '{ print $1, $5, $7 }')" "psi.memory_full 25.0 50.0" \
	"text lists what got worse"
[ "$(grep -n '^Worse' <<<"$out" | cut -d: -f1)" -lt "$(grep -n '^Better' <<<"$out" | cut -d: -f1)" ]
ok $? "before what got better"
run -p job.db.p99_us "${base[@]}" -- "${cand[@]}"
cmp -s "$work/out" "$work/first"
ok $? "the same runs and seed give the same output"
run -p job.db.p99_us --seed 2 "${base[@]}" -- "${cand[@]}"
is "$status" 0 "another seed"
run --markdown --placebo -p job.db.p99_us "${base[@]}" -- "${cand[@]}"
like "$out" '^job.db.p99_us \| +120 \|' "markdown has tables"
is "$(awk 'length($0) > 78' <<<"$out" | wc -l)" 0 "of at most 78 columns"
run --placebo "${base[@]}"
is "$status" 0 "base runs alone, against each other"
like "$out" '^  job.db.p99_us .* 0 of 10$' "in all ten ways to split five"

run -s 'psi.*' "${base[@]}" -- "${cand[@]}"
like "$out" '^Worse: 1 secondary metric$' "declared metrics only: the verdict stays"
is "$(sed -n '/^Not declared/,/^$/p' <<<"$out" | grep -cE '^  (job.db.p99_us|scan.all) ')" 2 \
	"others are told without one"
run --from +100 --to +104 --json "${base[@]}" -- "${cand[@]}"
is "$(jq '.metrics[] | select(.name == "run.seconds") | .base.median < 5' <<<"$out")" true "a part of each run"
run --from 12 "${base[@]}" -- "${cand[@]}"
is "$status" 2 "a time on one run's clock is no time for all"

# --- what is refused ---

run "${base[@]}" -- "${base[0]}"
is "$status" 2 "a run that is given twice"
like "$err" 'b1.db: is given twice' "is named"
make never 50 4000000 800 "UPDATE meta SET value = 'never' WHERE key = 'thp_enabled';
	UPDATE meta SET value = '6.18.1-b' WHERE key = 'kernel_release'"
run "${base[@]}" -- "$work/never.db"
is "$status" 2 "another setting is refused"
is "$(head -1 <<<"$err")" "squall: environment: thp_enabled differs: always (base), never (candidate)" "and named"
like "$err" '--vary FACT' "with the way on"
run --vary thp_enabled "${base[@]}" -- "$work/never.db"
is "$status" 0 "it may differ on purpose"
like "$out" 'thp_enabled: always \(base\), never \(cand\) \(on purpose\)' "which is told"
run --force-env "${base[@]}" -- "$work/never.db"
is "$status" 0 "or be forced"
like "$out" 'FORCED, environment: thp_enabled differs' "which is told too"
run --vary thp "${base[@]}" -- "$work/never.db"
is "$status" 2 "a fact that there is not"
make lossy 50 4000000 800 "INSERT INTO loss VALUES (0, 105000000000, 0, 0, 'ring', 100000)"
run --force-env "${base[@]}" -- "$work/lossy.db"
is "$status" 2 "a run that lost events is refused"
like "$err" 'lossy.db lost [0-9.]+ % of its events' "and named"
run --force-env --force-loss "${base[@]}" -- "$work/lossy.db"
is "$status" 0 "--force-loss"
like "$out" 'kswapd.awake: made of events' "leaves out what is made of events"
make part 50 4000000 800 "INSERT INTO meta VALUES ('continues', 'x.db')"
run --force-env --force-loss "${base[@]}" -- "$work/part.db"
is "$status" 2 "a part of a recording is refused, whatever is forced"

# --- no experiment ---

run -p psi.memory_full "${base[0]}" -- "${cand[0]}"
is "$status" 0 "one run of each arm"
like "$out" 'no verdict. At least 5' "has no verdict"
like "$out" '^  psi.memory_full +% of time +20.0 .* 2.00 \(-..-\) +1.000$' "and no interval"
run "$TOP/Makefile" -- "${cand[0]}"
is "$status" 2 "a file that is no store"
sqlite3 "$work/other.db" "CREATE TABLE t(x)"
run "$work/other.db" -- "${cand[0]}"
is "$status" 2 "some other database"
head -c 20000 "${base[0]}" >"$work/cut.db"
run "$work/cut.db" -- "${cand[0]}"
is "$status" 2 "a cut store"
cp "${base[0]}" "$work/empty.db"
sqlite3 "$work/empty.db" "DELETE FROM sample; DELETE FROM event_field; DELETE FROM event_type; DELETE FROM loss"
run "$work/empty.db" -- "${cand[0]}"
is "$status" 2 "a store without events and samples"
like "$err" 'empty.db is empty' "is named"
run "${base[0]}"
is "$status" 2 "no candidates"
run -- "${cand[0]}"
is "$status" 2 "no base"
run "${base[0]}" -- --json
is "$status" 2 "an option behind --"
like "$err" "options come before" "tells where it belongs"
run -p job.nothing "${base[0]}" -- "${cand[0]}"
is "$status" 2 "a metric that there is not"
run --cgroup /nowhere "${base[0]}" -- "${cand[0]}"
is "$status" 2 "a cgroup that there is not"
run -p swap.out "${base[0]}" -- "${cand[0]}"
is "$status" 2 "a primary metric that no run has"
make ugly 5 4000000 800 "INSERT INTO series(id, scope, name, unit)
		VALUES (950, 'system', 'job.' || char(27) || '[31m|x.p99', 'u|s');
	INSERT INTO sample(ts, series_id, value) VALUES (109000000000, 950, -9223372036854775807 - 1);
	INSERT INTO sample(ts, series_id, value) VALUES (-5, 902, 3), (9223372036854775807, 903, 9223372036854775807)"
for form in --markdown --json ""; do
	run --force-env $form "$work/ugly.db" -- "${cand[0]}"
	is "$status" 0 "hostile numbers and names ${form:-as text}"
	! grep -q $'\033' "$work/out"
	ok $? "no escape sequence comes through"
done

# --- storms: one run each is no evidence, but 6.18 and 7.3 differ in what they do ---

traces=${SQUALL_TRACES:-$TOP/../shared/traces}
if [ -e "$traces/B-6.18.15/trace.dat" ] && [ -e "$traces/B-7.3.4/trace.dat" ]; then
	"$SQUALL" import -q "$traces/B-6.18.15/trace.dat" -o "$work/old.db"
	"$SQUALL" import -q "$traces/B-7.3.4/trace.dat" -o "$work/new.db"
	run --json "$work/old.db" -- "$work/new.db"
	is "$(jq -r '.metrics[] | select(.name == "finding.spurious-kswapd-reset") |
		[.base.median > 50, .cand.median] | @csv' <<<"$out")" "true,0" \
		"6.18 resets kswapd_failures, 7.3 does not"
	is "$(jq -r '.notes[] | select(.text | test("different versions")) | .kind' <<<"$out")" note \
		"kernels of different versions are said to be no evidence"
	span=$(sqlite3 "$work/new.db" "SELECT (SELECT value FROM meta WHERE key = 'end_ns') -
		(SELECT value FROM meta WHERE key = 'start_ns')")
	sleeps=$(sqlite3 "$work/new.db" "SELECT count(*) FROM mm_vmscan_kswapd_sleep")
	is "$(jq '.metrics[] | select(.name == "kswapd.sleeps") | .cand.median * 1e6 | round' <<<"$out")" \
		"$(awk "BEGIN { printf \"%.0f\", $sleeps / $span * 1e15 }")" "sleeps of kswapd as SQL counts them"
else
	skip "storms of two kernels" "no recorded traces beside the tree"
fi
done_testing
