-- SPDX-License-Identifier: GPL-2.0-only
--
-- The fixed tables of a squall store. The tables of events are made at run time, one per tracepoint; they are described
-- under event_type. This text is what the program runs, so it cannot differ from the file format.
--
-- Conventions:
--   * A time is in nanoseconds of the recording's clock (meta "clock"), the same clock in every table.
--   * NULL means that the source does not tell. It never means 0.
--   * SQLite has no unsigned integers: a u64 above 9223372036854775807 is stored as the negative number with the same
--     bits. printf('%#x', value) shows it as the kernel prints it.
--   * pid is what the kernel calls pid: the id of one thread. tgid is the process.
--   * Text comes from the recorded machine and may hold any bytes, control characters and invalid UTF-8 included.

-- Facts about the recording, one per row. Written by the store itself:
--   complete      0 while recording; 1 when the recording ended in order. 0 in a file at rest: it was cut short
--   events        number of events
--   start_ns      time of the first event or sample
--   end_ns        time of the last event or sample
--   out_of_order  number of events that came with a time before that of an earlier one; 0: ts rises with id everywhere
--   series_dropped, task_names_dropped   what was left out because a limit of the store was reached; absent: nothing
--   recorded      the tracepoints that were enabled: what is named here and has no rows did not happen
--   missing       the ones that were wanted and that the kernel does not have
--   feature.NAME  "present: how", what the kernel itself says of a feature; table kernel_feature has the conclusion
--   gfp.NAME      the bits of a gfp flag in this kernel
--   tasks_unnamed, task_lookups_put_off, task_notes_dropped   threads with events and without a name; times that /proc
--                 was not asked to bound the cost; names for which BPF had no room (told again at the next event)
--   symbols_unnamed   of the first 256 addresses of functions, how many /proc/kallsyms does not have or hides; see
--                 symbol
--   not_sampled   what was not, and why: "zram (no device); pressure (PSI is off ...)"; absent: all was
--   KEY@TS        KEY has had this value since TS, ns: a setting that was changed while recording; see view setting
--   series_left_out, cgroups_left_out   what bounds cost the samples; absent: nothing
--   WHAT_dropped, WHAT_cut   samples, names, symbols or kswapd: what its thread lost, and that it hung at the end;
--                 absent: nothing
--   events_read, events_lost_in_ring, events_dropped_by_writer, others_dropped_by_writer   where all went
-- All other keys are the source's: squall_version, kernel release, host, boot id, clock, page size, and so on.
CREATE TABLE meta (
	key		TEXT PRIMARY KEY,
	value		TEXT
) WITHOUT ROWID;

-- What the recorded kernel has of the features and fixes that the diagnosis depends on.
CREATE TABLE kernel_feature (
	name		TEXT PRIMARY KEY,
	state		TEXT NOT NULL,		-- present, absent or unknown
	how		TEXT			-- how it was found out: BTF symbol, format field, file ...
) WITHOUT ROWID;

-- The tracepoints of the recording. Each has a table of its own, named as the tracepoint, with the columns
--   id      the event's place in the recording, unique over all tables: a UNION ALL of tables ordered by id is the
--           recording in its exact order. It is ts, or one more than the previous event's id when that is greater. So
--           events since a time T are quickly found by "id >= T" (an index) together with "ts >= T"
--   ts      ns; computed: id - late. (A clock beyond 9223372036854775807 overflows here, not in id and late.)
--   late    id - ts, nearly always 0, which takes no space in the file
--   cpu
--   pid     thread that ran on the CPU then; 0 is the idle task
--   buffer  only there when the recording has several trace buffers: buffer.id, NULL the main buffer
-- and then the tracepoint's own fields under the kernel's names, without a type, so that each value is kept as it came.
-- A field whose name is taken gets underscores appended: the field pid of oom:mark_victim is the column pid_.
CREATE TABLE event_type (
	id		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL,		-- mm_vmscan_kswapd_wake
	system		TEXT NOT NULL,		-- vmscan; '' not known
	format		TEXT NOT NULL,		-- the kernel's format file; '' not known
	rows		INTEGER,		-- rows in the table; NULL when the recording was cut short
	table_name	TEXT NOT NULL		-- the table: name, or system:name when name is taken
);

-- The fields of each tracepoint in the kernel's order, and the columns they are in.
CREATE TABLE event_field (
	type_id		INTEGER NOT NULL,	-- event_type.id
	position	INTEGER NOT NULL,	-- 0, 1, 2 ...
	name		TEXT NOT NULL,		-- the kernel's name
	kind		TEXT NOT NULL,		-- usual kind of its values: none, int, uint, text or blob
	column_name	TEXT NOT NULL,
	PRIMARY KEY (type_id, position)
) WITHOUT ROWID;

-- Names of threads. A thread that changes its name (exec, prctl) or cgroup has several rows: the name at event E is in
-- the row with the greatest after_id < E.id. The first one told holds for what came before, too.
CREATE TABLE task (
	pid		INTEGER NOT NULL,
	after_id	INTEGER NOT NULL,	-- the row holds for events with a greater id; 0: for all
	comm		TEXT NOT NULL,
	tgid		INTEGER,
	cgroup_id	INTEGER,
	PRIMARY KEY (pid, after_id)
) WITHOUT ROWID;

