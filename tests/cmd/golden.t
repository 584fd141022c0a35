#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The golden sequences: each tests/golden/*.txt is a text trace whose header says, as "# expect: ...", what must come out.
#   KIND [VARIANT] key=value...	a finding; keys: severity, confidence, loss, pid, ntasks, else a number of the evidence
#   none KIND				no such finding
#   unjudged KIND			the detector says that it could not judge
#   calls KIND key=value...		numbers of the table of reclaim calls
#   feature NAME STATE			what is concluded of the kernel
#   verdict WORDS...			the text says so, and the exit status is 0
. "$(dirname "$0")/../lib.sh"

json=$work/out.json

# The value of $1 in the finding $finding (JSON).
finding_value() {
	case $1 in
	severity|confidence|loss|pid) jq -r ".$1" <<<"$finding" ;;
	ntasks) jq -r '.tasks | length' <<<"$finding" ;;
	*) jq -r ".evidence.\"$1\".value" <<<"$finding" ;;
	esac
}

expect_finding() {
	local kind=$1 variant=null
	shift
	if [ $# -gt 0 ] && [[ $1 != *=* ]]; then
		variant="\"$1\""
		shift
	fi
	finding=$(jq -c "[.findings[] | select(.kind == \"$kind\" and ($variant == null or .variant == $variant))] | .[0]" "$json")
	is "$(jq -r .kind <<<"$finding")" "$kind" "$name: $kind $variant is found"
	for pair; do
		is "$(finding_value "${pair%%=*}")" "${pair#*=}" "$name: $kind ${pair%%=*}"
	done
}

expect_calls() {
	local kind=$1
	shift
	for pair; do
		is "$(jq -r ".reclaim_calls.\"$kind\".\"${pair%%=*}\"" "$json")" "${pair#*=}" "$name: calls $kind ${pair%%=*}"
	done
}

expect() {
	case $1 in
	none)
		is "$(jq "[.findings[] | select(.kind == \"$2\")] | length" "$json")" 0 "$name: no $2" ;;
	unjudged)
		is "$(jq ".detectors[] | select(.kind == \"$2\") | .judged" "$json")" false "$name: $2 is not judged" ;;
	calls)
		shift
		expect_calls "$@" ;;
	feature)
		is "$(jq -r ".kernel_features.\"$2\".state" "$json")" "$3" "$name: $2 is $3" ;;
	verdict)
		shift
		like "$("$SQUALL" analyze "$file")" "$*" "$name: says '$*'" ;;
	*)
		expect_finding "$@" ;;
	esac
}

for file in "$TOP"/tests/golden/*.txt; do
	name=$(basename "$file" .txt)
	"$SQUALL" analyze --json "$file" >"$json" 2>"$work/err"
	is $? 0 "$name: exit status"
	is "$(cat "$work/err")" "" "$name: nothing on stderr"
	while read -r -a words; do
		expect "${words[@]}"
	done < <(sed -n 's/^# expect: //p' "$file")
done
done_testing
