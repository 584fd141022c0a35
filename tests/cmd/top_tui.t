#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The screen of squall top in tmux. Most of it is on a stage (tests/tui/stage.c): made-up models whose figures follow from
# the row and the step, so that what must be seen is known. The rest is squall top on a recorded storm.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../terminal.sh"

stage=$BUILD/tests/tui/stage
[ -x "$stage" ] || skip_all "tests/tui/stage is not built"
trap 'tmux kill-server 2>/dev/null; rm -rf "$work"' EXIT

# on_stage WIDTH HEIGHT ARGUMENT...
on_stage() {
	local width=$1 height=$2
	shift 2
	run_in "$width" "$height" "$stage $*"
	appears 'Stalled|some' || echo "# the screen did not come"
}

# --- whole screens ---------------------------------------------------------------------------------------------------
# The bar: 80 cells less the other columns are 36, less the value and a gap 29. 512 of 1024 MiB are 14.5 of them, 128 are
# 3.6; the mark at 256 is in the eighth cell. The sparkline: 2 to 19 percent in 8 heights of 19.
cat >"$work/80" <<'EOF'
squall stage  host\x1b[7m  6.18.15                every 1 s  2026-01-02 03:04:00
Memory some 45.2% full 12.5% ▁▂▂▃▃▃▄▄▅▅▆▆▆▇▇███  IO 12.1%/3.0%  CPU 3.0%
Stalled 12  Findings 1 critical, 2 high  Lost 7  Events 12.3k/s  Own 0.4% 31M
 1 Nodes  2 Memcgs  3 Tasks  4 Findings
NODE FREE                                 KSWAPD    FAIL DIRECT/s   STEP NOTHING
0    ███████┃██████▌··············   512M asleep       0        0      0       -
1    ███▋···│·····················   128M hopeless    16      400      0       -
















? Help  q Quit  Space Pause  Enter Detail  / Filter  s Sort
EOF
on_stage 80 24
shows "$work/80" "80x24: nodes"
keys q
ended 0 "q"

# 200 cells: a column more, of 40; the bar has its most, 33 cells. 119 of 120 sparks are of 1 to 49 percent.
on_stage 200 60 view=0
seen '^NODE FREE +KSWAPD +FAIL DIRECT/s +STEP NOTHING +FAR-AWAY$' "200x60: the column that 80 cells have no room for"
seen '^1    ████▏···│·+   128M hopeless' "200x60: a bar of 33 cells: 4.1 filled, the mark in the ninth"
is "$(sed -n 2p "$work/screen" | grep -oE '[▁▂▃▄▅▆▇█]+' | head -1 | wc -m)" 121 "200x60: 120 intervals of pressure"
is "$(wc -l <"$work/screen")" 60 "200x60: 60 lines"
like "$(sed -n 60p "$work/screen")" '^\? Help  q Quit' "200x60: hints in the last line"

# --- sizes -----------------------------------------------------------------------------------------------------------
tmux resize-window -x 80 -y 24
seen '^1    ███▋···│·{21} +128M hopeless    16      400      0       -$' "made smaller: drawn for 80 cells"
tmux resize-window -x 40 -y 10
seen '^1 +128M hopeless +16 +400$' "40x10: the columns that matter"
like "$(sed -n 1p "$work/screen")" '^Memory some 45.2% full 12.5%' "40x10: pressure comes first"
keys ']'
seen '^NODE KSWAPD    FAIL DIRECT/s   STEP$' "]: columns further right"
keys '['
seen '^NODE▲? *FREE' "[: and back"
keys Right Right
seen '^NODE▲? *FAIL' "Right: the same in a list"
keys Left Left
seen '^NODE▲? *FREE' "Left: and back"
keys Left
seen '^No more columns' "Left: not beyond"
for size in "10 3" "1 1" "20 5" "21 6" "400 8" "80 24"; do
	tmux resize-window -x "${size% *}" -y "${size#* }"
done
seen '^1    ███▋···│·{21} +128M hopeless    16      400      0       -$' "absurd sizes are survived"
for view in 1 2 3 4 '?'; do
	keys "$view"
	tmux resize-window -x 30 -y 6
	tmux resize-window -x 80 -y 24
done
seen '^Help' "in each view"
keys q q
ended 0 "q in the help goes back, q again quits"

# --- tree, filter, sort, selection -----------------------------------------------------------------------------------
# Job i has 1 + (7 i + step) mod 300 MiB: job 257 has 300, job 214 299.
on_stage 80 24 view=1 record "feed=$work/feed"
seen '^├─jobs +999M +1$' "a tree"
seen '^│ ├─job-257 +300M +265$' "sorted by the default column, the largest first"
seen '1-18 of 308$' "which rows are shown"
like "$(sed -n 5p "$work/screen")" '^MEMCG +CURRENT▼ +ORDER$' "the column that it is sorted by"
keys End
seen '^  ├─evil\\x1b\[31mred\\x0aline     997M' "control characters are shown, not sent"
seen '^  ├─wide-漢字漢字               996M' "wide characters take two cells"
seen '^  ├─zero\\xe2\\x80\\x8bwidth +995M' "characters without width are shown"
seen '^  ├─bidi\\xe2\\x80\\xaetxt +994M' "so are those that turn the direction"
seen '^  └─raw\\xff\\xfe +993M' "and bytes that are no character"
keys Up Enter
seen '^Memcgs: /system/bidi' "Up, then Enter: the selected row"
seen '^  CURRENT +994M +memory' "each of its columns"
keys Escape Down
keys Enter
seen '^Memcgs: /system/raw' "Down"
keys q Home
seen '1-18 of 308$' "Home"
keys Down Down NPage Enter
seen '^Memcgs: /jobs/job-' "Page Down"
keys Enter PPage Enter
seen '^Memcgs: /jobs/job-257$' "Page Up"
keys Enter Left
keys Left
seen '^├─\+jobs' "Left goes to the parent, and folds it"
seen '^└─system +998M' "what was folded is not shown"
keys Right
seen '^│ ├─job-257' "Right unfolds"
keys +
seen '^├─\+jobs' "+ folds"
keys -
seen '^│ ├─job-257' "- unfolds"
keys '*'
seen '^├─\+jobs' "* folds all"
seen '^└─\+system' "* folds all: the other too"
keys '*'
seen '^│ ├─job-257' "* unfolds all"
keys F5
seen '^/jobs/job-257 +300M' "F5: a list has whole paths"
like "$(sed -n 6p "$work/screen")" '^/ +1000M' "F5: sorted through"
keys l
seen '^│ ├─job-257' "l: the tree again"

keys /
seen '^Filter:' "/ asks"
keys JOB-00
seen '"JOB-00": 12 of 308' "filtered while one types, whatever the case: ten jobs, / and jobs above them"
keys Enter
seen '^\? Help' "Enter keeps the filter"
seen '^│? *[├└]─job-009' "a job that passes"
keys Escape
seen '1-18 of 308$' "Esc takes the filter away"
keys F4 nothing-like-it Enter
seen 'No row passes the filter' "a filter that nothing passes"
keys Escape
keys F3 job-128 Enter Enter
seen '^Memcgs: /jobs/job-128$' "F3 searches"
keys Escape
keys F3 job-04 Enter n Enter
seen '^Memcgs: /jobs/job-041$' "n searches on: after job-042 comes job-041"
keys Escape

keys Home Down Down
keys Enter
seen '^Memcgs: /jobs/job-257$' "the third row"
keys Escape
# A step later it has 1 MiB, and is the last of its siblings.
printf . >"$work/feed"
seen '│ └─job-257 +1M +265$' "the selected row is followed when it moves"
keys Home
printf .. >"$work/feed"
seen '^│ ├─job-128 +300M' "Home stays at the top: two steps later job 128 is there"
keys '>'
seen '^MEMCG +CURRENT +ORDER▼' "> sorts by the next column"
seen '^  ├─job-299' "the last one made first"
keys I
seen '^MEMCG +CURRENT +ORDER▲' "I turns it round"
seen '^│ ├─job-000' "the first one made first"
keys '<'
seen '^MEMCG +CURRENT▼' "< goes back"
keys s Home Enter
seen '^MEMCG▲' "s: a menu of columns"
keys F6
seen '^ ORDER +as it was made' "F6: the same, with what they are"
keys Escape
seen '^MEMCG▲' "Esc leaves it"

keys r
seen '^recording into x.db' "r records"
keys r
seen '^x.db is complete' "r ends it"
keys d
seen '^Interval:' "d asks for the interval"
keys 2.5 Enter
printf . >"$work/feed"
seen 'every 2.5 s' "and takes it"
keys d x Enter
seen '^An interval is 0.1 to 3600' "or says what it takes"
keys Space
seen 'PAUSED' "Space pauses"
keys Space
seen 'every 2.5 s' "and goes on"
keys a
seen '^Nothing to compare with' "a without --against"
keys t
seen '^t is for a replay' "keys of a replay say so"
keys Z
seen '^Z does nothing here' "an unknown key gets a hint"
printf x >"$work/feed"
seen 'ENDED' "the feed ends, the screen stays"

keys Tab
seen '^Nothing to show yet|^  Nothing to show yet' "Tab: the next view, which is empty"
keys BTab
seen '^MEMCG' "Shift-Tab: the view before"
keys F8
seen 'Nothing to show yet' "F8: the next view"
keys F7
seen '^MEMCG' "F7: the view before"
keys 4
seen '^hopeless-node node 1 was given up' "4: findings"
keys p
seen 'Nothing to show yet' "p: tasks"
keys c
seen '^MEMCG' "c: memcgs"
keys 9
seen '^There are 4 views' "a number without a view"
keys 4 Enter
seen '^Remedy: free memory. \\x1b\[2J$' "Enter: what there is to say about a finding"
keys End
seen '^  SUMMARY +node 1 was given up' "End: the columns come last"
keys PPage PPage
unseen '^  SUMMARY' "Page Up"
keys Home
seen '^Remedy' "Home"
keys Enter C-l
seen '^hopeless-node node 1 was given up' "Ctrl-L keeps the screen"

keys '?'
seen '^Arrows and pages scroll' "?: help"
keys NPage
seen '^  t +an interval on|^Table' "with the keys"
keys End
seen '^  FAR-AWAY +for wide screens only|^  SUMMARY +what it is' "and the columns of each view"
keys F1
seen '^hopeless-node' "F1: back"
keys h
seen '^Arrows and pages scroll' "h: help"
keys F10
ended 0 "F10 quits from anywhere"

# --- the mouse -------------------------------------------------------------------------------------------------------
# Reports as this kind of terminal sends them: button (3: released), column and line, each with 32 added.
on_stage 80 24 view=1
appears '^│ ├─job-257'
keys -l $'\033[M #)\033[M##)'
keys Enter
seen '^Memcgs: /jobs/job-214$' "a click selects: the fourth row"
keys Enter
keys -l $'\033[Ma#)'
keys Enter
seen '^Memcgs: /jobs/job-085$' "the wheel moves by three"
keys Enter
keys -l $'\033[M "%'
seen '^MEMCG▲' "a click on a title sorts"
keys C-c
ended 3 "Ctrl-C"
is "$(cat "$work/err")" "stage: signal 2" "Ctrl-C: the caller is told which signal it was"

# --- replay, and two models ------------------------------------------------------------------------------------------
on_stage 80 24 replay against missing
seen '^stop x1 ●─+\*─+!─+ 0:00 of 2:00$' "a time line with the findings"
seen '^Missing \(1 of 2, \? lists\) no tracefs: no events' "what is missing is said"
seen '^1 +[^ ]+ +128M hopeless    16      400      0       -$' "the model"
seen '^vs +128M hopeless     3!    1000\+     0       -$' "the other under it: worse, and better"
keys a
unseen '^vs ' "a: without the other"
keys a
seen '^vs ' "a: with it"
keys t t t
seen '0:03 of 2:00$' "t: steps"
seen 'replay by 1 s  2026-01-02 03:04:03$' "the clock goes along"
seen '^1 .* 3       -$' "and the figures"
keys T
seen '0:02 of 2:00$' "T: a step back"
keys T T T
seen '^The recording begins here' "T: not beyond the start"
keys d
seen '^A replay has the interval that it was started with: -d SECONDS' "d: says how to have another interval"
keys f
seen '0:31 of 2:00$' "f: the first finding"
keys f
seen '1:01 of 2:00$' "f: the next one"
keys f
seen '^No finding in that direction' "f: no more"
keys F
seen '0:31 of 2:00$' "F: back"
keys j
seen '^Forward:' "j asks"
keys 10s Enter
seen '0:41 of 2:00$' "j: 10 s on"
keys J 20 Enter
seen '0:21 of 2:00$' "J: 20 s back"
keys j 03:05:30 Enter
seen '1:30 of 2:00$' "j: a time of the clock"
keys j @1:10 Enter
seen '1:10 of 2:00$' "j: since the start"
keys j 'tomorrow' Enter
seen '^Not a time: tomorrow' "j: not a time"
keys j
keys -l end
keys Enter
seen '2:00 of 2:00$' "j: the end"
keys . .
seen '^stop x5 ' ".: faster"
keys ,
seen '^stop x2 ' ",: slower"
keys Space
seen '^play x2 ' "Space plays, from the start again"
seen ' 0:0[3-9] of 2:00$' "and time goes by"
keys Space
seen '^stop x2 ' "Space stops"
keys 2
seen '^├─jobs +999M     999M ' "where there is room the other stands beside it"
keys r
seen '^r is for watching live' "no recording of a replay"
keys Enter
seen '^Memcgs: /$' "detail in a replay"
keys j @0 Enter t
seen '0:01 of 2:00$' "time goes on over a detail"
keys q q
ended 0 "quit a replay"

# --- terminals and locales -------------------------------------------------------------------------------------------
LC_ALL=C on_stage 80 24 view=1
seen '^\|-jobs +999M' "locale C: ASCII"
keys End
seen 'wide-\\xe6\\xbc\\xa2\\xe5\\xad\\x97' "locale C: names too"
is "$(LC_ALL=C grep -c '[^ -~]' "$work/screen")" 0 "locale C: nothing else on the screen"
keys q
ended 0 "locale C"
on_stage 80 24 ascii
seen '^1    ###\.*\|\.+|#' "ascii: bars"
is "$(LC_ALL=C grep -c '[^ -~]' "$work/screen")" 0 "ascii: nothing else"

coloured() {
	tmux capture-pane -e -p | grep -cE $'\033\\[[0-9;]*(3[0-7]|4[0-7]|38;5;[0-9]+)m'
}
on_stage 80 24
appears hopeless
like "$(tmux capture-pane -e -p | grep hopeless)" $'\033\\[[0-9;]*38;5;203m' "256 colours: what is bad is red"
term=screen on_stage 80 24
appears hopeless
like "$(tmux capture-pane -e -p | grep hopeless)" $'\033\\[[0-9;]*31m' "8 colours: what is bad is red"
on_stage 80 24 plain
appears hopeless
is "$(coloured)" 0 "no colours when they are not wanted"
run_in 80 24 "env NO_COLOR=1 $stage"
appears hopeless
is "$(coloured)" 0 "no colours with NO_COLOR"
like "$(tmux capture-pane -e -p | grep hopeless)" $'\033\\[[0-9;]*4m' "but what is bad is underlined"
term=vt100 on_stage 80 24
appears hopeless
is "$(coloured)" 0 "no colours on a vt100"
keys Down Enter
seen '^Nodes: 1$' "vt100: keys"
keys q q
for ((i = 0; i < patience; i++)); do
	[ -s "$work/after" ] && break
	sleep 0.1
done
is "$(cat "$work/status") $(cmp "$work/before" "$work/after" 2>&1)" "0 " "vt100, which has no second screen: modes are as before"
term=dumb
run_in 80 24 "$stage"
appears DONE
is "$(cat "$work/status" "$work/err" | tr '\n' '|')" \
	'2|stage: the terminal "dumb" (TERM) cannot place text|-b prints the same as text|' "a dumb terminal"
term=tmux-256color
"$stage" >"$work/out" 2>"$work/err" </dev/null
is "$? $(cat "$work/out" "$work/err" | tr '\n' '|')" \
	"2 stage: standard output is not a terminal|-b prints the same as text|" "no terminal"

# --- however it ends -------------------------------------------------------------------------------------------------
for signal in TERM HUP INT; do
	on_stage 80 24
	appears hopeless
	kill -s $signal "$(cat "$work/pid")"
	ended 3 "SIG$signal"
done
for signal in SEGV ABRT BUS QUIT FPE; do
	on_stage 80 24
	appears hopeless
	kill -s $signal "$(cat "$work/pid")"
	ended $((128 + $(kill -l $signal))) "SIG$signal"
done
on_stage 80 24 "feed=$work/feed"
appears hopeless
printf a >"$work/feed"
ended 134 "abort()"
on_stage 80 24 "feed=$work/feed"
appears hopeless
printf s >"$work/feed"
ended 139 "a segmentation fault"

# Stopped in a shell with jobs, and continued.
new_terminal
tmux new-session -d -x 80 -y 24 "TERM=$term PS1='prompt> ' bash --norc --noprofile -i"
appears '^prompt>'
keys "$stage" Enter
appears hopeless
keys C-z
seen '^prompt>$' "Ctrl-Z gives the terminal back"
like "$(screen | grep -c hopeless)" '^0$' "Ctrl-Z: the screen is left"
keys 'stty -echo; stty echo; fg' Enter
seen '^1 .*hopeless' "fg draws the screen anew"
keys 2
seen '^├─jobs' "and keys work"
keys q
keys "echo OV''ER" Enter
seen '^OVER$' "and it ends"
is "$(sed -n '/fg$/,/^OVER$/p' "$work/screen" | grep -c prompt)" 2 "below what the shell had written"

# --- squall top on a recorded storm ------------------------------------------------------------------------------------
# The expectations are those of its golden text: samples/defrag-spin-6.18.md.
if [ -x "$SQUALL" ] && "$SQUALL" import -q -o "$work/spin.db" "$TOP/samples/defrag-spin-6.18.dat" 2>/dev/null; then
	run_in 80 24 "$SQUALL top -r $work/spin.db"
	seen '^stop x1 .*!.* of 0:4[0-9]$' "a recording: its time line with the storm"
	like "$(sed -n 1p "$work/screen")" '6\.18\.15' "its kernel"
	keys 5
	keys j
	keys -l end
	keys Enter
	seen '^nonmovable-reclaim-s.* critical ' "its finding"
	keys Enter
	seen '^Findings: .*nonmovable-reclaim-spin' "all about the finding"
	keys q 1
	seen '^ *0 .*(running|asleep|hopeless)' "its node"
	keys q
	ended 0 "quit squall top"

	# Of samples/kswapd-reset-6.18.md: the resets keep kswapd awake, and that calls the shrinkers.
	"$SQUALL" import -q -o "$work/reset.db" "$TOP/samples/kswapd-reset-6.18.dat"
	run_in 100 24 "$SQUALL top -v findings --at +60 -r $work/reset.db"
	seen '^spurious-kswapd-reset ' "an incident: its cause"
	seen '^├─slab-shrinker-storm ' "below it what it explains"
	seen '^└─endless-kswapd ' "and more of that"
	keys F5
	seen '^endless-kswapd ' "as a list: kinds"
	keys F5 Home Enter
	seen '^Explains endless-kswapd: with kswapd_failures set back' "Enter: what it explains"
	seen '^Who suffered' "and who suffered"
	keys q q
	ended 0 "quit squall top of an incident"
else
	skip "squall top on a recorded storm" "squall or its import is not built"
fi

# --- the table of keys -----------------------------------------------------------------------------------------------
# What the tests above have typed, by the names in the help.
cat >"$work/typed" <<'EOF'
? F1 h
q F10 Ctrl-C
Space
d
a
r
Ctrl-L
Ctrl-Z
1 2 3 ...
Tab F8
Shift-Tab F7
c
p
Enter
/ F4
Esc
s F6
>
<
I
F3
n
Up
Down
PgUp
PgDn
Home g
End G
Left
Right
+ -
*
F5 l
]
[
Mouse
t
T
j
J
f
F
.
,
EOF
"$stage" keys >"$work/keys"
cut -f1 "$work/keys" | diff "$work/typed" - >"$work/diff"
ok $? "each key of the table is tried above"
cat "$work/diff"
sed -n '/^\.SH KEYS/,/^\.SH VIEWS/p' "$TOP/docs/squall-top.1" | sed 's/\\-/-/g' |
	awk '/^\.B / { keys = substr($0, 4); getline; sub(/\.$/, ""); print keys "\t" $0 }' | diff "$work/keys" - >"$work/diff"
ok $? "the manual has each of them, as the help does"
cat "$work/diff"
done_testing
