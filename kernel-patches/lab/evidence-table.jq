# SPDX-License-Identifier: GPL-2.0-only
# evidence-table.jq - jq -Rsf: reads the table SERIES/evidence of an experiment and tells it as one object. The words of
# a line are separated by blanks; a line that begins with # is a comment. ../README.md explains the lines.
#
# Result: title, asks, limits (text); runs; describes; arms and storms by name, in the order of the table; pairs;
# options; absent; plan: all runs in the order in which they are made; errors: what is wrong with the table.

def words: [splits("[ \t]+") | select(. != "")];

# Split at "--": what comes before it, and after it.
def halves: (index("--") // length) as $at | [.[:$at], .[$at + 1:]];

def join_text($key; $w): .[$key] = ([.[$key], ($w | join(" "))] | map(select(. != "")) | join(" "));

def wrong($n; $text): .errors += ["line \($n): \($text)"];

def need($n; $w; $least): if ($w | length) < $least then wrong($n; "too few words") else . end;

def known($n; $list; $name): if any(.[$list][]; .name == $name) then . else wrong($n; "no \($list[:-1]) \($name)") end;

def with_storm($n; $name; f): known($n; "storms"; $name) | .storms |= map(if .name == $name then f else . end);

def line($n; $w):
	$w[1:] as $a |
	if $w[0] == "title" then join_text("title"; $a)
	elif $w[0] == "asks" then join_text("asks"; $a)
	elif $w[0] == "limits" then join_text("limits"; $a)
	elif $w[0] == "describes" then .describes = true
	elif $w[0] == "runs" then need($n; $a; 1) | .runs = ($a[0] | tonumber? // 0)
	elif $w[0] == "options" then .options += $a
	elif $w[0] == "arm" then
		($a | halves) as [$kernel, $args] | need($n; $kernel; 3) |
		if $kernel[1] | IN("debian", "build") then . else wrong($n; "kernels are debian or build") end |
		.arms += [{ name: $kernel[0], how: $kernel[1], kernel: $kernel[2:], args: $args }]
	elif $w[0] == "storm" then
		need($n; $a; 2) | .storms += [{ name: $a[0], scenario: $a[1], args: $a[2:], primary: null, secondary: [],
			shown: [], asks: "", expected: [] }]
	elif $w[0] == "what" then with_storm($n; $a[0]; join_text("asks"; $a[1:]))
	elif $w[0] == "primary" then need($n; $a; 2) | with_storm($n; $a[0]; .primary = $a[1])
	elif $w[0] == "secondary" then with_storm($n; $a[0]; .secondary += $a[1:])
	elif $w[0] == "show" then with_storm($n; $a[0]; .shown += $a[1:])
	elif $w[0] == "pair" then
		need($n; $a; 2) | known($n; "arms"; $a[0]) | known($n; "arms"; $a[1]) | .pairs += [{ base: $a[0], cand: $a[1] }]
	elif $w[0] == "expect" then
		need($n; $a; 4) | if $a[3] | IN("better", "worse", "same") then . else wrong($n; "expect better, worse or same") end |
		with_storm($n; $a[0]; .expected += [{ base: $a[1], cand: $a[2], verdict: $a[3], why: ($a[4:] | join(" ")) }])
	elif $w[0] == "absent" then
		need($n; $a; 3) | known($n; "storms"; $a[0]) | known($n; "arms"; $a[1]) |
		.absent += [{ storm: $a[0], arm: $a[1], why: ($a[2:] | join(" ")) }]
	else wrong($n; "there is no line \($w[0])") end;

# One round has each storm on each arm once; every second round goes backwards, so that a drift of the machine hits all
# arms alike: ABBA.
def plan:
	.absent as $absent |
	[.storms[] as $s | .arms[] as $a | select(any($absent[]; .storm == $s.name and .arm == $a.name) | not) |
		{ storm: $s.name, arm: $a.name }] as $round |
	[range(1; .runs + 1) as $n | (if $n % 2 == 1 then $round else $round | reverse end)[] | . + { run: $n }];

def check:
	if .arms == [] or .storms == [] then .errors += ["it needs arms and storms"] else . end |
	if .runs < 1 then .errors += ["runs has to be a number above 0"] else . end |
	if ([.arms[].name] | unique | length) < (.arms | length) or
	   ([.storms[].name] | unique | length) < (.storms | length) then .errors += ["a name is there twice"] else . end |
	.errors += [(.arms, .storms)[].name | select(test("^[A-Za-z0-9][A-Za-z0-9._-]*$") | not) | "\(.) is no name"] |
	if .describes then . else
		.errors += [.storms[] | select(.primary == null) | "storm \(.name) has no primary metric"] |
		if .pairs == [] then .errors += ["it needs a pair"] else . end
	end;

split("\n") | to_entries | reduce .[] as { key: $key, value: $text } (
	{ title: "", asks: "", limits: "", runs: 5, describes: false, options: [], arms: [], storms: [], pairs: [], absent: [],
	  errors: [] };
	($text | words) as $w |
	if $w == [] or ($w[0] | startswith("#")) then . else line($key + 1; $w) end) |
if $runs == "" then . else .runs = ($runs | tonumber? // 0) end | check | .plan = plan
