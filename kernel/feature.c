// SPDX-License-Identifier: GPL-2.0-only
/*
 * feature.c - see feature.h. A feature is a row of clues. Any clue that finds it proves that it is there; that it is
 * missing is believed from a clue that had to show it. Clues that cannot be asked (no BTF, no tracefs) say nothing.
 */
#include "kernel/feature.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "kernel/btf.h"

#define CLUES_MAX	3

enum clue_kind {
	CLUE_NONE,
	CLUE_FUNCTION,		/* what */
	CLUE_MEMBER,		/* struct where has member what */
	CLUE_MEMBER_TYPE,	/* struct where's member what is of the type @type */
	CLUE_ENUMERATOR,	/* enum where has what */
	CLUE_EVENT,		/* tracefs events/where/what */
	CLUE_EVENT_BTF,		/* tracepoint what */
	CLUE_FIELD,		/* events/where/format has the field what */
	CLUE_PROC_FILE,		/* /proc/where/what; where is there in any case */
	CLUE_PROC_WORD,		/* a line of /proc/where begins with what */
	CLUE_SYS_WORD,		/* a line of /sys/where begins with what */
};

struct clue {
	enum clue_kind	kind;
	const char	*where;
	const char	*what;
	const char	*type;
	bool		only_proves;	/* that it is missing means nothing */
};

static const struct feature_row {
	const char	*name;
	const char	*about;
	struct clue	clues[CLUES_MAX];
} features[KF_COUNT] = {
	[KF_KSWAPD_FAILURES_ATOMIC] = {
		"kswapd-failures-atomic", "kswapd_failures is an atomic counter", {
			{ CLUE_MEMBER_TYPE, "pglist_data", "kswapd_failures", .type = "atomic_t" },
		},
	},
	[KF_KSWAPD_RESET_FIX] = {
		"kswapd-reset-fix", "kswapd_failures is reset only when the node is balanced", {
			{ CLUE_FUNCTION, NULL, "kswapd_try_clear_hopeless" },
			/* The events came with the fix, but a backport may leave them out. */
			{ CLUE_EVENT, "vmscan", "mm_vmscan_kswapd_clear_hopeless", .only_proves = true },
		},
	},
	[KF_KSWAPD_FAILURE_EVENTS] = {
		"kswapd-failure-events", "events of failed kswapd runs and of resets", {
			{ CLUE_EVENT, "vmscan", "mm_vmscan_kswapd_reclaim_fail" },
			{ CLUE_EVENT_BTF, NULL, "mm_vmscan_kswapd_reclaim_fail" },
		},
	},
	[KF_MEMCG_ID_IN_EVENTS] = {
		"memcg-id-in-reclaim-events", "reclaim events name the cgroup", {
			{ CLUE_FIELD, "vmscan/mm_vmscan_memcg_reclaim_begin", "memcg_id" },
			{ CLUE_MEMBER, "trace_event_raw_mm_vmscan_direct_reclaim_begin_template", "memcg_id" },
		},
	},
	[KF_BALANCE_PGDAT_EVENTS] = {
		"balance-pgdat-events", "events of begin and end of a kswapd run", {
			{ CLUE_EVENT, "vmscan", "mm_vmscan_balance_pgdat_begin" },
			{ CLUE_EVENT_BTF, NULL, "mm_vmscan_balance_pgdat_begin" },
		},
	},
	[KF_RECLAIM_PAGES_EVENT] = {
		"reclaim-pages-event", "event of reclaim by DAMON and MADV_PAGEOUT", {
			{ CLUE_EVENT, "vmscan", "mm_vmscan_reclaim_pages" },
			{ CLUE_EVENT_BTF, NULL, "mm_vmscan_reclaim_pages" },
		},
	},
	[KF_PER_NODE_RECLAIM_COUNTERS] = {
		"per-node-reclaim-counters", "pgscan and pgsteal are counted per node", {
			{ CLUE_ENUMERATOR, "node_stat_item", "PGSCAN_KSWAPD" },
			{ CLUE_SYS_WORD, "devices/system/node/node0/vmstat", "pgscan_kswapd" },
			{ CLUE_PROC_WORD, "zoneinfo", "pgscan_kswapd" },
		},
	},
	[KF_DEFRAG_MODE] = {
		"defrag-mode", "there is vm.defrag_mode", {
			{ CLUE_PROC_FILE, "sys/vm", "defrag_mode" },
			{ CLUE_ENUMERATOR, "zone_stat_item", "NR_FREE_PAGES_BLOCKS" },
		},
	},
	[KF_DEFRAG_ORDER_PROMOTION] = {
		"defrag-order-promotion", "small non-movable requests reclaim whole pageblocks", {
			{ CLUE_MEMBER, "capture_control", "order" },
		},
	},
	[KF_DEFRAG_RETRIES_FOLLOW] = {
		"defrag-retries-follow-promotion", "retries of such requests end", {
			{ CLUE_MEMBER, "alloc_context", "reclaim_compact_order" },
		},
	},
	[KF_MEMCG_ZSWAP_INCOMP] = {
		"memcg-zswap-incomp", "memory.stat counts incompressible zswap pages", {
			{ CLUE_ENUMERATOR, "memcg_stat_item", "MEMCG_ZSWAP_INCOMP" },
			/* Without zswap in the kernel the file says nothing of it. */
			{ CLUE_SYS_WORD, "fs/cgroup/memory.stat", "zswap_incomp", .only_proves = true },
		},
	},
	/* Posted, not merged (by 7.3). The names are those of the last posted series. */
	[KF_RAM_BACKED_SWAP_ESTIMATE] = {
		"ram-backed-swap-estimate", "reclaim retries do not count on swap in RAM", {
			{ CLUE_ENUMERATOR, "SWP_USED", "SWP_RAM_BACKED" },
			{ CLUE_FUNCTION, NULL, "swap_update_all_ram_backed", .only_proves = true },
		},
	},
	[KF_ZSWAP_PROACTIVE_WRITEBACK] = {
		"zswap-proactive-writeback", "a cgroup's zswap can be written back on request", {
			{ CLUE_ENUMERATOR, "vm_event_item", "ZSWPWB_PROACTIVE" },
			{ CLUE_PROC_WORD, "vmstat", "zswpwb_proactive" },
		},
	},
};

