// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader.c - reads a part of a file again and again, through the page cache.
 *
 *   reader -f FILE [-o OFFSET_MIB] [-m MIB] [-s SECONDS] [-w PAUSE_US] [-n NAME]
 *
 * For SECONDS, or until SIGTERM. The job metric, named NAME, is the time of one read of 64 KiB: short when it is
 * cached, long when it has to come from the disk or when the reader must reclaim first. PAUSE_US between reads makes it
 * a service with a steady rate.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "metric.h"

#define READ_BYTES	(64u << 10)

struct options {
	const char	*file, *name;
	unsigned long	offset_mib, mib, seconds, pause_us;
};

static void parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "f:o:m:s:w:n:")) > 0) {
		if (c == 'f')
			o->file = optarg;
		else if (c == 'o')
			o->offset_mib = strtoul(optarg, NULL, 10);
		else if (c == 'm')
			o->mib = strtoul(optarg, NULL, 10);
		else if (c == 's')
			o->seconds = strtoul(optarg, NULL, 10);
		else if (c == 'w')
			o->pause_us = strtoul(optarg, NULL, 10);
		else if (c == 'n')
			o->name = optarg;
		else
			exit(2);
	}
	if (!o->file || !o->mib)
		exit(2);
}

static volatile sig_atomic_t over;

static void on_signal(int sig)
{
	over = 1;
}

int main(int argc, char **argv)
{
	static char buffer[READ_BYTES];
	struct options o = { .name = "read", .mib = 128, .seconds = 20 };
	uint64_t begin, now, position = 0;
	struct metric reads = { 0 };
	struct metric_report report;
	int fd;

	parse(argc, argv, &o);
	fd = open(o.file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(o.file);
		return 1;
	}
	metric_report_start(&report, o.name);
	begin = now = report.begin_ns;
	signal(SIGTERM, on_signal);
	while (!over && now - begin < o.seconds * NSEC_PER_SEC) {
		ssize_t n = pread(fd, buffer, sizeof(buffer), (o.offset_mib << 20) + position);
		uint64_t end = metric_now_ns();

		if (n <= 0) {
			fprintf(stderr, "reader: %s is shorter than what is to be read, or cannot be read\n", o.file);
			return 1;
		}
		metric_add(&reads, end - now, n);
		position = (position + n) % (o.mib << 20);
		if (metric_report_due(&report, end))
			metric_report_put(&report, &reads, end);
		if (o.pause_us)
			usleep(o.pause_us);
		now = metric_now_ns();
	}
	metric_print(&reads, o.name, now - begin);
	return 0;
}
