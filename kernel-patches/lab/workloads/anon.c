// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon.c - takes anonymous memory and keeps it until it is killed.
 *
 *   anon -m MIB [-r]               so much; -r fills it with bytes that do not compress
 *   anon -n NODE [-g MIB]          from NODE only, until its free memory is halfway between the watermarks min and low
 *                                  of its largest zone, and MIB more (0)
 *
 * Says "anon filled MIB" when it has it. The job metric is the time of the first touch of a page.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "metric.h"

#define PAGE_BYTES	4096u
#define STEP_BYTES	(1u << 20)
#define MPOL_BIND	2

struct options {
	unsigned long	mib, gap_mib;
	int		node;		/* -1: any */
	bool		random;
};

/* One zone's share of /proc/zoneinfo, in pages. */
struct zone {
	unsigned long	free, min, low, managed;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The zone of @node with the most memory. Pages are free in the others too, but watermarks are kept zone by zone. */
static struct zone largest_zone(int node)
{
	struct zone now = { 0 }, largest = { 0 };
	char line[256], zone_name[32];
	FILE *f = fopen("/proc/zoneinfo", "r");
	int at = -1;

	if (!f)
		die("/proc/zoneinfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %d, zone %31s", &at, zone_name) == 2)
			now = (struct zone){ 0 };
		else if (sscanf(line, " pages free %lu", &now.free) != 1 && sscanf(line, " min %lu", &now.min) != 1 &&
			 sscanf(line, " low %lu", &now.low) != 1)
			sscanf(line, " managed %lu", &now.managed);
		if (at == node && now.managed > largest.managed)
			largest = now;
	}
	fclose(f);
	return largest;
}

static bool enough(const struct options *o, size_t taken)
{
	struct zone zone;

	if (o->node < 0)
		return taken >= o->mib << 20;
	zone = largest_zone(o->node);
	return zone.free <= (zone.min + zone.low) / 2 + (o->gap_mib << 20) / PAGE_BYTES;
}

/* xorshift64 of G. Marsaglia; what it makes compresses to nothing less. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void touch(char *page, bool random, uint64_t *state)
{
	uint64_t *words = (uint64_t *)page;

	words[0] = (uintptr_t)page;
	for (size_t i = 0; random && i < PAGE_BYTES / sizeof(*words); i++)
		words[i] = next_random(state);
}

static char *take(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "m:n:g:r")) > 0) {
		if (c == 'm')
			o->mib = strtoul(optarg, NULL, 10);
		else if (c == 'n')
			o->node = atoi(optarg);
		else if (c == 'g')
			o->gap_mib = strtoul(optarg, NULL, 10);
		else if (c == 'r')
			o->random = true;
		else
			exit(2);
	}
	if (!o->mib && o->node < 0)
		exit(2);
}

int main(int argc, char **argv)
{
	struct options o = { .node = -1 };
	uint64_t begin = metric_now_ns(), state = 88172645463325252ull;
	struct metric touches = { 0 };
	size_t taken = 0;

	parse(argc, argv, &o);
	if (o.node >= 0) {
		unsigned long mask = 1ul << o.node;

		if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask)))
			die("set_mempolicy");
	}
	for (; !enough(&o, taken); taken += STEP_BYTES) {
		char *memory = take(STEP_BYTES);

		for (size_t i = 0; i < STEP_BYTES; i += PAGE_BYTES) {
			uint64_t at = metric_now_ns();

			touch(memory + i, o.random, &state);
			metric_add(&touches, metric_now_ns() - at, PAGE_BYTES);
		}
	}
	metric_print(&touches, "anon-touch", metric_now_ns() - begin);
	printf("anon filled %zu\n", taken >> 20);
	fflush(stdout);
	for (;;)
		pause();
}
