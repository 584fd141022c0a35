// SPDX-License-Identifier: GPL-2.0-only
/*
 * feature.c - see feature.h. One function per feature that a trace can show, one line each in the table.
 */
#include "analyze/feature.h"

#include <stdio.h>
#include <string.h>

#include "kernel/feature.h"

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

static enum feature_state (*const detect[KF_COUNT])(const struct analysis *a, const char **how) = {
	[KF_KSWAPD_RESET_FIX] = kswapd_reset_fix,
	[KF_MEMCG_ID_IN_EVENTS] = memcg_id_in_events,
	[KF_BALANCE_PGDAT_EVENTS] = balance_pgdat_events,
	[KF_DEFRAG_MODE] = defrag_mode,
	[KF_DEFRAG_ORDER_PROMOTION] = order_promotion,
	[KF_DEFRAG_RETRIES_FOLLOW] = retries_follow_promotion,
};
_Static_assert(KF_COUNT <= FEATURES_MAX, "FEATURES_MAX is too small");

/* What the kernel told when it was recorded: "present: how" taken apart. */
static enum feature_state told_by_kernel(const struct analysis *a, const char *name, const char **how)
{
	static const enum feature_state states[] = { FEATURE_PRESENT, FEATURE_ABSENT };
	const char *value;
	char key[64];

	snprintf(key, sizeof(key), FEATURE_META "%s", name);
	value = analysis_meta(a, key);
	for (size_t i = 0; value && i < sizeof(states) / sizeof(states[0]); i++) {
		const char *state = feature_state_name(states[i]);
		size_t len = strlen(state);

		if (strncmp(value, state, len) || strncmp(value + len, ": ", 2))
			continue;
		*how = value + len + 2;
		return states[i];
	}
	return FEATURE_UNKNOWN;
}

static void conclude(const struct analysis *a, enum kernel_feature_id id, struct feature *out)
{
	const char *trace_how = "", *kernel_how = "";
	enum feature_state trace = detect[id] ? detect[id](a, &trace_how) : FEATURE_UNKNOWN, kernel;

	*out = (struct feature){ .name = kernel_feature_name(id), .state = trace };
	kernel = told_by_kernel(a, out->name, &kernel_how);
	if (kernel == FEATURE_UNKNOWN) {
		snprintf(out->how, sizeof(out->how), "%s", trace == FEATURE_UNKNOWN ? not_told : trace_how);
		return;
	}
	out->state = kernel;
	snprintf(out->how, sizeof(out->how), "%s%s%s", kernel_how,
		 trace == FEATURE_UNKNOWN || trace == kernel ? "" : "; but the recording looks otherwise: ",
		 trace == FEATURE_UNKNOWN || trace == kernel ? "" : trace_how);
}

int features_of(const struct analysis *a, struct feature *out)
{
	for (int id = 0; id < KF_COUNT; id++)
		conclude(a, id, &out[id]);
	return KF_COUNT;
}

const char *feature_state_name(enum feature_state state)
{
	static const char *const names[] = {
		[FEATURE_UNKNOWN] = "unknown", [FEATURE_PRESENT] = "present", [FEATURE_ABSENT] = "absent",
	};

	return names[state];
}
