#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The guest lab itself: what comes back from a guest that does well, fails, crashes or hangs, and what is said when
# there is no such kernel.
. "$(dirname "$0")/../lib.sh"

LAB=$TOP/kernel-patches/lab
KERNEL=7.3

"$LAB/fetch-kernel" $KERNEL >"$work/kernel" 2>"$work/err"
case $? in
0) ;;
77) skip_all "$(tail -1 "$work/err")" ;;
*) ok 1 "a kernel is fetched"; sed 's/^/# /' "$work/err"; done_testing ;;
esac
ok 0 "a kernel is fetched"

# scenario LINES
scenario() {
	printf '%s\n' "$@" >"$work/scenario"
}

boot() {
	"$LAB/boot" -k "$(cat "$work/kernel")" -s "$work/scenario" -o "$work/run" -m 512 "$@" 2>"$work/err"
}

scenario 'echo "$WORD" >$out/word' 'ls /sys/devices/system/node >$out/nodes'
boot -n 2 WORD="two words and a 'quote'"
status=$?
[ $status -ne 77 ] || skip_all "$(tail -1 "$work/err")"
is $status 0 "a scenario is run"
is "$(cat "$work/run/word")" "two words and a 'quote'" "with its variables, and its files come back"
is "$(grep -c '^node[01]$' "$work/run/nodes")" 2 "on two nodes"
is "$(grep -c "$(cat "$(cat "$work/kernel")/release")" "$work/run/console")" 1 "on the kernel that was asked for"

scenario 'echo half >$out/half' 'die "it does not work"'
boot
is $? 1 "a scenario that fails is a failure"
like "$(cat "$work/err")" 'it does not work' "and says why"
is "$(cat "$work/run/half")" half "and what it wrote is there"

scenario 'echo c >/proc/sysrq-trigger'
boot
is $? 1 "a kernel that panics is a failure"
is "$(grep -c 'once more' "$work/err")" 1 "after a second try"
like "$(cat "$work/err")" 'console: .*Kernel panic' "and its console is shown"

scenario 'echo early >$out/early' 'sync' 'sleep 1000'
before=$SECONDS
boot -t 20
is $? 1 "a guest that hangs is ended"
[ $((SECONDS - before)) -ge 20 ]
ok $? "when its time is over"
like "$(cat "$work/err")" 'ended after 20 s' "and this is said"
is "$(cat "$work/run/early" 2>&1)" early "and what was on the disk is there"

"$LAB/fetch-kernel" 1.0 2>"$work/err"
is $? 77 "a kernel that Debian does not have cannot be had"
like "$(cat "$work/err")" 'no kernel 1\.0' "and this is said"
done_testing
