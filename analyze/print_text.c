// SPDX-License-Identifier: GPL-2.0-only
/*
 * print_text.c - the verdict for people: what was looked at, findings with numbers and what to do, what was checked
 * and found fine, what could not be judged, and the counts that others may verify.
 */
#include "analyze/print.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/feature.h"
#include "spine/escape.h"

#define WRAP_COLUMN	80
#define EVIDENCE_EXACT	1e15	/* below it a whole number is printed as one */

static void put_name(FILE *out, const char *name)
{
	char safe[1024];

	fputs(escape_terminal(name, strlen(name), safe, sizeof(safe)), out);
}

void print_wrapped(FILE *out, const char *text, int indent)
{
	int column = indent;

	while (*text) {
		int word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WRAP_COLUMN) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	putc('\n', out);
}

#define LABEL_WIDTH	14

static void put_paragraph(FILE *out, const char *label, const char *text)
{
	if (!*text)
		return;
	fprintf(out, "    %-*s", LABEL_WIDTH - 4, label);
	print_wrapped(out, text, LABEL_WIDTH);
}

static void put_meta(FILE *out, const struct analysis *a, const char *key, const char *before, const char *after)
{
	const char *value = analysis_meta(a, key);

	if (!value || !*value)
		return;
	fputs(before, out);
	put_name(out, value);
	fputs(after, out);
}

/* Of this input, or of the trace that a store was made from. */
static void put_damage(const struct analysis *a, const struct print_options *options, FILE *out)
{
	const char *damage = options->damage ?: analysis_meta(a, "source_damage");

	if (!damage || !*damage)
		return;
	fputs("  damaged  ", out);
	put_name(out, damage);
	fputs(" (what came before is judged)\n", out);
}

static void put_skipped(const struct analysis *a, FILE *out)
{
	uint64_t lines, skipped = analysis_lines_skipped(a, &lines);

	if (skipped)
		fprintf(out, "  skipped  %" PRIu64 " of %" PRIu64 " lines of text are no events, or were not understood\n",
			skipped, lines);
}

static void put_thinned(const struct analysis *a, FILE *out)
{
	const char *class, *value;
	int i = 0;

	while ((value = analysis_thinned(a, &i, &class))) {
		fputs("  thinned  ", out);
		put_name(out, class);
		fputs(": of the threads were recorded ", out);
		put_name(out, value);
		fputs("; counts are lower bounds\n", out);
	}
}

static void put_heading(const struct analysis *a, const struct print_options *options, FILE *out)
{
	const struct facts *facts = analysis_facts(a);
	const struct analysis_totals *totals = analysis_totals(a);

	put_name(out, options->input);
	putc('\n', out);
	put_meta(out, a, "source", "  source   ", "");
	put_meta(out, a, "trace_version", " v", "");
	put_meta(out, a, "trace_cmd_version", ", trace-cmd ", "");
	put_meta(out, a, "clock", ", clock ", "");
	fputs("\n  kernel   ", out);
	put_meta(out, a, "kernel_release", "", ", ");
	fprintf(out, "%u CPU%s\n", facts->cpus, facts->cpus == 1 ? "" : "s");
	if (totals->events && totals->clock_is_time)
		fprintf(out, "  span     %.6f s (%.6f .. %.6f)\n", ns_to_s(facts->last_ns - facts->first_ns),
			ns_to_s(facts->first_ns), ns_to_s(facts->last_ns));
	fprintf(out, "  events   %" PRIu64, totals->events);
	if (totals->events_other_buffers)
		fprintf(out, ", %" PRIu64 " of them repeat in other trace instances (not judged twice)",
			totals->events_other_buffers);
	if (totals->lost)
		fprintf(out, "; LOST: %s%" PRIu64 " events in %" PRIu64 " place%s", totals->loss_unknown ? "at least " : "",
			totals->lost, totals->loss_records, totals->loss_records == 1 ? "" : "s");
	else if (totals->loss_unknown)
		fprintf(out, "; LOST: events in %" PRIu64 " place%s, it is not known how many", totals->loss_records,
			totals->loss_records == 1 ? "" : "s");
	else
		fputs("; no loss reported", out);
	putc('\n', out);
	put_damage(a, options, out);
	put_thinned(a, out);
	put_skipped(a, out);
}

