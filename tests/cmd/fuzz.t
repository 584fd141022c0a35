#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each importer under libFuzzer with ASan and UBSan, FUZZ_SECONDS long (make check: a minute), from the golden sequences
# and samples as first inputs. A crash leaves its input in $BUILD/fuzz.
. "$(dirname "$0")/../lib.sh"

seconds=${FUZZ_SECONDS:-60}

seeds() {
	case $1 in
	fuzz_text)
		cp "$TOP"/tests/golden/a1-broken.txt "$TOP"/tests/golden/reset-exact.txt "$TOP"/tests/golden/fixed-7.2.txt "$2" ;;
	fuzz_tracedat)
		# Small whole files of each form, which the fuzzer makes itself.
		SQUALL_FUZZ_SEED=$2 "$BUILD/fuzz/fuzz_tracedat" -runs=0 >/dev/null 2>&1
		head -c 40000 "$TOP/samples/healthy-swap-6.18.dat" >"$2/head" ;;
	fuzz_job_metric)
		printf 'xreader.p99_us 4210 us\na.b 1\n# no\na.b 2 MiB/s\n' >"$2/small" ;;
	fuzz_snapshot)
		printf 'a/vmstat\0pgscan_direct 1\n\0a/uptime\0005.5 1.0\n\0b.log\0@1700000000\n==> /proc/swaps <==\n/dev/a b 1 2 -1\n' >"$2/moment"
		printf 'zoneinfo.1700000000\0Node 0, zone   Normal\n  pages free  3\n        min  1\n  start_pfn:  4\n\0stat\0btime 1699999000\n' \
			>"$2/stamped" ;;
	fuzz_stream_inlet)
		# A type of one field, an event of it, and the end.
		perl -e 'print "\xfe", pack("LSSLLCa*x![8]", 48, 1, 1, 0, 0, 1, "a\0b\0c\0d\0"), "\0" x 16,
			pack("LSSQLlSSLCx7Q", 48, 2, 1, 5, 0, 1, 0, 0, 0, 2, 7), pack("LSS", 8, 11, 0)' >"$2/small" ;;
	esac
}

for source in "$TOP"/tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	mkdir "$work/$name"
	seeds "$name" "$work/$name"
	(cd "$work" && timeout $((seconds * 2 + 120)) "$BUILD/fuzz/$name" -max_total_time="$seconds" -timeout=20 \
		-rss_limit_mb=2048 -max_len=65536 -artifact_prefix="$BUILD/fuzz/$name-" "$work/$name" >"$work/log" 2>&1)
	status=$?
	ok "$status" "$name: $seconds s without a finding"
	grep -E 'DONE|^#[0-9]+.*(DONE|pulse)' "$work/log" | tail -1 | sed 's/^/# /'
	[ "$status" -eq 0 ] || tail -30 "$work/log" | sed 's/^/# /'
done
done_testing
