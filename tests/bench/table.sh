# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# table.sh - what the benchmarks have in common: numbers in, rows of a markdown table with a verdict out. Source it.

die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# field NAME < "NAME=VALUE OTHER=VALUE": the value
field() {
	tr ' ' '\n' | sed -n "s/^$1=//p"
}

# spread < numbers: "median min max"
spread() {
	sort -g | awk '{ v[NR] = $1 }
		END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; print m, v[1], v[NR] }'
}

# interval < numbers: "median low high". Between low and high the true median lies with at least 95 %, whatever the
# distribution: so many values are left out at both ends as the binomial distribution with p = 1/2 allows.
interval() {
	sort -g | awk '{ v[NR] = $1 }
		END {
			n = NR
			term = 0.5 ^ n
			for (out = 0; (tail += term) <= 0.025; out++)
				term *= (n - out) / (out + 1)
			out = out ? out : 1
			m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
			print m, v[out], v[n + 1 - out]
		}'
}

table_head() {
	echo "| what | median | $1 | must | aim | |"
	echo "|---|---|---|---|---|---|"
}

# verdict WHAT UNIT least|most MUST AIM < "median low high": a row; MUST or AIM is - where there is none
verdict() {
	awk -v what="$1" -v unit="$2" -v side="$3" -v must="$4" -v aim="$5" '
		function holds(limit) { return side == "least" ? $1 >= limit : $1 <= limit }
		function limit(v) { return v == "-" ? "" : "at " side " " v unit }
		{
			verdict = must == "-" ? "" : holds(must) ? "pass" : "MISSED"
			if (aim != "-")
				verdict = verdict (verdict ? ", " : "") "aim " (holds(aim) ? "met" : "missed")
			range = $2 == $3 ? "" : sprintf("%.2f .. %.2f", $2, $3)
			printf "| %s | %.2f%s | %s | %s | %s | %s |\n", what, $1, unit, range, limit(must), limit(aim),
				verdict
		}'
}

# row WHAT UNIT least|most MUST AIM < numbers
row() {
	spread | verdict "$@"
}

# skipped WHAT WHY
skipped() {
	echo "| $1 | SKIP: $2 | | | | |"
}