struct evidence {
	const struct kernel_paths	*paths;
	struct btf			*btf;		/* NULL: none */
};

/* 1 there, 0 not there although @dir is, negative errno when that cannot be told. */
static int ask_file(const char *base, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (!base)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s/%s", base, dir, name);
	if (!access(path, F_OK))
		return 1;
	if (errno != ENOENT)
		return -errno;
	snprintf(path, sizeof(path), "%s/%s", base, dir);
	return access(path, F_OK) ? -errno : 0;
}

static bool line_has_field(const char *line, const char *name)
{
	const char *end = strchr(line, ';');
	size_t len = strlen(name);

	/* "	field:u64 memcg_id;	offset:16;	size:8;	signed:0;" */
	return !strncmp(line, "\tfield:", 7) && end && end - line > len && !strncmp(end - len, name, len) &&
	       end[-(long)len - 1] == ' ';
}

static bool line_has_word(const char *line, const char *name)
{
	size_t len = strlen(name);

	line += strspn(line, " \t");
	return !strncmp(line, name, len) && (line[len] == ' ' || line[len] == '\n' || !line[len]);
}

static int ask_lines(const char *path, const char *name, bool (*match)(const char *line, const char *name))
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;
	int ret;

	if (!file)
		return -errno;
	while (!found && fgets(line, sizeof(line), file))
		found = match(line, name);
	ret = found ? 1 : ferror(file) ? -EIO : 0;
	fclose(file);
	return ret;
}

static int ask_word(const char *base, const char *name, const char *word)
{
	char path[PATH_MAX];

	if (!base)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s", base, name);
	return ask_lines(path, word, line_has_word);
}

static int ask_field(const char *events, const char *event, const char *field)
{
	char path[PATH_MAX];

	if (!events)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s/format", events, event);
	return ask_lines(path, field, line_has_field);
}

static int ask_btf(const struct btf *btf, const struct clue *clue)
{
	if (!btf)
		return -ENOENT;
	switch (clue->kind) {
	case CLUE_FUNCTION:
		return kernel_btf_has_function(btf, clue->what);
	case CLUE_MEMBER:
		return kernel_btf_has_member(btf, clue->where, clue->what);
	case CLUE_MEMBER_TYPE:
		return kernel_btf_member_is(btf, clue->where, clue->what, clue->type);
	case CLUE_ENUMERATOR:
		return kernel_btf_has_enumerator(btf, clue->where, clue->what);
	default:
		return kernel_btf_has_tracepoint(btf, clue->what);
	}
}