static const char *severity_color(enum severity severity)
{
	static const char *const colors[] = {
		[SEVERITY_INFO] = "\033[36m", [SEVERITY_WARNING] = "\033[33m",
		[SEVERITY_HIGH] = "\033[31m", [SEVERITY_CRITICAL] = "\033[1;31m",
	};

	return colors[severity];
}

static void put_value(FILE *out, double value)
{
	if (value == (double)(int64_t)value && value < EVIDENCE_EXACT && value > -EVIDENCE_EXACT)
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		fprintf(out, "%.4g", value);
}

static void put_evidence(const struct finding *f, FILE *out)
{
	for (int i = 0; i < f->nevidence; i++) {
		fprintf(out, "    %-*s%-32s ", LABEL_WIDTH - 4, i ? "" : "evidence", f->evidence[i].name);
		put_value(out, f->evidence[i].value);
		fprintf(out, " %s\n", f->evidence[i].unit);
	}
}

static void put_tasks(const struct finding *f, FILE *out)
{
	if (!f->ntasks)
		return;
	fprintf(out, "    %-*s%s\n", LABEL_WIDTH - 4, f->tasks_role == TASKS_CAUSED ? "causes" : "tasks",
		f->tasks_title);
	for (int i = 0; i < f->ntasks; i++) {
		const struct finding_task *t = &f->tasks[i];

		fprintf(out, "%*s", LABEL_WIDTH, "");
		put_name(out, *t->comm ? t->comm : "?");
		fprintf(out, "-%d: %" PRIu64 " times, %" PRIu64 " pages", t->tid, t->count, t->pages);
		if (t->ns)
			fprintf(out, ", %.3f s", ns_to_s(t->ns));
		if (t->memcg_id)
			fprintf(out, ", memcg %" PRIu64, t->memcg_id);
		putc('\n', out);
	}
}

static void put_cgroup(const struct finding_cgroup *c, FILE *out)
{
	fprintf(out, "%*s", LABEL_WIDTH, "");
	if (*c->path)
		put_name(out, c->path);
	else
		fprintf(out, "cgroup %" PRIu64, c->id);
	fprintf(out, ": %.3f s in %" PRIu64 " stall%s", ns_to_s(c->lost_ns), c->stalls, c->stalls == 1 ? "" : "s");
	if (c->psi_full >= 0)
		fprintf(out, ", PSI memory full %.1f %%", 100 * c->psi_full);
	putc('\n', out);
}

/* Whoever lost time, whatever the reason. */
static void put_suffered(const struct finding *f, FILE *out)
{
	if (!f->nsuffered && !f->ncgroups)
		return;
	fprintf(out, "    %-*stime lost in reclaim, compaction and throttling\n", LABEL_WIDTH - 4, "suffered");
	for (int i = 0; i < f->nsuffered; i++) {
		const struct finding_task *t = &f->suffered[i];

		fprintf(out, "%*s", LABEL_WIDTH, "");
		put_name(out, *t->comm ? t->comm : "?");
		fprintf(out, "-%d: %.3f s in %" PRIu64 " stall%s", t->tid, ns_to_s(t->ns), t->count,
			t->count == 1 ? "" : "s");
		if (t->memcg_id)
			fprintf(out, ", cgroup %" PRIu64, t->memcg_id);
		putc('\n', out);
	}
	for (int i = 0; i < f->ncgroups; i++)
		put_cgroup(&f->cgroups[i], out);
}

static void put_cause(const struct finding *f, FILE *out)
{
	char text[512];

	if (f->cause < 0 || !f->caused_by)
		return;
	snprintf(text, sizeof(text), "FINDING %d, %s: %s", f->cause + 1, f->caused_by, f->because);
	put_paragraph(out, "caused by", text);
}

