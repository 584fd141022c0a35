#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a recording says beside its events: names of tasks, also of those that lived for milliseconds; the kernel's
# features; numbers of the formats. Each task names itself after its own process id, so the names are known beforehand.
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "recording needs root"
if [ -z "$SQUALL_NAMESPACE" ]; then
	unshare -m true 2>/dev/null || skip_all "no mount namespace can be made here"
	SQUALL_NAMESPACE=1 exec unshare -m "$0"
fi
[ -d /sys/kernel/tracing/instances ] || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -d /sys/kernel/tracing/events/vmscan ] || skip_all "no tracefs with vmscan events here"
top=/sys/fs/cgroup/memory/squall-facts.$$
limit=memory.limit_in_bytes
if [ ! -d /sys/fs/cgroup/memory ]; then
	top=/sys/fs/cgroup/squall-facts.$$
	limit=memory.max
fi
group=$top/inner
# Far more than the processes themselves and the folios that per-CPU batches keep off the LRU, which nobody can reclaim.
mkdir -p "$group" 2>/dev/null && echo 48M >"$group/$limit" 2>/dev/null || skip_all "no memory cgroup can be made here"
second=
trap '[ -z "$second" ] || rmdir "$second" 2>/dev/null; rmdir "$group" "$top" 2>/dev/null; rm -rf "$work"' EXIT

# Not in the page cache, where it would be charged to whoever wrote it.
dd if=/dev/zero of="$work/file" bs=1M count=200 conv=fdatasync status=none
dd of="$work/file" oflag=nocache conv=notrunc,fdatasync count=0 status=none

# Two thousand processes that read 4 MiB, which is reclaim for most, and end. Then one that changes its name, and
# one cgroup that is gone before anybody looks.
cat >"$work/load.pl" <<'EOF'
use POSIX;
my ($file, $group, $rounds) = @ARGV;
sub enter { open(my $f, '>', "$_[0]/cgroup.procs") or die; print $f "$$\n"; close($f) or die; }
sub take { my ($mib, $at) = @_; my $data; sysseek(F, ($at % 190) << 20, 0); sysread(F, $data, 1 << 20) for 1 .. $mib; }
enter($group);
open(F, '<', $file) or die;
for my $i (1 .. $rounds) {
	my $pid = fork();
	if (!$pid) { $0 = "t$$"; take(4, 4 * $i); POSIX::_exit(0); }
	waitpid($pid, 0);
}
my $pid = fork();
if (!$pid) { $0 = "before"; take(90, 0); $0 = "after"; take(90, 95); POSIX::_exit(0); }
waitpid($pid, 0);
print "$pid\n";
EOF
cat >"$work/load.sh" <<EOF
perl $work/load.pl $work/file $group 2000 >$work/renamed
mkdir $top/gone
echo 48M >$top/gone/$limit
sh -c 'echo \$\$ >$top/gone/cgroup.procs; exec dd if=$work/file of=/dev/null bs=1M count=100 status=none'
rmdir $top/gone
EOF
"$SQUALL" record -q -o "$work/live.db" -- sh "$work/load.sh" 2>"$work/err"
is $? 0 "two thousand short-lived tasks are recorded"
q() {
	sqlite3 "$work/live.db" "$1"
}

# The tasks that reclaimed, by what they called themselves: every one of them under its own process id.
pids="SELECT DISTINCT pid FROM mm_vmscan_memcg_reclaim_begin"
ours="SELECT pid, comm, path FROM ($pids) JOIN task USING (pid) JOIN cgroup ON cgroup.id = cgroup_id
	WHERE path LIKE '/squall-facts.$$/%'"
tasks=$(q "SELECT count(*) FROM ($pids)")
[ "$tasks" -gt 800 ]
ok $? "nearly a thousand tasks reclaimed, or more ($tasks)"
if grep -q "^squall: names of tasks that live briefly" "$work/err"; then
	skip "names of short-lived tasks" "$(head -1 "$work/err")"
