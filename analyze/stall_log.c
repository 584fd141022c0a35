// SPDX-License-Identifier: GPL-2.0-only
/*
 * stall_log.c - see stall_log.h. Buckets have sums of each kind and a histogram of stalls, the log has the stalls.
 */
#include "analyze/stall_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/latency.h"

#define VICTIMS			(2 * STALL_LOG_MAX)	/* slots: each stall of the log may be of another task */

/* Four steps in each power of two, from 1 us to 2^39 ns (nine minutes); the first and the last take what is beyond. */
#define BIN_FIRST_BITS		10
#define BIN_LAST_BITS		39
#define BINS			(4 * (BIN_LAST_BITS - BIN_FIRST_BITS))

struct bucket {
	double		lost_ns[LOSS_KINDS], within_ns[LOSS_KINDS];
	uint64_t	max_ns;
	uint32_t	stalls;		/* that ended in it */
	uint32_t	bin[BINS];
};

struct stall_log {
	const struct time_axis	*axis;
	struct bucket		bucket[AXIS_BUCKETS];
	struct stall		stall[STALL_LOG_MAX];
	uint32_t		nstalls;
	unsigned int		floor;			/* bins below are not logged any more */
	bool			thinned;
	struct stall_victim	victim[VICTIMS];	/* of the window that was measured */
	struct stall_victim	*victims[STALL_LOG_MAX];	/* the used ones */
	uint32_t		nvictims;
	struct latency		latency;		/* likewise */
};

static void bucket_merge(struct bucket *to, const struct bucket *a, const struct bucket *b)
{
	struct bucket sum = *a;

	for (int kind = 0; kind < LOSS_KINDS; kind++) {
		sum.lost_ns[kind] += b->lost_ns[kind];
		sum.within_ns[kind] += b->within_ns[kind];
	}
	for (int k = 0; k < BINS; k++)
		sum.bin[k] += b->bin[k];
	sum.stalls += b->stalls;
	sum.max_ns = b->max_ns > sum.max_ns ? b->max_ns : sum.max_ns;
	*to = sum;
}

void stall_log_fold(struct stall_log *log)
{
	const unsigned int half = AXIS_BUCKETS / 2;

	for (unsigned int i = 0; i < half; i++)
		bucket_merge(&log->bucket[i], &log->bucket[2 * i], &log->bucket[2 * i + 1]);
	memset(log->bucket + half, 0, half * sizeof(log->bucket[0]));
}

static unsigned int bin_of(uint64_t ns)
{
	unsigned int bits = ns ? 63 - __builtin_clzll(ns) : 0;

	if (bits < BIN_FIRST_BITS)
		return 0;
	if (bits >= BIN_LAST_BITS)
		return BINS - 1;
	return 4 * (bits - BIN_FIRST_BITS) + (ns >> (bits - 2) & 3);
}

static uint64_t bin_middle(unsigned int bin)
{
	uint64_t step = 1ull << (bin / 4 + BIN_FIRST_BITS - 2);

	return (4 + bin % 4) * step + step / 2;
}

/* Half of the log goes: the short ones, and where all of one length are too many, the older of these. */
static void log_thin(struct stall_log *log)
{
	uint32_t count[BINS] = { 0 }, drop = log->nstalls / 2, kept = 0;
	unsigned int bin = 0;

	for (uint32_t i = 0; i < log->nstalls; i++)
		count[bin_of(elapsed_ns(log->stall[i].begin_ns, log->stall[i].end_ns))]++;
	while (drop > count[bin])
		drop -= count[bin++];
	for (uint32_t i = 0; i < log->nstalls; i++) {
		unsigned int of = bin_of(elapsed_ns(log->stall[i].begin_ns, log->stall[i].end_ns));

		if (of < bin || (of == bin && drop && drop--))
			continue;
		log->stall[kept++] = log->stall[i];
	}
	log->nstalls = kept;
	log->floor = bin;
	log->thinned = true;
}

static void log_add(struct stall_log *log, const struct stall *s)
{
	if (log->nstalls == STALL_LOG_MAX)
		log_thin(log);
	if (bin_of(elapsed_ns(s->begin_ns, s->end_ns)) >= log->floor)
		log->stall[log->nstalls++] = *s;
}

static void buckets_add(struct stall_log *log, const struct stall *s)
{
	unsigned int last = axis_bucket(log->axis, s->end_ns);
	uint64_t ns = elapsed_ns(s->begin_ns, s->end_ns);
	struct bucket *b = &log->bucket[last];

	for (unsigned int i = axis_bucket(log->axis, s->begin_ns); i <= last; i++) {
		double part = axis_overlap_ns(log->axis, i, s->begin_ns, s->end_ns);

		if (s->within)
			log->bucket[i].within_ns[s->kind] += part;
		else
			log->bucket[i].lost_ns[s->kind] += part;
	}
	if (s->within)
		return;
	b->stalls++;
	b->bin[bin_of(ns)]++;
	b->max_ns = ns > b->max_ns ? ns : b->max_ns;
}