static void put_finding(const struct finding *f, int number, const struct facts *facts,
			const struct print_options *options, FILE *out)
{
	char reason[FINDING_REASON_BYTES];

	fprintf(out, "\nFINDING %d  %s%s%s  %s%s%s%s  (confidence %s%s)\n", number,
		options->color ? severity_color(f->severity) : "", severity_name(f->severity),
		options->color ? "\033[0m" : "", f->kind, *f->variant ? " [" : "", f->variant, *f->variant ? "]" : "",
		confidence_name(f->confidence), f->loss ? ", events lost" : "");
	fprintf(out, "    %-*s%.6f .. %.6f (%.3f s, from +%.3f)", LABEL_WIDTH - 4, "when",
		ns_to_s(f->start_ns), ns_to_s(f->end_ns), ns_to_s(f->end_ns - f->start_ns),
		ns_to_s(elapsed_ns(facts->recording_ns, f->start_ns)));
	if (f->node >= 0)
		fprintf(out, ", node %d", f->node);
	putc('\n', out);
	put_cause(f, out);
	put_paragraph(out, "what", f->summary);
	put_paragraph(out, "severity", finding_severity_reason(f, reason));
	put_paragraph(out, "why", f->explanation);
	put_paragraph(out, "do", f->remedy);
	put_paragraph(out, "or else", f->otherwise);
	put_paragraph(out, "missing", f->missing);
	put_evidence(f, out);
	put_suffered(f, out);
	put_tasks(f, out);
	put_paragraph(out, "see", f->references);
}

/* The leading cause, what it explains, and what was only beside it. */
static void put_incident_title(const struct incident *incident, const struct finding *f, FILE *out)
{
	int explained = incident_explained(incident, f), beside = incident->count - 1 - explained;

	fprintf(out, "\nINCIDENT %d  %s  %s", incident->number, severity_name(incident->severity),
		f[incident->first].kind);
	if (explained)
		fprintf(out, "%s %d finding%s that it explains", beside ? "," : " and", explained, explained == 1 ? "" : "s");
	if (beside)
		fprintf(out, " and %d%s beside it", beside, explained ? "" : beside == 1 ? " finding" : " findings");
	putc('\n', out);
}

/* What began and ended when; a finding that stands alone says that itself. */
static void put_incident(const struct analysis *a, const struct incident *incident, FILE *out)
{
	struct incident_moment moments[2 * FINDINGS_MAX];
	uint64_t start_ns = analysis_facts(a)->recording_ns;
	int nfindings, n;
	const struct finding *f = analysis_findings(a, &nfindings);

	if (incident->count < 2)
		return;
	n = incident_timeline(incident, f, moments);
	put_incident_title(incident, f, out);
	for (int i = 0; i < n; i++)
		fprintf(out, "    %+12.3f s  %s %s (FINDING %d)\n", ns_to_s(elapsed_ns(start_ns, moments[i].ts_ns)),
			f[moments[i].finding].kind, moments[i].ended ? "ended" : "began", moments[i].finding + 1);
}

static void put_findings(const struct analysis *a, const struct print_options *options, FILE *out)
{
	int count, nincidents;
	const struct finding *findings = analysis_findings(a, &count);
	const struct incident *incidents = analysis_incidents(a, &nincidents);

	for (int k = 0; k < nincidents; k++) {
		put_incident(a, &incidents[k], out);
		for (int i = incidents[k].first; i < incidents[k].first + incidents[k].count; i++)
			put_finding(&findings[i], i + 1, analysis_facts(a), options, out);
	}
	if (analysis_findings_dropped(a))
		fprintf(out, "\n%" PRIu64 " more findings are not shown (at most %d are kept)\n",
			analysis_findings_dropped(a), FINDINGS_MAX);
}

static void put_judgement(const struct analysis *a, FILE *out)
{
	char why[ANALYSIS_WHY_BYTES];
	int fine = 0;

	for (int i = 0; i < ndetectors; i++) {
		if (!analysis_wants(a, detectors[i]) || analysis_found(a, detectors[i]->kind, NULL) ||
		    !analysis_judged(a, detectors[i], why))
			continue;
		fprintf(out, "%s%-26s ", fine++ ? "" : "\nCHECKED, NOTHING FOUND\n", detectors[i]->kind);
		print_wrapped(out, detectors[i]->title, 27);
	}
	fine = 0;
	for (int i = 0; i < ndetectors; i++) {
		if (!analysis_wants(a, detectors[i]) || analysis_judged(a, detectors[i], why))
			continue;
		fprintf(out, "%s%-26s ", fine++ ? "" : "\nNOT JUDGED\n", detectors[i]->kind);
		print_wrapped(out, why, 27);
	}
}

