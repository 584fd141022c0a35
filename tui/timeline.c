// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeline.c - see timeline.h.
 */
#include "tui/timeline.h"

#include <errno.h>
#include <stdio.h>

#include "spine/time.h"

#define FRAME_NS	(100 * NSEC_PER_MSEC)	/* faster playing takes several intervals at a time */
#define LINE_LEAST	10			/* cells; a shorter one says nothing */

static const double speeds[] = { 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60 };

enum { SPEED_ONE = 3, SPEEDS = sizeof(speeds) / sizeof(speeds[0]) };

void timeline_init(struct timeline *t, const struct tui_feed *feed, uint64_t interval_ns, uint64_t now_ns)
{
	*t = (struct timeline){ .feed = feed, .interval_ns = interval_ns, .now_ns = now_ns, .speed = SPEED_ONE };
}

/* The end of the interval that the feed shows, which is the one that was asked for or the one around it. */
static uint64_t shown_ns(const struct timeline *t)
{
	struct live_summary sum;

	live_model_summary(t->feed->model(t->feed->ctx), &sum);
	return sum.now_ns < t->feed->end_ns ? sum.now_ns : t->feed->end_ns;
}

int timeline_seek(struct timeline *t, uint64_t ts_ns)
{
	int ret;

	if (ts_ns < t->feed->start_ns)
		ts_ns = t->feed->start_ns;
	if (ts_ns > t->feed->end_ns)
		ts_ns = t->feed->end_ns;
	ret = t->feed->seek(t->feed->ctx, ts_ns);
	if (!ret)
		t->now_ns = shown_ns(t);
	return ret;
}

int timeline_step(struct timeline *t, int intervals)
{
	uint64_t distance = t->interval_ns * (intervals < 0 ? -intervals : intervals);

	if (intervals < 0)
		return timeline_seek(t, elapsed_ns(distance, t->now_ns));
	return timeline_seek(t, t->now_ns + distance);
}

/* One interval behind the start of a finding it is seen on the screen. */
static uint64_t place_of(const struct timeline *t, const struct player_mark *mark)
{
	uint64_t at = mark->start_ns + t->interval_ns;

	return at < t->feed->end_ns ? at : t->feed->end_ns;
}

int timeline_finding(struct timeline *t, int direction)
{
	const struct player_mark *found = NULL;

	for (int i = 0; i < t->feed->nmarks; i++) {
		const struct player_mark *mark = &t->feed->marks[i];
		uint64_t at = place_of(t, mark);

		if (direction > 0 ? at > t->now_ns && !found : at < t->now_ns)
			found = mark;
	}
	return found ? timeline_seek(t, place_of(t, found)) : -ENOENT;
}

int timeline_play(struct timeline *t, bool playing)
{
	t->playing = playing;
	t->due_ns = monotonic_ns();
	return playing && t->now_ns >= t->feed->end_ns ? timeline_seek(t, t->feed->start_ns) : 0;
}

void timeline_speed(struct timeline *t, int change)
{
	int speed = t->speed + change;

	t->speed = speed < 0 ? 0 : speed >= SPEEDS ? SPEEDS - 1 : speed;
	t->due_ns = monotonic_ns();
}

int timeline_tick(struct timeline *t, uint64_t monotonic)
{
	double period_ns = t->interval_ns / speeds[t->speed];
	int intervals = period_ns < FRAME_NS ? (int)(FRAME_NS / period_ns + 0.5) : 1;
	int ret;

	if (!t->playing || monotonic < t->due_ns)
		return 0;
	/* What a slow disk made late is not caught up with. */
	t->due_ns = monotonic + (uint64_t)(period_ns * intervals);
	ret = timeline_step(t, intervals);
	if (ret || t->now_ns >= t->feed->end_ns)
		t->playing = false;
	return ret ? ret : 1;
}

int timeline_wait_ms(const struct timeline *t, uint64_t monotonic)
{
	return !t->playing ? -1 : (int)(elapsed_ns(monotonic, t->due_ns + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);
}

/* Seconds as "1:02:03", "2:03". */
static void format_span(uint64_t ns, char *out, size_t size)
{
	unsigned int s = ns / NSEC_PER_SEC;

	if (s >= 3600)
		snprintf(out, size, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, size, "%u:%02u", s / 60, s % 60);
}

static int cell_of(const struct timeline *t, uint64_t ts_ns, int width)
{
	uint64_t whole = elapsed_ns(t->feed->start_ns, t->feed->end_ns), part = elapsed_ns(t->feed->start_ns, ts_ns);
	int cell = whole ? (int)((double)part / whole * (width - 1) + 0.5) : 0;

	return cell < width ? cell : width - 1;
}

static enum live_mood mark_mood(enum severity severity)
{
	return severity >= SEVERITY_HIGH ? MOOD_BAD : severity == SEVERITY_WARNING ? MOOD_WARN : MOOD_DIM;
}

/* Marks of the worst severity win a cell. */
static void draw_marks(const struct timeline *t, const struct screen *s, struct screen_spot spot, int width)
{
	int x = spot.x;

	for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRITICAL; severity++) {
		for (int i = 0; i < t->feed->nmarks; i++) {
			if (t->feed->marks[i].severity != severity)
				continue;
			spot.x = x + cell_of(t, t->feed->marks[i].start_ns, width);
			spot.attr = s->mood[mark_mood(severity)];
			screen_put(s, &spot, severity >= SEVERITY_HIGH ? "!" : "*");
		}
	}
}

static void draw_line(const struct timeline *t, const struct screen *s, int y, int x, int width)
{
	struct screen_spot spot = { y, x, 1, ALIGN_LEFT, 0 };
	int now = cell_of(t, t->now_ns, width);

	for (int i = 0; i < width; i++, spot.x++) {
		spot.attr = i <= now ? s->style[STYLE_KEY] : s->mood[MOOD_DIM];
		screen_put(s, &spot, i < now ? (s->utf8 ? "━" : "=") : s->utf8 ? "─" : "-");
	}
	spot.x = x;
	draw_marks(t, s, spot, width);
	spot.x = x + now;
	spot.attr = s->style[STYLE_SELECTED];
	screen_put(s, &spot, s->utf8 ? "●" : "O");
}

void timeline_draw(const struct timeline *t, const struct screen *s, int y)
{
	char left[32], right[64], at[16], of[16];
	struct screen_spot spot = { y, 0, s->width, ALIGN_LEFT, s->style[STYLE_TITLE] };
	int used, width;

	snprintf(left, sizeof(left), "%s x%g ", t->playing ? "play" : "stop", speeds[t->speed]);
	format_span(elapsed_ns(t->feed->start_ns, t->now_ns), at, sizeof(at));
	format_span(elapsed_ns(t->feed->start_ns, t->feed->end_ns), of, sizeof(of));
	snprintf(right, sizeof(right), " %s of %s", at, of);
	used = screen_put(s, &spot, left);
	spot.align = ALIGN_RIGHT;
	spot.x = used;
	spot.width = s->width - used;
	width = spot.width - screen_put(s, &spot, right);
	if (width >= LINE_LEAST)
		draw_line(t, s, y, used, width);
}
