#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Storms in QEMU guests, recorded by squall in the guest: on kernels with and without the fixes. The verdicts are those
# that the kernels' features demand; what the store counts is held against /proc/vmstat, read before and after by the
# guest. SQUALL_GUESTS=all boots more kernels than make check does, SQUALL_GUESTS="reset-7.3" that one only.
. "$(dirname "$0")/../lib.sh"

LAB=$TOP/kernel-patches/lab

sql() {
	sqlite3 "$db" "$1"
}

# table_sum TABLE EXPRESSION: 0 when this kernel has no such event
table_sum() {
	[ "$(sql "SELECT count(*) FROM event_type WHERE table_name = '$1'")" = 0 ] && echo 0 && return
	sql "SELECT coalesce($2, 0) FROM $1"
}

# delta PATTERN: how much the counters of that name (* is anything) have grown in the guest
delta() {
	awk -v names="^${1//\*/.*}\$" '$1 ~ names { d += FILENAME ~ /after/ ? $2 : -$2 } END { print d + 0 }' \
		"$run"/before/vmstat "$run"/after/vmstat
}

# sampled PATTERN: how much they have grown by squall's own samples
sampled() {
	sql "SELECT coalesce(sum(d), 0) FROM (SELECT max(value) - min(value) AS d FROM sample JOIN series
		ON series.id = series_id WHERE scope = 'system' AND name GLOB '$1' GROUP BY series_id)"
}

# between LOW VALUE HIGH DESCRIPTION
between() {
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ]
	ok $? "$4 ($1 <= $2 <= $3)"
}

# boots NAME KERNEL SCENARIO OPTION...: 0 when there is a recording to look at
boots() {
	local name=$1 kernel=$2 scenario=$3 status

	shift 3
	what="$name"
	run=$work/$name
	db=$run/storm.db
	"$LAB/boot" -k "$kernel" -s "$scenario" -o "$run" "$@" 2>"$work/err"
	status=$?
	if [ $status -eq 77 ]; then
		skip "$what" "$(tail -1 "$work/err")"
		return 1
	fi
	ok $status "$what: the guest ran the scenario, and squall recorded it"
	[ $status -eq 0 ] && return
	sed 's/^/# /' "$work/err"
	return 1
}

# What holds for every recording.
whole() {
	is "$(sql "SELECT value FROM meta WHERE key = 'complete'")" 1 "$what: the store is complete"
	is "$(sql "SELECT count(*) FROM loss")" 0 "$what: nothing is lost"
	is "$(sql "PRAGMA integrity_check")" ok "$what: the store is sound"
	grep -hE '^(cost|span|events)' "$run/record.out" | sed "s/^/# $what: /"
	grep -hE '^metric' "$run"/{anon,pipes,reader,reader1,victim} 2>/dev/null | sed "s/^/# $what: /"
	echo "# $what: longest time between samples $(sql "SELECT printf('%.2f s', max(gap) / 1e9) FROM
		(SELECT ts - lag(ts) OVER (ORDER BY ts) AS gap FROM (SELECT DISTINCT ts FROM sample))")"
}

# Events against the kernel's counters. kernel-domain: allocstall counts a call again when it starts over after having
# reclaimed nothing; nr_reclaimed has slab pages that pgsteal has not, and is 1 where reclaim of order > 3 left the rest
# to compaction. Since 7.1 pgsteal_direct counts reclaim of cgroups too.
counts() {
	local begins ends stalls steal reclaimed futile

	begins=$(table_sum mm_vmscan_direct_reclaim_begin "count(*)")
	ends=$(table_sum mm_vmscan_direct_reclaim_end "count(*)")
	stalls=$(delta 'allocstall_*')
	is "$ends" "$begins" "$what: each direct reclaim has its end"
	between "$begins" "$stalls" $((begins * 3 / 2)) "$what: direct reclaims against allocstall"
	is "$(table_sum mm_vmscan_kswapd_wake "count(*)")" "$(delta pageoutrun)" "$what: runs of kswapd against pageoutrun"
	is "$(table_sum mark_victim "count(*)")" "$(delta oom_kill)" "$what: OOM victims against oom_kill"

	steal=$(delta pgsteal_direct)
	reclaimed=$(table_sum mm_vmscan_direct_reclaim_end "sum(nr_reclaimed)")
	futile=$(table_sum mm_vmscan_direct_reclaim_end "sum(nr_reclaimed = 1)")
	if [ "$(sql "SELECT count(*) FROM event_field JOIN event_type ON event_type.id = type_id
			WHERE event_type.name = 'mm_vmscan_direct_reclaim_begin' AND event_field.name = 'memcg_id'")" != 0 ]; then
		reclaimed=$((reclaimed + $(table_sum mm_vmscan_memcg_reclaim_end "sum(nr_reclaimed)")))
	fi
	between "$steal" "$reclaimed" $((steal * 11 / 10 + futile + 64)) "$what: reclaimed pages against pgsteal_direct"
	if [ "$(sql "SELECT count(*) FROM event_type WHERE name = 'mm_vmscan_balance_pgdat_end'")" != 0 ]; then
		steal=$(delta pgsteal_kswapd)
		between "$steal" "$(table_sum mm_vmscan_balance_pgdat_end "sum(nr_reclaimed)")" $((steal * 11 / 10 + 64)) \
			"$what: kswapd's pages against pgsteal_kswapd"
	fi
	for counter in 'allocstall_*' pageoutrun pgsteal_direct pgsteal_kswapd pgscan_direct pgscan_kswapd oom_kill; do
		is "$(sampled "$counter")" "$(delta "$counter")" "$what: samples of $counter"
	done
}