static void put_features(const struct analysis *a, FILE *out)
{
	struct feature features[FEATURES_MAX];
	int n = features_of(a, features);
	bool header = false;

	for (int i = 0; i < n; i++) {
		if (features[i].state == FEATURE_UNKNOWN)
			continue;
		fprintf(out, "%s%-31s %-7s ", header ? "" : "\nKERNEL, AS THE RECORDING SHOWS IT\n", features[i].name,
			feature_state_name(features[i].state));
		print_wrapped(out, features[i].how, 40);
		header = true;
	}
}

static void put_calls(const struct analysis *a, FILE *out)
{
	bool header = false;

	for (int kind = 0; kind < CALL_KINDS; kind++) {
		const struct call_stats *s = analysis_calls(a, kind);
		const struct latency *l = &s->latency;

		if (!l->count && !s->unmatched_begin && !s->unmatched_end)
			continue;
		if (!header)
			fprintf(out, "\n%-15s %9s %12s %9s %9s %9s %10s\n", "RECLAIM CALLS", "calls", "total ms",
				"p50 ms", "p99 ms", "max ms", "pages");
		header = true;
		fprintf(out, "%-15s %9" PRIu64 " %12.3f %9.3f %9.3f %9.3f %10" PRIu64 "%s\n", call_kind_name(kind), l->count,
			ns_to_ms(l->sum_ns), ns_to_ms(latency_percentile(l, 0.5)), ns_to_ms(latency_percentile(l, 0.99)),
			ns_to_ms(l->max_ns), s->pages, kind == CALL_SLAB ? "*" : "");
		if (s->unmatched_begin || s->unmatched_end)
			fprintf(out, "%-15s %" PRIu64 " without an end, %" PRIu64 " without a begin\n", "", s->unmatched_begin,
				s->unmatched_end);
	}
	if (analysis_calls(a, CALL_DIRECT)->backed_off)
		fprintf(out, "%-15s %" PRIu64 " of the direct reclaims answered 1 page (counted above)\n"
			"%-15s because they left it to compaction: no page freed\n", "",
			analysis_calls(a, CALL_DIRECT)->backed_off, "");
	if (analysis_calls(a, CALL_SLAB)->latency.count)
		fprintf(out, "%-15s * objects\n", "");
}

/* A count, or "-" where the recording does not tell. */
static const char *count_or_dash(char *buf, size_t size, uint64_t count, bool told)
{
	if (told)
		snprintf(buf, size, "%" PRIu64, count);
	return told ? buf : "-";
}

#define COUNT_BYTES	24

static void put_kswapd_node(const struct run_stats *s, bool told, FILE *out)
{
	char futile[COUNT_BYTES], pages[COUNT_BYTES], wakeups[COUNT_BYTES];

	fprintf(out, "node %-6d %8" PRIu64 " %8" PRIu64 " %8s %8s %8" PRIu64 " %12.6f %10s", s->nid, s->wakes, s->sleeps,
		count_or_dash(wakeups, sizeof(wakeups), s->wakeups, s->wakeups > 0),
		count_or_dash(futile, sizeof(futile), s->futile, told), s->intervals, ns_to_s(s->intervals_ns),
		count_or_dash(pages, sizeof(pages), s->reclaimed_pages, told));
	if (s->awake)
		fprintf(out, "\n%-11s and awake for the last %.6f s", "", ns_to_s(s->open_ns));
	putc('\n', out);
}

