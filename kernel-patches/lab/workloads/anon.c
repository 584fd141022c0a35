// SPDX-License-Identifier: GPL-2.0-only
/*
 * anon.c - takes anonymous memory and keeps it until it is told to end.
 *
 *   anon -m MIB [-r]               so much; -r fills it with bytes that do not compress
 *   anon -n NODE [-g MIB]          from NODE only, until its free memory is halfway between the watermarks min and low
 *                                  of its largest zone, and MIB more (0)
 *
 * Says "anon filled MIB" when it has it. With -n it keeps the node like that when it is sent SIGUSR1, now without the
 * MIB more: whatever others take or give back meanwhile, it gives or takes, as soon as less than a quarter of the way
 * from min to low is left on either side. Says "anon keeps" when that is so for the first time, and at SIGTERM in how
 * many of its looks it was so. The job metric is the time of the first touch of a page.
 */
#include <signal.h>
#include <sys/syscall.h>

#include "metric.h"
#include "page_fill.h"

#define STEP_PAGES	((1u << 20) / PAGE_BYTES)
#define LOOK_US		50000u
#define GIVE_MAX_PAGES	(16u * STEP_PAGES)	/* of one look: what is free lags behind */
#define SPACE_BYTES	(64ull << 30)		/* for what a node may have; address space only */
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

struct hog {
	struct options	o;
	char		*memory;
	size_t		pages;		/* of it are taken, from its start */
	uint64_t	state;		/* of random bytes */
	struct metric	touches;
};

/* What became of the looks. */
struct kept {
	unsigned long	looks, in_range, took, gave;	/* the last two in pages */
};

static volatile sig_atomic_t keep, over;

static void on_signal(int sig)
{
	keep |= sig == SIGUSR1;
	over |= sig == SIGTERM;
}

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

static bool enough(const struct hog *hog)
{
	struct zone zone;

	if (hog->o.node < 0)
		return hog->pages >= hog->o.mib * STEP_PAGES;
	zone = largest_zone(hog->o.node);
	return zone.free <= (zone.min + zone.low) / 2 + hog->o.gap_mib * STEP_PAGES;
}

static void take(struct hog *hog, size_t pages)
{
	for (; pages && (hog->pages + 1) * PAGE_BYTES <= SPACE_BYTES; pages--) {
		char *page = hog->memory + hog->pages++ * PAGE_BYTES;
		uint64_t at = metric_now_ns();

		if (hog->o.random)
			page_fill(page, 100, &hog->state);
		else
			*(uintptr_t *)page = (uintptr_t)page;
		metric_add(&hog->touches, metric_now_ns() - at, PAGE_BYTES);
	}
}

static void give(struct hog *hog, size_t pages)
{
	if (pages > hog->pages)
		pages = hog->pages;
	hog->pages -= pages;
	madvise(hog->memory + hog->pages * PAGE_BYTES, pages * PAGE_BYTES, MADV_DONTNEED);
}

static void look(struct hog *hog, struct kept *kept)
{
	struct zone zone = largest_zone(hog->o.node);
	unsigned long quarter = (zone.low - zone.min) / 4, wanted = zone.min + 2 * quarter, n;

	kept->looks++;
	if (zone.free >= wanted - quarter && zone.free <= wanted + quarter) {
		if (!kept->in_range++) {
			puts("anon keeps");
			fflush(stdout);
		}
		return;
	}
	n = zone.free > wanted ? zone.free - wanted : wanted - zone.free;
	n = n < GIVE_MAX_PAGES ? n : GIVE_MAX_PAGES;
	if (zone.free > wanted) {
		take(hog, n);
		kept->took += n;
	} else {
		give(hog, n);
		kept->gave += n;
	}
}

static void keep_until_the_end(struct hog *hog)
{
	struct kept kept = { 0 };

	while (!over) {
		usleep(LOOK_US);
		if (keep)
			look(hog, &kept);
	}
	if (kept.looks)
		printf("anon kept between min and low in %lu %% of %lu looks; took %lu MiB, gave %lu MiB\n",
		       100 * kept.in_range / kept.looks, kept.looks, kept.took / STEP_PAGES, kept.gave / STEP_PAGES);
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
	static struct hog hog = { .o = { .node = -1 }, .state = 88172645463325252ull };
	uint64_t begin = metric_now_ns();

	parse(argc, argv, &hog.o);
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	if (hog.o.node >= 0) {
		unsigned long mask = 1ul << hog.o.node;

		if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask)))
			die("set_mempolicy");
	}
	hog.memory = page_space(SPACE_BYTES);
	while (!over && !enough(&hog))
		take(&hog, STEP_PAGES);
	metric_print(&hog.touches, "anon-touch", metric_now_ns() - begin);
	printf("anon filled %zu\n", hog.pages / STEP_PAGES);
	fflush(stdout);
	keep_until_the_end(&hog);
	return 0;
}
