// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetouch.c - memory that is taken in huge pages where they are to be had, and given back at once, as short jobs do.
 *
 *   hugetouch [-m MIB] [-s SECONDS] [-p MS]
 *
 * Maps MIB (64), writes a byte to each 2 MiB of it, unmaps it and pauses for MS (0), again and again until SECONDS (60)
 * are over. The job metric is the time of such a write.
 */
#include "metric.h"
#include "page_fill.h"

#define HUGE_BYTES	(2ul << 20)

static void take_and_give(size_t bytes, struct metric *touches)
{
	char *memory = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *first = (char *)(((uintptr_t)memory + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (size_t at = 0; at < bytes; at += HUGE_BYTES) {
		uint64_t begin = metric_now_ns();

		*(volatile char *)(first + at) = 1;
		metric_add(touches, metric_now_ns() - begin, PAGE_BYTES);
	}
	munmap(memory, bytes + HUGE_BYTES);
}

int main(int argc, char **argv)
{
	unsigned long mib = 64, seconds = 60, pause_ms = 0;
	struct metric touches = { 0 };
	struct metric_report report;
	uint64_t now;
	int c;

	while ((c = getopt(argc, argv, "m:s:p:")) > 0) {
		unsigned long *const to = c == 'm' ? &mib : c == 's' ? &seconds : c == 'p' ? &pause_ms : NULL;

		if (!to)
			exit(2);
		*to = strtoul(optarg, NULL, 10);
	}
	metric_report_start(&report, "huge-touch");
	do {
		take_and_give(mib << 20, &touches);
		usleep(pause_ms * 1000);
		now = metric_now_ns();
		if (metric_report_due(&report, now))
			metric_report_put(&report, &touches, now);
	} while (now - report.begin_ns < seconds * NSEC_PER_SEC);
	metric_print(&touches, report.name, now - report.begin_ns);
	return 0;
}