# Two ways of the store to tell of kswapd_failures: what the probe read ten times a second (samples), and each change (the
# table). A value that was read must be the one that the last change left, or that of a change at that moment: read and
# change have 5 ms of grace.
failures() {
	between 1 "$(sql "SELECT count(*) FROM sample JOIN series ON series.id = series_id WHERE name = 'kswapd_failures'")" \
		1000000 "$what: kswapd_failures is sampled"
	is "$(sql "SELECT count(*) FROM (SELECT sample.ts, node, value FROM sample JOIN series ON series.id = series_id
			WHERE name = 'kswapd_failures') AS s
		WHERE value IS NOT (SELECT value FROM kswapd_failures WHERE node = s.node AND ts <= s.ts - 5000000
			ORDER BY ts DESC LIMIT 1)
		AND NOT EXISTS (SELECT 1 FROM kswapd_failures WHERE node = s.node AND value = s.value
			AND ts BETWEEN s.ts - 5000000 AND s.ts + 5000000)")" 0 "$what: samples of kswapd_failures agree with its changes"
}

# at FILE REGEX: the guest's time, in seconds, of the first line that matches
at() {
	sed -nE "s/^\[([0-9.]+)\] .*$2.*/\1/p" "$run/$1" | head -1
}

# found KIND [VARIANT]: as the store has it, and as squall said it while the storm went on
found() {
	local said over

	like "$(sql "SELECT kind || ' ' || coalesce(variant, '') FROM finding")" "^$1 $2" "$what: $1 $2 is found"
	said=$(at record.err "squall: (warning|high|critical): $1")
	over=$(at log "storm is over")
	awk -v said="${said:-1e9}" -v over="$over" 'BEGIN { exit !(said < over) }'
	ok $? "$what: and said while it goes on (at ${said:-no time} s, the storm was over at $over s)"
}

not_found() {
	is "$(sql "SELECT count(*) FROM finding WHERE kind = '$1'")" 0 "$what: no $1"
}

# --- the storms ---

spin_unfixed() {
	boots "$1" "$2" defrag-pipes -S 2048 || return
	whole
	counts
	found nonmovable-reclaim-spin a1
	is "$(sql "SELECT count(*) FROM mm_vmscan_direct_reclaim_begin WHERE pid NOT IN (SELECT pid FROM task)")" 0 \
		"$what: all tasks that reclaimed have names"
}

spin_fixed() {
	boots "$1" "$2" defrag-pipes -S 2048 || return
	whole
	counts
	not_found nonmovable-reclaim-spin
}

reset_unfixed() {
	boots "$1" "$2" kswapd-reset -n 2 || return
	whole
	counts
	found spurious-kswapd-reset
	between 3 "$(sql "SELECT count(*) FROM kswapd_failures JOIN cgroup ON cgroup.id = cgroup_id
		WHERE node = 0 AND value < previous AND via = 'bpf-memcg' AND comm = 'reader' AND path = '/readers'")" 1000000 \
		"$what: resets are attributed to the readers and their cgroup"
	is "$(sql "SELECT count(*) FROM kswapd_failures WHERE value < previous AND via = 'bpf-memcg' AND pid IS NOT NULL
		AND comm <> 'reader'")" 0 "$what: and to nobody else"
	is "$(sql "SELECT value FROM meta WHERE key = 'kswapd_failures_dropped'")" 0 "$what: no change is dropped"
	failures
}

reset_fixed() {
	boots "$1" "$2" kswapd-reset -n 2 || return
	whole
	counts
	not_found spurious-kswapd-reset
	not_found endless-kswapd
	agreement
	failures
	is "$(sql "SELECT count(*) FROM kswapd_failures WHERE via LIKE 'bpf-%' AND previous IS NOT NULL")" 0 \
		"$what: the kernel's events account for every change that the probe saw"
}

# evidence KIND NAME: a number of the first finding of that kind
evidence() {
	sql "SELECT json_extract(evidence, '\$.\"$2\".value') FROM finding WHERE kind = '$1' LIMIT 1"
}

