#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall check on trees of other machines and on this one: sections, reasons with remedies, JSON, exit status, width.
. "$(dirname "$0")/../lib.sh"

trees=$TOP/tests/fixtures/machine

# run ARGUMENT...: status in $status, output in $out and $err.
run() {
	"$SQUALL" check "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	out=$(cat "$work/out")
	err=$(cat "$work/err")
}

run --root "$trees/two-nodes"
is "$status" 0 "events can be recorded: exit status 0"
is "$err" "" "nothing on stderr"
is "$(grep -oE '^[A-Z]+' <<<"$out" | tr '\n' ' ')" "RECORDING EVENTS BPF KERNEL EXPOSURE " "the sections"
like "$out" '^  always +2 of 20: ' "events of a group are counted"
like "$out" '^ +missing mm_vmscan_wakeup_kswapd$' "a missing event is named"
like "$out" '^  kswapd_failures +unknown not tried' "BPF is not tried for another machine's tree"
[[ $out != *$'\033'* ]]
ok $? "no colours in a pipe"

run --root "$trees/zram-only"
is "$status" 2 "no events can be recorded: exit status 2"
like "$out" '^RECORDING  no events can be recorded' "and it is said first"
is "$(grep -A1 '^  tracefs ' <<<"$out" | sed 's/^ *//')" "tracefs           missing tracefs is not mounted
do: mount -t tracefs tracefs /sys/kernel/tracing" "what is missing, why, and what to do"

for tree in "$trees/zram-only" "$trees/cgroup-v1"; do
	is "$(cd "$tree" && "$SQUALL" check --root . | awk 'length > 80')" "" "$(basename "$tree"): 80 columns are enough"
done

run --json --root "$trees/two-nodes"
is "$(jq -c 'keys' <<<"$out")" '["bpf","events","exposure","kernel","recording"]' "JSON: the sections"
is "$(jq -r '.recording.possible' <<<"$out")" true "JSON: recording is possible"
is "$(jq -r '.events[] | select(.name == "mm_vmscan_kswapd_wake") | "\(.system) \(.group) \(.present)"' <<<"$out")" \
	"vmscan always true" "JSON: an event"
is "$(jq -r '.kernel[] | select(.name == "memcg-id-in-reclaim-events") | .state + ": " + .how' <<<"$out")" \
	"absent: tracefs: event mm_vmscan_memcg_reclaim_begin has no field memcg_id" "JSON: a feature and how it was found"
is "$(jq -r '.exposure[] | select(.exposed == "yes").kind' <<<"$out" | sort | tr '\n' ' ')" \
	"hopeless-node memcg-high-loop node-reclaim watermark-boost " "JSON: what the machine is exposed to"
run --json --root "$trees/zram-only"
is "$(jq -r '[.events[].present] | unique | tostring' <<<"$out")" '[null]' "JSON: events are not known without tracefs"

mkdir "$work/empty"
run --root "$work/empty"
is "$status" 2 "an empty tree: exit status 2"
is "$(sed -n '/^KERNEL/,/^$/p' <<<"$out" | grep -cE '^  (present|absent)')" 0 "an empty tree: every feature is unknown"
run --root "$work/absent"
is "$status" 2 "a missing tree: exit status 2"
is "$err" "squall: $work/absent: No such file or directory" "a missing tree: one line"
is "$out" "" "a missing tree: no output"
run --no-such-option
is "$status" 2 "unknown option: exit status 2"
run argument
is "$status" 2 "an argument: exit status 2"

# A mount point is somebody else's word.
cp -r "$trees/zram-only" "$work/odd"
printf 'cgroup2 /sys/fs/cgroup\033[31m cgroup2 rw 0 0\n' >"$work/odd/proc/self/mounts"
mv "$work/odd/sys/fs/cgroup" "$work/odd/sys/fs/cgroup"$'\033''[31m'
run --root "$work/odd"
like "$out" 'x1B|x1b' "control characters are shown, not sent"
[[ $out != *$'\033'* ]]
ok $? "no control character comes through"

# This machine, whatever it is: a verdict, nothing on stderr, nothing changed.
run --json
[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
ok $? "this machine: exit status 0 or 2"
is "$err" "" "this machine: nothing on stderr"
is "$(jq -r 'if .recording.possible then 0 else 2 end' <<<"$out")" "$status" \
	"this machine: the status tells whether it is possible"
if [ -r /sys/kernel/btf/vmlinux ] && command -v bpftool >/dev/null; then
	bpftool btf dump file /sys/kernel/btf/vmlinux 2>/dev/null >"$work/btf"
	wanted=absent
	grep -q "FUNC 'kswapd_try_clear_hopeless'" "$work/btf" && wanted=present
	is "$(jq -r '.kernel[] | select(.name == "kswapd-reset-fix").state' <<<"$out")" "$wanted" \
		"this machine: kswapd-reset-fix as bpftool sees it"
else
	skip "this machine: kswapd-reset-fix as bpftool sees it" "no BTF or no bpftool"
fi
done_testing