-- Paths of cgroups, kept after they are gone.
CREATE TABLE cgroup (
	id		INTEGER PRIMARY KEY,	-- the kernel's cgroup id: inode number in cgroupfs
	path		TEXT NOT NULL		-- from the root of the cgroup file system: /system.slice/x.service
);

-- Observed changes of a node's count of kswapd runs that reclaimed nothing. Each change is told once, in the order in
-- which it was learnt, which is that of ts but for a few ms:
--   tracepoint   the kernel's own events (7.0 and later, mm_vmscan_kswapd_reclaim_fail and _clear_hopeless) tell all
--                changes exactly, with the reason of a reset
--   bpf-direct, bpf-memcg, bpf-node, bpf-kswapd   seen by BPF at the end of a reclaim or at a run of kswapd
--   bpf-sample   seen by BPF between two of ten looks a second, in nobody's context
-- Where the events are recorded, a bpf- row with a previous value is a change that the events do not account for: some
-- were lost, or the two disagree. previous is NULL in the first row of a node, which tells where it started. What BPF
-- read, ten times a second, is also in sample, series kswapd_failures: a second source for the same story.
CREATE TABLE kswapd_failures (
	ts		INTEGER NOT NULL,	-- ns
	node		INTEGER NOT NULL,
	value		INTEGER NOT NULL,	-- runs
	previous	INTEGER,		-- runs, the value known before
	via		TEXT NOT NULL,		-- how it was seen: tracepoint, bpf-sample, bpf-direct, bpf-memcg, bpf-kswapd ...
	pid		INTEGER,		-- thread in whose context it changed
	comm		TEXT,			-- its name
	cgroup_id	INTEGER,		-- and its cgroup
	reason		TEXT			-- the kernel's reason for a reset, where it tells
);

-- Counters sampled over time. A value is written when it changed, so the last one holds; views further down say what
-- held in each second. Names are the kernel's, by scope:
--   system   of vmstat and meminfo as they are; psi.memory.some.total; vm.swappiness; zswap.pool_limit_hit
--   node     of the node's vmstat and meminfo (which have what numastat has); kswapd_cpu_ns, kswapd_wait_ns (for a
--            CPU), kcompactd_cpu_ns, kcompactd_wait_ns; node_unreclaimable (1: hopeless); kswapd_failures
--   zone     zone.Normal.free, .min, .low, .high, .boost, .managed, .start_pfn, .protection.2 (of zoneinfo);
--            zone.Normal.order3.free (blocks of 2^3 pages); at start and end zone.Normal.Movable.order3.free and
--            zone.Normal.Movable.pageblocks
--   device   swap./dev/sda2.size, .used; zram0.disksize and what mm_stat, io_stat, bd_stat have; disk.sda.read_sectors
--   cgroup   each second of each: psi.memory.some.total, memory.events.high, memory.current; v1 memory.failcnt. Limits
--            (memory.high ...; "max" is 9223372036854775807) every 30 s. Of the ten busiest: memory.stat and, with a
--            node, memory.numa_stat as they are (v1 in bytes too), memory.events.local.high, psi.io.some.total,
--            io.rbytes.254:0
-- What is gone: a swap device has size and used 0, a zram device sizes of 0, a cgroup a last sample cgroup.removed = 1.
-- A series of a cgroup can have a second row here, when there were more series than are kept in memory.
CREATE TABLE series (
	id		INTEGER PRIMARY KEY,
	scope		TEXT NOT NULL,		-- system, node, zone, cgroup, task or device
	node		INTEGER,
	cgroup_id	INTEGER,
	name		TEXT NOT NULL,		-- pgscan_direct
	unit		TEXT NOT NULL		-- pages, us, bytes, count
);

CREATE TABLE sample (
	id		INTEGER PRIMARY KEY,	-- in the order in which they came
	ts		INTEGER NOT NULL,	-- ns
	series_id	INTEGER NOT NULL,	-- series.id
	value		INTEGER NOT NULL	-- in series.unit
);

-- Events that happened and are not here.
CREATE TABLE loss (
	after_id	INTEGER NOT NULL,	-- it was noticed after the event with this id; 0: before the first
	ts		INTEGER,		-- ns, when it was noticed
	cpu		INTEGER,
	buffer		INTEGER NOT NULL,	-- buffer.id
	stage		TEXT NOT NULL,		-- where: ring (kernel ring buffer), reader, writer, input; or, until
						-- the same with -end: thinned (to a part of the threads), off
	events		INTEGER			-- how many; NULL: some, but not known how many
);

-- Trace buffer instances. 0 is the main one.
CREATE TABLE buffer (
	id		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL
);

-- Kernel addresses that occur in events, as function names.
CREATE TABLE symbol (
	addr		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL
);

