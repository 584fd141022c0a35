// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress.c - see progress.h.
 */
#include "cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "spine/time.h"

#define SHOW_AFTER_NS	(NSEC_PER_SEC / 2)	/* what is over at once needs no line */
#define BYTES_PER_MB	1e6

void progress_start(struct progress_line *line, const char *what)
{
	*line = (struct progress_line){ .what = what, .started_ns = monotonic_ns(), .enabled = isatty(STDERR_FILENO) };
}

static void put_eta(double done, double total, double elapsed_s)
{
	if (total <= 0 || done <= 0 || done > total)
		return;
	fprintf(stderr, ", %.0f %%, %.0f s left", 100 * done / total, elapsed_s * (total - done) / done);
}

void progress_draw(struct progress_line *line, const struct source_progress *progress)
{
	uint64_t ns = monotonic_ns() - line->started_ns;
	uint64_t events = atomic_load(&progress->events);
	double done = atomic_load(&progress->bytes_done);
	double elapsed_s = ns_to_s(ns);

	if (!line->enabled || ns < SHOW_AFTER_NS)
		return;
	fprintf(stderr, "\r\033[K%s: %" PRIu64 " events, %.1f MB, %.2f M events/s", line->what, events,
		done / BYTES_PER_MB, events / elapsed_s / 1e6);
	put_eta(done, atomic_load(&progress->bytes_total), elapsed_s);
	fflush(stderr);
	line->shown = 1;
}

void progress_clear(struct progress_line *line)
{
	if (line->shown)
		fputs("\r\033[K", stderr);
	line->shown = 0;
}
