#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What import makes of a trace.dat, against trace-cmd report of the same file: rows per event, each field of each row,
# their order; and the store made from trace-cmd's text against the store made from the file itself.
. "$(dirname "$0")/../lib.sh"

here=$TOP/tests/cmd

# Columns that the text does not tell: zid is not printed, a function pointer is printed as its name.
not_in_text="zid shrink"

event_columns() {
	sqlite3 "$1" "SELECT t.table_name || '.' || f.column_name FROM event_type t JOIN event_field f ON f.type_id = t.id
		ORDER BY 1"
}

# Rows that differ between the two stores, over all tables, in the columns that both can know.
differing_rows() {
	local table columns count total=0
	for table in $(sqlite3 "$1" "SELECT table_name FROM event_type"); do
		columns=$(sqlite3 "$1" "SELECT '\"' || f.column_name || '\"' FROM event_type t JOIN event_field f
			ON f.type_id = t.id WHERE t.table_name = '$table'" |
			grep -vxF "$(printf '"%s"\n' $not_in_text)" | tr '\n' ',')
		count=$(sqlite3 "$1" "ATTACH '$2' AS t; SELECT count(*) FROM (
			SELECT $columns id, ts, cpu, pid FROM \"$table\" EXCEPT
			SELECT $columns id, ts, cpu, pid FROM t.\"$table\")") || count=1
		[ "$count" = 0 ] || echo "# $table: $count rows differ" >&2
		total=$((total + count))
	done
	echo "$total"
}

compare() {
	local file=$1 name=$2 symbols=
	"$SQUALL" import -q "$file" -o "$work/dat.db"
	ok $? "$name: import"
	is "$(stat -c %a "$work/dat.db")" 600 "$name: the store is for its owner only"

	trace-cmd report -R -t -i "$file" 2>/dev/null | perl "$here/raw2tsv.pl" >"$work/raw.tsv"
	grep -q 'shrink=[a-z_]*+0x0' "$work/raw.tsv" && symbols=symbols
	"$here/store2tsv.sh" "$work/dat.db" $symbols >"$work/store.tsv"
	is "$(sqlite3 "$work/dat.db" "SELECT name, rows FROM event_type WHERE rows > 0 ORDER BY name")" \
	   "$(cut -f1 "$work/raw.tsv" | sort | uniq -c | awk '{ print $2 "|" $1 }')" "$name: rows per event"
	cmp -s "$work/raw.tsv" "$work/store.tsv"
	ok $? "$name: every field of every event, in order"
	cmp -s "$work/raw.tsv" "$work/store.tsv" || diff "$work/raw.tsv" "$work/store.tsv" | head -4 | sed 's/^/# /'

	trace-cmd report -t -i "$file" 2>/dev/null | "$SQUALL" import -q - -o "$work/text.db"
	ok $? "$name: import of the text"
	is "$(event_columns "$work/text.db")" "$(event_columns "$work/dat.db")" "$name: the text gives the same columns"
	is "$(differing_rows "$work/dat.db" "$work/text.db")" 0 "$name: the text gives the same rows"
	is "$(sqlite3 "$work/dat.db" "ATTACH '$work/text.db' AS t; SELECT count(*) FROM (
		SELECT pid, comm FROM t.task EXCEPT SELECT pid, comm FROM task)")" 0 "$name: the same names of tasks"
	rm -f "$work"/*.db
}

for file in "$TOP"/samples/*.dat; do
	compare "$file" "$(basename "$file" .dat)"
done
is_sample() {
	local sample
	for sample in "$TOP"/samples/*.dat; do
		cmp -s "$1" "$sample" && return 0
	done
	return 1
}

# More of the lab's traces, where the tree lies beside them.
for file in "$TOP"/../shared/traces/*/trace.dat; do
	[ -e "$file" ] && ! is_sample "$file" && compare "$file" "$(basename "$(dirname "$file")")"
done
done_testing
