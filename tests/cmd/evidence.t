#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The evidence tool of the lab, with a builder and a boot that are made up: which runs are made, in which order and how
# often; what becomes of guests that fail; what is kept; what the report says. The runs are stores whose numbers are put in
# by hand, so the medians, the ratio and p are known.
. "$(dirname "$0")/../lib.sh"
command -v jq sqlite3 >/dev/null || skip_all "jq or sqlite3 is not there"

LAB=$TOP/kernel-patches/lab
export LAB_PATCHES=$work/patches LAB_CACHE=$work/cache LAB_BUILD=$work/build LAB_FETCH=$work/fetch LAB_BOOT=$work/boot
export LAB_SCENARIOS=$work LAB_POLL=0.02 WORK=$work SQUALL BUILD
results=$work/cache/evidence/demo
mkdir -p "$work/patches/demo" "$work/patches/wrong" "$work/patches/many" "$work/patches/fix"
"$SQUALL" import -q "$TOP/tests/golden/kswapd-busy.txt" -o "$work/plain.db"

# Kernels are folders; their images are whatever lies in $work/image.
echo one >"$work/image"
echo "# a scenario" >"$work/storms"
cat >"$work/build" <<'SH'
#!/bin/bash
echo "build $*" >>"$WORK/kernels.log"
folder=$WORK/kernel/$(tr ' ' + <<<"$*")
mkdir -p "$folder"
echo "$*-lab" >"$folder/release"
echo "$* $(cat "$WORK/image")" >"$folder/vmlinuz"
[[ $* != *fix ]] || echo "patch: fix/0001-fix.patch $(sha256sum <"$LAB_PATCHES/fix/0001-fix.patch" | cut -c1-16)" >"$folder/built"
echo "$folder"
SH
sed 's/build \$/fetch $/; s/-lab/-debian/' "$work/build" >"$work/fetch"

# The n-th boot does as line n of $work/orders says: ok (also without a line), hang, cut (short), lossy, cannot. Run k of
# a kernel has the k-th numbers of $work/values.KERNEL: p99 in us, full stalls in us of 10 s. k is in the folder's name.
cat >"$work/boot" <<'SH'
#!/bin/bash
while getopts k:s:o:n:S: option; do
	case $option in
	k) kernel=${OPTARG##*/} ;;
	o) out=$OPTARG ;;
	esac
done
echo "$kernel ${*: -2}" >>"$WORK/boots.log"
n=$(wc -l <"$WORK/boots.log")
order=$(sed -n "${n}p" "$WORK/orders" 2>/dev/null)
echo "lab: up" >"$out/console"
[ "$order" != hang ] || { echo "boot: demo on $kernel: it was ended after 240 s" >&2; exit 1; }
[ "$order" != cannot ] || { echo "boot: qemu is not there" >&2; exit 77; }
run=${out%.now}
read -r p99 stall < <(sed -n "${run##*.}p" "$WORK/values.$kernel")
cp "$WORK/plain.db" "$out/storm.db"
sqlite3 "$out/storm.db" "
	UPDATE meta SET value = $n WHERE key = 'start_ns';
	DELETE FROM meta WHERE key LIKE 'source%';
	INSERT OR REPLACE INTO meta VALUES ('boot_id', 'boot$n'), ('start_realtime_ns', $n), ('kernel_release', '6.12-$kernel'),
		('complete', '$([ "$order" = cut ] && echo 0 || echo 1)');
	$([ "$order" != lossy ] || echo "INSERT INTO loss VALUES (0, 100000000000, 0, 0, 'ring', 1000000);")
	INSERT INTO series(id, scope, name, unit) VALUES (901, 'system', 'job.db.p99_us', 'us'),
		(902, 'system', 'psi.memory.full.total', 'us'), (903, 'system', 'psi.io.full.total', 'us');
	INSERT INTO sample(ts, series_id, value) VALUES (100000000000, 902, 0), (110000000000, 901, $p99),
		(110000000000, 902, $stall), (100000000000, 903, 5), (110000000000, 903, 5);"
SH
chmod +x "$work/build" "$work/fetch" "$work/boot"
printf '%s\n' '100 2000000' '140 3000000' '120 2500000' '130 2600000' '110 2400000' >"$work/values.6.12"
printf '%s\n' '50 4000000' '80 6000000' '60 5000000' '70 5500000' '55 4500000' >"$work/values.6.12+fix"

