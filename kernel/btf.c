// SPDX-License-Identifier: GPL-2.0-only
/*
 * btf.c - see btf.h.
 */
#include "kernel/btf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/btf.h>

#define NESTING_MAX	8	/* unnamed structs inside each other; the kernel's deepest have 4 */

static const char *name_at(const struct btf *btf, __u32 offset)
{
	return btf__name_by_offset(btf, offset) ?: "";
}

int kernel_btf_has_function(const struct btf *btf, const char *name)
{
	__u32 count = btf__type_cnt(btf);
	int answer = -ENOENT;

	for (__u32 id = 1; id < count && answer != 1; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (type && btf_is_func(type))
			answer = !strcmp(name_at(btf, type->name_off), name);
	}
	return answer;
}

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type, const char *name,
					    int nesting)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const char *member_name = name_at(btf, member->name_off);
		const struct btf_type *inner;
		const struct btf_member *found;

		if (!strcmp(member_name, name))
			return member;
		inner = *member_name ? NULL : btf__type_by_id(btf, member->type);
		if (!inner || !btf_is_composite(inner) || nesting == NESTING_MAX)
			continue;
		found = find_member(btf, inner, name, nesting + 1);
		if (found)
			return found;
	}
	return NULL;
}

/* The first struct of that name that has the member; @known says whether there is any struct of that name. */
static const struct btf_member *member_of(const struct btf *btf, const char *struct_name, const char *name, bool *known)
{
	__u32 count = btf__type_cnt(btf);

	*known = false;
	for (__u32 id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const struct btf_member *member;

		if (!type || !btf_is_struct(type) || strcmp(name_at(btf, type->name_off), struct_name))
			continue;
		*known = true;
		member = find_member(btf, type, name, 0);
		if (member)
			return member;
	}
	return NULL;
}

int kernel_btf_has_member(const struct btf *btf, const char *struct_name, const char *member)
{
	bool known;
	bool found = member_of(btf, struct_name, member, &known);

	return known ? found : -ENOENT;
}

int kernel_btf_member_is(const struct btf *btf, const char *struct_name, const char *member, const char *type)
{
	bool known;
	const struct btf_member *found = member_of(btf, struct_name, member, &known);
	const struct btf_type *t = found ? btf__type_by_id(btf, found->type) : NULL;

	return t ? !strcmp(name_at(btf, t->name_off), type) : -ENOENT;
}

static bool enum_lists(const struct btf *btf, const struct btf_type *type, const char *name)
{
	for (int i = 0; i < btf_vlen(type); i++) {
		__u32 offset = btf_is_enum(type) ? btf_enum(type)[i].name_off : btf_enum64(type)[i].name_off;

		if (!strcmp(name_at(btf, offset), name))
			return true;
	}
	return false;
}

int kernel_btf_has_enumerator(const struct btf *btf, const char *enum_name, const char *enumerator)
{
	__u32 count = btf__type_cnt(btf);
	int answer = -ENOENT;

	for (__u32 id = 1; id < count && answer != 1; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (!type || !btf_is_any_enum(type))
			continue;
		if (!strcmp(name_at(btf, type->name_off), enum_name) || enum_lists(btf, type, enum_name))
			answer = enum_lists(btf, type, enumerator);
	}
	return answer;
}

int kernel_btf_has_tracepoint(const struct btf *btf, const char *name)
{
	char type_name[128];

	/* The kernel makes a typedef for each tracepoint's handler. kswapd_wake is as old as the vmscan events. */
	if (btf__find_by_name_kind(btf, "btf_trace_mm_vmscan_kswapd_wake", BTF_KIND_TYPEDEF) <= 0)
		return -ENOENT;
	snprintf(type_name, sizeof(type_name), "btf_trace_%s", name);
	return btf__find_by_name_kind(btf, type_name, BTF_KIND_TYPEDEF) > 0;
}