void stall_log_add(struct stall_log *log, const struct stall *s)
{
	buckets_add(log, s);
	log_add(log, s);
}

/* --- a window --- */

static void victim_add(struct stall_log *log, const struct stall *s, uint64_t ns)
{
	uint32_t i = (uint32_t)s->tid * 2654435761u % VICTIMS;

	while (log->victim[i].used && log->victim[i].tid != s->tid)
		i = (i + 1) % VICTIMS;
	if (!log->victim[i].used) {
		log->victim[i] = (struct stall_victim){ .tid = s->tid, .used = true };
		log->victims[log->nvictims++] = &log->victim[i];
	}
	log->victim[i].stalls++;
	log->victim[i].ns += ns;
	if (s->memcg_id)
		log->victim[i].memcg_id = s->memcg_id;
}

static void victims_clear(struct stall_log *log)
{
	for (uint32_t i = 0; i < log->nvictims; i++)
		log->victims[i]->used = false;
	log->nvictims = 0;
}

/* From the log: victims, and all numbers as long as every stall is in it. */
static void measure_log(struct stall_log *log, struct finding *f)
{
	log->latency.count = log->latency.sum_ns = log->latency.max_ns = 0;
	memset(log->latency.bucket, 0, sizeof(log->latency.bucket));
	victims_clear(log);
	for (uint32_t i = 0; i < log->nstalls; i++) {
		const struct stall *s = &log->stall[i];
		uint64_t ns = elapsed_ns(s->begin_ns > f->start_ns ? s->begin_ns : f->start_ns,
					 s->end_ns < f->end_ns ? s->end_ns : f->end_ns);

		if (s->end_ns <= f->start_ns || s->begin_ns >= f->end_ns)
			continue;
		if (s->within) {
			f->impact.within_s[s->kind] += ns_to_s(ns);
			continue;
		}
		f->impact.lost_s[s->kind] += ns_to_s(ns);
		latency_add(&log->latency, elapsed_ns(s->begin_ns, s->end_ns));
		victim_add(log, s, ns);
	}
	f->impact.stalls = log->latency.count;
	f->impact.p50_ns = latency_percentile(&log->latency, 0.5);
	f->impact.p99_ns = latency_percentile(&log->latency, 0.99);
	f->impact.max_ns = log->latency.max_ns;
}

static uint64_t bins_percentile(const struct bucket *all, double share)
{
	uint64_t rank = ceil(share * all->stalls), seen = 0;
	unsigned int bin = 0;

	for (; bin < BINS - 1 && seen + all->bin[bin] < rank; bin++)
		seen += all->bin[bin];
	return bin_middle(bin) < all->max_ns ? bin_middle(bin) : all->max_ns;
}

/* From the buckets: a stall is counted where it ended, when at least half of that bucket is in the window. */
static void measure_buckets(const struct stall_log *log, struct finding *f)
{
	struct bucket all = { 0 };
	struct finding_impact *to = &f->impact;

	for (unsigned int i = axis_bucket(log->axis, f->start_ns); i <= axis_bucket(log->axis, f->end_ns); i++) {
		double part = axis_part(log->axis, i, f->start_ns, f->end_ns);

		for (int kind = 0; kind < LOSS_KINDS; kind++) {
			to->lost_s[kind] += log->bucket[i].lost_ns[kind] * part / NSEC_PER_SEC;
			to->within_s[kind] += log->bucket[i].within_ns[kind] * part / NSEC_PER_SEC;
		}
		if (part >= 0.5)
			bucket_merge(&all, &all, &log->bucket[i]);
	}
	to->stalls = all.stalls;
	to->p50_ns = all.stalls ? bins_percentile(&all, 0.5) : 0;
	to->p99_ns = all.stalls ? bins_percentile(&all, 0.99) : 0;
	to->max_ns = all.max_ns;
}

void stall_log_measure(struct stall_log *log, struct finding *f)
{
	measure_log(log, f);
	if (!log->thinned)
		return;
	memset(f->impact.lost_s, 0, sizeof(f->impact.lost_s));
	memset(f->impact.within_s, 0, sizeof(f->impact.within_s));
	measure_buckets(log, f);
}

uint32_t stall_log_victims(struct stall_log *log, struct stall_victim ***out)
{
	*out = log->victims;
	return log->nvictims;
}

/* --- making and freeing --- */

struct stall_log *stall_log_new(const struct time_axis *axis)
{
	struct stall_log *log = calloc(1, sizeof(*log));

	if (log)
		log->axis = axis;
	return log;
}

void stall_log_free(struct stall_log *log)
{
	free(log);
}

bool stall_log_exact(const struct stall_log *log)
{
	return !log->thinned;
}
