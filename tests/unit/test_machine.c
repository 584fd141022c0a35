// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_machine.c - collect/machine.c, readiness.c and exposure.c on the trees of tests/fixtures/machine. Expected
 * values are read off those files by hand.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "collect/exposure.h"
#include "collect/machine.h"
#include "collect/readiness.h"

/* Tests are started in the source tree. */
static void read_fixture(const char *name, struct machine *m)
{
	char root[PATH_MAX], real[PATH_MAX];

	snprintf(root, sizeof(root), "tests/fixtures/machine/%s", name);
	if (!realpath(root, real))
		fail_msg("%s is not there: start this test in the source tree", root);
	machine_read(real, m);
}

static const struct readiness *ready(const struct machine *m, const char *name)
{
	static struct readiness rows[READINESS_MAX];
	int n = readiness_of(m, rows);

	for (int i = 0; i < n; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void assert_ready(const struct machine *m, const char *name, enum readiness_state state)
{
	const struct readiness *r = ready(m, name);

	if (r->state != state)
		fail_msg("%s is %s (%s)", name, readiness_state_name(r->state), r->why);
}

static void assert_exposed(const struct machine *m, const struct kernel_feature *features, const char *kind,
			   enum exposed wanted)
{
	struct exposure rows[EXPOSURES_MAX];
	int n = exposures_of(m, features, rows);

	for (int i = 0; i < n; i++) {
		if (strcmp(rows[i].kind, kind))
			continue;
		if (rows[i].exposed != wanted || !rows[i].why[0] || (wanted == EXPOSED_YES && !rows[i].todo[0]))
			fail_msg("%s is %s (%s)", kind, exposed_name(rows[i].exposed), rows[i].why);
		return;
	}
	fail_msg("no row %s", kind);
}

static void test_two_nodes(void **state)
{
	struct machine m;

	read_fixture("two-nodes", &m);
	assert_true(m.capabilities_known);
	assert_true(m.capabilities == 0x1ffffffffffull);
	assert_false(m.in_user_namespace);
	/* both mounts are there: the usual place wins, wherever it stands in the list */
	assert_non_null(strstr(m.tracefs_path, "/two-nodes/sys/kernel/tracing"));
	assert_int_equal(m.tracefs, ACCESS_OK);
	assert_true(m.events_readable);
	assert_true(m.clock_mono);
	assert_int_equal(m.debugfs, ACCESS_ABSENT);
	assert_int_equal(m.lockdown, LOCKDOWN_NONE);
	assert_int_equal(m.btf, ACCESS_ABSENT);
	assert_int_equal(m.psi, ACCESS_OK);
	assert_int_equal(m.nodes.count, 2);
	/* said by two zones, one node */
	assert_int_equal(m.nodes.hopeless, 1);
	assert_int_equal(m.nodes.hopeless_node, 1);
	assert_int_equal(m.nodes.boost_pages, 512 + 128);
	assert_int_equal(m.swap.devices, 2);
	assert_int_equal(m.swap.ram_devices, 1);
	assert_int_equal(m.swap.total_kb, 2 * 1048572);
	assert_int_equal(m.swap.used_kb, 2048 + 1024);
	assert_int_equal(m.zram.devices, 1);
	assert_int_equal(m.zram.used_bytes, 83886080);
	assert_int_equal(m.zswap.enabled, 0);
	assert_int_equal(m.ram_kb, 2000000);
	assert_int_equal(m.defrag_mode, 1);
	assert_int_equal(m.zone_reclaim_mode, 1);
	assert_true(readiness_can_record(&m));
	assert_ready(&m, "privileges", READY_OK);
	assert_ready(&m, "BTF", READY_MISSING);
	assert_ready(&m, "zswap", READY_UNUSED);
}

static void test_cgroups_v2(void **state)
{
	struct machine m;

	read_fixture("two-nodes", &m);
	assert_int_equal(m.cgroups.version, 2);
	assert_non_null(strstr(m.cgroups.path, "/two-nodes/sys/fs/cgroup"));
	assert_int_equal(m.cgroups.count, 4);		/* with the root */
	assert_int_equal(m.cgroups.with_high, 2);
	assert_int_equal(m.cgroups.at_high, 1);
	assert_int_equal(m.cgroups.with_max, 1);
	/* the larger of min and low, and of the top level only: 512 MiB and 1 GiB */
	assert_int_equal(m.cgroups.protected_bytes, 536870912ll + 1073741824);
}

static void test_cgroups_v1(void **state)
{
	struct machine m;

	read_fixture("cgroup-v1", &m);
	assert_int_equal(m.cgroups.version, 1);
	assert_non_null(strstr(m.cgroups.path, "/my memory"));
	assert_int_equal(m.cgroups.count, 3);
	assert_int_equal(m.cgroups.with_max, 1);
	assert_int_equal(m.cgroups.with_high, 0);
	assert_false(m.capabilities_known);
	assert_int_equal(m.zswap.enabled, MACHINE_ABSENT);
	assert_int_equal(m.swap.devices, 0);
	assert_ready(&m, "cgroups", READY_LIMITED);
	assert_ready(&m, "privileges", READY_UNKNOWN);
	assert_string_equal(ready(&m, "tracefs")->why, "this kernel has no tracefs");
}

static void test_zram_only(void **state)
{
	struct machine m;

	read_fixture("zram-only", &m);
	assert_int_equal(m.tracefs, ACCESS_ABSENT);
	assert_int_equal(m.lockdown, LOCKDOWN_CONFIDENTIALITY);
	assert_int_equal(m.psi, ACCESS_ABSENT);
	assert_true(m.in_user_namespace);
	assert_int_equal(m.swap.devices, 3);
	assert_int_equal(m.swap.ram_devices, 3);	/* one of them with a name that was deleted */
	assert_int_equal(m.zswap.enabled, 1);
	assert_int_equal(m.zswap.max_pool_percent, 10);
	assert_false(readiness_can_record(&m));
	assert_string_equal(ready(&m, "tracefs")->todo, "mount -t tracefs tracefs /sys/kernel/tracing");
	assert_ready(&m, "lockdown", READY_MISSING);
	assert_ready(&m, "privileges", READY_LIMITED);
	assert_non_null(strstr(ready(&m, "privileges")->why, "CAP_BPF"));
	assert_null(strstr(ready(&m, "privileges")->why, "CAP_DAC_OVERRIDE"));
	assert_non_null(strstr(ready(&m, "PSI")->todo, "psi=1"));
}

/* Of a tree without files nothing is known: no number is 0, and nothing is called exposed or safe. */
static void test_nothing(void **state)
{
	struct kernel_feature features[KF_COUNT] = { 0 };
	struct exposure rows[EXPOSURES_MAX];
	struct machine m;
	int n;

	machine_read("/nonexistent", &m);
	assert_int_equal(m.nodes.count, MACHINE_UNKNOWN);
	assert_int_equal(m.nodes.hopeless, MACHINE_UNKNOWN);
	assert_int_equal(m.swap.devices, MACHINE_UNKNOWN);
	assert_int_equal(m.zram.devices, MACHINE_UNKNOWN);
	assert_int_equal(m.zswap.enabled, MACHINE_UNKNOWN);
	assert_int_equal(m.defrag_mode, MACHINE_UNKNOWN);
	assert_int_equal(m.cgroups.version, 0);
	assert_false(readiness_can_record(&m));
	n = exposures_of(&m, features, rows);
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		if (rows[i].exposed != EXPOSED_UNKNOWN)
			fail_msg("%s is %s (%s)", rows[i].kind, exposed_name(rows[i].exposed), rows[i].why);
}

static void test_exposure_of_fixtures(void **state)
{
	struct kernel_feature features[KF_COUNT] = { 0 };
	struct machine m;

	read_fixture("two-nodes", &m);
	assert_exposed(&m, features, "hopeless-node", EXPOSED_YES);
	assert_exposed(&m, features, "watermark-boost", EXPOSED_YES);
	assert_exposed(&m, features, "node-reclaim", EXPOSED_YES);
	assert_exposed(&m, features, "memcg-high-loop", EXPOSED_YES);
	assert_exposed(&m, features, "ram-backed-swap-stall", EXPOSED_NO);
	assert_exposed(&m, features, "zswap-pool-limit", EXPOSED_NO);
	/* 1.5 of 1.9 GiB are 78 % */
	assert_exposed(&m, features, "endless-kswapd", EXPOSED_NO);
	/* 37 % of it is waste, but it is 4 % of RAM */
	assert_exposed(&m, features, "zsmalloc-fragmentation", EXPOSED_NO);

	read_fixture("zram-only", &m);
	assert_exposed(&m, features, "hopeless-node", EXPOSED_NO);
	assert_exposed(&m, features, "watermark-boost", EXPOSED_NO);
	assert_exposed(&m, features, "memcg-high-loop", EXPOSED_NO);
	assert_exposed(&m, features, "ram-backed-swap-stall", EXPOSED_YES);
	assert_exposed(&m, features, "zsmalloc-fragmentation", EXPOSED_YES);	/* half of 26 % of RAM */
	assert_exposed(&m, features, "zswap-pool-limit", EXPOSED_YES);		/* 85 of 100 MB */
	assert_exposed(&m, features, "zswap-shrinker-ineffective", EXPOSED_YES);
	assert_exposed(&m, features, "endless-kswapd", EXPOSED_YES);		/* 900 of 1024 MB */
	features[KF_RAM_BACKED_SWAP_ESTIMATE].state = KERNEL_FEATURE_PRESENT;
	assert_exposed(&m, features, "ram-backed-swap-stall", EXPOSED_NO);
}

static void test_exposure_to_the_spin(void **state)
{
	enum { U = KERNEL_FEATURE_UNKNOWN, P = KERNEL_FEATURE_PRESENT, A = KERNEL_FEATURE_ABSENT };
	static const struct {
		int		defrag_mode, feature, promotion, follow;
		enum exposed	exposed;
	} rows[] = {
		{ 0, P, A, A, EXPOSED_NO },
		{ 1, P, A, A, EXPOSED_YES },			/* a1 */
		{ 1, P, P, A, EXPOSED_YES },			/* a2 */
		{ 1, P, P, P, EXPOSED_YES },			/* a1-noio */
		{ 1, P, U, U, EXPOSED_UNKNOWN },
		{ 1, P, P, U, EXPOSED_UNKNOWN },
		{ MACHINE_UNKNOWN, A, A, A, EXPOSED_NO },	/* 6.12 */
		{ MACHINE_UNKNOWN, U, A, A, EXPOSED_UNKNOWN },
		{ MACHINE_UNKNOWN, P, A, A, EXPOSED_UNKNOWN },
	};
	struct kernel_feature features[KF_COUNT] = { 0 };
	struct machine m = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m.defrag_mode = rows[i].defrag_mode;
		features[KF_DEFRAG_MODE].state = rows[i].feature;
		features[KF_DEFRAG_ORDER_PROMOTION].state = rows[i].promotion;
		features[KF_DEFRAG_RETRIES_FOLLOW].state = rows[i].follow;
		assert_exposed(&m, features, "nonmovable-reclaim-spin", rows[i].exposed);
	}
}

static void test_exposure_to_resets(void **state)
{
	enum { U = KERNEL_FEATURE_UNKNOWN, P = KERNEL_FEATURE_PRESENT, A = KERNEL_FEATURE_ABSENT };
	static const struct {
		int		fix, nodes, version, with_high, with_max;
		enum exposed	exposed;
	} rows[] = {
		{ A, 2, 2, 1, 0, EXPOSED_YES },
		{ A, 2, 2, 0, 1, EXPOSED_YES },
		{ A, 2, 1, 0, 1, EXPOSED_YES },
		{ A, 2, 2, 0, 0, EXPOSED_NO },
		{ A, 1, 2, 1, 1, EXPOSED_NO },
		{ A, 2, 0, 0, 0, EXPOSED_UNKNOWN },
		{ A, MACHINE_UNKNOWN, 2, 1, 0, EXPOSED_UNKNOWN },
		{ P, 2, 2, 1, 1, EXPOSED_NO },
		{ U, 2, 2, 1, 1, EXPOSED_UNKNOWN },
	};
	struct kernel_feature features[KF_COUNT] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m = {
			.nodes.count = rows[i].nodes,
			.cgroups = { .version = rows[i].version, .with_high = rows[i].with_high, .with_max = rows[i].with_max },
		};

		features[KF_KSWAPD_RESET_FIX].state = rows[i].fix;
		assert_exposed(&m, features, "spurious-kswapd-reset", rows[i].exposed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_nodes),
		cmocka_unit_test(test_cgroups_v2),
		cmocka_unit_test(test_cgroups_v1),
		cmocka_unit_test(test_zram_only),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_exposure_of_fixtures),
		cmocka_unit_test(test_exposure_to_the_spin),
		cmocka_unit_test(test_exposure_to_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
