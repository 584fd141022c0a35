// SPDX-License-Identifier: GPL-2.0-only
/*
 * finding.c - see finding.h.
 */
#include "analyze/finding.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const severity_names[] = {
	[SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning",
	[SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};

static const char *const confidence_names[] = {
	[CONFIDENCE_LOW] = "low", [CONFIDENCE_MEDIUM] = "medium", [CONFIDENCE_HIGH] = "high",
};

static const char *const basis_names[] = {
	[SEVERITY_BY_DETECTOR] = "detector", [SEVERITY_BY_PSI] = "psi", [SEVERITY_BY_LOST_TIME] = "lost-time",
};

const char *severity_basis_name(enum severity_basis basis)
{
	return basis_names[basis];
}

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

const char *confidence_name(enum confidence confidence)
{
	return confidence_names[confidence];
}

void finding_evidence(struct finding *f, const char *name, const char *unit, double value)
{
	assert(f->nevidence < EVIDENCE_MAX);
	f->evidence[f->nevidence++] = (struct evidence){ name, unit, value };
}

static void impact_evidence(struct finding *f, const char *name, const char *unit, double value)
{
	assert(f->nevidence < EVIDENCE_MAX + EVIDENCE_IMPACT);
	f->evidence[f->nevidence++] = (struct evidence){ name, unit, value };
}

double impact_lost_s(const struct finding_impact *impact)
{
	double sum = 0;

	for (int kind = 0; kind < LOSS_KINDS; kind++)
		sum += impact->lost_s[kind];
	return sum;
}

double impact_lost_to(const struct finding_impact *impact, unsigned int losses)
{
	double sum = 0, all = impact_lost_s(impact);

	for (int kind = 0; kind < LOSS_KINDS; kind++)
		if (losses & 1u << kind)
			sum += impact->lost_s[kind] + impact->within_s[kind];
	return sum < all ? sum : all;		/* a kind inside another one, and both are meant */
}

static void lost_time_reason(const struct finding *f, char *buf)
{
	const struct finding_impact *impact = &f->impact;
	char in[64] = "", of[64] = "", bound[80] = "";

	if (impact->stalls)
		snprintf(in, sizeof(in), " in %" PRIu64 " stalls", impact->stalls);
	if (f->basis_value < impact_lost_s(impact))
		snprintf(of, sizeof(of), " in ways of its own sort, of %.1f", impact_lost_s(impact));
	if (f->basis_bound >= 0)
		snprintf(bound, sizeof(bound), ", but no worse than the whole pressure (PSI memory full %.1f %%)",
			 100 * f->basis_bound);
	snprintf(buf, FINDING_REASON_BYTES, "by the time that tasks lost: %.1f task-seconds%s%s%s", f->basis_value, of, in,
		 bound);
}

const char *finding_severity_reason(const struct finding *f, char *buf)
{
	switch (f->basis) {
	case SEVERITY_BY_PSI:
		snprintf(buf, FINDING_REASON_BYTES, "by pressure: no task%s got on for %.1f %% of this time (PSI memory full)",
			 f->basis_cgroup ? " of the cgroup" : "", 100 * f->basis_value);
		break;
	case SEVERITY_BY_LOST_TIME:
		lost_time_reason(f, buf);
		break;
	case SEVERITY_BY_DETECTOR:
		snprintf(buf, FINDING_REASON_BYTES, "by the kind of storm");
		break;
	}
	return buf;
}

static void share_evidence(struct finding *f, const char *name, double share)
{
	if (share >= 0)
		impact_evidence(f, name, "ratio", share);
}

static void lost_evidence(struct finding *f)
{
	static const struct {
		const char *name, *within;
	} names[LOSS_KINDS] = {
		[LOST_DIRECT] = { "lost_direct_reclaim", NULL }, [LOST_MEMCG] = { "lost_memcg_reclaim", NULL },
		[LOST_COMPACTION] = { "lost_compaction", "lost_compaction_within" },
		[LOST_THROTTLED] = { "lost_throttled", "lost_throttled_within" },
	};

	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		if (f->impact.lost_s[kind] > 0)
			impact_evidence(f, names[kind].name, "task-seconds", f->impact.lost_s[kind]);
		if (f->impact.within_s[kind] > 0 && names[kind].within)
			impact_evidence(f, names[kind].within, "task-seconds of these", f->impact.within_s[kind]);
	}
}

