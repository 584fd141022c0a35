// SPDX-License-Identifier: GPL-2.0-only
/*
 * finding.c - see finding.h.
 */
#include "analyze/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const severity_names[] = {
	[SEVERITY_INFO] = "info", [SEVERITY_WARNING] = "warning",
	[SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};

static const char *const confidence_names[] = {
	[CONFIDENCE_LOW] = "low", [CONFIDENCE_MEDIUM] = "medium", [CONFIDENCE_HIGH] = "high",
};

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