cat >"$work/patches/demo/evidence" <<'TABLE'
# An experiment.
title	made up
asks	Is it faster?
runs	2
arm	base	build 6.12
arm	patched	build 6.12 fix -- FIX=1
storm	one	storms -n 2 WORD=1
what	one	The only storm.
primary	one	job.db.p99_us
secondary	one	psi.memory_full psi.io_full
pair	base patched
pair	patched base
expect	one	base patched better it does less
expect	one	patched base better it was hoped
TABLE
printf 'title x\nstrom a b\narm base build 6.12\n' >"$work/patches/wrong/evidence"
cat >"$work/patches/many/evidence" <<'TABLE'
title	side by side
describes
arm	old	debian 6.12
arm	new	build 6.12 fix
storm	one	storms X=1
storm	two	storms X=2
show	one	psi.memory_full
absent	two old it cannot
TABLE
printf '# linux 6.12\n0001-fix.patch\n' >"$work/patches/fix/series"
printf 'From: x\nSubject: [PATCH 1/1] mm: a fix\n\nText.\n' >"$work/patches/fix/0001-fix.patch"

run() {
	"$LAB/evidence" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	err=$(cat "$work/err")
}

boots() {
	wc -l <"$work/boots.log"
}

# --- the table and the plan ---

run -n -r 3 demo
is "$status $(tr '\n' ';' <"$work/out")" \
	"0 one/base 1;one/patched 1;one/patched 2;one/base 2;one/base 3;one/patched 3;" "arms take turns: ABBA"
run -n many
is "$(head -6 "$work/out" | tr '\n' ';')" "one/old 1;one/new 1;two/new 1;two/new 2;one/new 2;one/old 2;" \
	"a storm that an arm cannot have is not in the plan"
run nothing
is $status 2 "there is no such experiment"
like "$err" 'demo' "and those that there are, are named"
run wrong
is $status 2 "a table with mistakes"
like "$err" 'line 2: there is no line strom' "is told with the line"
like "$err" 'it needs arms and storms' "and what is missing"

# --- runs: boot 3 hangs, boot 5 is cut short, boot 6 loses events ---

printf '%s\n' ok ok hang ok cut lossy ok >"$work/orders"
run -r 5 demo
is $status 0 "an experiment with guests that fail"
is "$(tr '\n' ';' <"$work/kernels.log")" "build 6.12;build 6.12 fix;" "kernels are built first, each once"
# one/patched 2 is boot 3 and again 4, one/base 2 is 5, 6 and 7
is "$(cut -d' ' -f1 "$work/boots.log" | sed 's/6.12+fix/B/; s/6.12/A/' | tr -d '\n')" ABBBAAAABBAAB \
	"failed runs are made again at once, in their place"
is "$(sed -n 2p "$work/boots.log")" "6.12+fix WORD=1 FIX=1" "variables of the storm, then of the arm"
is "$(find "$results/one" -name run.json | wc -l)" 10 "ten runs are there"
like "$err" 'one/base run 2 failed, try 1 of 3: the recording was cut short' "why a run failed"
like "$err" 'one/base run 2 failed, try 2 of 3: loss: storm.db lost' "a run that lost too much is none"
like "$err" 'one/patched run 2 failed, try 1 of 3: demo on 6.12\+fix: it was ended after 240 s' "nor one that hung"
is "$(ls "$results/one/base/failed" | tr '\n' ' ')" "2.1 2.2 " "what failed is kept"

# --- the report ---

report=$work/patches/evidence/demo.md
flat=$(tr '\n' ' ' <"$report" | tr -s ' ')
like "$flat" 'one, base to patched: \*\*helps, at a price\*\*' "the primary metric is better, and another worse"
like "$flat" 'job.db.p99_us \(us, lower is better\) is 120 in base and 60 in patched: 0.5 times as much' "medians by hand"
# All five below all five: 2 of the 252 orders.
like "$flat" ', p 0\.008\.' "p is exact"
like "$flat" 'Worse: psi.memory_full \(2 \(' "the price is named: 25 % to 50 % of the time"
like "$flat" 'Declared, but the same in all runs and so not tested: psi.io_full \(0\); Holm.s correction is over the other 1\.' \
	"a declared metric that never moved is told"
like "$flat" 'Expected beforehand: better, for it does less. It came out so' "as was expected"
like "$flat" 'one, patched to base: \*\*harms\*\*' "the other way round it harms"
like "$flat" 'for it was hoped. It did not come out so' "and that was not expected"
like "$flat" 'failed or crashed and were run again: 2 of base and 1 of patched' "failed guests are counted"
like "$flat" 'one/patched run 2.1: demo on 6.12\+fix: it was ended' "and told"
like "$flat" 'fix: \[PATCH 1/1\] mm: a fix \(0001-fix.patch, sha256 [0-9a-f]{16}' "patches with their checksums"
[[ $flat != *"NOT as it is"* ]]
ok $? "which are those of the kernels"
like "$flat" 'one \| base \| 6.12-lab \| 5 of 5 \| 2 \|' "arms with their kernels and runs"
! grep -q "$work" -r "$work/patches/evidence"
ok $? "no paths of this machine"
! grep -v '|' "$report" | grep -vE '^    |^All metrics' | grep -qE '.{77}'
ok $? "lines fit into a mail"
is "$(jq -c '.comparisons[0].metrics[] | select(.name == "job.db.p99_us") | [.base_values, .cand_values, .ratio]' \
	"${report%.md}.json")" '[[100,140,120,130,110],[50,80,60,70,55],0.5]' "each run's number is in the JSON"
