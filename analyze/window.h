/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.h - sums over the last WINDOW_SECONDS, and the stretches of time in which they are bad.
 *
 * For storms that are judged by a rate: the recording may be an hour long and the storm half a minute. Amounts are
 * added to the second in which they happen. Whenever a second is over, ops->bad() judges the sum of the last
 * WINDOW_SECONDS of them; if it says yes, all of these seconds belong to an episode. An episode goes to ops->done()
 * when a second that does not belong to it has left the window, with the sums of its own seconds: each amount once.
 * So what is reported is what lies between its first_ns and last_ns, and a second source can count it.
 *
 * Time is often known only when it is over: a request that stood still for 40 s is one event. window_spread() puts it
 * where it was. What was before the window is judged no more, but belongs to the episode.
 *
 * Fixed memory. Zeroed and with ops and ctx set it is ready. Times in ns must not go back by more than the window.
 */
#ifndef SQUALL_ANALYZE_WINDOW_H
#define SQUALL_ANALYZE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/finding.h"

#define WINDOW_SECONDS	10
#define WINDOW_COUNTS	16

/* What was added in a second, or in several. What the counts are is up to the user. */
struct window_part {
	uint64_t		first_ns, last_ns;	/* of what was added; last_ns 0: nothing was */
	uint64_t		count[WINDOW_COUNTS];
	uint64_t		early[WINDOW_COUNTS];	/* not judged: what was before the window when it was told */
	uint64_t		max_ns;			/* the longest of window_task(), and whose */
	int32_t			max_tid;
	struct top_tasks	tasks;
};

struct window_ops {
	/* @count: sums over WINDOW_SECONDS. */
	bool (*bad)(void *ctx, const uint64_t *count);
	void (*done)(void *ctx, const struct window_part *episode);	/* borrowed */
};

struct window {
	const struct window_ops	*ops;
	void			*ctx;
	bool			started;
	uint64_t		now_s;			/* the newest second */
	struct window_part	second[WINDOW_SECONDS];	/* by second % WINDOW_SECONDS */
	bool			marked[WINDOW_SECONDS];	/* belongs to an episode */
	struct window_part	episode;		/* of seconds that have left; last_ns 0: none */
};

/* The second of @ts, to add something to. Seconds before it are judged first. */
struct window_part *window_at(struct window *w, uint64_t ts);

/*
 * @amount of count @which that came about evenly from @begin_ns to @end_ns. Returns what window_at() does for @end_ns.
 */
struct window_part *window_spread(struct window *w, uint64_t begin_ns, uint64_t end_ns, int which, uint64_t amount);

/* @ns that task @tid lost in this second, and @pages of it. */
void window_task(struct window_part *part, int32_t tid, uint64_t pages, uint64_t ns);

/* The recording is over: what is bad up to now goes to ops->done(). */
void window_finish(struct window *w);

/* As window_finish() would if it were over now, and changes nothing. */
void window_so_far(const struct window *w);

/* Of an episode: its duration, at least a second, so that rates of something short stay sober. */
double window_span_s(const struct window_part *episode);

#endif
