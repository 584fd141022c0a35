#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# take.sh [-d FOLDER] [NAME...] - makes samples of runs of the lab: for each row of the table below (or those that are
# named) the smallest store among its runs in which squall finds that kind, or nothing in "none", becomes samples/NAME.db,
# with a page NAME.md that says what was done and what squall finds. Rows whose runs are not there are told.
#
#   -d FOLDER   where the runs are (cache/evidence); RUNS of the table are below it. Make them with
#               make -C kernel-patches evidence SERIES=...
#
# The samples together stay below SAMPLES_MIB (25). Exit status: 0, 1 a row could not be had.
set -o pipefail
export LC_ALL=C TZ=UTC
samples=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$samples")
squall=${SQUALL:-${BUILD:-$top/build}/squall}
runs=$top/cache/evidence
bytes_max=$((${SAMPLES_MIB:-25} << 20))

# NAME, RUNS, kind, queries to look at
table() {
	cat <<-'ROWS'
	kswapd-reset-6.12	storms/reset/6.12	spurious-kswapd-reset	kswapd-runs-per-second memcg-reclaim-by-task pressure-by-second
	defrag-spin-7.2	defrag-mode/busy/unfixed	nonmovable-reclaim-spin	longest-chains direct-reclaim-by-task extfrag-by-type
	zram-stall-7.3	ram-backed-swap/incompressible/base	ram-backed-swap-stall	retries-by-zone swap-by-second pressure-by-second
	zram-holes-6.18	storms/zram-oom/6.18	zsmalloc-fragmentation	swap-by-second findings
	zswap-pool-7.3	storms/zswap-pool/7.3	zswap-pool-limit	swap-by-second pressure-by-second
	healthy-zswap-7.3	storms/calm/7.3	none	swap-by-second pressure-by-second
	compaction-thrash-7.3	storms/thp-holes/7.3	compaction-thrash	compaction-results findings
	compaction-deferred-7.3	storms/holes/7.3	compaction-deferred	compaction-results findings
	cma-free-7.3	storms/cma-pipes/7.3	cma-contiguous	longest-chains retries-by-zone direct-reclaim-by-task
	memory-low-7.3	storms/low/7.3	memory-low-overcommit	memcgs-by-pressure pages-by-reclaimer
	proactive-7.3	storms/proactive/7.3	proactive-overshoot	memcgs-by-pressure pages-by-reclaimer
	zswap-cold-7.3	storms/zswap-cold/7.3	zswap-shrinker-ineffective	swap-by-second settings
	zswap-back-7.3	storms/zswap-back/7.3	zswap-over-reclaim	swap-by-second pressure-by-second
	dirty-disk-7.3	storms/dirty/7.3	writeback-limited	direct-reclaim-by-task pressure-by-second
	ROWS
}

work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT

say() {
	echo "${0##*/}: $*" >&2
}

# finds STORE KIND: 0 when that is so
finds() {
	"$squall" analyze --json "$1" | jq -e --arg kind "$2" '[.findings[] | select(.severity != "info") | .kind] |
		if $kind == "none" then . == [] else any(.[]; . == $kind) end' >/dev/null
}

# choose FOLDER KIND: the smallest store that has it
choose() {
	local store

	# A control is the first run, whatever squall finds in it.
	if [ "$2" = none ]; then
		store=$(ls -d "$1"/storm.db "$1"/[0-9]*/storm.db 2>/dev/null | head -1)
		[ -z "$store" ] || ! finds "$store" none || echo "$store"
		return
	fi
	ls -Sr "$1"/storm.db "$1"/[0-9]*/storm.db 2>/dev/null | while read -r store; do
		! finds "$store" "$2" || { echo "$store"; break; }
	done
}

# Bytes of all samples but $1.
others() {
	find "$samples" -maxdepth 1 \( -name '*.dat' -o -name '*.db' \) ! -name "$1.db" -printf '%s\n' |
		awk '{ n += $1 } END { print n + 0 }'
}

# What the scenario does: its own head.
story() {
	sed -n '2,/^[^#]/{/^# guest:/d;s/^# \{0,1\}//p}' "$top/kernel-patches/lab/scenarios/$1" | sed '/^SPDX/d' |
		sed "1s/^$1 - \(.\)/\U\1/"
}

meta() {
	sqlite3 "$samples/$name.db" "SELECT value FROM meta WHERE key = '$1'"
}

