// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - the state of swap devices. "zram0.mem_used_total" and "swap./dev/zram0.used" are of the same one; of
 * "disk.sda.write_sectors" only devices count that swap or are zram.
 */
#include <stdio.h>
#include <string.h>

#include "live/state.h"

static struct live_device *find(struct live_state *s, const char *name)
{
	for (uint32_t i = 0; i < s->ndevices; i++)
		if (!strcmp(s->devices[i].name, name))
			return &s->devices[i];
	return NULL;
}

static struct live_device *find_or_add(struct live_model *m, const char *name)
{
	struct live_state *s = &m->state;
	struct live_device *d = find(s, name);

	if (d || !*name)
		return d;
	if (s->ndevices == LIVE_DEVICES || strlen(name) >= sizeof(d->name)) {
		s->left_out++;
		return NULL;
	}
	d = &s->devices[s->ndevices++];
	snprintf(d->name, sizeof(d->name), "%s", name);
	return d;
}

static struct live_device *device_of(struct live_model *m, const char *head)
{
	char path[176];

	if (!strncmp(head, "zram", 4))
		return find_or_add(m, head);
	if (!strncmp(head, "swap.", 5))
		return find_or_add(m, strncmp(head + 5, "/dev/zram", 9) ? head + 5 : head + 10);
	if (strncmp(head, "disk.", 5))
		return NULL;
	snprintf(path, sizeof(path), "/dev/%s", head + 5);
	return find(&m->state, head + 5) ?: find(&m->state, path);
}

void live_device_sample(struct live_model *m, const struct sample *s)
{
	const char *dot = strrchr(s->name, '.');
	int number = dot ? counter_find(m->index, TABLE_DEVICE, dot + 1) : -1;
	struct live_device *d;
	char head[160];

	if (number < 0 || dot - s->name >= sizeof(head))
		return;
	memcpy(head, s->name, dot - s->name);
	head[dot - s->name] = '\0';
	d = device_of(m, head);
	if (d)
		counter_put(&d->counter[number], s->value);
}

void live_device_tick(struct live_model *m, double seconds)
{
	for (uint32_t i = 0; i < m->state.ndevices; i++)
		for (int c = 0; c < DC_COUNT; c++)
			counter_tick(&m->state.devices[i].counter[c], seconds);
}