void finding_impact_evidence(struct finding *f, uint32_t cpus)
{
	const struct finding_impact *impact = &f->impact;
	double span_s = (f->end_ns - f->start_ns) / 1e9;

	share_evidence(f, "psi_full_share", impact->psi_full);
	share_evidence(f, "psi_some_share", impact->psi_some);
	share_evidence(f, "psi_io_full_share", impact->psi_io_full);
	share_evidence(f, "psi_cgroup_full_share", impact->psi_cgroup);
	if (!impact->timed)
		return;
	impact_evidence(f, "lost_task_seconds", "task-seconds", impact_lost_s(impact));
	if (f->end_ns > f->start_ns)
		impact_evidence(f, "lost_per_cpu", "task-s per CPU-s", impact_lost_s(impact) / span_s / cpus);
	lost_evidence(f);
	if (impact->stalls || !(impact_lost_s(impact) > 0))
		impact_evidence(f, "lost_stalls", "stalls", impact->stalls);
	if (!impact->stalls)
		return;
	impact_evidence(f, "lost_stall_p50", "s", impact->p50_ns / 1e9);
	impact_evidence(f, "lost_stall_p99", "s", impact->p99_ns / 1e9);
	impact_evidence(f, "lost_stall_max", "s", impact->max_ns / 1e9);
}

void finding_missing(struct finding *f, const char *sentence)
{
	size_t len = strlen(f->missing), add = strlen(sentence);

	if (len + add + 2 > sizeof(f->missing))
		return;
	if (len)
		f->missing[len++] = ' ';
	memcpy(f->missing + len, sentence, add + 1);
}

static int weight_order(const struct finding_task *a, const struct finding_task *b)
{
	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	if (a->pages != b->pages)
		return a->pages < b->pages ? 1 : -1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

static int by_weight(const void *a, const void *b)
{
	return weight_order(a, b);
}

/* The slot of the lightest, when all are taken. */
static struct finding_task *top_tasks_victim(struct top_tasks *top)
{
	struct finding_task *lightest = &top->task[0];

	for (int i = 1; i < top->n; i++)
		if (weight_order(lightest, &top->task[i]) < 0)
			lightest = &top->task[i];
	top->others++;
	return lightest;
}

static struct finding_task *top_tasks_slot(struct top_tasks *top, int32_t tid, uint64_t memcg_id)
{
	struct finding_task *t;

	for (int i = 0; i < top->n; i++)
		if (top->task[i].tid == tid && top->task[i].memcg_id == memcg_id)
			return &top->task[i];
	t = top->n < TOP_TASKS ? &top->task[top->n++] : top_tasks_victim(top);
	*t = (struct finding_task){ .tid = tid, .memcg_id = memcg_id };
	return t;
}

void top_tasks_add(struct top_tasks *top, int32_t tid, uint64_t memcg_id, uint64_t pages, uint64_t ns)
{
	struct finding_task *t = top_tasks_slot(top, tid, memcg_id);

	t->count++;
	t->pages += pages;
	t->ns += ns;
}

void top_tasks_report(const struct top_tasks *top, struct finding *f, const char *title)
{
	struct finding_task sorted[TOP_TASKS];

	memcpy(sorted, top->task, top->n * sizeof(sorted[0]));
	qsort(sorted, top->n, sizeof(sorted[0]), by_weight);
	f->tasks_title = title;
	f->ntasks = top->n < FINDING_MAX_TASKS ? top->n : FINDING_MAX_TASKS;
	memcpy(f->tasks, sorted, f->ntasks * sizeof(sorted[0]));
}