# Swap in zram that gives nothing back. Its numbers are those of the events in its time.
zram_stall() {
	local events span

	boots "$1" "$2" zram-stall -t 400 || return
	whole
	found ram-backed-swap-stall
	not_found nonmovable-reclaim-spin
	not_found oom-storm
	span="ts BETWEEN (SELECT start_ns FROM finding WHERE kind = 'ram-backed-swap-stall') AND
		(SELECT end_ns FROM finding WHERE kind = 'ram-backed-swap-stall')"
	events=$(sql "SELECT count(*) FROM reclaim_retry_zone WHERE $span")
	is "$(evidence ram-backed-swap-stall decisions | cut -d. -f1)" "$events" "$what: its decisions are the retries of its time"
	between 4 "$(evidence ram-backed-swap-stall overestimate | cut -d. -f1)" 1000000 "$what: the kernel overestimates"
}

# Every second part of what is in zram is given back: the guest's own mm_stat of then has the holes.
zram_holes() {
	local share

	boots "$1" "$2" zram-oom -t 330 || return
	whole
	found zsmalloc-fragmentation
	share=$(awk '{ printf "%d", 100 * (1 - $2 / $3) }' "$run/mm_stat.freed")
	between $((share - 3)) "$(sql "SELECT cast(100 * $(evidence zsmalloc-fragmentation fragmentation) AS integer)")" \
		$((share + 3)) "$what: as many holes as mm_stat has, in percent"
	between 3 "$(delta oom_kill)" 9 "$what: tasks are killed one after another"
	is "$(table_sum mark_victim "count(*)")" "$(delta oom_kill)" "$what: OOM victims against oom_kill"
}

# The kernel's two events tell each change of kswapd_failures exactly; the probe reads the value 10 times a second and
# at the end of reclaims. A value that stood when the probe looked, or for 1.5 s, must have been seen, and a value that was
# seen must have stood then. The event and its change are not one instant: 5 ms of grace.
agreement() {
	sqlite3 "$db" >"$work/agreement" <<-'SQL'
	CREATE TEMP TABLE told AS
		SELECT ts, nid AS node, failures AS value FROM mm_vmscan_kswapd_reclaim_fail
		UNION ALL SELECT ts, nid, 0 FROM mm_vmscan_kswapd_clear_hopeless;
	CREATE TEMP TABLE stood AS
		SELECT node, value, ts AS since, lead(ts, 1, 9e18) OVER (PARTITION BY node ORDER BY ts) AS until FROM told
		UNION ALL SELECT node, 0, 0, min(ts) FROM told GROUP BY node;
	CREATE TEMP TABLE seen AS
		SELECT sample.ts, node, value FROM sample JOIN series ON series.id = series_id WHERE name = 'kswapd_failures'
		UNION SELECT ts, node, value FROM kswapd_failures WHERE via LIKE 'bpf%';
	-- Whenever the probe has something new to write of a node, it has looked at all of them.
	CREATE TEMP TABLE looked AS SELECT DISTINCT sample.ts FROM sample JOIN series ON series.id = series_id
		WHERE name IN ('kswapd_failures', 'kswapd_order', 'kswapd_highest_zoneidx');
	SELECT count(*) FROM told;
	SELECT count(*) FROM seen WHERE node IN (SELECT node FROM told) AND NOT EXISTS (SELECT 1 FROM stood
		WHERE stood.node = seen.node AND stood.value = seen.value
		AND seen.ts BETWEEN since - 5000000 AND until + 5000000);
	SELECT count(*) FROM seen WHERE node NOT IN (SELECT node FROM told) AND value <> 0;
	SELECT count(*) FROM stood WHERE since > 0 AND (until - since > 1500000000
			OR EXISTS (SELECT 1 FROM looked WHERE ts BETWEEN since + 5000000 AND until - 5000000))
		AND NOT EXISTS (SELECT 1 FROM seen WHERE seen.node = stood.node AND seen.value = stood.value
			AND seen.ts BETWEEN since - 5000000 AND until + 5000000);
	SQL
	set -- $(cat "$work/agreement")
	between 16 "$1" 1000000 "$what: the kernel tells of changes of kswapd_failures"
	is "$2" 0 "$what: the probe saw no value that the kernel's events contradict"
	is "$3" 0 "$what: nor one of a node that they do not tell of"
	is "$4" 0 "$what: and each value that stood while the probe looked"
}

# Those of make check, or those that are named; all: every one.
guests=${SQUALL_GUESTS:-spin-6.18 spin-7.3 reset-6.12 reset-7.3}
while read -r check name kernel; do
	case " $guests " in
	*" $name "* | " all ") $check "$name" "$kernel" </dev/null ;;
	esac
done <<'ROWS'
spin_unfixed	spin-6.18	6.18
spin_fixed	spin-7.3	7.3
reset_unfixed	reset-6.12	6.12
reset_fixed	reset-7.3	7.3
spin_unfixed	spin-6.17	6.17
reset_unfixed	reset-6.17	6.17
reset_unfixed	reset-6.18	6.18
reset_fixed	reset-7.2	7.2
zram_stall	zram-stall-6.18	6.18
zram_holes	zram-oom-6.18	6.18
ROWS
done_testing
