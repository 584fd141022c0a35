#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The HTML of squall report: one file that loads nothing, in which names do nothing; in headless Chromium: no message on the
# console, every chart drawn, one time for all of them, no scrolling sideways on a phone, dark and light.
. "$(dirname "$0")/../report.sh"

sampled_store "$work/sampled.db" && "$SQUALL" report "$work/sampled.db" -o "$work/sampled.html"
is $? 0 "a report of a store with samples and bad names"
"$SQUALL" report "$TOP/samples/defrag-spin-6.18.dat" -o "$work/storm.html"
is $? 0 "a report of a recorded storm"
"$SQUALL" import -q "$TOP/samples/healthy-swap-6.18.dat" -o "$work/healthy.db"
"$SQUALL" report "$work/healthy.db" -o "$work/healthy.html"
is $? 0 "a report of a healthy recording"
printf ' bash-301     [001] .....   200.000002: sched_wakeup: comm=x pid=2\n' >"$work/other.txt"
"$SQUALL" report "$work/other.txt" -o "$work/none.html"
is $? 0 "a report of a recording without charts"

# --- as text ---
for name in sampled storm healthy none; do
	page=$work/$name.html
	iconv -f UTF-8 -t UTF-8 "$page" >/dev/null
	ok $? "$name: valid UTF-8"
	! grep -qE '(src|href)=["'"'"']?(https?:|//)|@import|url\(' "$page"
	ok $? "$name: refers to nothing outside"
	grep -q "Content-Security-Policy\" content=\"default-src 'none'" "$page"
	ok $? "$name: and is forbidden to load anything"
	[ "$(stat -c %s "$page")" -lt 600000 ]
	ok $? "$name: small ($(stat -c %s "$page") bytes)"
done
# What names put into the page is text: outside of scripts no tag of theirs is left.
! sed '/^<script>/,/^<\/script>/d' "$work/sampled.html" | grep -qE '<(img|b|i)[ >][^<]*(onerror|pwned|w&quot;|x)'
ok $? "no tag of a name is in the page"
is "$(grep -c '</script>' "$work/sampled.html")" 3 "names end no script element"
! LC_ALL=C grep -q "$(printf '[\033\377]')" "$work/sampled.html"
ok $? "control characters and bytes that are no UTF-8 are escaped"
! grep -q "$(printf '\342\200\250')" "$work/sampled.html"
ok $? "separators of lines are escaped"
sed -n 's/.*<script type="application\/json" id="data">\(.*\)<\/script>.*/\1/p' "$work/sampled.html" |
	jq -e '.charts | length > 8' >/dev/null
ok $? "the data is JSON"
is "$(sed -n 's/.*<script type="application\/json" id="data">\(.*\)<\/script>.*/\1/p' "$work/storm.html" | jq '.findings[0][2]')" 3 \
	"a finding is shaded by its severity: critical, the third above info"

# --- in a browser ---
# look PAGE WIDTH light|dark: what html_page.py says is then in $work/seen. A Debian python may not be the first one.
look() {
	local python
	for python in python3 /usr/bin/python3; do
		"$python" "$TOP/tests/html_page.py" "$work/$1.html" "$2" "$3" >"$work/seen" 2>"$work/err" && return 0
		[ $? -eq 77 ] || break
	done
	return 1
}
s() { jq -r "$1" "$work/seen"; }

if ! look none 1200 light; then
	if [ -s "$work/err" ]; then
		ok 1 "chromium shows the page"
		tail -3 "$work/err" | sed 's/^/# /'
	else
		skip "the page in a browser" "chromium, chromedriver or python3-selenium is not installed"
	fi
	done_testing
fi
is "$(s '.console | length') $(s .plots) $(s '.headings[0]')" "0 0 Nothing to judge" "a page without charts"
for name in sampled storm healthy; do
	for form in "1200 light" "360 dark"; do
		look $name $form
		is $? 0 "$name, $form"
		is "$(s '.console | join("; ")')" "" "$name, $form: nothing on the console"
		is "$(s '.drawn | all') $(s '.drawn | length > 1')" "true true" "$name, $form: all charts are drawn ($(s .plots))"
		is "$(s .too_wide)" 0 "$name, $form: no scrolling sideways"
		is "$(s .loaded)" "[]" "$name, $form: nothing is loaded"
		is "$(s '.reached | map(.[0] == .[1]) | all')" true "$name, $form: keys get to what is wider than the page"
		case $form in
		*light) is "$(s .background)" "rgb(251, 251, 250)" "$name: light" ;;
		*dark) is "$(s .background)" "rgb(20, 23, 26)" "$name: dark" ;;
		esac
	done
done
look sampled 1200 light
is "$(s .pwned) $(s .foreign_elements) $(s .scripts)" "null 0 3" "names run nothing and make no elements"
is "$(s '.legend | map(select(. == "/'"$evil"'")) | length')" 2 "they are shown as they are, in both charts of that cgroup"
is "$(s '.legend | map(select(. == "/dev/<b>x</b>")) | length')" 1 "and the device"
is "$(s '.headings[0]')" "$("$SQUALL" analyze --json "$work/sampled.db" | jq -r '.findings[0] | "\(.severity) \(.kind) [\(.variant)]"')" \
	"the verdict leads"
# Samples end at 102.5 s, 2.5 s after the start.
is "$(s .whole)" "0.00 s to 2.50 s" "the charts show all at first"
is "$(s .zoomed)" "0.63 s to 1.88 s" "half of it after zooming in"
is "$(s .moved)" "0.94 s to 2.19 s" "a quarter of that later after an arrow key in the last chart"
is "$(s .all_again)" "0.00 s to 2.50 s" "and all again after 0"
is "$(s .hidden_line)" false "a line can be switched off"
# It lasts from 0.001 s to 1.089 s: three times seven cycles of 52 ms. A tenth of that stands on both sides.
is "$(s .finding_shown)" "0.00 s to 1.20 s" "a finding can be shown in the charts"
done_testing
