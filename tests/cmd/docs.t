#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages say what the program does: each option of --help is in the page and the reverse; they format without a
# warning; each folder that README maps is there; each finding kind is explained.
. "$(dirname "$0")/../lib.sh"

for command in check record import analyze report compare explain top; do
	page=$TOP/docs/squall-$command.1
	"$SQUALL" $command --help | sed -n '/^Options:/,/^$/p' | grep -oE -- '--[a-z-]+' | sort -u >"$work/help"
	sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' "$page" | sed 's/\\-/-/g' | grep -E '^\.(BR?|BI|IR?|TP|B)|^\.OP' |
		grep -oE -- '--[a-z-]+' | sort -u >"$work/page"
	is "$(cat "$work/page")" "$(cat "$work/help")" "squall-$command(1) has the options of --help"
done
for page in "$TOP"/docs/*.1; do
	warnings=$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
	is "$warnings" "" "$(basename "$page") formats without a warning"
done
for command in $("$SQUALL" --help | sed -n '/^Commands:/,/^$/p' | awk 'NF > 1 && !/:$/ { print $1 }'); do
	[ -e "$TOP/docs/squall-$command.1" ]
	ok $? "there is a page for squall $command"
	sed 's/\\-/-/g' "$TOP/docs/squall.1" | grep -q "squall-$command"
	ok $? "squall(1) names squall-$command"
done
for kind in $("$SQUALL" analyze --only '?' /dev/null 2>&1 | sed -n 's/^squall: kinds: //p'); do
	grep -q -- "$kind" "$TOP/README.md" && sed 's/\\-/-/g' "$TOP/docs/squall-analyze.1" | grep -q -- "$kind"
	ok $? "README and squall-analyze(1) explain $kind"
	like "$("$SQUALL" explain "$kind" | grep -E '^[A-Z][a-z ]+:$' | tr '\n' ' ')" \
		'^What happens: How to recognise it: What to do: Where it is discussed: $' "squall explain $kind"
done
is "$(grep '^## ' "$TOP/docs/storms.md" | cut -c4- | sort | tr '\n' ' ')" \
	"$("$SQUALL" explain | awk '{ print $1 }' | sort | tr '\n' ' ')" "docs/storms.md has the kinds that there are"
"$SQUALL" explain no-such-kind >/dev/null 2>"$work/err"
is $? 2 "explain: no such kind"
like "$(cat "$work/err")" "'squall explain' lists them" "and what to do"
# What README shows of the demo is what it prints. Without the counts of events: README says that they are left out.
is "$(sed -n '/^<!-- demo output: begin/,/^<!-- demo output: end/p' "$TOP/README.md" | sed '/^<!--/d; /^```$/d')" \
	"$(cd "$TOP" && "$SQUALL" analyze samples/defrag-spin-6.18.dat | sed '/^EVENTS$/,$d')" "README has what analyze prints"
others=$(cd "$TOP" && for sample in kswapd-reset healthy-swap; do
	"$SQUALL" analyze samples/$sample-6.18.dat | sed -n 's/^FINDING [0-9]* *\(.*\)  (confidence.*/\1/p; /^No storm found/p'
done)
is "$(sed -n '/^For the other two/,/^$/p' "$TOP/README.md" | tr '\n' ' ' | grep -oE '`[^`]*  [^`]*`|`No storm[^`]*`' | tr -d '`')" \
	"$others" "and the verdicts of the other samples"
for folder in $(cd "$TOP" && git ls-files 2>/dev/null | grep / | cut -d/ -f1 | sort -u | grep -v '^\.'); do
	grep -q "$folder/" "$TOP/README.md"
	ok $? "README maps $folder/"
done
done_testing