-- The direct reclaim cycles that were spent on one allocation.
CREATE TABLE reclaim_chain (
	id			INTEGER PRIMARY KEY,
	tid			INTEGER,	-- the allocating thread
	comm			TEXT,
	start_ns		INTEGER,
	end_ns			INTEGER,
	cycles			INTEGER,	-- direct reclaim runs
	reclaim_ns		INTEGER,	-- ns inside them
	order_requested		INTEGER,	-- order of the allocation: 2^order pages
	order_reclaimed		INTEGER,	-- order that reclaim was asked for; higher: promoted by defrag_mode
	gfp_flags		INTEGER,	-- bits as in the kernel's format
	migratetype		TEXT,		-- unmovable, movable, reclaimable
	reclaimed_pages		INTEGER,
	anon_pages		INTEGER,	-- those of them that were anonymous
	write_folios		INTEGER,	-- folios written out
	retries			INTEGER,	-- rounds of should_reclaim_retry()
	no_progress_max		INTEGER,	-- greatest no_progress_loops among them
	retries_free_above_min	INTEGER,	-- rounds with more free pages than the min watermark
	compactions		INTEGER,	-- direct compaction attempts
	compaction_order_max	INTEGER,	-- greatest order among them
	ended			TEXT		-- done, cut (loss), open (recording ended), evicted (too many tasks)
);

-- What the analysis concluded. One row each; the evidence has the tasks as well.
CREATE TABLE finding (
	id		INTEGER PRIMARY KEY,
	kind		TEXT NOT NULL,		-- nonmovable-reclaim-spin, oom-storm ...
	variant		TEXT,			-- a1, a2 ... where the kind has variants
	severity	TEXT NOT NULL,		-- info, warning, high or critical
	confidence	TEXT NOT NULL,		-- low, medium or high
	start_ns	INTEGER,
	end_ns		INTEGER,
	node		INTEGER,
	cgroup_id	INTEGER,
	cgroup		TEXT,			-- path
	pid		INTEGER,		-- thread
	comm		TEXT,
	summary		TEXT NOT NULL,
	otherwise	TEXT,			-- what else it could have been
	missing		TEXT,			-- inputs that would have made it surer
	evidence	TEXT,			-- JSON object: named numbers with units; top_tasks is a list
	explanation	TEXT,
	remedy		TEXT,
	"references"	TEXT,			-- JSON array of texts: kernel commits, mails, documents
	loss		INTEGER,		-- events lost in its window; -1: some, not known how many
	severity_by	TEXT,			-- psi, lost-time or detector: what the severity was decided by
	incident	INTEGER,		-- findings with the same number are one incident
	leads		INTEGER,		-- 1: the leading cause of its incident
	caused_by	TEXT,			-- kind of the finding, of the same incident, that brought this one about
	because		TEXT,			-- how that comes about in the kernel
	suffered	TEXT			-- JSON object: tasks and cgroups that lost time; evidence.top_tasks are the kind's own
);

-- Incidents: findings that explain each other, under the one that explains the others.
CREATE VIEW incident AS
SELECT	incident AS id,
	max(kind) FILTER (WHERE leads) AS kind,
	CASE max(CASE severity WHEN 'critical' THEN 3 WHEN 'high' THEN 2 WHEN 'warning' THEN 1 ELSE 0 END)
		WHEN 3 THEN 'critical' WHEN 2 THEN 'high' WHEN 1 THEN 'warning' ELSE 'info' END AS severity,
	min(start_ns) AS start_ns, max(end_ns) AS end_ns, count(*) AS findings,
	max(summary) FILTER (WHERE leads) AS summary
FROM	finding
WHERE	incident IS NOT NULL
GROUP	BY incident;

-- Every sample with its name: whatever the views below do not have. path is NULL when it was not learnt.
CREATE VIEW sampled AS
SELECT	sample.ts, scope, node, cgroup_id, cgroup.path, series.name, value, unit
FROM	sample JOIN series ON series.id = sample.series_id LEFT JOIN cgroup ON cgroup.id = series.cgroup_id;

-- Settings of the machine at the start, where they are sampled or changed later, and each change. Numbers of
-- /proc/sys/vm are samples; words are meta: KEY at the start, KEY@TS from then on.
CREATE VIEW setting AS
SELECT	ts, substr(series.name, 4) AS name, value
FROM	sample JOIN series ON series.id = series_id
WHERE	series.name GLOB 'vm.*'
UNION ALL
SELECT	CAST(substr(key, instr(key, '@') + 1) AS INTEGER), substr(key, 1, instr(key, '@') - 1), value
FROM	meta
WHERE	key GLOB '?*@[0-9]*'
UNION ALL
SELECT	(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'start_ns'), key, value
FROM	meta
WHERE	key IN (SELECT substr(key, 1, instr(key, '@') - 1) FROM meta WHERE key GLOB '?*@[0-9]*');

-- Views of what was sampled, second by second. They have this in common:
--   * second is the recording's clock in seconds: ts / 1000000000. A second in which nothing of the row changed has no
--     row; the row before holds on.
--   * A state (free pages, sizes, limits) is the one at the end of the second: the last that was read, held from
--     earlier rows where nothing was written in this one.
--   * A count is what came since the row before; as what does not change has no row, it came in this second. The first
--     row has none: NULL.
--   * NULL: not sampled, or not on this kernel.
-- How: a state is packed as (time since the start in 2 ms) << 34 | value, so that the greatest one so far is the last
-- one, and one pass over the rows finds it. So states are numbers below 2^34: pages (up to 64 TiB of 4 KiB), or bytes
-- in units of 4 KiB; and a recording is shorter than 13 days. Counts only grow: the greatest is the last.

