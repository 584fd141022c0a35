# SPDX-License-Identifier: GPL-2.0-only
# evidence-report.jq - what evidence-report makes of its pieces (objects with one member: table, cell, pair or patch):
# markdown is the report, numbers is what stands beside it. All words of a verdict follow from numbers, by "ruling".

# --- text ---

def width: 76;

# Lines of at most $columns; the first begins with $first, the others with $next.
def wrapped($columns; $first; $next):
	reduce (splits("[ \n]+") | select(. != "")) as $word ([$first];
		if (.[-1] | length) + ($word | length) + 1 > $columns and .[-1] != $first and .[-1] != $next then . + [$next + $word]
		elif .[-1] == $first or .[-1] == $next then .[-1] += $word
		else .[-1] += " " + $word end) | .[];

def prose: if . == "" then empty else wrapped(width; ""; ""), "" end;
def item: wrapped(width; "- "; "  ");
def plain: tostring | gsub("[|\n\r]"; "/") | gsub("[\u0000-\u001f\u007f-\u009f]"; "?");

def pad($n): . + " " * ([$n - length, 0] | max) // .;
def fill($n): (" " * ([$n - length, 0] | max) // "") + .;

# Rows of texts below $heads; a column whose head begins with < is aligned to the left.
def table($heads; $rows):
	[$heads[] | startswith("<")] as $left | [$heads[] | ltrimstr("<")] as $names |
	[range($heads | length) as $i | [$names, $rows[] | .[$i] | length] | max] as $wide |
	def put: [range($heads | length) as $i | .[$i] | if $left[$i] then pad($wide[$i]) else fill($wide[$i]) end] |
		join(" | ") | sub(" +$"; "");
	($names | put),
	([range($heads | length) as $i | if $left[$i] then "-" * $wide[$i] else "-" * ([$wide[$i] - 1, 1] | max) + ":" end] |
		join(" | ")),
	($rows[] | put), "";

# Three digits or so.
def number:
	def cut($k): (. * $k | round) / $k | tostring;
	if . == null then "-" elif . == 0 then "0"
	else (if . < 0 then -. else . end) as $size |
		if $size >= 1e7 then (. / 1e6 | cut(10)) + "M" elif $size >= 1e6 then (. / 1e6 | cut(100)) + "M"
		elif $size >= 1e4 then (. / 1e3 | cut(10)) + "k" elif $size >= 100 then cut(1)
		elif $size >= 10 then cut(10) elif $size >= 0.1 then cut(100) else cut(10000) end
	end;

# Times are told in whatever unit suits them.
def amount($unit):
	if $unit != "ns" or . == null or . == 0 then number
	else (if . < 0 then -. else . end) as $size |
		if $size >= 1e9 then (. / 1e9 | number) + " s" elif $size >= 1e6 then (. / 1e6 | number) + " ms"
		elif $size >= 1e3 then (. / 1e3 | number) + " us" else number + " ns" end
	end;
def unit_name: if . == "ns" then "time" else plain end;

def probability: if . == null then "-" elif . < 0.001 then "<0.001" else (. * 1000 | round) / 1000 | tostring end;
def range_of($unit): if . == null then "-" else "\(.[0] | amount($unit))..\(.[1] | amount($unit))" end;
def effect: .unit as $unit | if .ratio != null then "\(.ratio | number) (\(.ratio_95 | range_of("")))"
	else (if (.difference // 0) >= 0 then "+" else "" end) +
		"\(.difference | amount($unit)) (\(.difference_95 | range_of($unit)))" end;
def count($n; $what): "\($n) \($what)\(if $n == 1 then "" else "s" end)";
def listed: if length < 2 then join("") else (.[:-1] | join(", ")) + " and " + .[-1] end;

# Is a name one of $list? A * stands for anything.
def among($list): . as $name | any($list[]; . as $glob |
	$name | test("^" + ($glob | gsub("[.]"; "[.]") | gsub("[*]"; ".*")) + "$"));

# --- what came out ---

def metric($name): .compare.metrics[] | select(.name == $name);
def declared($verdict): [.compare.metrics[] | select(.role == "secondary" and .verdict == $verdict)];
def named: "\(.name) (\(effect))";

# Not declared, so no test decides; but all runs of one arm lie above all of the other, by more than equal runs differ.
def apart:
	[.compare.metrics[] | select(.role == "told" and .not_compared == null and .name != "run.seconds") |
		select((.cliffs_delta == 1 or .cliffs_delta == -1) and .p < 0.05) |
		(.placebo.ratio_95 // null) as $placebo |
		select(.ratio == null or $placebo == null or .ratio < $placebo[0] or .ratio > $placebo[1]) |
		. + { sign: (if .better == "neither" then "neither"
			elif (.cliffs_delta > 0) == (.better == "higher") then "better" else "worse" end) }];

# The verdict on a pair, by rule: the primary metric decides, secondary metrics that got worse are a price.
def ruling:
	. as $pair |
	if .compare == null then "not compared"
	else ([metric(.compare.primary)][0] // null) as $m |
		if $m == null or $m.not_compared != null then "not compared"
		elif $m.verdict == "better" then (if $pair | declared("worse") == [] then "helps" else "helps, at a price" end)
		elif $m.verdict == "worse" then "harms"
		elif $m.verdict == "too few runs" then "too few runs"
		elif $m.verdict == "changed" then "changed"
		elif $pair | declared("worse") != [] then "no difference shown, and a price"
		else "no difference shown" end
	end;

def primary_words:
	if .compare == null then "They were not compared: \(.error | plain)."
	else .compare.primary as $name | ([metric($name)][0] // null) as $m |
		if $m == null then "The primary metric \($name) is in no run."
		elif $m.not_compared != null then "The primary metric \($name) cannot be compared: \($m.not_compared | plain)."
		else "\($name) (\($m.unit | unit_name), \($m.better) is better) is \($m.base.median | amount($m.unit)) in \(.base) and " +
			"\($m.cand.median | amount($m.unit)) in \(.cand): " +
			(if $m.ratio != null then "\($m.ratio | number) times as much, 95 % interval \($m.ratio_95 | range_of(""))"
			 else "a difference of \($m.difference | amount($m.unit)), 95 % interval " +
				"\($m.difference_95 | range_of($m.unit))" end) +
			", p \($m.p | probability)." +
			if $m.verdict == "as in placebo" then " That is no more than runs of \(.base) differ from each other."
			elif $m.verdict == "no difference shown" and $m.detectable_factor != null then
				" A change by a factor of \($m.detectable_factor | number) would have been found with 80 % probability."
			else "" end
		end
	end;

# Declared metrics that are the same in all runs: compare does not test them, so Holm's correction is over fewer.
def untested($table):
	.storm as $storm | first($table.storms[] | select(.name == $storm)) as $declared |
	[.compare.metrics[] | select(.role == "told" and .not_compared == null and (.name | among($declared.secondary))) |
		select(.base_values + .cand_values | map(select(. != null)) | unique | length == 1)];

def untested_words($table):
	[.compare.metrics[] | select(.role == "secondary" and .p_holm != null)] as $tested |
	untested($table) | if . == [] then empty else
		"Declared, but the same in all runs and so not tested: " +
		"\(map("\(.name) (\(.unit as $unit | .base.median | amount($unit)))") | listed); Holm's correction is over the other " +
		"\($tested | length)." end;

def price_words($table):
	if .compare == null then ""
	else [(declared("worse") | if . == [] then empty else "Worse: \(map(named) | listed)." end),
	      (declared("better") | if . == [] then empty else "Better: \(map(named) | listed)." end),
	      (declared("changed") | if . == [] then empty else "Changed: \(map(named) | listed)." end),
	      untested_words($table)] | join(" ")
	end;

# Whether it came out as the table said beforehand.
def expectation($table):
	. as $pair | ruling as $ruling |
	[$table.storms[] | select(.name == $pair.storm) | .expected[] | select(.base == $pair.base and .cand == $pair.cand)][0] as $e |
	if $e == null then ""
	else ({ better: ["helps", "helps, at a price"], worse: ["harms"], same: ["no difference shown"] }[$e.verdict]) as $fits |
		"Expected beforehand: \($e.verdict)\(if $e.why == "" then "" else ", for \($e.why)" end). " +
		if $e.verdict == "same" and $ruling == "no difference shown" then "None was shown, which is not to say that there is none."
		elif any($fits[]; . == $ruling) then "It came out so."
		elif $ruling | IN("not compared", "too few runs") then "It is not decided."
		else "It did not come out so." end
	end;

# --- the report's parts ---

def died_words:
	[.[] | select(.cell) | .cell] | group_by(.arm) |
	map({ arm: .[0].arm, died: (map((.failed | length) + ([.runs[] | select(.boots > 1)] | length)) | add) }) |
	select(any(.[]; .died > 0)) |
	"Guests that failed or crashed and were run again: \(map("\(.died) of \(.arm)") | listed). A run that failed is in no number below" +
	(if ([.[].died] | unique | length) > 1 then "; arms in which more of them fail look better than they are." else "." end);

# Of each storm, whether the table declares what it did when the runs were begun.
def declaration_words($table):
	. as $pieces | .[] | select(.declared) | .declared as $now | select($table.describes | not) |
	[$pieces[] | select(.cell) | .cell | select(.storm == $now.storm) | .runs[].declared] |
	if any(.[]; . != null and . != $now.sum) then
		"\($now.storm): the metrics or the expectations that the table declares were CHANGED after runs were begun"
	elif any(.[]; . == null) then
		"\($now.storm): what the table declared was not kept with the runs: they do not tell whether it was changed since"
	else empty end;

def put_verdicts($table):
	"## What came out", "",
	(.[] | select(.pair) | .pair |
		"\(.storm), \(.base) to \(.cand): **\(ruling)**. \(primary_words) \(price_words($table)) \(expectation($table))" | item),
	(declaration_words($table) + "." | item), "",
	(died_words | prose);

def put_arms($table):
	. as $pieces |
	"## Arms and runs", "",
	table(["<storm", "<arm", "<kernel", "runs", "failed", "s each"];
		[$pieces[] | select(.cell) | .cell as $cell | $cell |
			[.storm, .arm, (.runs[0].kernel.release // "-"),
			 (if any($table.absent[]; .storm == $cell.storm and .arm == $cell.arm) then "-"
			  else "\(.runs | length) of \($table.runs)" end), "\(.failed | length)",
			 ([.runs[].seconds] | if . == [] then "-" else "\(sort | .[length / 2 | floor])" end)]]),
	($table.arms[] | (if .how == "debian" then "Debian's kernel of the line \(.kernel[0]), as shipped"
		else "Debian's source of \(.kernel[0]), lab configuration, \(if .kernel[1:] == [] then "no patches"
			else "with " + (.kernel[1:] | join(", ")) end)" end) as $kernel |
		"\(.name): \($kernel)\(if .args == [] then "" else "; " + (.args | join(" ")) end)" | item),
	([.[] | select(.patch) | .patch] | if . == [] then empty else .[] |
		(.sum as $sum | [$pieces[] | select(.cell) | .cell.runs[] | .kernel.build | contains($sum)] | any) as $used |
		"\(.series): \(.subject | plain) (\(.file), sha256 \(.sum)...\(if $used then "" else
			"; NOT as it is in the kernels of these runs" end))" | item end),
	($table.absent[] | "\(.storm) was not run on \(.arm): \(.why)" | item),
	($pieces[] | select(.cell) | .cell as $cell | .cell.failed[] |
		"failed: \($cell.storm)/\($cell.arm) run \(.run): \(.why | plain)" | item),
	($pieces[] | select(.cell) | .cell as $cell | .cell.runs[] | select(.boots > 1) |
		"\($cell.storm)/\($cell.arm) run \(.run): the guest crashed or did not come up, and was booted once more" | item), "";

# One row: the arms' medians, the effect, p (corrected by Holm if secondary) and the verdict.
def row($apart): . as $m | [(if .role == "primary" then "\(.name | plain) *" else .name | plain end), (.unit | unit_name),
	(.unit as $unit | .base.median, .cand.median | amount($unit)), effect, (if .role == "secondary" then .p_holm else .p end | probability),
	(if .verdict == "worse" then "WORSE" elif .role != "told" then .verdict
	 else ([$apart[] | select(.name == $m.name) | .sign][0]) as $sign |
		if $sign == null then "not declared" elif $sign == "neither" then "apart" else "apart, \($sign)" end end)];

def put_pair($table):
	. as $pair | first($table.storms[] | select(.name == $pair.storm)) as $storm |
	"### \(.storm): \(.base) to \(.cand)", "",
	if .compare == null then ("Not compared: \(.error | plain)" | prose)
	else
		([.compare.metrics[] | select(.not_compared == null)]) as $all |
		([$all[] | select(.role == "primary")] +
		 [$all[] | select((.name | startswith("job.")) and (.role == "secondary" or
			(.role == "told" and (.name | among($storm.shown)))))] +
		 [$all[] | select(.role == "told" and (.name | startswith("job.") | not) and (.name | among($storm.shown)))] +
		 [$all[] | select(.role == "secondary" and (.name | startswith("job.") | not))]) as $rows |
		apart as $apart |
		table(["<metric", "<unit", .base, .cand, "ratio (95 %)", "p", "<verdict"]; [$rows[] | row($apart)]),
		((["worse", "better", "neither"][] as $sign |
			[$apart[] | select(.sign == $sign and (.name | among($storm.shown) | not)) | named] | select(. != []) |
			("Not declared, but apart in all runs, " +
			 { worse: "to the worse", better: "to the better", neither: "neither better nor worse" }[$sign] +
			 ": \(join(", "))." | prose))),
		([.compare.metrics[] | select(.role != "told" and .not_compared != null)] | if . == [] then empty else
			"Declared, but not compared: \(map("\(.name) (\(.not_compared | plain))") | join("; "))." | prose end),
		("All metrics, spreads and placebo: [\(.storm).\(.base)-\(.cand)](\(.link))" | ., "")
	end;

def put_pairs($series; $table):
	"## Numbers", "",
	("Medians of runs. The first rows are what the jobs tell; * is the primary metric, declared before the runs. p is of the " +
	 "Mann-Whitney U test, of secondary metrics after Holm's correction over the declared ones; the ratio is of medians with " +
	 "a bootstrap interval; +N is a difference where the base median is 0. Metrics that were not declared get no verdict; those " +
	 "are called apart in which each run of one arm lies above each of the other, outside of what equal runs differ." | prose),
	(.[] | select(.pair) | .pair | . + { link: "\($series)/\(.file)" } | put_pair($table));

def spread($unit): if . == [] then "-" else sort | (if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end) as $median |
	"\($median | amount($unit)) (\(.[0] | amount($unit))..\(.[-1] | amount($unit)))" end;

# A storm on all arms side by side, without tests.
def put_description($table; $storm):
	[.[] | select(.cell) | .cell | select(.storm == $storm.name and .runs != [])] as $cells |
	([$cells[].alone.metrics[]? | select(.not_compared == null)]) as $all |
	([$all[].name] | unique) as $names |
	[$storm.shown[] as $glob | $names[] | select(among([$glob]))] as $rows |
	"### \($storm.name)", "", ($storm.asks | prose),
	if $cells == [] then "No runs.", ""
	else table(["<metric", "<unit", $cells[].arm];
		[$rows[] as $name | ([$all[] | select(.name == $name)][0]) as $m |
			[($name | plain), ($m.unit | unit_name), ($cells[] | [.alone.metrics[]? | select(.name == $name and .not_compared == null) |
				.base_values[] | select(. != null)] | spread($m.unit))]])
	end;

def one_kernel_or_many($table):
	if ([$table.arms[] | [.how, .kernel]] | unique | length) == 1 then
		"One kernel in all arms; what differs is how it is set up. Nothing is tested."
	else
		"These kernels differ in thousands of changes: this describes them, is no evidence for any one change, and nothing is " +
		"tested. Metrics that do not count the same on all of these kernels are left out."
	end;

def put_descriptions($table):
	. as $pieces |
	"## Numbers", "", ("Medians of runs, with the lowest and the highest run. " + one_kernel_or_many($table) | prose),
	($table.storms[] as $storm | $pieces | put_description($table; $storm));

def kinds: if . == [] then "none" else map("\(.kind) \(.count)") | join(", ") end;

def put_findings:
	"## Findings of squall analyze", "",
	("Each run for itself; the number is how often a kind was found, information left out." | prose),
	table(["<storm", "<arm", "<runs", "<findings"];
		[.[] | select(.cell) | .cell | . as $cell | .runs | group_by(.findings | kinds) | sort_by(.[0].run)[] |
			[$cell.storm, $cell.arm, (map(.run | tostring) | join(" ")), (.[0].findings | kinds)]]);

def distinct(f): [.[] | select(.cell) | .cell.runs[] | f | select(. != null and . != "")] | unique;
def day: . / 86400 | floor * 86400 | todate | .[:10];

def shared_facts:
	["cpus", "nodes", "MemTotal", "kernel_command_line", "lru_gen_enabled", "thp_enabled", "vm.defrag_mode", "vm.swappiness",
	 "vm.watermark_scale_factor", "vm.min_free_kbytes", "swap_devices", "zram0.comp_algorithm", "zswap.enabled",
	 "zswap.compressor", "zswap.max_pool_percent", "zswap.shrinker_enabled"];

# The guest's facts of a storm: the value that all runs have, or the values of the arms.
def guest_facts($storm):
	[.[] | select(.cell) | .cell | select(.storm == $storm) | .arm as $arm | .alone.base_runs[]?.environment | { $arm, env: . }] as $runs |
	[shared_facts[] as $fact |
		([$runs[] | { arm, value: .env[$fact] } | select(.value != null) |
			if $fact == "MemTotal" then .value |= "\(tonumber / 10485760 | round * 10) MiB" else . end] | unique) as $values |
		if $values == [] then empty
		elif ($values | map(.value) | unique | length) == 1 then "\($fact) \($values[0].value | plain)"
		else "\($fact) " + ($values | map("\(.value | plain) (\(.arm))") | join(", ")) end] | join("; ");

def put_environment($table):
	. as $pieces |
	"## Environment", "",
	("Guests under QEMU \(distinct(.qemu) | join(", ")) with emulation, without KVM, on \(distinct(.host.cpu) | map(plain) | join(", ")), " +
	 "\(distinct(.host.cpus) | map(tostring) | join(", ")) CPUs. \(distinct(.squall) | join(", ")) in all guests." +
	 (distinct(.tools) | if length > 1 then " squall, the workloads or the lab were built anew between runs: \(length) versions." else "" end) +
	 (distinct(.began) | if . == [] then "" else " Made from \(.[0] | day) to \(.[-1] | day)." end) | item),
	("Each run has a boot of its own. In a round each storm runs once on each arm; every second round goes backwards." | item),
	($table.storms[] as $storm | "\($storm.name): scenario \($storm.scenario) \($storm.args | join(" "))" | item),
	($table.storms[] as $storm | ($pieces | guest_facts($storm.name)) | select(. != "") | "guest of \($storm.name): \(.)" | item),
	($pieces | [.[] | select(.cell) | .cell.runs[] | { release: .kernel.release, image: .kernel.image, build: .kernel.build }] | unique[] |
		"kernel \(.release): image sha256 \(.image)...\(if .build == "" then "" else "; " + (.build | split("\n") | map(plain) | join("; ")) end)" | item),
	($pieces | declaration_words($table) | item),
	([.[] | select(.pair) | .pair.compare.notes[]?.text] | unique[] | "note of squall compare: \(plain)" | item), "";

def put_repeat($series; $table):
	"## To repeat it", "",
	"    make -C kernel-patches evidence SERIES=\($series) RUNS=\($table.runs)", "",
	(if $table.describes then empty
	 else (.[] | select(.pair) | .pair | select(.compare) |
		"    squall compare \(.options | join(" ")) \\", "        \(.storm)/\(.base)/*/storm.db -- \(.storm)/\(.cand)/*/storm.db")
	 end), "",
	("The first makes the runs, into cache/evidence/\($series)/, and this page. What is there is not run again." +
	 (if $table.describes then "" else " The others compare them, in that folder." end) | prose);

def table_of: first(.[] | select(.table) | .table);

def markdown($series):
	table_of as $table |
	[ "# \($series): \($table.title)", "",
	  "<!-- made by kernel-patches/lab/evidence; changes are lost -->", "",
	  ($table.asks | prose),
	  ($table.storms[] | select(.asks != "" and ($table.describes | not)) | "\(.name): \(.asks)" | item),
	  (if any($table.storms[]; .asks != "") and ($table.describes | not) then "" else empty end),
	  (if $table.describes then (died_words | prose) else put_verdicts($table) end),
	  ($table.limits | prose),
	  (if $table.describes then put_descriptions($table) else put_pairs($series; $table) end),
	  put_findings, put_arms($table), put_environment($table), put_repeat($series; $table) ] |
	join("\n") | rtrimstr("\n");

# --- the numbers ---

def short: if type == "number" then (if . == 0 then . else (pow(10; 5 - (fabs | log10 | floor))) as $k |
	(. * $k | round) / $k end) else . end;
def rounded: walk(short);

def numbers($series):
	table_of as $table |
	{ series: $series, title: $table.title, describes: $table.describes, arms: $table.arms, storms: $table.storms,
	  runs: [.[] | select(.cell) | .cell | { storm, arm, failed, runs: [.runs[] | { run, began, seconds, boots, findings }],
		environment: (.alone.base_runs[0]?.environment // null),
		values: (if $table.describes then [.alone.metrics[]? | select(.not_compared == null) | { name, unit, values: .base_values }] |
			rounded else null end) }],
	  comparisons: [.[] | select(.pair) | .pair | { storm, base, cand, verdict: ruling, options, error,
		notes: [.compare.notes[]?.text], environment_differences: (.compare.environment_differences // null),
		metrics: [.compare.metrics[]? | select(.not_compared != "in no run") | del(.about)] | rounded }] };
