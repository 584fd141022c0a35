#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# store2tsv.sh STORE [symbols] - the events of a store in the form of raw2tsv.pl, in the order of the recording. With
# "symbols" the field shrink is shown as trace-cmd prints a function pointer: by its name in table symbol.
set -eu
columns() {
	sqlite3 -separator $'\t' "$1" "SELECT t.table_name, t.name, f.name, f.column_name FROM event_type t
		JOIN event_field f ON f.type_id = t.id ORDER BY t.name, f.name"
}
columns "$1" | awk -F'\t' -v symbols="${2-}" '
function flush() { if (table != "") printf "%sSELECT id, \047%s\047, ts, cpu, pid, %s FROM \"%s\"", n++ ? " UNION ALL " : "", name, list, table }
$1 != table { flush(); table = $1; name = $2; list = "" }
{ value = "ifnull(\"" $4 "\", \047\047)" }
$3 == "shrink" && symbols != "" { value = "(SELECT name || \047+0x0\047 FROM symbol WHERE addr = shrink)" }
{ list = list (list == "" ? "" : " || char(9) || ") "\047" $3 "=\047 || " value }
END { flush(); print " ORDER BY 1;" }' | sqlite3 -separator $'\t' "$1" | cut -f2-
