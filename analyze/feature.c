// SPDX-License-Identifier: GPL-2.0-only
/*
 * feature.c - see feature.h. One function per row, one line per row in the table.
 */
#include "analyze/feature.h"

static const char not_told[] = "the recording does not tell";

static bool seen(const struct analysis *a, enum tracepoint tp)
{
	return analysis_facts(a)->seen[tp];
}

static enum feature_state kswapd_reset_fix(const struct analysis *a, const char **how)
{
	if (seen(a, TP_KSWAPD_RECLAIM_FAIL) || seen(a, TP_KSWAPD_CLEAR_HOPELESS)) {
		*how = "events kswapd_reclaim_fail and kswapd_clear_hopeless came with the fix";
		return FEATURE_PRESENT;
	}
	if (analysis_found(a, "spurious-kswapd-reset", "runs")) {
		*how = "kswapd_failures was reset while the node was unbalanced";
		return FEATURE_ABSENT;
	}
	return FEATURE_UNKNOWN;
}

static enum feature_state memcg_id_in_events(const struct analysis *a, const char **how)
{
	*how = "fields of the reclaim_begin events";
	switch (analysis_totals(a)->memcg_id_field) {
	case FIELD_SEEN:
		return FEATURE_PRESENT;
	case FIELD_MISSING:
		return FEATURE_ABSENT;
	case FIELD_NOT_KNOWN:
		break;
	}
	return FEATURE_UNKNOWN;
}

static enum feature_state balance_pgdat_events(const struct analysis *a, const char **how)
{
	*how = "event mm_vmscan_balance_pgdat_begin";
	return seen(a, TP_BALANCE_PGDAT_BEGIN) ? FEATURE_PRESENT : FEATURE_UNKNOWN;
}

static enum feature_state defrag_mode(const struct analysis *a, const char **how)
{
	if (analysis_totals(a)->chains_promoted || analysis_found(a, "nonmovable-reclaim-spin", "a1") ||
	    analysis_found(a, "nonmovable-reclaim-spin", "a1-noio")) {
		*how = "requests behaved as under vm.defrag_mode=1";
		return FEATURE_PRESENT;
	}
	return FEATURE_UNKNOWN;
}

static enum feature_state order_promotion(const struct analysis *a, const char **how)
{
	if (analysis_totals(a)->chains_promoted) {
		*how = "direct reclaim ran at a higher order than its request";
		return FEATURE_PRESENT;
	}
	if (analysis_found(a, "nonmovable-reclaim-spin", "a1")) {
		*how = "small non-movable requests reclaimed at their own order and did not end";
		return FEATURE_ABSENT;
	}
	return FEATURE_UNKNOWN;
}

static enum feature_state retries_follow_promotion(const struct analysis *a, const char **how)
{
	if (analysis_totals(a)->chains_promoted_counted) {
		*how = "no_progress_loops rose although the promoted request had just reclaimed pages";
		return FEATURE_PRESENT;
	}
	if (analysis_found(a, "nonmovable-reclaim-spin", "a2")) {
		*how = "retries of promoted requests that freed nothing counted as progress";
		return FEATURE_ABSENT;
	}
	return FEATURE_UNKNOWN;
}

static const struct feature_row {
	const char		*name;
	enum feature_state	(*detect)(const struct analysis *a, const char **how);
} rows[] = {
	{ "kswapd-reset-fix", kswapd_reset_fix },
	{ "memcg-id-in-reclaim-events", memcg_id_in_events },
	{ "balance-pgdat-events", balance_pgdat_events },
	{ "defrag-mode", defrag_mode },
	{ "defrag-order-promotion", order_promotion },
	{ "defrag-retries-follow-promotion", retries_follow_promotion },
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FEATURES_MAX, "FEATURES_MAX is too small");

int features_of(const struct analysis *a, struct feature *out)
{
	int n = sizeof(rows) / sizeof(rows[0]);

	for (int i = 0; i < n; i++) {
		const char *how = not_told;
		enum feature_state state = rows[i].detect(a, &how);

		out[i] = (struct feature){ rows[i].name, state, state == FEATURE_UNKNOWN ? not_told : how };
	}
	return n;
}

const char *feature_state_name(enum feature_state state)
{
	static const char *const names[] = {
		[FEATURE_UNKNOWN] = "unknown", [FEATURE_PRESENT] = "present", [FEATURE_ABSENT] = "absent",
	};

	return names[state];
}