else
	nameless=$(q "SELECT count(*) FROM ($pids) e LEFT JOIN task USING (pid)
		WHERE comm IS NULL OR tgid IS NOT pid OR cgroup_id IS NULL")
	[ "$nameless" -le $((tasks / 1000)) ]
	ok $? "nearly all have name, process and cgroup ($nameless of $tasks do not)"
	own=$(q "SELECT count(*) FROM ($ours) WHERE comm = 't' || pid")
	[ "$own" -gt 700 ]
	ok $? "by the name that each gave itself, if it reclaimed after that ($own of $tasks)"
	is "$(q "SELECT group_concat(DISTINCT comm) FROM ($ours)
		WHERE comm NOT IN ('perl', 'sh', 'dd', 'before', 'after', 't' || pid)")" "" "and nobody's else"
	is "$(q "SELECT group_concat(DISTINCT path) FROM ($ours) WHERE comm LIKE 't%'")" "/squall-facts.$$/inner" \
		"in its cgroup"
	is "$(q "SELECT group_concat(DISTINCT path) FROM ($ours) WHERE comm = 'dd'")" "/squall-facts.$$/gone" \
		"a cgroup that is gone has its path"
	is "$(q "SELECT value FROM meta WHERE key = 'tasks_unnamed'")" 0 "no thread is unnamed"
fi

# A process that renamed itself: which name each event has, by the rule in schema.sql. It read 90 MiB under each name,
# so both have reclaims, and no event of the first comes behind one of the second.
renamed=$(cat "$work/renamed")
named="SELECT e.id, (SELECT comm FROM task t WHERE t.pid = e.pid AND t.after_id < e.id ORDER BY after_id DESC LIMIT 1)
	AS comm FROM mm_vmscan_memcg_reclaim_begin e WHERE e.pid = $renamed"
is "$(q "SELECT group_concat(comm) FROM (SELECT comm FROM ($named) GROUP BY comm ORDER BY min(id))")" "before,after" \
	"a thread has each of its names at its time"
is "$(q "SELECT max(CASE comm WHEN 'before' THEN id END) < min(CASE comm WHEN 'after' THEN id END) FROM ($named)")" 1 \
	"and one after the other"
few=$(q "SELECT min(n) FROM (SELECT count(*) AS n FROM ($named) GROUP BY comm)")
[ "$few" -ge 10 ]
ok $? "each for its part of the events ($few at least)"

# What formats tell. The bit of __GFP_MOVABLE has been the same in all kernels (kernel-domain.md 2).
is "$(q "SELECT value FROM meta WHERE key = 'gfp.__GFP_MOVABLE'")" 0x8 "the number of __GFP_MOVABLE"
is "$(q "SELECT value FROM meta WHERE key = 'pageblock_order'")" \
	"$(sed -n 's/^Page block order: //p' /proc/pagetypeinfo)" "the pageblock order is that of pagetypeinfo"

# Flags: the kernel's own text of the same events, from a second trace instance, against the numbers in the store. Read with
# the numbers of the names that the store has as facts; and by squall, which knows the names by itself.
second=/sys/kernel/tracing/instances/facts-test.$$
mkdir "$second"
echo mono >"$second/trace_clock"
echo 8192 >"$second/buffer_size_kb"
for event in vmscan/mm_vmscan_memcg_reclaim_begin vmscan/mm_shrink_slab_start; do echo 1 >"$second/events/$event/enable"; done
"$SQUALL" record -q -o "$work/gfp.db" --events +slab -- sh -c "echo \$\$ >$group/cgroup.procs
	dd if=$work/file of=$work/copy bs=64k count=1000 status=none" 2>"$work/err"
echo 0 >"$second/tracing_on"
cat "$second/trace" >"$work/gfp.txt"
rmdir "$second"
"$SQUALL" import "$work/gfp.txt" -o "$work/text.db" >/dev/null 2>&1
stored() { # STORE EVENT: thread and flags of each event of the load
	sqlite3 -separator ' ' "$1" "ATTACH '$work/gfp.db' AS live; SELECT pid, gfp_flags FROM main.$2 WHERE pid IN (SELECT pid
		FROM live.task JOIN live.cgroup ON cgroup.id = cgroup_id WHERE path = '/squall-facts.$$/inner') ORDER BY pid, id"
}
sqlite3 -separator ' ' "$work/gfp.db" "SELECT substr(key, 5), value FROM meta WHERE key GLOB 'gfp.*'" >"$work/flags"
cat >"$work/masks.pl" <<'EOF'
my ($flags, $event) = @ARGV;
my %mask = map { split } do { open(my $f, '<', $flags) or die; <$f> };
while (<STDIN>) {
	my ($pid, $text) = /-(\d+) +\[.*: \Q$event\E: .*\bgfp_flags[= ](\S+)/ or next;
	my $all = 0;
	$all |= hex($mask{$_} // (/^0x/ ? $_ : die "no number of $_ in the store\n")) for split(/\|/, $text);
	print "$pid $all\n";
}
EOF
for event in mm_vmscan_memcg_reclaim_begin mm_shrink_slab_start; do
	stored "$work/gfp.db" $event >"$work/live"
	perl "$work/masks.pl" "$work/flags" $event <"$work/gfp.txt" 2>&1 | sort -sn -k1,1 |
		awk 'NR == FNR { ours[$1]; next } $1 in ours || !/^[0-9]/' "$work/live" - >"$work/text"
	if [ $event = mm_shrink_slab_start ] && [ ! -s "$work/text" ]; then
		skip "flags of $event" "no slab was shrunk"
		continue
	fi
	[ "$(wc -l <"$work/live")" -gt 0 ] && cmp -s "$work/live" "$work/text"
	ok $? "$event: flags are what the kernel's text says ($(wc -l <"$work/live") events)"
	is "$(stored "$work/text.db" $event | md5sum)" "$(md5sum <"$work/live")" "$event: squall reads that text as the same flags"
done

# Shrinkers by name. Names that do not exist are dentries of the cgroup, which its reclaim then shrinks; a read of the
# file is reclaim. What an address is called, /proc/kallsyms says.
mkdir "$work/names"
"$SQUALL" record -q -o "$work/slab.db" --events +slab -- sh -c "echo \$\$ >$group/cgroup.procs
	perl -e '-e qq($work/names/\$_) for 1 .. 60000'
	dd if=$work/file of=/dev/null bs=1M status=none" 2>"$work/err"
shrinkers="SELECT DISTINCT shrink FROM mm_shrink_slab_start"
if ! grep -qm1 -v "^0* " /proc/kallsyms; then
	skip "names of shrinkers" "/proc/kallsyms hides addresses"
elif [ "$(sqlite3 "$work/slab.db" "SELECT count(*) FROM ($shrinkers)")" -eq 0 ]; then
	skip "names of shrinkers" "no slab was shrunk"
else
	sqlite3 -separator ' ' "$work/slab.db" "SELECT printf('%016x', shrink), name FROM ($shrinkers)
		LEFT JOIN symbol ON addr = shrink ORDER BY 1" >"$work/named"
	is "$(cat "$work/named")" "$(awk 'NR == FNR { of[$1]; next } $1 in of && tolower($2) == "t" { print $1, $3 }' \
		"$work/named" /proc/kallsyms | sort)" "each shrinker has its function's name ($(wc -l <"$work/named"))"
	is "$(sqlite3 "$work/slab.db" "SELECT value FROM meta WHERE key = 'symbols_unnamed'")" 0 "none is unnamed"
fi

# Features: as squall check tells them, in the store and out of it again.
"$SQUALL" check --json >"$work/check.json" 2>/dev/null
wanted=$(jq -r '.kernel[] | "\(.name)|\(.state)|\(.how)"' "$work/check.json" | sort)
is "$(q "SELECT count(*) FROM kernel_feature")" 13 "the store has each feature"
is "$(q "SELECT name, state, how FROM kernel_feature ORDER BY name")" "$wanted" "as the kernel itself tells"
"$SQUALL" analyze --json "$work/live.db" >"$work/analysis.json"
is "$(jq -r '.kernel_features | to_entries[] | "\(.key)|\(.value.state)|\(.value.how)"' "$work/analysis.json" | sort)" \
	"$wanted" "analyze tells the same of the store"

missing=$(for event in $(q "SELECT value FROM meta WHERE key = 'missing'"); do
	[ -d "/sys/kernel/tracing/events/${event/://}" ] && echo "$event"
done)
is "$missing" "" "what is called missing, the kernel does not have"
is "$(q "SELECT value FROM meta WHERE key = 'tracefs'")" "$(awk '$3 == "tracefs" { print $2; exit }' /proc/mounts)" \
	"where tracefs is"
is "$(q "SELECT value FROM meta WHERE key = 'boot_id'")" "$(cat /proc/sys/kernel/random/boot_id)" "the boot"
done_testing
