/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - rows that the analysis writes: reclaim chains and findings. Their columns are described in schema.sql.
 *
 * Text is borrowed for the call; NULL is stored as NULL.
 */
#ifndef SQUALL_STORE_RECORD_H
#define SQUALL_STORE_RECORD_H

#include <stdint.h>

/* In any number below: not known, stored as NULL. */
#define STORE_UNKNOWN	INT64_MIN

struct store_chain {
	int64_t		tid;
	const char	*comm;
	int64_t		start_ns;
	int64_t		end_ns;
	int64_t		cycles;
	int64_t		reclaim_ns;
	int64_t		order_requested;
	int64_t		order_reclaimed;
	int64_t		gfp_flags;
	const char	*migratetype;
	int64_t		reclaimed_pages;
	int64_t		anon_pages;
	int64_t		write_folios;
	int64_t		retries;
	int64_t		no_progress_max;
	int64_t		retries_free_above_min;
	int64_t		compactions;
	int64_t		compaction_order_max;
	const char	*ended;
};

struct store_finding {
	const char	*kind;			/* this, severity, confidence and summary must not be NULL */
	const char	*variant;
	const char	*severity;
	const char	*confidence;
	int64_t		start_ns;
	int64_t		end_ns;
	int64_t		node;
	int64_t		cgroup_id;
	const char	*cgroup;
	int64_t		tid;
	const char	*comm;
	const char	*summary;
	const char	*otherwise;
	const char	*missing;
	const char	*evidence;		/* JSON object */
	const char	*explanation;
	const char	*remedy;
	const char	*references;		/* JSON array */
	int64_t		loss;			/* events; -1 some */
	const char	*severity_by;
	int64_t		incident;
	int64_t		leads;			/* 0 or 1 */
	const char	*caused_by;		/* a kind */
	const char	*because;
	const char	*suffered;		/* JSON object */
};

#endif