is "$(jq -c '[.comparisons[].verdict]' "${report%.md}.json")" '["helps, at a price","harms"]' "and the verdicts"
grep -q 'placebo' "${report%.md}/one.base-patched.md"
ok $? "what compare says is beside it, with the placebo"

# --- going on ---

before=$(boots)
cp "$report" "$work/first.md"
run -r 5 demo
is "$status $(($(boots) - before))" "0 0" "what is there is not run again"
cmp -s "$report" "$work/first.md"
ok $? "and gives the same report"
rm -r "$results/one/patched/4"
run -r 5 demo
is "$(tail -n +$((before + 1)) "$work/boots.log" | cut -d' ' -f1)" "6.12+fix" "only what is missing is run"
run -R -r 6 demo
is "$status $(grep -c '5 of 6' "$report")" "0 2" "a report of what is there makes no runs, and says how many are missing"

echo two >"$work/image"
before=$(boots)
: >"$work/orders"
run -r 1 demo
is "$(($(boots) - before))" 2 "runs of another kernel do not count"
is "$(ls "$results/old" | tr '\n' ' ')" "one.base.1 one.patched.1 " "but are kept apart"
is "$(grep -c 'were run again' "$report")" 0 "and so are its failures"
like "$(tr '\n' ' ' <"$report")" 'one, base to patched: \*\*too few runs\*\*' "one run each is no evidence"

printf '%s\n' hang hang hang hang ok | sed "1{h;s/.*/$(yes ok | head -$(boots) | tr '\n' '#')/;s/#\$//;s/#/\n/g;G}" >"$work/orders"
before=$(boots)
LAB_TRIES=2 run -r 2 demo
is "$status $(($(boots) - before))" "1 4" "a run whose guest always fails is given up after so many tries, the next is made"
like "$err" '2 runs are missing' "and is said to be missing"
like "$(cat "$report")" '1 of 2' "also in the report"

yes cannot | head -$(($(boots) + 1)) >"$work/orders"
run -r 2 demo
is $status 77 "where no guest can be run, nothing is tried again"
like "$err" 'qemu is not there' "and this is said"

# --- kernels side by side ---

rm -f "$work/orders"
run -r 3 many
is $status 0 "an experiment that describes"
report=$work/patches/evidence/many.md
like "$(grep '^psi.memory_full' "$report" | tr -s ' ')" \
	'^psi.memory_full \| % of time \| 25 \(20..30\) \| 50 \(40..60\)' "medians, lowest and highest, side by side"
! grep -qE 'helps|harms|\*\*| p \|' "$report"
ok $? "without a verdict"
like "$(tr '\n' ' ' <"$report")" 'no evidence for any one change' "and says that it is none"
like "$(cat "$report")" '^- two was not run on old: it cannot' "what was left out, and why"
like "$(cat "$report")" "^- old: Debian's kernel of the line 6.12, as shipped" "kernels as Debian has them"
# --- what was changed after the runs ---

echo >>"$LAB_PATCHES/fix/0001-fix.patch"
sed -i 's/^expect.*better.*/expect one base patched same it was thought so all along/' "$LAB_PATCHES/demo/evidence"
"$LAB/evidence" -R demo >/dev/null 2>&1
flat=$(tr -s '\n ' '  ' <"$LAB_PATCHES/evidence/demo.md")
like "$flat" 'NOT as it is in the kernels of these runs' "a patch that is not the one of the runs is told"
changed='one: the metrics or the expectations that the table declares were CHANGED after runs were begun'
like "$flat" "## What came out .*$changed\..*## Numbers" "so are other expectations, beside the verdicts"
like "$flat" "## Environment .*$changed" "and with the runs"
for file in "$results"/one/*/[0-9]*/run.json; do
	jq 'del(.declared)' "$file" >"$work/run.json" && mv "$work/run.json" "$file"
done
"$LAB/evidence" -R demo >/dev/null 2>&1
flat=$(tr -s '\n ' '  ' <"$LAB_PATCHES/evidence/demo.md")
[[ $flat != *"CHANGED after"* ]]
ok $? "runs that do not tell what was declared are not called changed"
like "$flat" '## What came out .*one: what the table declared was not kept with the runs: they do not tell.*## Numbers' \
	"but that they do not tell is said"
done_testing
