// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample_series.c - see sample_series.h. The hash of names is asked only when a series is new.
 */
#include "collect/sample_series.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct interned {
	UT_hash_handle	hh;
	char		text[];
};

struct series_names {
	struct interned	*all;
	uint32_t	count;
	uint32_t	epoch;		/* from 1; what was sent in an earlier one is sent again */
	uint64_t	dropped;
};

int series_names_new(struct series_names **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->epoch = 1;
	return 0;
}

void series_names_forget(struct series_names *names)
{
	names->epoch++;
}

void series_names_free(struct series_names *names)
{
	struct interned *name, *next;

	if (!names)
		return;
	HASH_ITER(hh, names->all, name, next) {
		HASH_DEL(names->all, name);
		free(name);
	}
	free(names);
}

uint64_t series_names_dropped(const struct series_names *names)
{
	return names->dropped;
}

static const char *intern(struct series_names *names, const char *text, size_t len)
{
	struct interned *name;

	HASH_FIND(hh, names->all, text, len, name);
	if (name)
		return name->text;
	name = names->count < SERIES_NAMES_MAX ? malloc(sizeof(*name) + len + 1) : NULL;
	if (!name)
		return NULL;
	memcpy(name->text, text, len);
	name->text[len] = '\0';
	HASH_ADD_KEYPTR(hh, names->all, name->text, len, name);
	if (!name->hh.tbl) {
		free(name);
		return NULL;
	}
	names->count++;
	return name->text;
}

const char *series_name(struct series_names *names, const char *head, const char *name, size_t len)
{
	char text[SERIES_NAME_BYTES];
	int bytes = snprintf(text, sizeof(text), "%s%.*s", head, (int)(len < sizeof(text) ? len : sizeof(text)), name);

	return bytes < (int)sizeof(text) ? intern(names, text, bytes) : NULL;
}

/* --- sets --- */

void series_set_release(struct series_set *set)
{
	free(set->slots);
	set->slots = NULL;
	set->nslots = set->capacity = 0;
}

static bool slot_is(const struct series_slot *slot, const char *head, const struct series_value *v)
{
	return slot->name_bytes == v->len && slot->head == head && slot->node == v->node &&
	       !memcmp(slot->name + slot->head_bytes, v->name, v->len);
}

static struct series_slot *slot_find(const struct series_set *set, const struct series_value *v)
{
	for (uint32_t i = set->next; i < set->nslots; i++)
		if (slot_is(&set->slots[i], set->head, v))
			return &set->slots[i];
	for (uint32_t i = 0; i < set->next && i < set->nslots; i++)
		if (slot_is(&set->slots[i], set->head, v))
			return &set->slots[i];
	return NULL;
}

/* Room for one more of @count in an array, doubled from 8 up to @max. NULL: none, the array is as it was. */
static void *grow(void *array, uint32_t count, uint32_t *capacity, uint32_t max, size_t bytes)
{
	uint32_t wanted = *capacity ? *capacity * 2 : 8;
	void *larger;

	if (count < *capacity)
		return array;
	if (count >= max)
		return NULL;
	larger = reallocarray(array, wanted, bytes);
	if (larger)
		*capacity = wanted;
	return larger;
}

static const char *unit_of(const struct series_unit *unit, const char *name)
{
	while (strncmp(name, unit->begins, strlen(unit->begins)))
		unit++;
	return unit->unit;
}

static struct series_slot *slot_add(struct series_set *set, const struct series_value *v)
{
	const char *name = series_name(set->names, set->head, v->name, v->len);
	struct series_slot *slots = NULL;
	size_t head_bytes = strlen(set->head);

	if (name)
		slots = grow(set->slots, set->nslots, &set->capacity, SERIES_SET_MAX, sizeof(*slots));
	if (!slots) {
		set->names->dropped++;
		return NULL;
	}
	set->slots = slots;
	slots += set->nslots++;
	*slots = (struct series_slot){
		.name = name,
		.head = set->head,
		.unit = unit_of(set->shape->units, v->len ? name + head_bytes : name),
		.node = v->node,
		.head_bytes = head_bytes,
		.name_bytes = v->len,
	};
	return slots;
}

static int send_value(const struct series_set *set, const struct series_slot *slot, const struct sample_out *out)
{
	const struct sample sample = {
		.ts = out->ts,
		.scope = set->shape->scope,
		.node = slot->node,
		.cgroup_id = set->cgroup_id,
		.name = slot->name,
		.unit = slot->unit,
		.value = slot->value,
	};

	return SINK_CALL(out->sink, sample, &sample);
}

void series_put_value(struct series_set *set, const struct series_value *v, struct sample_out *out)
{
	struct series_slot *slot = slot_find(set, v);

	if (!slot)
		slot = slot_add(set, v);
	if (!slot)
		return;
	set->next = slot - set->slots + 1;
	out->values++;
	if (out->error || (slot->sent == set->names->epoch && slot->value == (int64_t)v->value))
		return;
	slot->value = v->value;
	slot->sent = set->names->epoch;
	out->error = send_value(set, slot, out);
}

bool series_last(const struct series_set *set, const char *head, const char *name, uint64_t *value)
{
	size_t head_len = strlen(head), len = strlen(name);

	for (uint32_t i = 0; i < set->nslots; i++) {
		const struct series_slot *slot = &set->slots[i];

		if (slot->sent && slot->name_bytes == len && slot->head_bytes == head_len &&
		    !strcmp(slot->name + head_len, name) && !memcmp(slot->name, head, head_len)) {
			*value = slot->value;
			return true;
		}
	}
	return false;
}

/* --- groups --- */

void series_group_release(struct series_group *group)
{
	for (uint32_t i = 0; i < group->nmembers; i++)
		series_set_release(&group->members[i].set);
	free(group->members);
	group->members = NULL;
	group->nmembers = group->capacity = 0;
}

static bool member_is(const struct series_member *m, int32_t node, const char *name, size_t len)
{
	return m->set.node == node && !strncmp(m->name, name, len) && !m->name[len];
}

static struct series_member *member_find(const struct series_group *group, int32_t node, const char *name, size_t len)
{
	for (uint32_t n = 0; n < group->nmembers; n++) {
		struct series_member *m = &group->members[(group->next + n) % group->nmembers];

		if (member_is(m, node, name, len))
			return m;
	}
	return NULL;
}

static struct series_member *member_add(struct series_group *group, int32_t node, const char *name, size_t len)
{
	const char *own = series_name(group->names, "", name, len), *head = NULL;
	char text[SERIES_NAME_BYTES];
	struct series_member *members = NULL;

	if (own && snprintf(text, sizeof(text), "%s%s.", group->before, own) < (int)sizeof(text))
		head = series_name(group->names, "", text, strlen(text));
	if (head)
		members = grow(group->members, group->nmembers, &group->capacity, SERIES_GROUP_MAX, sizeof(*members));
	if (!members) {
		group->names->dropped++;
		return NULL;
	}
	group->members = members;
	members += group->nmembers++;
	*members = (struct series_member){
		.name = own,
		.set = { .shape = group->shape, .names = group->names, .head = head, .node = node },
	};
	return members;
}

struct series_set *series_group_at(struct series_group *group, int32_t node, const char *name, size_t len)
{
	struct series_member *m = member_find(group, node, name, len);

	if (!m)
		m = member_add(group, node, name, len);
	if (!m)
		return NULL;
	group->next = m - group->members + 1;
	m->seen = group->round;
	series_begin(&m->set);
	return &m->set;
}
