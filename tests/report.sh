# SPDX-License-Identifier: GPL-2.0-only
# report.sh - what tests of squall report share. Source it first: it brings lib.sh.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

evil='</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>'
evil_bytes=$(printf '\033[31m\342\200\250|`#@\377')

# sampled_store FILE: three tasks of golden a1-unfixed (from 100.001 s to 101.455 s) and, from 100.5 s to 103 s, samples
# whose rates can be had by hand. Names are as bad as names can be.
sampled_store() {
	sed "s~          writer-201~<b>\"w'</b>-201~; s~          writer-202~$evil_bytes-202~" "$TOP/tests/golden/a1-unfixed.txt" \
		>"$work/evil.txt"
	"$SQUALL" import -q -f "$work/evil.txt" -o "$1" || return 1
	sqlite3 "$1" <<-END
		UPDATE meta SET value = '100000000000' WHERE key = 'start_ns';
		UPDATE meta SET value = '103000000000' WHERE key = 'end_ns';
		INSERT INTO meta VALUES ('page_size', '4096'), ('host', '$evil'), ('kernel_release', '6.18.0<i>x</i>'),
			('not_sampled', 'zram (no device); zswap (this kernel has no zswap)');
		INSERT INTO cgroup VALUES (7, '/$evil'), (8, '/$evil_bytes'), (9, '/quiet');
		INSERT INTO series (id, scope, node, cgroup_id, name, unit) VALUES
			(1, 'system', NULL, NULL, 'psi.memory.some.total', 'us'), (2, 'node', 0, NULL, 'kswapd_cpu_ns', 'ns'),
			(3, 'zone', 0, NULL, 'zone.DMA.min', 'pages'), (4, 'zone', 0, NULL, 'zone.Normal.min', 'pages'),
			(5, 'node', 0, NULL, 'nr_free_pages', 'pages'), (6, 'cgroup', NULL, 7, 'psi.memory.some.total', 'us'),
			(7, 'cgroup', NULL, 8, 'memory.current', 'bytes'), (8, 'cgroup', NULL, 7, 'memory.failcnt', 'count'),
			(9, 'device', NULL, NULL, 'swap./dev/<b>x</b>.used', 'bytes'),
			(10, 'system', NULL, NULL, 'vm.swappiness', 'setting'), (11, 'system', NULL, NULL, 'pgscan_direct', 'pages'),
			(12, 'node', 0, NULL, 'kswapd_failures', 'runs'), (13, 'system', NULL, NULL, 'MemTotal', 'bytes');
		INSERT INTO sample (ts, series_id, value) VALUES
			(100500000000, 1, 1000), (100500000000, 2, 5), (100500000000, 3, 10), (100500000000, 4, 90),
			(100500000000, 5, 1000), (100500000000, 6, 0), (100500000000, 7, 1048576), (100500000000, 8, 3),
			(100500000000, 9, 0), (100500000000, 10, 60), (100500000000, 11, 0), (100500000000, 13, 4294967296),
			(100600000000, 12, 3), (100700000000, 12, 15), (100800000000, 12, 0),
			(101000000000, 1, 251000), (101000000000, 2, 400000005), (101000000000, 11, 600),
			(101500000000, 5, 250), (101500000000, 6, 300000), (101500000000, 7, 9437184), (101500000000, 8, 43),
			(101500000000, 4, 190), (102000000000, 5, 700), (102000000000, 9, 8388608), (102000000000, 10, 100),
			(102500000000, 1, 751000), (102500000000, 7, 5242880);
		INSERT INTO kswapd_failures VALUES (100600000000, 0, 3, NULL, 'bpf-sample', NULL, NULL, NULL, NULL),
			(100700000000, 0, 15, 3, 'bpf-sample', NULL, NULL, NULL, NULL),
			(100800000000, 0, 0, 15, 'bpf-memcg', 201, '$evil', 7, NULL);
	END
}
