#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What workloads measure in a guest is in its recording: the last value of each series is what the workload printed at
# its end. In a guest with two nodes on one CPU and a slow swap disk, as boot -c and -W make them.
. "$(dirname "$0")/../lib.sh"

LAB=$TOP/kernel-patches/lab
cat >"$work/scenario" <<'EOS'
dd if=/dev/zero of=/lab/data bs=1M count=8 2>/dev/null
record_start
cut -d' ' -f1 /proc/uptime >$out/begin
dd if=$SWAP_DISK of=/dev/null bs=1M count=16 2>/dev/null
cut -d' ' -f1 /proc/uptime >$out/end
(job reader -f /lab/data -m 8 -s 3 -w 1000 -n slow-read) >$out/reader &
reader=$!
(job pipes -t 2 -n 4 -k 256 -d 3 -s 30) >$out/pipes
wait $reader
record_stop
EOS
"$LAB/boot" -k 7.3 -s "$work/scenario" -o "$work/run" -n 2 -c 1 -m 512 -S 64 -W 4 2>"$work/err"
case $? in
0) ok 0 "a guest with two nodes, one CPU and a slow disk records" ;;
77) skip_all "$(tail -1 "$work/err")" ;;
*) ok 1 "a guest with two nodes, one CPU and a slow disk records"; sed 's/^/# /' "$work/err"; done_testing ;;
esac

sql() {
	sqlite3 "$work/run/storm.db" "$1"
}

# printed FILE FIELD: of the metric line
printed() {
	sed -nE "s/^metric .* $2=([0-9.]+).*/\1/p" "$work/run/$1"
}

# A whole number of ns against us with one digit behind the point, or of KiB/s against MiB/s with two.
last='SELECT value FROM sample WHERE series_id = series.id ORDER BY id DESC LIMIT 1'
for job in slow-read:reader pipe-write:pipes; do
	name=${job%:*} file=${job#*:}
	is "$(sql "SELECT ($last) FROM series WHERE name = 'job.$name.operations'")" "$(printed $file operations)" \
		"$name: operations"
	for field in p50 p99 p999 max; do
		is "$(sql "SELECT printf('%.1f', ($last) / 1e3) || unit FROM series WHERE name = 'job.$name.${field}_ns'")" \
			"$(printed $file ${field}_us)ns" "$name: $field"
	done
	sql "SELECT ($last) FROM series WHERE name = 'job.$name.kib_per_s' AND unit = 'KiB/s'" |
		awk -v mib="$(printed $file mib_per_s)" '{ d = $1 / 1024 - mib } END { exit !(NR == 1 && d < 0.01 && d > -0.01) }'
	ok $? "$name: throughput"
	[ "$(sql "SELECT count(*) FROM sample JOIN series ON series.id = series_id
		WHERE name = 'job.$name.operations'")" -ge 3 ]
	ok $? "$name: it was told while it ran, too"
done
is "$(sql "SELECT count(*) FROM meta WHERE key GLOB 'job_lines_*'")" 0 "and nothing was not understood"
[ "$(printed pipes operations)" = 512 ]
ok $? "pipes: all were filled"
awk -v seconds="$(printed pipes seconds)" 'BEGIN { exit !(seconds >= 2.8) }'
ok $? "pipes: no faster than they were to be ($(printed pipes seconds) s)"
# 16 MiB at 4 MiB a second; the first second's share may come at once.
took=$(paste -d' ' "$work/run/begin" "$work/run/end" | awk '{ print $2 - $1 }')
awk -v took="$took" 'BEGIN { exit !(took >= 2.5) }'
ok $? "the swap disk is slow ($took s)"
done_testing