static int ask(const struct evidence *ev, const struct clue *clue)
{
	switch (clue->kind) {
	case CLUE_EVENT:
		return ask_file(ev->paths->events, clue->where, clue->what);
	case CLUE_FIELD:
		return ask_field(ev->paths->events, clue->where, clue->what);
	case CLUE_PROC_FILE:
		return ask_file(ev->paths->proc, clue->where, clue->what);
	case CLUE_PROC_WORD:
		return ask_word(ev->paths->proc, clue->where, clue->what);
	case CLUE_SYS_WORD:
		return ask_word(ev->paths->sys, clue->where, clue->what);
	default:
		return ask_btf(ev->btf, clue);
	}
}

/* What was seen, in words. */
static void tell(const struct clue *clue, bool found, char *out, size_t size)
{
	const char *is_missing = found ? "" : " is missing";
	const char *has = found ? "has" : "has no";

	switch (clue->kind) {
	case CLUE_FUNCTION:
		snprintf(out, size, "BTF: function %s%s", clue->what, is_missing);
		break;
	case CLUE_MEMBER:
		snprintf(out, size, "BTF: struct %s %s member %s", clue->where, found ? "has the" : "has no", clue->what);
		break;
	case CLUE_MEMBER_TYPE:
		snprintf(out, size, "BTF: %s in struct %s is %s %s", clue->what, clue->where, found ? "of type" : "no",
			 clue->type);
		break;
	case CLUE_ENUMERATOR:
		snprintf(out, size, "BTF: the enum %s%s %s %s", isupper(*clue->where) ? "of " : "", clue->where, has,
			 clue->what);
		break;
	case CLUE_EVENT:
		snprintf(out, size, "tracefs: event %s%s", clue->what, is_missing);
		break;
	case CLUE_EVENT_BTF:
		snprintf(out, size, "BTF: tracepoint %s%s", clue->what, is_missing);
		break;
	case CLUE_FIELD:
		snprintf(out, size, "tracefs: event %s %s field %s", strchr(clue->where, '/') + 1,
			 found ? "has the" : "has no", clue->what);
		break;
	case CLUE_PROC_FILE:
		snprintf(out, size, "/proc/%s/%s%s", clue->where, clue->what, found ? " is there" : is_missing);
		break;
	case CLUE_PROC_WORD:
		snprintf(out, size, "/proc/%s %s %s", clue->where, has, clue->what);
		break;
	case CLUE_SYS_WORD:
		snprintf(out, size, "/sys/%s %s %s", clue->where, has, clue->what);
		break;
	case CLUE_NONE:
		break;
	}
}

static void detect(const struct evidence *ev, const struct feature_row *row, struct kernel_feature *out)
{
	*out = (struct kernel_feature){ .name = row->name, .about = row->about };
	for (int i = 0; i < CLUES_MAX && row->clues[i].kind; i++) {
		const struct clue *clue = &row->clues[i];
		int answer = ask(ev, clue);

		if (answer == 1) {
			out->state = KERNEL_FEATURE_PRESENT;
			tell(clue, true, out->how, sizeof(out->how));
			return;
		}
		if (!answer && !clue->only_proves && out->state == KERNEL_FEATURE_UNKNOWN) {
			out->state = KERNEL_FEATURE_ABSENT;
			tell(clue, false, out->how, sizeof(out->how));
		}
	}
	if (out->state == KERNEL_FEATURE_UNKNOWN)
		snprintf(out->how, sizeof(out->how), "%s",
			 ev->btf ? "nothing that shows it can be read" :
			 ev->paths->events ? "without BTF nothing shows it" : "neither BTF nor tracefs can be read");
}

int kernel_features_detect(const struct kernel_paths *paths, struct kernel_feature *rows)
{
	struct evidence ev = { .paths = paths };

	if (paths->btf) {
		ev.btf = btf__parse(paths->btf, NULL);
		if (!ev.btf && errno == ENOMEM)
			return -ENOMEM;
	}
	for (int i = 0; i < KF_COUNT; i++)
		detect(&ev, &features[i], &rows[i]);
	btf__free(ev.btf);
	return 0;
}

const char *kernel_feature_name(enum kernel_feature_id id)
{
	return features[id].name;
}

const char *kernel_feature_state_name(enum kernel_feature_state state)
{
	static const char *const names[] = {
		[KERNEL_FEATURE_UNKNOWN] = "unknown", [KERNEL_FEATURE_PRESENT] = "present",
		[KERNEL_FEATURE_ABSENT] = "absent",
	};

	return names[state];
}