evidence_table() {
	jq -r --arg kind "$kind" 'def short: if type != "number" or . == 0 then . else
			pow(10; [0, 3 - (fabs | log10 | floor)] | max) as $k | (. * $k | round) / $k end;
		[.findings[] | select(.kind == $kind)][0].evidence | to_entries[] |
		"| \(.key) | \(.value | if .value == null then "not known" else "\(.value | short) \(.unit // "")" end) |"' "$work/json"
}

# finding FIELD: of the first of the kind
finding() {
	jq -r --arg kind "$kind" --arg field "$1" '[.findings[] | select(.kind == $kind)][0][$field] // ""' "$work/json"
}

put_finding() {
	if [ "$kind" = none ]; then
		echo "Nothing above information. These kinds were judged:"
		jq -r '[.detectors[] | select(.judged) | .kind] | join(", ") + "."' "$work/json" | fold -sw 116 | sed 's/ *$//'
		return
	fi
	jq -r '.findings[] | select(.severity != "info") |
		"- \(.severity): `\(.kind)`\(if .variant then " [\(.variant)]" else "" end), confidence \(.confidence)"' "$work/json"
	printf '\n%s.\n' "$(finding summary)" | fold -sw 118 | sed 's/ *$//'
	printf '\n| evidence of `%s` | |\n|---|---|\n' "$kind"
	evidence_table
	printf '\n## What happens\n\n'
	{ finding explanation; echo; echo "What to do: $(finding remedy)"; } | fold -sw 118 | sed 's/ *$//'
}

# page SCENARIO WORDS...: from what the store and the run say, so that it is never older than the store
page() {
	local scenario=$1 query

	shift
	echo "# $name.db: $([ "$kind" = none ] && echo 'a control' || echo "$kind")"
	printf '\nA store of squall record: kernel %s, %s CPUs, %s, %s events, %s.\n' "$(meta kernel_release)" "$(meta cpus)" \
		"$(jq -r '"\((.end_ns - .start_ns) / 1e9 | floor) s"' "$work/json")" "$(jq -r .events "$work/json")" \
		"$(jq -r 'if .lost_events == 0 and (.lost_unknown | not) then "none lost" else "some lost" end' "$work/json")"
	printf '\n## What was done\n\n'
	[ ! -f "$top/kernel-patches/lab/scenarios/$scenario" ] || story "$scenario"
	printf '\n    kernel-patches/lab/boot -k KERNEL -s %s\n' "$scenario${*:+ $*}"
	printf '\n## What squall finds\n\n    squall analyze samples/%s.db\n\n' "$name"
	put_finding
	printf '\n## To look at\n\n'
	for query in $queries; do
		printf '    sqlite3 -box samples/%s.db < samples/queries/%s.sql\n' "$name" "$query"
	done
	printf '\n    squall top -r samples/%s.db\n    squall report samples/%s.db -o storm.html\n' "$name" "$name"
}

# take NAME RUNS KIND QUERIES
take() {
	local name=$1 kind=$3 queries=$4 store words

	store=$(choose "$runs/$2" "$kind")
	if [ -z "$store" ]; then
		say "$name: no run in $2 $([ "$kind" = none ] && echo 'without findings' || echo "with $kind")"
		return 1
	fi
	rm -f "$work/store.db"
	sqlite3 "$store" "VACUUM INTO '$work/store.db'" || return
	if [ $(($(stat -c %s "$work/store.db") + $(others "$name"))) -gt $bytes_max ]; then
		say "$name: the samples would be larger than $((bytes_max >> 20)) MiB"
		return 1
	fi
	cp "$work/store.db" "$samples/$name.db"
	chmod 644 "$samples/$name.db"
	"$squall" analyze --json "$samples/$name.db" >"$work/json" || return
	mapfile -t words < <(jq -r '.scenario, .args[]' "$(dirname "$store")/run.json" 2>/dev/null)
	page "${words[@]:-SCENARIO}" >"$samples/$name.md"
	say "$name: of ${store#"$runs/"}, $(($(stat -c %s "$samples/$name.db") >> 10)) KiB"
}

# says STORE KIND: what is found in it, KIND first
says() {
	"$squall" analyze --json "$1" | jq -r --arg kind "$2" '[.findings[] | select(.severity != "info") | .kind] |
		[$kind] + (unique - [$kind]) | map("`\(.)`") | join(", ")'
}

# The table of README.md, between its marks.
refresh_readme() {
	local name kind _

	while IFS=$'\t' read -r name _ kind _; do
		[ ! -f "$samples/$name.db" ] || printf '| [%s.db](%s.md) | %s | %s |\n' "$name" "$name" \
			"$(sqlite3 "$samples/$name.db" "SELECT value FROM meta WHERE key = 'kernel_release'")" \
			"$([ "$kind" = none ] && echo 'no storm: a control' || says "$samples/$name.db" "$kind")"
	done < <(table) >"$work/rows"
	sed -i -e "/<!-- stores: begin -->/,/<!-- stores: end -->/{/<!-- stores: /!d;/begin -->/r $work/rows" -e '}' \
		"$samples/README.md"
}

while getopts d:h option; do
	case $option in
	d) runs=$(realpath "$OPTARG") ;;
	h) sed -n '3,/^[^#]/{s/^# \{0,1\}//p}' "$0"; exit ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
failed=0
while IFS=$'\t' read -r name folder kind queries; do
	[ $# -eq 0 ] || [[ " $* " = *" $name "* ]] || continue
	take "$name" "$folder" "$kind" "$queries" </dev/null || failed=1
done < <(table)
refresh_readme
exit $failed
