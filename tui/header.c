// SPDX-License-Identifier: GPL-2.0-only
/*
 * header.c - see header.h.
 */
#include "tui/header.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "spine/time.h"
#include "tui/cells.h"

#define SPARK_LEAST	10	/* cells */
#define SPARK_OTHER	32	/* cells of the line's other figures */
#define PSI_WARN	10.0	/* percent of the time: tasks feel it */
#define PSI_BAD		40.0
#define OWN_WARN	5.0	/* percent of a CPU: more than the tool is meant to take */
#define SILENT_INTERVALS 2	/* so many without news are worth a word */
#define SPARK_FULL_LEAST 5.0	/* percent: a calm machine's noise should not look like a mountain */

struct line {
	const struct screen	*s;
	int			y, x;
	bool			full;	/* something did not fit: nothing less important may either */
};

/* "LABEL TEXT", as a whole; @label "" for none. */
static void put(struct line *l, const char *label, attr_t attr, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void put(struct line *l, const char *label, attr_t attr, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	l->full |= l->x + strlen(label) + cells_width(text, l->s->utf8) > l->s->width;
	if (l->full)
		return;
	l->x = screen_put_whole(l->s, l->y, l->x, l->s->style[STYLE_KEY], label);
	l->x = screen_put_whole(l->s, l->y, l->x, attr, text);
}

static void put_percent(struct line *l, const char *label, const char *before, double percent)
{
	enum live_mood mood = percent >= PSI_BAD ? MOOD_BAD : percent >= PSI_WARN ? MOOD_WARN : MOOD_NORMAL;

	if (percent < 0)
		put(l, label, l->s->mood[MOOD_DIM], "%s-", before);
	else
		put(l, label, l->s->mood[mood], "%s%.1f%%", before, percent);
}

static void format_clock(const struct live_summary *sum, char *out, size_t size)
{
	time_t now = sum->realtime_ns / (int64_t)NSEC_PER_SEC;
	struct tm tm;

	if (sum->realtime_ns && localtime_r(&now, &tm) && strftime(out, size, "%F %T", &tm))
		return;
	snprintf(out, size, "+%.1f s", ns_to_s(elapsed_ns(sum->start_ns, sum->now_ns)));
}

/* True when it is something to be noticed. */
static bool format_mode(const struct header *h, char *out, size_t size)
{
	bool silent = h->silent_ns > SILENT_INTERVALS * h->interval_ns + NSEC_PER_SEC;

	if (h->replay)
		snprintf(out, size, "replay by %g s", ns_to_s(h->interval_ns));
	else if (h->over)
		snprintf(out, size, "ENDED");
	else if (h->paused)
		snprintf(out, size, "%sPAUSED", h->recording ? "REC " : "");
	else if (silent)
		snprintf(out, size, "NO DATA for %.0f s", ns_to_s(h->silent_ns));
	else
		snprintf(out, size, "%severy %g s", h->recording ? "REC " : "", ns_to_s(h->interval_ns));
	return !h->replay && (h->over || h->paused || silent || h->recording);
}

/* Who and what on the left; mode and time on the right, which have the right of way. */
static void draw_title(const struct header *h, const struct screen *s, int y)
{
	char clock[48], mode[48], right[128], left[768];
	struct screen_spot spot = { y, 0, s->width, ALIGN_RIGHT, s->style[STYLE_TITLE] };
	int used;

	format_clock(h->summary, clock, sizeof(clock));
	if (format_mode(h, mode, sizeof(mode)))
		spot.attr = s->mood[MOOD_WARN];
	snprintf(right, sizeof(right), "%s  %s", mode, clock);
	used = screen_put(s, &spot, right);
	snprintf(left, sizeof(left), "squall %s  %s  %s", h->title ? h->title : "", h->summary->host,
		 h->summary->kernel);
	spot = (struct screen_spot){ y, 0, s->width - used - 1, ALIGN_LEFT, s->style[STYLE_TITLE] };
	screen_put(s, &spot, left);
}

static void draw_spark(struct line *l, const struct live_summary *sum, int width)
{
	int n = sum->history < LIVE_HISTORY ? sum->history : LIVE_HISTORY;
	int first = n > width ? n - width : 0;
	double full = SPARK_FULL_LEAST;
	struct screen_spot spot = { l->y, l->x, 1, ALIGN_LEFT, 0 };

	for (int i = first; i < n; i++)
		full = fmax(full, sum->psi_memory_history[i]);
	spot.x += width - (n - first);
	for (int i = first; i < n; i++, spot.x++) {
		double value = sum->psi_memory_history[i];

		spot.attr = l->s->mood[value >= PSI_BAD ? MOOD_BAD : value >= PSI_WARN ? MOOD_WARN : MOOD_GOOD];
		screen_put(l->s, &spot, cells_spark(value, full, l->s->utf8));
	}
	l->x += width;
}

static void draw_pressure(const struct header *h, const struct screen *s, int y)
{
	const struct live_summary *sum = h->summary;
	struct line l = { s, y };
	int spark;

	if (sum->psi_some[0] < 0 && sum->psi_some[1] < 0 && sum->psi_some[2] < 0) {
		put(&l, "Pressure", s->mood[MOOD_DIM], " not to be had (no PSI)");
		return;
	}
	put_percent(&l, "Memory", " some ", sum->psi_some[0]);
	put_percent(&l, "", " full ", sum->psi_full[0]);
	spark = s->width - l.x - 2 - SPARK_OTHER;
	if (spark > LIVE_HISTORY)
		spark = LIVE_HISTORY;
	if (spark >= SPARK_LEAST && sum->history) {
		l.x++;
		draw_spark(&l, sum, spark);
	}
	put_percent(&l, "  IO", " ", sum->psi_some[1]);
	put_percent(&l, "", "/", sum->psi_full[1]);
	put_percent(&l, "  CPU", " ", sum->psi_some[2]);
}

static void put_findings(struct line *l, const struct live_summary *sum)
{
	static const enum live_mood moods[] = { MOOD_DIM, MOOD_WARN, MOOD_BAD, MOOD_BAD };
	const char *label = "  Findings", *separator = " ";

	for (int i = SEVERITY_CRITICAL; i >= SEVERITY_INFO; i--) {
		if (!sum->findings[i])
			continue;
		put(l, label, l->s->mood[moods[i]], "%s%u %s", separator, sum->findings[i], severity_name(i));
		label = "";
		separator = ", ";
	}
	if (*label)
		put(l, label, l->s->mood[MOOD_GOOD], " none");
}

static void put_rate(struct line *l, const char *label, double per_s)
{
	if (per_s >= 1e6)
		put(l, label, 0, " %.1fM/s", per_s / 1e6);
	else if (per_s >= 1e4)
		put(l, label, 0, " %.1fk/s", per_s / 1e3);
	else
		put(l, label, 0, " %.0f/s", per_s);
}

static void draw_state(const struct header *h, const struct screen *s, int y)
{
	const struct live_summary *sum = h->summary;
	enum live_mood loss = sum->lost || sum->lost_unknown ? MOOD_BAD : MOOD_NORMAL;
	struct line l = { s, y };

	put(&l, "Stalled", s->mood[sum->stalled_tasks ? MOOD_WARN : MOOD_NORMAL], " %u", sum->stalled_tasks);
	put_findings(&l, sum);
	put(&l, "  Lost", s->mood[loss], " %" PRIu64 "%s", sum->lost, sum->lost_unknown ? "+" : "");
	put_rate(&l, "  Events", sum->events_per_s);
	if (sum->left_out)
		put(&l, "", s->mood[MOOD_WARN], "  no room for %" PRIu64, sum->left_out);
	if (sum->own_cpu_percent >= 0)
		put(&l, "  Own", s->mood[sum->own_cpu_percent >= OWN_WARN ? MOOD_WARN : MOOD_NORMAL],
		    " %.1f%% %" PRIu64 "M", sum->own_cpu_percent, sum->own_bytes >> 20);
}

static void draw_missing(const struct header *h, const struct screen *s, int y)
{
	const struct live_summary *sum = h->summary;
	struct screen_spot spot = { y, 0, s->width, ALIGN_LEFT, s->mood[MOOD_WARN] };
	char text[768], more[32] = "";

	if (sum->nmissing > 1)
		snprintf(more, sizeof(more), "(1 of %u, ? lists) ", sum->nmissing);
	snprintf(text, sizeof(text), "Missing %s%s", more, sum->missing[0]);
	screen_put(s, &spot, text);
}

static void draw_against(const struct header *h, const struct screen *s, int y)
{
	struct line l = { s, y };

	put(&l, "Against", s->mood[MOOD_GOOD], "  + better");
	put(&l, "", s->mood[MOOD_BAD], "  ! worse");
	put(&l, "", 0, "  than");
	screen_put(s, &(struct screen_spot){ y, l.x + 1, s->width - l.x - 1, ALIGN_LEFT, A_BOLD }, h->against);
}

int header_draw(const struct header *h, const struct screen *s, int most)
{
	int y = 0;

	if (most > 3)
		draw_title(h, s, y++);
	draw_pressure(h, s, y++);
	if (most > 1)
		draw_state(h, s, y++);
	if (h->against && most > 2)
		draw_against(h, s, y++);
	if (h->summary->nmissing && y < most && most > 3)
		draw_missing(h, s, y++);
	return y;
}
