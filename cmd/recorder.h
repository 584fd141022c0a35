/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recorder.h - one recording: the reader's loop in the calling thread, the store and the analysis in another.
 */
#ifndef SQUALL_CMD_RECORDER_H
#define SQUALL_CMD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/analysis.h"
#include "cmd/stream_thread.h"
#include "collect/job_metric.h"

struct recorder_options {
	const char	*output;		/* the store; NULL: none is made, and there is a stream */
	const char	*stream;		/* as stream_thread.h, or NULL */
	bool		force;
	uint64_t	duration_ns;		/* 0: until a signal, or the end of command */
	const char	*events;		/* as collect/event_set.h, NULL the default */
	uint64_t	buffer_bytes_per_cpu;	/* 0 the default */
	int64_t		max_rate;		/* as collect/rate_guard.h */
	uint64_t	max_bytes;		/* of each file with its log; 0: no limit */
	unsigned int	rotate;			/* files to keep, see store_parts.h; 0: at the limit the recording ends */
	unsigned int	memory_mib;		/* between the reader and the writer */
	const char	*metrics;		/* as collect/job_metric.h, or NULL */
	char		**command;		/* NULL, or argv of what to run while recording */
};

struct recorder_result {
	struct analysis	*analysis;		/* the caller frees it; NULL when nothing was recorded */
	uint64_t	span_ns;
	uint64_t	cpu_ns;			/* of this process */
	uint64_t	peak_bytes;
	uint64_t	buffer_bytes_per_cpu;
	unsigned int	files, files_left;	/* made; and not removed since, by rotation */
	char		path[4096];		/* the last of them */
	struct stream_thread_result stream;
	struct job_metric_stats jobs;
};

#define RECORDER_MEMORY_MIB	48u	/* some 5 s of 100,000 events/s while the disk stands still */

/*
 * Returns an enum status, after messages; with a command that ran, its exit status (128 + signal when one ended it), if
 * the recording itself is whole.
 */
int recorder_run(const struct recorder_options *options, struct recorder_result *result);

#endif
