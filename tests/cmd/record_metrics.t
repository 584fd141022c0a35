#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# squall record --metrics: what a job writes with echo while it is recorded is in the store as its series, at the time
# at which it was written, and squall compare of two stores tells of it.
. "$(dirname "$0")/../record.sh"
command -v jq >/dev/null || skip_all "jq is not there"
cd "$work" || exit

# uptime_ns: CLOCK_BOOTTIME, which is CLOCK_MONOTONIC on a machine that has not slept
uptime_ns() {
	local up _

	read -r up _ </proc/uptime
	echo "${up/./}0000000"
}

series() {
	sql "$1" "SELECT group_concat(value) FROM sample JOIN series ON series.id = series_id
		WHERE scope = 'system' AND node IS NULL AND name = '$2' ORDER BY sample.id"
}

cat >job <<'EOJ'
ls -l pipe >there
sleep 0.5
cut -d' ' -f1 /proc/uptime >before
echo "db.p99_us 900 us" >pipe
sleep 0.5
cut -d' ' -f1 /proc/uptime >after
echo "db.p99_us $1 us" >pipe
echo "db.p99_us $1" >pipe
printf 'db.mib_per_s %d MiB/s\ndb.operations 5000\n' $2 >pipe
EOJ
"$SQUALL" record -o one.db --metrics pipe -- sh job 1000 40 >out 2>err
is $? 0 "a job that tells of itself is recorded"
like "$(cat there)" '^prw------- ' "into a pipe that is only ours"
[ ! -e pipe ]
ok $? "which is gone in the end"
is "$(series one.db job.db.p99_us)" 900,1000 "values in their order, a repeated one once"
is "$(series one.db job.db.mib_per_s)/$(series one.db job.db.operations)" 40/5000 "and what was written last"
is "$(sql one.db "SELECT group_concat(name || ' ' || unit, ', ') FROM (SELECT * FROM series WHERE name GLOB 'job.*'
	ORDER BY name)")" "job.db.mib_per_s MiB/s, job.db.operations count, job.db.p99_us us" "with their units"
like "$(cat out)" '^jobs +3 series by 5 lines$' "the summary says so"
is "$(meta one.db job_lines)" 5 "and the store"
slept_s=$(perl -MPOSIX -e 'use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC); open U, "/proc/uptime"; <U> =~ /^(\S+)/;
	printf "%d", $1 - clock_gettime(CLOCK_MONOTONIC)')
if [ "$slept_s" -ge 1 ]; then
	skip "the time of a value is that of its line" "this machine has slept"
else
	# /proc/uptime has hundredths; 0.2 s for a busy machine.
	sql one.db "SELECT ts / 1e9 FROM sample JOIN series ON series.id = series_id WHERE name = 'job.db.p99_us'
		ORDER BY ts LIMIT 1" | paste -d' ' before - after | awk '{ exit !($1 <= $2 && $2 <= $3 && $2 - $1 < 0.45) }'
	ok $? "the time of a value is that of its line"
fi

# --- what is no metric ---
cat >vandal <<'EOJ'
printf 'x.y 1\nevil\033[2J.x 1\nx.y 1.5\nx.y 2\n' >pipe
head -c 3000 /dev/zero | tr '\0' 'z' >pipe
echo >pipe
head -c 20000 /dev/urandom >pipe
echo >pipe
i=0; while [ $i -lt 300 ]; do echo "many.n$i $i"; i=$((i + 1)); done >pipe
printf '\nx.y 3\n' >pipe
EOJ
"$SQUALL" record -o vandal.db --metrics pipe -- sh vandal >out 2>err
is $? 0 "whatever a job writes"
is "$(series vandal.db job.x.y)" 1,2,3 "what is a metric is recorded"
is "$(sql vandal.db "SELECT count(*) FROM series WHERE name GLOB 'job.*'")" 256 "of 256 series at most"
like "$(meta vandal.db job_lines_bad)" '^[0-9]+; the first: NAME.FIELD is not of letters, digits, _ . and -$' \
	"what is none is counted"
like "$(cat out)" '^jobs +256 series by [0-9]+ lines; [0-9]+ were not understood, .*left out$' "and told"
# Random bytes make no series but by a miracle: many.n255 is the first that has no place.
is "$(meta vandal.db job_lines_left_out)" 45 "lines of further series, too"

# --- the pipe of somebody else ---
mkfifo theirs
"$SQUALL" record -q -o theirs.db --metrics theirs -- sh -c 'echo "a.b 1" >theirs' 2>err
is $? 0 "a pipe that is there is read"
[ -p theirs ] && [ "$(series theirs.db job.a.b)" = 1 ]
ok $? "and stays"
"$SQUALL" record -q -o first.db --metrics theirs 2>err &
first=$!
wait_for 10 records $first
"$SQUALL" record -q -o second.db --metrics theirs -d 1 2>err
is "$?/$(grep record: err)" "2/squall: record: theirs: another recording reads it" "by one recording"
kill -TERM $first
wait $first
is $? 0 "which goes on"
touch file
"$SQUALL" record -q -o file.db --metrics file -d 1 2>err
is "$?/$(grep record: err)" "2/squall: record: file: is no named pipe" "a file is no pipe"
[ -f file ] && [ ! -e file.db ]
ok $? "and stays as it was, and nothing is recorded"

# --- compare ---
"$SQUALL" record -q -o two.db --metrics pipe -- sh job 500 80 2>err
job='.metrics[] | select(.name | startswith("job.")) | "\(.name) \(.base.median) \(.cand.median) \(.better)"'
is "$("$SQUALL" compare --json one.db -- two.db 2>err | jq -r "$job" | sort)" "$(printf '%s\n' \
	'job.db.mib_per_s 40 80 higher' 'job.db.operations 5000 5000 higher' 'job.db.p99_us 1000 500 lower')" \
	"compare has the last value of each"
done_testing
