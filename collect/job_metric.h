/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * job_metric.h - what jobs say of themselves while they are recorded, as samples.
 *
 * Any job writes lines "NAME.FIELD VALUE [UNIT]" into a named pipe; each is a sample of the series job.NAME.FIELD of
 * the whole system at the time of its arrival, which squall compare reads (analyze/metric.h). As with all samples, a
 * value that does not differ from the last one is not handed on.
 *
 * Writers are not trusted. NAME.FIELD is of letters, digits and "_.-" with a dot inside, VALUE a whole number of 64
 * bit, UNIT ("count") of letters, digits and "_%/.-"; a series keeps the unit of its first line. Lines that are not so, or
 * longer than JOB_METRIC_LINE_BYTES, are counted; so are those of further names when there are JOB_METRIC_SERIES. Empty
 * lines and those that begin with # say nothing.
 *
 * For one thread. Names and units in samples live until job_metric_close().
 */
#ifndef SQUALL_COLLECT_JOB_METRIC_H
#define SQUALL_COLLECT_JOB_METRIC_H

#include <stdint.h>

#include "spine/sink.h"
#include "spine/source.h"

#define JOB_METRIC_SERIES	256u
#define JOB_METRIC_NAME_BYTES	128u	/* NAME.FIELD with its end */
#define JOB_METRIC_UNIT_BYTES	16u	/* with its end */
#define JOB_METRIC_LINE_BYTES	256u	/* with its end */

struct job_metric_stats {
	unsigned int	series;
	uint64_t	lines;		/* that were understood */
	uint64_t	bad;
	const char	*why;		/* the first was; NULL: none */
	uint64_t	left_out;	/* lines whose series had no place */
};

struct job_metric;

/*
 * Makes the pipe @path, mode 0600, which is removed at the end; one that is there is taken as it is, and stays. -EBUSY:
 * somebody else reads it already; -EEXIST: it is no pipe; @err says so. NULL as path: no pipe, all comes by feed.
 */
int job_metric_open(const char *path, struct source_error *err, struct job_metric **out);

/* Waits for lines up to @wait_ms, and reads at most 1 KiB of them. 0, or a negative errno of the read or the sink. */
int job_metric_take(struct job_metric *jm, int wait_ms, const struct sink *sink);

/* Any bytes; a line may come in pieces. @ts: when they came. 0, or what the sink returned. */
int job_metric_feed(struct job_metric *jm, const char *text, size_t bytes, uint64_t ts, const struct sink *sink);

/* The next job_metric_take() gives the last value of each series again, at the time of then: the sink lost some. */
void job_metric_repeat(struct job_metric *jm);

/* What is left in the pipe, and counts as meta job_lines, job_lines_bad, job_lines_left_out. What the sink returned. */
int job_metric_finish(struct job_metric *jm, const struct sink *sink);

void job_metric_get_stats(const struct job_metric *jm, struct job_metric_stats *out);

void job_metric_close(struct job_metric *jm);	/* NULL is fine */

#endif
