// SPDX-License-Identifier: GPL-2.0-only
/*
 * zone_table.c - see zone_table.h.
 */
#include "analyze/zone_table.h"

#include <string.h>

#define PREFIX	"zone."

const char *zone_counter(const char *sample_name, const char **zone, size_t *len)
{
	const char *name = sample_name + strlen(PREFIX), *dot;

	if (strncmp(sample_name, PREFIX, strlen(PREFIX)))
		return NULL;
	dot = strchr(name, '.');
	if (!dot)
		return NULL;
	*zone = name;
	*len = dot - name;
	return dot + 1;
}

static struct zone_row *row_of(struct zone_table *t, int32_t node, const char *name, size_t len)
{
	struct zone_row *z;

	for (int i = 0; i < t->n; i++) {
		z = &t->zone[i];
		if (z->node == node && !strncmp(z->name, name, len) && !z->name[len])
			return z;
	}
	if (t->n == ZONE_TABLE_ZONES)
		return NULL;
	z = &t->zone[t->n++];
	*z = (struct zone_row){ .node = node };
	memcpy(z->name, name, len);
	for (int i = 0; i < ZONE_TABLE_COUNTERS; i++)
		z->value[i] = -1;
	return z;
}

int zone_table_sample(struct zone_table *t, const char *const *names, const struct sample *sample)
{
	const char *zone, *counter;
	struct zone_row *z;
	int which = 0;
	size_t len;

	counter = zone_counter(sample->name, &zone, &len);
	if (!counter || len >= ZONE_NAME_BYTES)
		return -1;
	while (which < ZONE_TABLE_COUNTERS && strcmp(names[which], counter))
		which++;
	z = which < ZONE_TABLE_COUNTERS ? row_of(t, sample->node, zone, len) : NULL;
	if (!z)
		return -1;
	z->value[which] = sample->value;
	return which;
}
