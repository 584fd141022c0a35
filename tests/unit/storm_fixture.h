/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * storm_fixture.h - recordings that are made up, and what the detectors find in them: for the tests of detectors.
 *
 * findings are asked for once: that ends the recording.
 */
#ifndef SQUALL_TESTS_STORM_FIXTURE_H
#define SQUALL_TESTS_STORM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/analysis.h"
#include "spine/time.h"

/* An entry of an array of types by number. */
#define TYPE(number, of_system, of_name, of_fields) [number] = { .id = number, .system = of_system, .name = of_name, \
	.format = "", .fields = of_fields, .nfields = sizeof(of_fields) / sizeof(of_fields[0]) }

struct machine {
	struct thresholds	th;
	struct analysis		*analysis;
	struct sink		sink;
	const struct event_type	*types;
	int			told;
	struct finding		last;		/* told */
	uint64_t		now_ns;
};

static inline void on_finding(void *ctx, const struct finding *f)
{
	struct machine *m = ctx;

	m->told++;
	m->last = *f;
}

/* Begins at 100 s. @only: as in analysis_options. */
static inline void machine_boot(struct machine *m, const char *only, const struct event_type *types, int ntypes)
{
	const struct analysis_options options = { .th = &m->th, .only = only, .finding = on_finding, .ctx = m };

	*m = (struct machine){ .types = types, .now_ns = 100 * NSEC_PER_SEC };
	thresholds_default(&m->th);
	assert_int_equal(analysis_new(&options, &m->analysis), 0);
	m->sink = analysis_sink(m->analysis);
	for (int i = 0; i < ntypes; i++)
		assert_int_equal(SINK_CALL(&m->sink, type, &types[i]), 0);
}

static inline void off(struct machine *m)
{
	analysis_free(m->analysis);
}

static inline void event(struct machine *m, int type, int32_t tid, uint64_t ts, const int64_t *numbers)
{
	struct event_value values[EVENT_MAX_FIELDS];
	const struct event ev = { .ts = ts, .type = &m->types[type], .tid = tid, .cpu = tid % 2, .values = values };

	for (int i = 0; i < m->types[type].nfields; i++)
		values[i] = (struct event_value){ .kind = VALUE_INT, .i = numbers[i] };
	assert_int_equal(SINK_CALL(&m->sink, event, &ev), 0);
}

#define EVENT(m, type, tid, ts, ...) event(m, type, tid, ts, (const int64_t[]){ __VA_ARGS__ })

static inline void meta(struct machine *m, const char *key, const char *value)
{
	assert_int_equal(SINK_CALL(&m->sink, meta, key, value), 0);
}

/* All that is found. */
static inline const struct finding *findings(struct machine *m, int *n)
{
	assert_int_equal(SINK_CALL(&m->sink, end), 0);
	return analysis_findings(m->analysis, n);
}

/* Of this kind, whatever else there may be of others. NULL: none. */
static inline const struct finding *found(struct machine *m, const char *kind)
{
	const struct finding *all, *one = NULL;
	int n;

	all = findings(m, &n);
	for (int i = 0; i < n; i++) {
		if (strcmp(all[i].kind, kind))
			continue;
		assert_null(one);
		one = &all[i];
	}
	return one;
}

static inline const struct finding *the_only(struct machine *m, const char *kind)
{
	int n;
	const struct finding *f = findings(m, &n);

	assert_int_equal(n, 1);
	assert_string_equal(f->kind, kind);
	return f;
}

static inline void none(struct machine *m)
{
	int n;

	findings(m, &n);
	assert_int_equal(n, 0);
}

static inline bool judged(const struct machine *m, const struct detector *detector)
{
	char why[ANALYSIS_WHY_BYTES];

	return analysis_judged(m->analysis, detector, why);
}

static inline double value_of(const struct finding *f, const char *name)
{
	for (int i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, name))
			return f->evidence[i].value;
	fail_msg("no evidence %s", name);
	return 0;
}

#define assert_value(f, name, expected) \
	do { \
		double is = value_of(f, name); \
		if (is < (expected) - 1e-6 || is > (expected) + 1e-6) \
			fail_msg("%s is %g, not %g", name, is, (double)(expected)); \
	} while (0)

#endif