-- NUMA nodes. kswapd_percent, kcompactd_percent: of a CPU. scan and steal are told by node from Linux 7.1 on.
CREATE VIEW node_pressure AS
WITH wanted AS MATERIALIZED (
	SELECT	id, node, name
	FROM	series
	WHERE	scope = 'node' AND name IN ('nr_free_pages', 'nr_free_pages_blocks', 'nr_inactive_anon',
		'nr_active_anon', 'nr_inactive_file', 'nr_active_file', 'nr_dirty', 'nr_writeback',
		'node_unreclaimable', 'kswapd_failures', 'kswapd_cpu_ns', 'kcompactd_cpu_ns', 'nr_vmscan_write',
		'workingset_refault_anon', 'workingset_refault_file', 'pgscan_kswapd', 'pgscan_direct',
		'pgsteal_kswapd', 'pgsteal_direct')
), start AS MATERIALIZED (
	SELECT	ts FROM sample ORDER BY id LIMIT 1
), read AS (
	SELECT	sample.ts / 1000000000 AS second, node, name, value,
		max(sample.ts - start.ts, 0) >> 21 << 34 | min(value, 17179869183) AS state
	FROM	sample JOIN wanted ON wanted.id = series_id, start
), row AS (
	SELECT	second, node,
		max(state) FILTER (WHERE name = 'nr_free_pages') AS free,
		max(state) FILTER (WHERE name = 'nr_free_pages_blocks') AS blocks,
		max(state) FILTER (WHERE name = 'nr_inactive_anon') AS inactive_anon,
		max(state) FILTER (WHERE name = 'nr_active_anon') AS active_anon,
		max(state) FILTER (WHERE name = 'nr_inactive_file') AS inactive_file,
		max(state) FILTER (WHERE name = 'nr_active_file') AS active_file,
		max(state) FILTER (WHERE name = 'nr_dirty') AS dirty,
		max(state) FILTER (WHERE name = 'nr_writeback') AS writeback,
		max(state) FILTER (WHERE name = 'node_unreclaimable') AS hopeless,
		max(state) FILTER (WHERE name = 'kswapd_failures') AS failures,
		max(value) FILTER (WHERE name = 'kswapd_cpu_ns') AS kswapd,
		max(value) FILTER (WHERE name = 'kcompactd_cpu_ns') AS kcompactd,
		max(value) FILTER (WHERE name = 'nr_vmscan_write') AS written,
		max(value) FILTER (WHERE name = 'workingset_refault_anon') AS refault_anon,
		max(value) FILTER (WHERE name = 'workingset_refault_file') AS refault_file,
		max(value) FILTER (WHERE name = 'pgscan_kswapd') AS scan_kswapd,
		max(value) FILTER (WHERE name = 'pgscan_direct') AS scan_direct,
		max(value) FILTER (WHERE name = 'pgsteal_kswapd') AS steal_kswapd,
		max(value) FILTER (WHERE name = 'pgsteal_direct') AS steal_direct
	FROM	read
	GROUP	BY node, second
), held AS (
	SELECT	second, node,
		max(free) OVER past AS free, max(blocks) OVER past AS blocks,
		max(inactive_anon) OVER past AS inactive_anon, max(active_anon) OVER past AS active_anon,
		max(inactive_file) OVER past AS inactive_file, max(active_file) OVER past AS active_file,
		max(dirty) OVER past AS dirty, max(writeback) OVER past AS writeback,
		max(hopeless) OVER past AS hopeless, max(failures) OVER past AS failures,
		max(kswapd) OVER past AS kswapd, max(kcompactd) OVER past AS kcompactd,
		max(written) OVER past AS written,
		max(refault_anon) OVER past AS refault_anon, max(refault_file) OVER past AS refault_file,
		max(scan_kswapd) OVER past AS scan_kswapd, max(scan_direct) OVER past AS scan_direct,
		max(steal_kswapd) OVER past AS steal_kswapd, max(steal_direct) OVER past AS steal_direct
	FROM	row
	WINDOW	past AS (PARTITION BY node ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	second, node,
	free & 17179869183 AS free_pages,
	blocks & 17179869183 AS free_in_blocks_pages,			-- in free blocks of pageblock order
	(inactive_anon & 17179869183) + (active_anon & 17179869183) AS anon_pages,	-- on the LRU lists
	(inactive_file & 17179869183) + (active_file & 17179869183) AS file_pages,
	dirty & 17179869183 AS dirty_pages,
	writeback & 17179869183 AS writeback_pages,
	hopeless & 17179869183 AS hopeless,				-- 1: kswapd gave up
	failures & 17179869183 AS kswapd_failures,
	(kswapd - lag(kswapd) OVER before) / 1e7 AS kswapd_percent,
	(kcompactd - lag(kcompactd) OVER before) / 1e7 AS kcompactd_percent,
	written - lag(written) OVER before AS written_pages,		-- by reclaim
	refault_anon - lag(refault_anon) OVER before AS refault_anon_pages,
	refault_file - lag(refault_file) OVER before AS refault_file_pages,
	scan_kswapd - lag(scan_kswapd) OVER before AS scan_kswapd_pages,
	scan_direct - lag(scan_direct) OVER before AS scan_direct_pages,
	steal_kswapd - lag(steal_kswapd) OVER before AS steal_kswapd_pages,
	steal_direct - lag(steal_direct) OVER before AS steal_direct_pages
FROM	held
WINDOW	before AS (PARTITION BY node ORDER BY second);

-- Zones that have memory, against their watermarks (which have the boost in them). protection_pages is what requests
-- that could use any higher zone as well must leave free above a watermark. below: min, low, high, or NULL when free
-- is above all three.
CREATE VIEW zone_watermarks AS
WITH wanted AS MATERIALIZED (
	SELECT	id, node, substr(name, 6, instr(substr(name, 6), '.') - 1) AS zone,
		substr(name, 6 + instr(substr(name, 6), '.')) AS name
	FROM	series
	WHERE	scope = 'zone'
), start AS MATERIALIZED (
	SELECT	ts FROM sample ORDER BY id LIMIT 1
), read AS (
	SELECT	sample.ts / 1000000000 AS second, node, zone, name,
		max(sample.ts - start.ts, 0) >> 21 << 34 | min(value, 17179869183) AS state
	FROM	sample JOIN wanted ON wanted.id = series_id, start
	WHERE	name IN ('free', 'min', 'low', 'high', 'promo', 'boost', 'managed', 'nr_free_pages_blocks',
		'nr_free_cma') OR name GLOB 'protection.*'
), row AS (
	SELECT	second, node, zone,
		max(state) FILTER (WHERE name = 'free') AS free,
		max(state) FILTER (WHERE name = 'min') AS min,
		max(state) FILTER (WHERE name = 'low') AS low,
		max(state) FILTER (WHERE name = 'high') AS high,
		max(state) FILTER (WHERE name = 'promo') AS promo,
		max(state) FILTER (WHERE name = 'boost') AS boost,
		max(state) FILTER (WHERE name = 'managed') AS managed,
		max(state) FILTER (WHERE name = 'nr_free_pages_blocks') AS blocks,
		max(state) FILTER (WHERE name = 'nr_free_cma') AS cma,
		max(state) FILTER (WHERE name GLOB 'protection.*') AS protection
	FROM	read
	GROUP	BY node, zone, second
), held AS (
	SELECT	second, node, zone,
		max(free) OVER past & 17179869183 AS free_pages, max(min) OVER past & 17179869183 AS min_pages,
		max(low) OVER past & 17179869183 AS low_pages, max(high) OVER past & 17179869183 AS high_pages,
		max(promo) OVER past & 17179869183 AS promo_pages, max(boost) OVER past & 17179869183 AS boost_pages,
		max(protection) OVER past & 17179869183 AS protection_pages,
		max(blocks) OVER past & 17179869183 AS free_in_blocks_pages,
		max(cma) OVER past & 17179869183 AS free_cma_pages,
		max(managed) OVER past & 17179869183 AS managed_pages
	FROM	row
	WINDOW	past AS (PARTITION BY node, zone ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	*, CASE WHEN free_pages < min_pages THEN 'min' WHEN free_pages < low_pages THEN 'low'
	WHEN free_pages < high_pages THEN 'high' END AS below
FROM	held
WHERE	managed_pages > 0;

-- Stalls of the whole system: percent of the second in which some, or all, tasks that could run waited.
CREATE VIEW psi AS
WITH wanted AS MATERIALIZED (
	SELECT	id, name FROM series WHERE scope = 'system' AND name GLOB 'psi.*.total'
), row AS (
	SELECT	sample.ts / 1000000000 AS second,
		max(value) FILTER (WHERE name = 'psi.memory.some.total') AS memory_some,
		max(value) FILTER (WHERE name = 'psi.memory.full.total') AS memory_full,
		max(value) FILTER (WHERE name = 'psi.io.some.total') AS io_some,
		max(value) FILTER (WHERE name = 'psi.io.full.total') AS io_full,
		max(value) FILTER (WHERE name = 'psi.cpu.some.total') AS cpu_some
	FROM	sample JOIN wanted ON wanted.id = series_id
	GROUP	BY second
), held AS (
	SELECT	second, max(memory_some) OVER past AS memory_some, max(memory_full) OVER past AS memory_full,
		max(io_some) OVER past AS io_some, max(io_full) OVER past AS io_full,
		max(cpu_some) OVER past AS cpu_some
	FROM	row
	WINDOW	past AS (ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	second,
	(memory_some - lag(memory_some) OVER before) / 1e4 AS memory_some_percent,
	(memory_full - lag(memory_full) OVER before) / 1e4 AS memory_full_percent,
	(io_some - lag(io_some) OVER before) / 1e4 AS io_some_percent,
	(io_full - lag(io_full) OVER before) / 1e4 AS io_full_percent,
	(cpu_some - lag(cpu_some) OVER before) / 1e4 AS cpu_some_percent
FROM	held
WINDOW	before AS (ORDER BY second);

-- What the whole system counts: reclaim, swap, zswap, compaction. zswap_pool_bytes and zswap_stored_pages are states.
CREATE VIEW system_pressure AS
WITH wanted AS MATERIALIZED (
	SELECT	id, name FROM series WHERE scope = 'system'
), start AS MATERIALIZED (
	SELECT	ts FROM sample ORDER BY id LIMIT 1
), read AS (
	SELECT	sample.ts / 1000000000 AS second, name, value,
		max(sample.ts - start.ts, 0) >> 21 << 34 |
			min(iif(name = 'zswap.pool_total_size', value / 4096, value), 17179869183) AS state
	FROM	sample JOIN wanted ON wanted.id = series_id, start
	WHERE	name IN ('pgscan_kswapd', 'pgscan_direct', 'pgsteal_kswapd', 'pgsteal_direct', 'pageoutrun',
		'pgscan_direct_throttle', 'pswpin', 'pswpout', 'zswpin', 'zswpout', 'zswpwb', 'oom_kill',
		'compact_stall', 'compact_fail', 'compact_success', 'workingset_refault_anon',
		'workingset_refault_file', 'slabs_scanned', 'zswap.pool_total_size', 'zswap.stored_pages',
		'zswap.pool_limit_hit') OR name GLOB 'allocstall_*'
), stalls AS (
	-- There is one for each zone: what each has grown by, and the sum of that.
	SELECT	second, sum(more) AS stalls
	FROM	(SELECT second, max(value) - lag(max(value)) OVER (PARTITION BY name ORDER BY second) AS more
		FROM read WHERE name GLOB 'allocstall_*' GROUP BY name, second)
	GROUP	BY second
), row AS (
	SELECT	second,
		max(value) FILTER (WHERE name = 'pgscan_kswapd') AS scan_kswapd,
		max(value) FILTER (WHERE name = 'pgscan_direct') AS scan_direct,
		max(value) FILTER (WHERE name = 'pgsteal_kswapd') AS steal_kswapd,
		max(value) FILTER (WHERE name = 'pgsteal_direct') AS steal_direct,
		max(value) FILTER (WHERE name = 'pageoutrun') AS runs,
		max(value) FILTER (WHERE name = 'pgscan_direct_throttle') AS throttled,
		max(value) FILTER (WHERE name = 'pswpin') AS swap_in,
		max(value) FILTER (WHERE name = 'pswpout') AS swap_out,
		max(value) FILTER (WHERE name = 'zswpin') AS zswap_in,
		max(value) FILTER (WHERE name = 'zswpout') AS zswap_out,
		max(value) FILTER (WHERE name = 'zswpwb') AS zswap_written,
		max(value) FILTER (WHERE name = 'zswap.pool_limit_hit') AS limit_hits,
		max(value) FILTER (WHERE name = 'oom_kill') AS kills,
		max(value) FILTER (WHERE name = 'compact_stall') AS compact,
		max(value) FILTER (WHERE name = 'compact_fail') AS compact_fail,
		max(value) FILTER (WHERE name = 'compact_success') AS compact_success,
		max(value) FILTER (WHERE name = 'workingset_refault_anon') AS refault_anon,
		max(value) FILTER (WHERE name = 'workingset_refault_file') AS refault_file,
		max(value) FILTER (WHERE name = 'slabs_scanned') AS slabs,
		max(state) FILTER (WHERE name = 'zswap.pool_total_size') AS pool,
		max(state) FILTER (WHERE name = 'zswap.stored_pages') AS stored
	FROM	read
	GROUP	BY second
), held AS (
	SELECT	second, max(scan_kswapd) OVER past AS scan_kswapd, max(scan_direct) OVER past AS scan_direct,
		max(steal_kswapd) OVER past AS steal_kswapd, max(steal_direct) OVER past AS steal_direct,
		max(runs) OVER past AS runs, max(throttled) OVER past AS throttled,
		max(swap_in) OVER past AS swap_in, max(swap_out) OVER past AS swap_out,
		max(zswap_in) OVER past AS zswap_in, max(zswap_out) OVER past AS zswap_out,
		max(zswap_written) OVER past AS zswap_written, max(limit_hits) OVER past AS limit_hits,
		max(kills) OVER past AS kills, max(compact) OVER past AS compact,
		max(compact_fail) OVER past AS compact_fail, max(compact_success) OVER past AS compact_success,
		max(refault_anon) OVER past AS refault_anon, max(refault_file) OVER past AS refault_file,
		max(slabs) OVER past AS slabs, max(pool) OVER past AS pool, max(stored) OVER past AS stored
	FROM	row
	WINDOW	past AS (ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	second,
	iif((SELECT count(*) FROM stalls) = 0 OR lag(second) OVER before IS NULL, NULL, coalesce(stalls, 0))
		AS direct_reclaims,
	scan_kswapd - lag(scan_kswapd) OVER before AS scan_kswapd_pages,
	scan_direct - lag(scan_direct) OVER before AS scan_direct_pages,
	steal_kswapd - lag(steal_kswapd) OVER before AS steal_kswapd_pages,
	steal_direct - lag(steal_direct) OVER before AS steal_direct_pages,
	runs - lag(runs) OVER before AS kswapd_runs,
	throttled - lag(throttled) OVER before AS throttled,
	swap_in - lag(swap_in) OVER before AS swap_in_pages,
	swap_out - lag(swap_out) OVER before AS swap_out_pages,
	zswap_in - lag(zswap_in) OVER before AS zswap_in_pages,
	zswap_out - lag(zswap_out) OVER before AS zswap_out_pages,
	zswap_written - lag(zswap_written) OVER before AS zswap_written_pages,	-- to the swap device
	(pool & 17179869183) * 4096 AS zswap_pool_bytes,
	stored & 17179869183 AS zswap_stored_pages,
	limit_hits - lag(limit_hits) OVER before AS zswap_limit_hits,
	kills - lag(kills) OVER before AS oom_kills,
	compact - lag(compact) OVER before AS compactions,
	compact_fail - lag(compact_fail) OVER before AS compactions_failed,
	compact_success - lag(compact_success) OVER before AS compactions_succeeded,
	refault_anon - lag(refault_anon) OVER before AS refault_anon_pages,
	refault_file - lag(refault_file) OVER before AS refault_file_pages,
	slabs - lag(slabs) OVER before AS slab_objects_scanned
FROM	held LEFT JOIN stalls USING (second)
WINDOW	before AS (ORDER BY second);

-- Memory cgroups. Limits are NULL where there is none ("max"). scan, steal and refault come from memory.stat, which is
-- read of the busiest cgroups only. cgroup v1 has current, max, swap, max_events (memory.failcnt), oom_kills, refault.
-- One cgroup, WHERE path = '/x' or WHERE cgroup_id = 17, is quick; all of them are slow, and memcg_total is quick.
CREATE VIEW memcg_pressure AS
WITH wanted AS MATERIALIZED (
	SELECT	series.id, cgroup_id, path, name
	FROM	series LEFT JOIN cgroup ON cgroup.id = cgroup_id
	WHERE	scope = 'cgroup' AND node IS NULL AND name IN ('memory.current', 'memory.high', 'memory.max',
		'memory.swap.current', 'swap', 'psi.memory.some.total', 'psi.memory.full.total', 'memory.events.low',
		'memory.events.high', 'memory.events.max', 'memory.failcnt', 'memory.events.oom_kill', 'pgscan',
		'pgsteal', 'workingset_refault_anon', 'workingset_refault_file', 'cgroup.removed')
), start AS MATERIALIZED (
	SELECT	ts FROM sample ORDER BY id LIMIT 1
), read AS (
	SELECT	sample.ts / 1000000000 AS second, cgroup_id, path, name, value,
		max(sample.ts - start.ts, 0) >> 21 << 34 | min(value / 4096, 17179869183) AS state
	FROM	sample JOIN wanted ON wanted.id = series_id, start
), row AS (
	SELECT	second, cgroup_id, path,
		max(state) FILTER (WHERE name = 'memory.current') AS current,
		max(state) FILTER (WHERE name = 'memory.high') AS high,
		max(state) FILTER (WHERE name = 'memory.max') AS max,
		max(state) FILTER (WHERE name IN ('memory.swap.current', 'swap')) AS swap,
		max(value) FILTER (WHERE name = 'psi.memory.some.total') AS some,
		max(value) FILTER (WHERE name = 'psi.memory.full.total') AS full,
		max(value) FILTER (WHERE name = 'memory.events.low') AS low_events,
		max(value) FILTER (WHERE name = 'memory.events.high') AS high_events,
		max(value) FILTER (WHERE name IN ('memory.events.max', 'memory.failcnt')) AS max_events,
		max(value) FILTER (WHERE name = 'memory.events.oom_kill') AS kills,
		max(value) FILTER (WHERE name = 'pgscan') AS scan,
		max(value) FILTER (WHERE name = 'pgsteal') AS steal,
		max(value) FILTER (WHERE name = 'workingset_refault_anon') AS refault_anon,
		max(value) FILTER (WHERE name = 'workingset_refault_file') AS refault_file,
		max(value) FILTER (WHERE name = 'cgroup.removed') AS removed
	FROM	read
	GROUP	BY cgroup_id, path, second
), held AS (
	SELECT	second, cgroup_id, path, removed,
		max(current) OVER past AS current, max(high) OVER past AS high, max(max) OVER past AS max,
		max(swap) OVER past AS swap,
		max(some) OVER past AS some, max(full) OVER past AS full, max(low_events) OVER past AS low_events,
		max(high_events) OVER past AS high_events, max(max_events) OVER past AS max_events,
		max(kills) OVER past AS kills, max(scan) OVER past AS scan, max(steal) OVER past AS steal,
		max(refault_anon) OVER past AS refault_anon, max(refault_file) OVER past AS refault_file
	FROM	row
	WINDOW	past AS (PARTITION BY cgroup_id, path ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	second, cgroup_id, path,
	(current & 17179869183) * 4096 AS current_bytes,
	nullif(high & 17179869183, 17179869183) * 4096 AS high_bytes,
	nullif(max & 17179869183, 17179869183) * 4096 AS max_bytes,
	(swap & 17179869183) * 4096 AS swap_bytes,
	(some - lag(some) OVER before) / 1e4 AS some_percent,
	(full - lag(full) OVER before) / 1e4 AS full_percent,
	low_events - lag(low_events) OVER before AS low_events,
	high_events - lag(high_events) OVER before AS high_events,
	max_events - lag(max_events) OVER before AS max_events,
	kills - lag(kills) OVER before AS oom_kills,
	scan - lag(scan) OVER before AS scan_pages,
	steal - lag(steal) OVER before AS steal_pages,
	refault_anon - lag(refault_anon) OVER before AS refault_anon_pages,
	refault_file - lag(refault_file) OVER before AS refault_file_pages,
	removed							-- 1: it was, in this second; its last row
FROM	held
WINDOW	before AS (PARTITION BY cgroup_id, path ORDER BY second);

-- Memory cgroups, one row for the whole recording: what came from the first to the last read. stat_* is of the time
-- from the first to the last read of memory.stat.
CREATE VIEW memcg_total AS
WITH wanted AS MATERIALIZED (
	SELECT	series.id, cgroup_id, path, name
	FROM	series LEFT JOIN cgroup ON cgroup.id = cgroup_id
	WHERE	scope = 'cgroup' AND node IS NULL AND name IN ('memory.current', 'psi.memory.some.total',
		'psi.memory.full.total', 'memory.events.low', 'memory.events.high', 'memory.events.max',
		'memory.failcnt', 'memory.events.oom_kill', 'pgscan', 'pgsteal', 'workingset_refault_anon',
		'workingset_refault_file', 'cgroup.removed')
), grown AS (
	SELECT	cgroup_id, path, name, max(value) AS most, max(value) - min(value) AS more
	FROM	sample JOIN wanted ON wanted.id = series_id
	GROUP	BY series_id
)
SELECT	cgroup_id, path,
	max(most) FILTER (WHERE name = 'memory.current') AS peak_bytes,	-- of what was read, once a second
	max(more) FILTER (WHERE name = 'psi.memory.some.total') / 1e6 AS some_seconds,
	max(more) FILTER (WHERE name = 'psi.memory.full.total') / 1e6 AS full_seconds,
	max(more) FILTER (WHERE name = 'memory.events.low') AS low_events,
	max(more) FILTER (WHERE name = 'memory.events.high') AS high_events,
	max(more) FILTER (WHERE name IN ('memory.events.max', 'memory.failcnt')) AS max_events,
	max(more) FILTER (WHERE name = 'memory.events.oom_kill') AS oom_kills,
	max(more) FILTER (WHERE name = 'pgscan') AS stat_scan_pages,
	max(more) FILTER (WHERE name = 'pgsteal') AS stat_steal_pages,
	max(more) FILTER (WHERE name = 'workingset_refault_anon') AS stat_refault_anon_pages,
	max(more) FILTER (WHERE name = 'workingset_refault_file') AS stat_refault_file_pages,
	max(most) FILTER (WHERE name = 'cgroup.removed') AS removed	-- 1: while it was recorded
FROM	grown
GROUP	BY cgroup_id;

-- Swap devices and zram. size 0: switched off, or removed. zram: orig is what was stored, compr what that became,
-- memory what it takes; fragmentation is the part of memory that holds nothing, in percent.
CREATE VIEW swap_pressure AS
WITH wanted AS MATERIALIZED (
	SELECT	id, substr(name, 6, length(name) - 10) AS device, substr(name, -4) AS name
	FROM	series
	WHERE	scope = 'device' AND (name GLOB 'swap.*.size' OR name GLOB 'swap.*.used')
	UNION	ALL
	SELECT	id, '/dev/' || substr(name, 1, instr(name, '.') - 1), substr(name, instr(name, '.') + 1)
	FROM	series
	WHERE	scope = 'device' AND name GLOB 'zram[0-9]*.*'
), start AS MATERIALIZED (
	SELECT	ts FROM sample ORDER BY id LIMIT 1
), read AS (
	SELECT	sample.ts / 1000000000 AS second, device, name,
		max(sample.ts - start.ts, 0) >> 21 << 34 | min(value / 4096, 17179869183) AS state
	FROM	sample JOIN wanted ON wanted.id = series_id, start
	WHERE	name IN ('size', 'used', 'disksize', 'orig_data_size', 'compr_data_size', 'mem_used_total', 'mem_limit')
), row AS (
	SELECT	second, device,
		max(state) FILTER (WHERE name = 'size') AS size,
		max(state) FILTER (WHERE name = 'used') AS used,
		max(state) FILTER (WHERE name = 'disksize') AS disksize,
		max(state) FILTER (WHERE name = 'orig_data_size') AS orig,
		max(state) FILTER (WHERE name = 'compr_data_size') AS compr,
		max(state) FILTER (WHERE name = 'mem_used_total') AS memory,
		max(state) FILTER (WHERE name = 'mem_limit') AS memory_limit
	FROM	read
	GROUP	BY device, second
), held AS (
	SELECT	second, device,
		(max(size) OVER past & 17179869183) * 4096 AS size_bytes,
		(max(used) OVER past & 17179869183) * 4096 AS used_bytes,
		(max(disksize) OVER past & 17179869183) * 4096 AS disksize_bytes,
		(max(orig) OVER past & 17179869183) * 4096 AS orig_bytes,
		(max(compr) OVER past & 17179869183) * 4096 AS compr_bytes,
		(max(memory) OVER past & 17179869183) * 4096 AS memory_bytes,
		nullif((max(memory_limit) OVER past & 17179869183) * 4096, 0) AS memory_limit_bytes
	FROM	row
	WINDOW	past AS (PARTITION BY device ORDER BY second ROWS UNBOUNDED PRECEDING)
)
SELECT	*, 1.0 * memory_bytes / orig_bytes AS cost_ratio,			-- RAM for each byte swapped out
	100.0 * (memory_bytes - compr_bytes) / memory_bytes AS fragmentation_percent
FROM	held;
