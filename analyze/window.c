// SPDX-License-Identifier: GPL-2.0-only
/*
 * window.c - see window.h. A ring of seconds; one that leaves it goes into the episode if it was marked.
 */
#include "analyze/window.h"

#include <string.h>

#include "spine/time.h"

static void part_add(struct window_part *to, const struct window_part *from)
{
	if (!from->last_ns)
		return;
	if (!to->last_ns || from->first_ns < to->first_ns)
		to->first_ns = from->first_ns;
	if (from->last_ns > to->last_ns)
		to->last_ns = from->last_ns;
	for (int i = 0; i < WINDOW_COUNTS; i++)
		to->count[i] += from->count[i];
	if (from->tasks.n && from->max_ns >= to->max_ns) {
		to->max_ns = from->max_ns;
		to->max_tid = from->max_tid;
	}
}

static void part_cover(struct window_part *part, uint64_t ts)
{
	if (!part->last_ns || ts < part->first_ns)
		part->first_ns = ts;
	if (ts > part->last_ns)
		part->last_ns = ts;
}

static void tasks_add(struct top_tasks *to, const struct top_tasks *from)
{
	for (int i = 0; i < from->n; i++) {
		const struct finding_task *t = &from->task[i];

		top_tasks_add(to, t->tid, t->memcg_id, t->pages, t->ns);
		for (int k = 0; k < to->n; k++)		/* it counted one time */
			if (to->task[k].tid == t->tid && to->task[k].memcg_id == t->memcg_id)
				to->task[k].count += t->count - 1;
	}
	to->others += from->others;
}

static void judge(struct window *w)
{
	struct window_part sum = { 0 };

	for (int i = 0; i < WINDOW_SECONDS; i++)
		part_add(&sum, &w->second[i]);
	if (!sum.last_ns || !w->ops->bad(w->ctx, sum.count))
		return;
	for (int i = 0; i < WINDOW_SECONDS; i++)
		w->marked[i] = true;
}

static void close_episode(struct window *w)
{
	if (w->episode.last_ns)
		w->ops->done(w->ctx, &w->episode);
	w->episode = (struct window_part){ 0 };
}

/* The second in this place leaves the window. */
static void retire(struct window *w, int place)
{
	if (w->marked[place]) {
		part_add(&w->episode, &w->second[place]);
		for (int i = 0; i < WINDOW_COUNTS; i++)
			w->episode.count[i] += w->second[place].early[i];
		tasks_add(&w->episode.tasks, &w->second[place].tasks);
	} else {
		close_episode(w);
	}
	w->second[place] = (struct window_part){ 0 };
	w->marked[place] = false;
}

static void advance(struct window *w, uint64_t second)
{
	for (int i = 0; i < WINDOW_SECONDS && w->now_s < second; i++) {
		judge(w);
		w->now_s++;
		retire(w, w->now_s % WINDOW_SECONDS);
	}
	if (w->now_s >= second)		/* told late: it goes into a second that is not over, or into the oldest */
		return;
	close_episode(w);		/* a pause longer than the window: it is empty now */
	memset(w->marked, 0, sizeof(w->marked));
	w->now_s = second;
}

struct window_part *window_at(struct window *w, uint64_t ts)
{
	uint64_t second = ts / NSEC_PER_SEC;
	struct window_part *part;

	if (!w->started)
		w->now_s = second;
	w->started = true;
	advance(w, second);
	if (second + WINDOW_SECONDS <= w->now_s)
		second = w->now_s - WINDOW_SECONDS + 1;
	part = &w->second[second % WINDOW_SECONDS];
	part_cover(part, ts);
	return part;
}

struct window_part *window_spread(struct window *w, uint64_t begin_ns, uint64_t end_ns, int which, uint64_t amount)
{
	struct window_part *last = window_at(w, end_ns), *part;
	uint64_t oldest = w->now_s < WINDOW_SECONDS ? 0 : w->now_s - WINDOW_SECONDS + 1, from = begin_ns, share;
	uint64_t oldest_ns = oldest * NSEC_PER_SEC;

	if (end_ns < oldest_ns)
		from = end_ns;
	if (from < oldest_ns && oldest_ns < end_ns) {
		part = &w->second[oldest % WINDOW_SECONDS];
		share = (unsigned __int128)amount * (oldest_ns - from) / (end_ns - from);
		part->early[which] += share;
		part_cover(part, from);
		amount -= share;
		from = oldest_ns;
	}
	while (from < end_ns && from / NSEC_PER_SEC < end_ns / NSEC_PER_SEC) {
		uint64_t next_ns = (from / NSEC_PER_SEC + 1) * NSEC_PER_SEC;

		part = &w->second[from / NSEC_PER_SEC % WINDOW_SECONDS];
		share = (unsigned __int128)amount * (next_ns - from) / (end_ns - from);
		part->count[which] += share;
		part_cover(part, from);
		amount -= share;
		from = next_ns;
	}
	last->count[which] += amount;
	part_cover(last, from < end_ns ? from : end_ns);
	return last;
}

void window_task(struct window_part *part, int32_t tid, uint64_t pages, uint64_t ns)
{
	top_tasks_add(&part->tasks, tid, 0, pages, ns);
	if (ns < part->max_ns)
		return;
	part->max_ns = ns;
	part->max_tid = tid;
}

void window_finish(struct window *w)
{
	if (!w->started)
		return;
	judge(w);
	for (int i = 1; i <= WINDOW_SECONDS; i++)
		retire(w, (w->now_s + i) % WINDOW_SECONDS);
	close_episode(w);
	w->started = false;
}

void window_so_far(const struct window *w)
{
	struct window copy = *w;

	window_finish(&copy);
}

double window_span_s(const struct window_part *episode)
{
	uint64_t ns = elapsed_ns(episode->first_ns, episode->last_ns);

	return ns_to_s(ns > NSEC_PER_SEC ? ns : NSEC_PER_SEC);
}
