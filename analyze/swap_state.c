// SPDX-License-Identifier: GPL-2.0-only
/*
 * swap_state.c - see swap_state.h. Names are those of collect/sampler.h; each file's counters are one table.
 */
#include "analyze/swap_state.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/zone_table.h"

#define PAGE_BYTES_DEFAULT	4096
#define VALUE_MAX		(1ll << 50)	/* more is damage; sums of so many devices and zones stay below 2^63 */

struct counter_name {
	const char	*name;
	size_t		at;
};

#define AT(type, member, name)	{ name, offsetof(struct type, member) }

static const struct counter_name zram_names[] = {
	AT(zram_counters, orig, "orig_data_size"),
	AT(zram_counters, compr, "compr_data_size"),
	AT(zram_counters, used, "mem_used_total"),
	AT(zram_counters, limit, "mem_limit"),
	AT(zram_counters, compacted_pages, "pages_compacted"),
	AT(zram_counters, huge_pages, "huge_pages"),
	AT(zram_counters, written, "bd_writes"),
	{ NULL },
};

static const struct counter_name zone_names[] = {
	AT(zone_counters, free, "free"),
	AT(zone_counters, min, "min"),
	AT(zone_counters, low, "low"),
	AT(zone_counters, high, "high"),
	AT(zone_counters, managed, "managed"),
	AT(zone_counters, active_anon, "nr_zone_active_anon"),
	AT(zone_counters, inactive_anon, "nr_zone_inactive_anon"),
	AT(zone_counters, active_file, "nr_zone_active_file"),
	AT(zone_counters, inactive_file, "nr_zone_inactive_file"),
	{ NULL },
};

static const struct counter_name system_names[] = {
	AT(system_counters, free, "nr_free_pages"),
	AT(system_counters, dirty, "nr_dirty"),
	AT(system_counters, writeback, "nr_writeback"),
	AT(system_counters, mem_total, "MemTotal"),
	AT(system_counters, swap_free, "SwapFree"),
	AT(system_counters, oom_kill, "oom_kill"),
	AT(system_counters, full_us, "psi.memory.full.total"),
	{ NULL },
};

static void set(struct counter *c, int64_t value)
{
	*c = (struct counter){ value < 0 ? 0 : value > VALUE_MAX ? VALUE_MAX : value, true };
}

static void set_named(const struct counter_name *names, void *counters, const char *name, int64_t value)
{
	for (; names->name; names++)
		if (!strcmp(names->name, name)) {
			set((struct counter *)((char *)counters + names->at), value);
			return;
		}
}

/* "zram3.orig_data_size": 3 and what is behind the dot; NULL when it is none. */
static const char *zram_counter(const char *name, int *number)
{
	char *end;
	long n;

	if (strncmp(name, "zram", 4) || name[4] < '0' || name[4] > '9')
		return NULL;
	n = strtol(name + 4, &end, 10);
	if (*end != '.' || n > INT32_MAX)
		return NULL;
	*number = n;
	return end + 1;
}

static struct zram_device *zram_at(struct swap_state *s, int number)
{
	for (int i = 0; i < s->nzram; i++)
		if (s->zram[i].number == number)
			return &s->zram[i];
	if (s->nzram == ZRAM_DEVICES_MAX)
		return NULL;
	s->zram[s->nzram] = (struct zram_device){ .number = number };
	return &s->zram[s->nzram++];
}

/* "swap./dev/zram0.size" */
static void swap_device_sample(struct swap_state *s, const char *name, int64_t value)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot ? dot - name : 0;
	int i;

	if (!dot || strcmp(dot, ".size"))
		return;
	if (len >= SWAP_NAME_BYTES) {	/* a file, which is all that matters */
		name += len - SWAP_NAME_BYTES + 1;
		len = SWAP_NAME_BYTES - 1;
	}
	for (i = 0; i < s->ndevices; i++)
		if (strlen(s->device[i].name) == len && !memcmp(s->device[i].name, name, len))
			break;
	if (i == SWAP_DEVICES_MAX) {
		s->devices_left_out = true;
		return;
	}
	if (i == s->ndevices)
		snprintf(s->device[s->ndevices++].name, SWAP_NAME_BYTES, "%.*s", (int)len, name);
	set(&s->device[i].size, value);
}

static void device_sample(struct swap_state *s, const struct sample *sample)
{
	const char *counter;
	int number;

	if (!strncmp(sample->name, "swap.", 5)) {
		swap_device_sample(s, sample->name + 5, sample->value);
		return;
	}
	counter = zram_counter(sample->name, &number);
	if (counter) {
		struct zram_device *dev = zram_at(s, number);

		if (dev)
			set_named(zram_names, &dev->now, counter, sample->value);
	}
}

static struct swap_zone *zone_at(struct swap_state *s, int32_t node, const char *name, size_t len)
{
	struct swap_zone *z;

	for (int i = 0; i < s->nzones; i++) {
		z = &s->zone[i];
		if (z->node == node && strlen(z->name) == len && !memcmp(z->name, name, len))
			return z;
	}
	if (s->nzones == SWAP_ZONES_MAX || len >= sizeof(z->name))
		return NULL;
	z = &s->zone[s->nzones++];
	*z = (struct swap_zone){ .node = node };
	memcpy(z->name, name, len);
	return z;
}

