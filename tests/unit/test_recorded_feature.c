// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recorded_feature.c - analyze/feature.c: what a live recording says of its kernel against what its events show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyze/feature.h"

struct scene {
	struct thresholds	th;
	struct analysis		*a;
	struct sink		sink;
	struct feature		features[FEATURES_MAX];
};

/* An event by which the recording shows the fix, where @fail_event. */
static void setup(struct scene *s, const char *meta, bool fail_event)
{
	static const struct event_field fields[] = { { "nid", VALUE_INT }, { "failures", VALUE_INT } };
	static const struct event_type type = { .nfields = 2, .system = "vmscan", .format = "",
						.name = "mm_vmscan_kswapd_reclaim_fail", .fields = fields };
	const struct event_value values[2] = { { .i = 0, .kind = VALUE_INT }, { .i = 1, .kind = VALUE_INT } };
	const struct event ev = { .ts = 5, .type = &type, .tid = 50, .values = values };
	struct analysis_options options = { .th = &s->th };

	thresholds_default(&s->th);
	assert_int_equal(analysis_new(&options, &s->a), 0);
	s->sink = analysis_sink(s->a);
	if (meta)
		SINK_CALL(&s->sink, meta, "feature.kswapd-reset-fix", meta);
	SINK_CALL(&s->sink, type, &type);
	if (fail_event)
		SINK_CALL(&s->sink, event, &ev);
	SINK_CALL(&s->sink, end);
}

static const struct feature *find(struct scene *s, const char *name)
{
	int n = features_of(s->a, s->features);

	for (int i = 0; i < n; i++)
		if (!strcmp(s->features[i].name, name))
			return &s->features[i];
	fail_msg("no feature %s", name);
	return NULL;
}

#define UNTOLD	"the recording does not tell"
#define EVENTS	"events kswapd_reclaim_fail and kswapd_clear_hopeless came with the fix"

static void test_merge(void **state)
{
	static const struct {
		const char		*meta;
		bool			fail_event;
		enum feature_state	state;
		const char		*how;
	} rows[] = {
		{ NULL, false, FEATURE_UNKNOWN, UNTOLD },
		{ NULL, true, FEATURE_PRESENT, EVENTS },
		{ "present: BTF: x", false, FEATURE_PRESENT, "BTF: x" },
		{ "present: BTF: x", true, FEATURE_PRESENT, "BTF: x" },
		{ "absent: BTF: x", false, FEATURE_ABSENT, "BTF: x" },
		{ "absent: BTF: x", true, FEATURE_ABSENT, "BTF: x; but the recording looks otherwise: " EVENTS },
		{ "unknown: no BTF", true, FEATURE_PRESENT, EVENTS },
		{ "unknown: no BTF", false, FEATURE_UNKNOWN, UNTOLD },
		{ "presentable", false, FEATURE_UNKNOWN, UNTOLD },
		{ "", true, FEATURE_PRESENT, EVENTS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		const struct feature *f;

		setup(&s, rows[i].meta, rows[i].fail_event);
		f = find(&s, "kswapd-reset-fix");
		assert_int_equal(f->state, rows[i].state);
		assert_string_equal(f->how, rows[i].how);
		analysis_free(s.a);
	}
}

/* All features of the kernel are there, whatever the recording shows: section 0 of the domain reference has 13. */
static void test_all(void **state)
{
	struct scene s;

	setup(&s, NULL, false);
	assert_int_equal(features_of(s.a, s.features), 13);
	for (int i = 0; i < 13; i++) {
		assert_int_equal(s.features[i].state, FEATURE_UNKNOWN);
		assert_string_equal(s.features[i].how, UNTOLD);
	}
	analysis_free(s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
