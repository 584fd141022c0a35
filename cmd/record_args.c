// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_args.c - see record_args.h.
 */
#include "cmd/record_args.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"

#define BYTES_PER_MIB	(1024.0 * 1024.0)
#define MAX_RATE	1000000000l

#define MAX_SIZE_MIN	(4.0 * BYTES_PER_MIB)	/* an empty store with its log takes some 2 MiB */
#define MAX_SIZE_MAX	(1024.0 * 1024 * BYTES_PER_MIB)

int record_arg_buffer(const char *value, uint64_t *bytes_per_cpu)
{
	char *end;
	double mib = strtod(value, &end);

	if (end == value || *end || !(mib >= 0.0625 && mib <= 65536)) {
		complain(value, "is no buffer size in MiB", "from 0.0625 (64 KiB) up; the kernel gives at most 5 % of RAM in all");
		return STATUS_ERROR;
	}
	*bytes_per_cpu = mib * BYTES_PER_MIB;
	return 0;
}

int record_arg_max_rate(const char *value, int64_t *rate)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (end == value || *end || number < 0 || number > MAX_RATE) {
		complain(value, "is no number of events a second", "0 is no limit");
		return STATUS_ERROR;
	}
	*rate = number;
	return 0;
}

/* "512M", "1.5GiB": K, M and G are powers of 1024, iB may follow. False when it is no size. */
static bool parse_size(const char *text, double *bytes)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	double size = strtod(text, &end);

	if (end == text || !(size >= 0) || strchr("+-", *text))
		return false;
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		size *= exp2(10 * (unit - units + 1));
		end += strcmp(end + 1, "iB") ? 1 : 3;
	}
	*bytes = size;
	return !*end;
}

int record_arg_max_size(const char *value, uint64_t *max_bytes)
{
	double bytes;

	if (!parse_size(value, &bytes) || (bytes && bytes < MAX_SIZE_MIN) || bytes > MAX_SIZE_MAX) {
		complain(value, "is no size of a file", "from 4MiB up, with KiB, MiB or GiB behind the number; 0 is no limit");
		return STATUS_ERROR;
	}
	*max_bytes = bytes;
	return 0;
}

void record_default_output(char *path, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(path, size, "squall-%Y%m%d-%H%M%S.db", &tm);
}