/* "zone.Normal.free" */
static void zone_sample(struct swap_state *s, const struct sample *sample)
{
	size_t len;
	const char *name, *counter = zone_counter(sample->name, &name, &len);
	struct swap_zone *z = counter ? zone_at(s, sample->node, name, len) : NULL;

	if (!z)
		return;
	if (strncmp(counter, "protection.", 11))
		set_named(zone_names, &z->now, counter, sample->value);
	else if (!z->now.reserve.known || sample->value > z->now.reserve.value)
		set(&z->now.reserve, sample->value);	/* grows with the zone index */
}

void swap_state_sample(struct swap_state *s, const struct sample *sample)
{
	if (sample->scope == SCOPE_SYSTEM)
		set_named(system_names, &s->system, sample->name, sample->value);
	else if (sample->scope == SCOPE_ZONE)
		zone_sample(s, sample);
	else if (sample->scope == SCOPE_DEVICE)
		device_sample(s, sample);
}

void swap_state_meta(struct swap_state *s, const char *key, const char *value)
{
	const char *name;
	long bytes;
	int number;

	if (!strcmp(key, "page_size")) {
		bytes = strtol(value, NULL, 10);
		if (bytes >= 4096 && bytes <= 65536)
			s->page_bytes = bytes;
		return;
	}
	name = zram_counter(key, &number);
	/* "backing_dev@TS" too: one that was set up while we recorded. */
	if (name && !strncmp(name, "backing_dev", 11) && number < ZRAM_DEVICES_MAX)
		s->backing_dev[number] = strcmp(value, "none") != 0;
}

uint64_t swap_state_page_bytes(const struct swap_state *s)
{
	return s->page_bytes ?: PAGE_BYTES_DEFAULT;
}

/* /dev/zram0 or /dev/ram0 (brd). What lies on them by way of a file or of device mapper is not seen. */
static bool in_ram(const struct swap_state *s, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *digits = !strncmp(name, "zram", 4) ? name + 4 : !strncmp(name, "ram", 3) ? name + 3 : NULL;
	int number;

	if (!digits || !*digits || digits[strspn(digits, "0123456789")])
		return false;
	if (*name == 'r')
		return true;
	number = atoi(digits);
	for (int i = 0; i < s->nzram; i++)
		if (s->zram[i].number == number && s->zram[i].now.written.value > 0)
			return false;
	return number >= ZRAM_DEVICES_MAX || !s->backing_dev[number];
}

enum swap_backing swap_state_backing(const struct swap_state *s)
{
	bool ram = false;

	if (s->devices_left_out)
		return SWAP_NOT_KNOWN;
	for (int i = 0; i < s->ndevices; i++) {
		if (!s->device[i].size.value)
			continue;
		if (!in_ram(s, s->device[i].name))
			return SWAP_ELSEWHERE;
		ram = true;
	}
	if (ram)
		return SWAP_RAM;
	return s->ndevices || s->system.swap_free.known ? SWAP_OFF : SWAP_NOT_KNOWN;
}

bool swap_state_zram(const struct swap_state *s, struct zram_totals *out)
{
	bool told = false, unlimited = false;

	*out = (struct zram_totals){ 0 };
	for (int i = 0; i < s->nzram; i++) {
		const struct zram_counters *c = &s->zram[i].now;

		if (!c->orig.known || !c->compr.known || !c->used.known)
			continue;
		told = true;
		out->orig += c->orig.value;
		out->compr += c->compr.value;
		out->used += c->used.value;
		out->limit += c->limit.value;
		out->compacted_pages += c->compacted_pages.value;
		out->huge_pages += c->huge_pages.value;
		unlimited |= c->orig.value && !c->limit.value;
	}
	if (unlimited)
		out->limit = 0;
	return told;
}

bool swap_state_zones(const struct swap_state *s, struct zone_totals *out)
{
	bool any = false;

	*out = (struct zone_totals){ .unbalanced = true, .below_min = true, .hopeless_without_anon = true };
	for (int i = 0; i < s->nzones; i++) {
		const struct zone_counters *c = &s->zone[i].now;
		int64_t file = c->active_file.value + c->inactive_file.value;

		if (c->managed.known && !c->managed.value)
			continue;	/* no memory in it, and no more lines about it */
		if (!c->free.known || !c->min.known || !c->low.known || !c->active_anon.known ||
		    !c->inactive_anon.known || !c->active_file.known || !c->inactive_file.known)
			return false;
		any = true;
		out->free += c->free.value;
		out->min += c->min.value;
		out->anon += c->active_anon.value + c->inactive_anon.value;
		out->file += file;
		out->unbalanced &= c->free.value <= (c->high.known ? c->high.value : c->low.value) + c->reserve.value;
		out->below_min &= c->free.value <= c->min.value + c->reserve.value;
		out->hopeless_without_anon &= file + c->free.value <= c->min.value + c->reserve.value;
	}
	return any;
}
