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
-- the row with the greatest after_id < E.id.
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

-- Observed changes of a node's count of kswapd runs that reclaimed nothing.
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

-- Counters sampled over time. A value is written when it changed.
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
	stage		TEXT NOT NULL,		-- where: ring (kernel ring buffer), reader, writer, input
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
	loss		INTEGER			-- events lost in its window; -1: some, not known how many
);

-- Sampled counters of NUMA nodes with names beside the numbers.
CREATE VIEW node_pressure AS
SELECT	sample.ts, series.node, series.name, sample.value, series.unit
FROM	sample JOIN series ON series.id = sample.series_id
WHERE	series.scope = 'node';

-- The same for memory cgroups. path is NULL when it was not learnt.
CREATE VIEW memcg_pressure AS
SELECT	sample.ts, series.cgroup_id, cgroup.path, series.name, sample.value, series.unit
FROM	sample JOIN series ON series.id = sample.series_id LEFT JOIN cgroup ON cgroup.id = series.cgroup_id
WHERE	series.scope = 'cgroup';
