// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_incident.c - which findings are one incident, who leads it, and what a finding's severity comes to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyze/incident.h"
#include "analyze/severity.h"
#include "spine/time.h"

#define S	NSEC_PER_SEC

#define RESET	"spurious-kswapd-reset"
#define ENDLESS	"endless-kswapd"
#define SPIN	"nonmovable-reclaim-spin"

/* Seconds. */
static struct finding found(const char *kind, uint64_t start, uint64_t end, int node, enum severity severity)
{
	return (struct finding){ .kind = kind, .variant = "", .start_ns = start * S, .end_ns = end * S, .node = node,
				 .own_severity = severity, .severity = severity,
				 .impact = { .psi_some = -1, .psi_full = -1, .psi_io_full = -1, .psi_cgroup = -1 } };
}

static void link_all(struct finding *f, int n)
{
	struct finding *all[8];

	for (int i = 0; i < n; i++)
		all[i] = &f[i];
	incidents_link(all, n, S);
}

static void a_cause_leads_what_it_explains(void **state)
{
	struct finding f[] = {
		found(ENDLESS, 10, 40, 0, SEVERITY_WARNING),
		found("slab-shrinker-storm", 12, 50, -1, SEVERITY_HIGH),
		found(RESET, 11, 40, 0, SEVERITY_WARNING),
		found("memcg-high-loop", 11, 60, -1, SEVERITY_WARNING),
	};
	struct incident incidents[4];
	struct incident_moment moments[8];

	link_all(f, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(f[i].incident, 1);
	assert_true(f[3].leads);
	assert_false(f[0].leads || f[1].leads || f[2].leads);
	assert_string_equal(f[2].caused_by, "memcg-high-loop");
	assert_string_equal(f[0].caused_by, RESET);
	assert_string_equal(f[1].caused_by, ENDLESS);		/* memcg-high-loop explains it too, and began later */
	assert_int_equal(incidents_order(f, 4, incidents), 1);
	assert_string_equal(f[0].kind, "memcg-high-loop");
	assert_string_equal(f[1].kind, ENDLESS);
	assert_int_equal(f[1].cause, 2);			/* of the new order */
	assert_string_equal(f[f[1].cause].kind, RESET);
	assert_int_equal(incidents[0].severity, SEVERITY_HIGH);
	assert_int_equal(incidents[0].start_ns, 10 * S);
	assert_int_equal(incidents[0].end_ns, 60 * S);
	assert_int_equal(incident_timeline(&incidents[0], f, moments), 8);
	assert_int_equal(moments[0].ts_ns, 10 * S);
	assert_string_equal(f[moments[0].finding].kind, ENDLESS);
	assert_true(moments[7].ended);
	assert_int_equal(moments[7].ts_ns, 60 * S);
}

#define TIME(start, end)	.start_ns = start, .end_ns = end

static void near_misses_stay_apart(void **state)
{
	static const struct {
		struct finding	a, b;
		bool		linked;
	} rows[] = {
		{ { .kind = RESET, TIME(10 * S, 20 * S) }, { .kind = ENDLESS, TIME(21 * S, 30 * S) }, true },
		{ { .kind = RESET, TIME(10 * S, 20 * S) }, { .kind = ENDLESS, TIME(21 * S + 1, 30 * S) }, false },
		{ { .kind = RESET, TIME(10 * S, 20 * S) }, { .kind = ENDLESS, .node = 1, TIME(10 * S, 30 * S) }, false },
		{ { .kind = RESET, TIME(10 * S, 20 * S) }, { .kind = ENDLESS, .node = -1, TIME(10 * S, 30 * S) }, true },
		{ { .kind = RESET, TIME(10 * S, 20 * S), .cgroup_id = 5 },
		  { .kind = ENDLESS, TIME(10 * S, 30 * S), .cgroup_id = 6 }, false },
		{ { .kind = RESET, TIME(10 * S, 20 * S), .cgroup_id = 5 },
		  { .kind = ENDLESS, TIME(10 * S, 30 * S) }, true },
		{ { .kind = SPIN, TIME(10 * S, 20 * S) }, { .kind = ENDLESS, TIME(10 * S, 30 * S) }, false },
		/* the cause begins 10 s late; later than that it explains only what it covers half of */
		{ { .kind = RESET, TIME(20 * S, 21 * S) }, { .kind = ENDLESS, TIME(10 * S, 99 * S) }, true },
		{ { .kind = RESET, TIME(20 * S + 1, 21 * S) }, { .kind = ENDLESS, TIME(10 * S, 99 * S) }, false },
		{ { .kind = RESET, TIME(60 * S, 110 * S) }, { .kind = ENDLESS, TIME(10 * S, 110 * S) }, true },
		{ { .kind = RESET, TIME(60 * S, 109 * S) }, { .kind = ENDLESS, TIME(10 * S, 110 * S) }, false },
		/* one kind, two variants */
		{ { .kind = SPIN, TIME(10 * S, 20 * S) }, { .kind = SPIN, TIME(15 * S, 30 * S) }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct finding f[] = { rows[i].a, rows[i].b };

		f[0].own_severity = f[1].own_severity = SEVERITY_WARNING;
		link_all(f, 2);
		if ((f[0].incident == f[1].incident) != rows[i].linked)
			fail_msg("row %zu", i);
		assert_true(f[0].leads);
		assert_int_equal(f[1].leads, !rows[i].linked);
	}
}

/* kswapd that rests as it should explains no kill. */
static void information_explains_nothing(void **state)
{
	struct finding f[] = {
		found("hopeless-node", 10, 40, 0, SEVERITY_INFO), found("oom-storm", 20, 30, -1, SEVERITY_HIGH),
	};

	link_all(f, 2);
	assert_int_not_equal(f[0].incident, f[1].incident);
	f[0].own_severity = SEVERITY_WARNING;
	link_all(f, 2);
	assert_int_equal(f[0].incident, f[1].incident);
	assert_true(f[0].leads);
}

/* Of two causes the earlier leads, then the worse. */
static void of_several_causes_one_leads(void **state)
{
	struct finding f[] = {
		found("zsmalloc-fragmentation", 12, 40, -1, SEVERITY_HIGH), found("oom-storm", 20, 30, -1, SEVERITY_HIGH),
		found("hopeless-node", 11, 40, 0, SEVERITY_WARNING),
	};

	link_all(f, 3);
	assert_true(f[2].leads && !f[0].leads);
	assert_string_equal(f[1].caused_by, "hopeless-node");
	f[2].start_ns = 12 * S;
	link_all(f, 3);
	assert_true(f[0].leads && !f[2].leads);
}

/* The slab storm is the leader's by two steps; the second endless kswapd has another cause, and both are beside it. */
static void what_stands_beside_is_not_explained(void **state)
{
	struct finding f[] = {
		found(RESET, 10, 40, 0, SEVERITY_WARNING), found(ENDLESS, 11, 40, 0, SEVERITY_WARNING),
		found("slab-shrinker-storm", 12, 50, -1, SEVERITY_WARNING),
		found("memory-low-overcommit", 13, 60, 1, SEVERITY_WARNING), found(ENDLESS, 14, 60, 1, SEVERITY_WARNING),
	};
	struct incident incidents[5];

	link_all(f, 5);
	assert_int_equal(incidents_order(f, 5, incidents), 1);	/* joined by the slab storm, which has no node */
	assert_string_equal(f[0].kind, RESET);
	assert_false(incident_explains(f, 5, 0));
	assert_true(incident_explains(f, 5, 1));
	assert_true(incident_explains(f, 5, 2));
	assert_string_equal(f[3].kind, "memory-low-overcommit");
	assert_false(incident_explains(f, 5, 3));
	assert_false(incident_explains(f, 5, 4));
	assert_int_equal(incident_explained(&incidents[0], f), 2);
}

/* Nothing may be its own cause, by however many steps. */
static void no_link_leads_back(void **state)
{
	for (int from = 0; from < incident_nlinks; from++) {
		const char *reached[64] = { incident_links[from].effect };
		int n = 1;

		for (int k = 0; k < n; k++) {
			assert_string_not_equal(reached[k], incident_links[from].cause);
			for (int i = 0; i < incident_nlinks && n < 64; i++)
				if (!strcmp(incident_links[i].cause, reached[k]))
					reached[n++] = incident_links[i].effect;
		}
		assert_true(n < 64);
	}
}

/* --- severity --- */

static void decide(struct finding *f, const unsigned int *losses, int n)
{
	struct severity_case cases[8];
	struct thresholds th;

	thresholds_default(&th);
	link_all(f, n);
	for (int i = 0; i < n; i++)
		cases[i] = (struct severity_case){ &f[i], losses[i] };
	severity_decide(&th, 2, cases, n);
}

/* 10 s on two CPUs: 20 CPU-seconds. A quarter of that is 5 task-seconds. */
static void one_finding_by_what_it_cost(void **state)
{
	static const struct {
		unsigned int		losses;
		enum severity		own;
		double			psi_full;
		bool			timed, loss;
		double			direct_s, memcg_s;
		enum severity		severity;
		enum severity_basis	basis;
	} rows[] = {
		/* pressure */
		{ LOSS_DIRECT, SEVERITY_HIGH, 0.099, true, false, 30, 0, SEVERITY_WARNING, SEVERITY_BY_PSI },
		{ LOSS_DIRECT, SEVERITY_WARNING, 0.1, true, false, 30, 0, SEVERITY_HIGH, SEVERITY_BY_PSI },
		{ LOSS_DIRECT, SEVERITY_WARNING, 0.4, true, false, 1, 0, SEVERITY_HIGH, SEVERITY_BY_PSI },
		{ LOSS_DIRECT, SEVERITY_WARNING, 0.401, true, false, 1, 0, SEVERITY_CRITICAL, SEVERITY_BY_PSI },
		{ LOSS_DIRECT, SEVERITY_WARNING, 0.5, false, false, 0, 0, SEVERITY_CRITICAL, SEVERITY_BY_PSI },
		{ LOSS_BACKGROUND, SEVERITY_HIGH, 0.05, true, false, 0, 3, SEVERITY_WARNING, SEVERITY_BY_PSI },
		/* most was lost to something else: its own part of the time, and no more than the whole pressure */
		{ LOSS_DIRECT, SEVERITY_WARNING, 0.5, true, false, 6, 7, SEVERITY_HIGH, SEVERITY_BY_LOST_TIME },
		{ LOSS_DIRECT, SEVERITY_HIGH, 0.01, true, false, 6, 7, SEVERITY_WARNING, SEVERITY_BY_LOST_TIME },
		/* time lost */
		{ LOSS_DIRECT, SEVERITY_HIGH, -1, true, false, 4.99, 90, SEVERITY_WARNING, SEVERITY_BY_LOST_TIME },
		{ LOSS_DIRECT, SEVERITY_WARNING, -1, true, false, 5, 0, SEVERITY_HIGH, SEVERITY_BY_LOST_TIME },
		{ LOSS_DIRECT, SEVERITY_WARNING, -1, true, false, 20, 0, SEVERITY_HIGH, SEVERITY_BY_LOST_TIME },
		{ LOSS_DIRECT, SEVERITY_WARNING, -1, true, false, 20.1, 0, SEVERITY_CRITICAL, SEVERITY_BY_LOST_TIME },
		{ LOSS_DIRECT, SEVERITY_HIGH, -1, true, true, 1, 0, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		/* its harm is not in what was measured */
		{ LOSS_BACKGROUND, SEVERITY_HIGH, -1, true, false, 0, 90, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		{ LOSS_OTHER, SEVERITY_HIGH, 0.9, true, false, 90, 0, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		{ LOSS_DIRECT | LOSS_OTHER, SEVERITY_HIGH, 0.01, true, false, 9, 0, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		{ 0, SEVERITY_HIGH, 0.01, true, false, 9, 0, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		{ 0, SEVERITY_WARNING, 0.2, true, false, 9, 0, SEVERITY_HIGH, SEVERITY_BY_PSI },
		{ 0, SEVERITY_WARNING, -1, true, false, 3, 3, SEVERITY_HIGH, SEVERITY_BY_LOST_TIME },
		/* nothing is known, and a state that harms nobody */
		{ LOSS_DIRECT, SEVERITY_HIGH, -1, false, false, 0, 0, SEVERITY_HIGH, SEVERITY_BY_DETECTOR },
		{ LOSS_DIRECT, SEVERITY_INFO, 0.9, true, false, 90, 0, SEVERITY_INFO, SEVERITY_BY_DETECTOR },
		{ 0, SEVERITY_INFO, 0.9, true, false, 90, 0, SEVERITY_INFO, SEVERITY_BY_DETECTOR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct finding f = found("some-kind", 10, 20, -1, rows[i].own);

		f.impact.psi_full = rows[i].psi_full;
		f.impact.timed = rows[i].timed;
		f.loss = rows[i].loss;
		f.impact.lost_s[LOST_DIRECT] = rows[i].direct_s;
		f.impact.lost_s[LOST_MEMCG] = rows[i].memcg_s;
		decide(&f, &rows[i].losses, 1);
		if (f.severity != rows[i].severity || f.basis != rows[i].basis)
			fail_msg("row %zu: %s by %s", i, severity_name(f.severity), severity_basis_name(f.basis));
	}
}

/* The pressure is that of the spin: not of the resets beside it, nor of what the spin brought about. */
static void pressure_has_one_owner(void **state)
{
	struct finding f[] = {
		found(SPIN, 10, 20, 0, SEVERITY_WARNING), found(RESET, 10, 20, 0, SEVERITY_WARNING),
		found("compaction-thrash", 10, 20, 0, SEVERITY_WARNING), found("watermark-boost", 30, 40, 0, SEVERITY_WARNING),
	};
	const unsigned int losses[] = { LOSS_DIRECT, LOSS_BACKGROUND, LOSS_COMPACTION, 0 };

	for (int i = 0; i < 4; i++) {
		f[i].impact.psi_full = 0.5;
		f[i].impact.timed = true;
		f[i].impact.lost_s[LOST_DIRECT] = 9;
		f[i].impact.lost_s[LOST_COMPACTION] = 1;	/* 0.05 per CPU */
	}
	decide(f, losses, 4);
	assert_int_equal(f[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(f[1].severity, SEVERITY_WARNING);
	assert_int_equal(f[1].basis, SEVERITY_BY_DETECTOR);
	assert_int_equal(f[2].severity, SEVERITY_WARNING);
	assert_int_equal(f[2].basis, SEVERITY_BY_LOST_TIME);
	assert_int_equal(f[3].severity, SEVERITY_CRITICAL);	/* nobody else has the pressure of that time */
	f[0].start_ns = f[0].end_ns = 1 * S;			/* the spin was before: the resets have it */
	decide(f, losses, 4);
	assert_int_equal(f[1].severity, SEVERITY_CRITICAL);
	assert_int_equal(f[1].basis, SEVERITY_BY_PSI);
}

/* The reason has the number that decided, and whose it is. */
static void the_reason_is_what_decided(void **state)
{
	const unsigned int direct = LOSS_DIRECT;
	struct finding f = found("some-kind", 10, 20, -1, SEVERITY_WARNING);
	char reason[FINDING_REASON_BYTES];

	/* most was lost to something else, so the machine's 60 % are not its own: the cgroup's 20 % decide */
	f.impact = (struct finding_impact){ .psi_full = 0.6, .psi_cgroup = 0.2, .timed = true,
					    .lost_s = { [LOST_DIRECT] = 6, [LOST_MEMCG] = 7 }, .stalls = 99 };
	decide(&f, &direct, 1);
	assert_int_equal(f.severity, SEVERITY_HIGH);
	assert_string_equal(finding_severity_reason(&f, reason),
			    "by pressure: no task of the cgroup got on for 20.0 % of this time (PSI memory full)");
	f.impact.psi_cgroup = SHARE_UNKNOWN;
	decide(&f, &direct, 1);
	assert_string_equal(finding_severity_reason(&f, reason),
			    "by the time that tasks lost: 6.0 task-seconds in ways of its own sort, of 13.0 in 99 stalls");
	f.impact.psi_full = 0.05;
	decide(&f, &direct, 1);
	assert_int_equal(f.severity, SEVERITY_WARNING);
	assert_string_equal(finding_severity_reason(&f, reason),
			    "by the time that tasks lost: 6.0 task-seconds in ways of its own sort, of 13.0 in 99 stalls, "
			    "but no worse than the whole pressure (PSI memory full 5.0 %)");
	f.impact.lost_s[LOST_MEMCG] = 0;
	f.impact.psi_full = SHARE_UNKNOWN;
	f.impact.stalls = 0;			/* not known */
	decide(&f, &direct, 1);
	assert_string_equal(finding_severity_reason(&f, reason), "by the time that tasks lost: 6.0 task-seconds");
	f.impact.psi_full = 0.3;
	decide(&f, &direct, 1);
	assert_string_equal(finding_severity_reason(&f, reason),
			    "by pressure: no task got on for 30.0 % of this time (PSI memory full)");
}

/* Who brings a storm about does not suffer from it: its own pressure says nothing of the harm. */
static void the_pressure_of_a_culprit_does_not_count(void **state)
{
	struct finding f = found(RESET, 10, 20, 0, SEVERITY_WARNING);
	const unsigned int background = LOSS_BACKGROUND;

	f.cgroup_id = 7;
	f.impact.psi_cgroup = 0.9;
	f.impact.psi_full = 0.02;
	f.impact.timed = true;
	f.tasks_role = TASKS_CAUSED;
	decide(&f, &background, 1);
	assert_int_equal(f.severity, SEVERITY_WARNING);
	assert_int_equal(f.basis, SEVERITY_BY_PSI);
	assert_false(f.basis_cgroup);
	f.tasks_role = TASKS_AS_TITLED;
	decide(&f, &background, 1);
	assert_int_equal(f.severity, SEVERITY_CRITICAL);
	assert_true(f.basis_cgroup);
}

/* What its own cgroup waits counts for a finding, whoever has the machine's pressure. */
static void a_cgroup_has_its_own_pressure(void **state)
{
	struct finding f = found("memcg-high-loop", 10, 20, -1, SEVERITY_WARNING);
	const unsigned int losses = LOSS_MEMCG;

	f.cgroup_id = 7;
	f.impact.psi_cgroup = 0.3;
	f.impact.psi_full = 0.01;
	f.impact.timed = true;
	f.impact.lost_s[LOST_DIRECT] = 9;
	decide(&f, &losses, 1);
	assert_int_equal(f.severity, SEVERITY_HIGH);
	assert_int_equal(f.basis, SEVERITY_BY_PSI);
}

/* A detector that takes more than its part would leave the analysis without room. */
static void the_room_of_the_analysis_is_its_own(void **state)
{
	struct finding f = { .kind = "some-kind", .end_ns = S, .impact = { .timed = true, .stalls = 1 } };
	int status;
	pid_t pid;

	for (int i = 0; i < EVIDENCE_MAX; i++)
		finding_evidence(&f, "name", "unit", i);
	pid = fork();
	if (!pid) {
		fclose(stderr);
		finding_evidence(&f, "name", "unit", 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		f.impact.lost_s[kind] = f.impact.within_s[kind] = 1;
	finding_impact_evidence(&f, 1);		/* 4 shares, 2 sums, 4 kinds, 2 within, stalls, 3 of their lengths */
	assert_int_equal(f.nevidence, EVIDENCE_MAX + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cause_leads_what_it_explains),
		cmocka_unit_test(near_misses_stay_apart),
		cmocka_unit_test(information_explains_nothing),
		cmocka_unit_test(of_several_causes_one_leads),
		cmocka_unit_test(what_stands_beside_is_not_explained),
		cmocka_unit_test(no_link_leads_back),
		cmocka_unit_test(one_finding_by_what_it_cost),
		cmocka_unit_test(pressure_has_one_owner),
		cmocka_unit_test(the_reason_is_what_decided),
		cmocka_unit_test(the_pressure_of_a_culprit_does_not_count),
		cmocka_unit_test(a_cgroup_has_its_own_pressure),
		cmocka_unit_test(the_room_of_the_analysis_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