static void put_kswapd(const struct analysis *a, FILE *out)
{
	bool told = facts_tell_pages(analysis_facts(a));
	bool header = false;

	for (int nid = 0; nid < RUN_MAX_NODES; nid++) {
		const struct run_stats *s = analysis_kswapd(a, nid);

		if (!s)
			continue;
		if (!header)
			fprintf(out, "\n%-11s %8s %8s %8s %8s %8s %12s %10s\n", "KSWAPD", "wakes", "sleeps", "wakeups",
				"futile", "awake", "awake s", "pages");
		header = true;
		put_kswapd_node(s, told, out);
	}
}

static void put_types(const struct analysis *a, FILE *out)
{
	int count;
	const struct type_count *types = analysis_types(a, &count);

	if (!count)
		return;
	fputs("\nEVENTS\n", out);
	for (int i = 0; i < count; i++) {
		if (!types[i].events)
			continue;
		fprintf(out, "%12" PRIu64 "  ", types[i].events);
		put_name(out, types[i].name);
		putc('\n', out);
	}
}

static bool saw_reclaim(const struct facts *facts)
{
	for (int tp = TP_NONE + 1; tp < TP_COUNT; tp++)
		if (facts->seen[tp])
			return true;
	return false;
}

#define LOSS_MUCH	100	/* one event in so many */

static bool much_is_lost(const struct analysis_totals *totals)
{
	return totals->loss_unknown || totals->lost > totals->events / LOSS_MUCH;
}

#define STALLED_MUCH	1	/* a task at any time: more than a machine that swaps but gets on */

static double stalled_tasks(const struct analysis *a)
{
	const struct facts *facts = analysis_facts(a);
	uint64_t span_ns = elapsed_ns(facts->first_ns, facts->last_ns);

	return span_ns ? ns_to_s(analysis_calls(a, CALL_DIRECT)->latency.sum_ns) / ns_to_s(span_ns) : 0;
}

bool print_verdict_doubts(const struct analysis *a)
{
	int count;

	analysis_findings(a, &count);
	return !count && stalled_tasks(a) >= STALLED_MUCH;
}

/* A line on top that cannot be taken for more than it is. */
void print_verdict(const struct analysis *a, const struct print_options *options, FILE *out)
{
	const char *what = options->part ? "This part of the recording" : "The recording";
	int count, judged = analysis_judged_count(a);

	analysis_findings(a, &count);
	if (count)
		return;
	if (!analysis_totals(a)->events && judged)
		fprintf(out, "\n%s holds no events.\nNo storm found of the kinds below that samples alone can show.\n", what);
	else if (!analysis_totals(a)->events)
		fprintf(out, "\n%s holds no events: there is nothing to judge,\nand that does not mean that all is well.\n",
			what);
	else if (!saw_reclaim(analysis_facts(a)))
		fprintf(out, "\n%s holds no reclaim, compaction or OOM events:\nthere is nothing to judge, and that does not "
			"mean that all is well.\n", what);
	else if (!judged)
		fputs("\nNothing could be judged: see below what is missing.\nThat does not mean that all is well.\n", out);
	else
		fprintf(out, "\nNo storm found of the %s below that %s checked%s.\n", judged == 1 ? "kind" : "kinds",
			judged == 1 ? "was" : "were", much_is_lost(analysis_totals(a)) ?
			", but much of the recording is lost:\na storm may be in what is missing" : "");
	if (print_verdict_doubts(a))
		fprintf(out, "Yet %.1f tasks on average stood in direct reclaim: memory is short, or cannot be\n"
			"freed (swap). What kind of stall that is, is not judged here.\n", stalled_tasks(a));
}

void print_text(const struct analysis *a, const struct print_options *options, FILE *out)
{
	put_heading(a, options, out);
	print_verdict(a, options, out);
	put_findings(a, options, out);
	put_judgement(a, out);
	put_features(a, out);
	put_calls(a, out);
	put_kswapd(a, out);
	put_types(a, out);
}

void print_thresholds(const struct thresholds *th, FILE *out)
{
	for (int i = 0; i < TH_COUNT; i++) {
		const struct threshold_info *info = threshold_info(i);

		fprintf(out, "%s = %g %s%s\n    ", info->name, th->value[i], info->unit,
			info->fixed ? "  (kernel constant)" : th->value[i] != info->value ? "  (changed)" : "");
		print_wrapped(out, info->reason, 4);
	}
}
