// SPDX-License-Identifier: GPL-2.0-only
/*
 * floor_read.c - the least that reading a trace.dat with libtracecmd can cost: every record in time order, looked at by
 * nobody. The benchmark times the whole program, as it does for those that are compared with it.
 *
 * Prints what went by: events, the bytes of their records as libtracecmd gives them (record->size, without the record's
 * head of 4 bytes in the ring buffer), and the same with that head.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include <trace-cmd/trace-cmd.h>

#define RECORD_HEAD_BYTES	4u	/* type or length, and time delta: struct ring_buffer_event */

struct totals {
	uint64_t	events;
	uint64_t	bytes;
};

static int on_record(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *data)
{
	struct totals *totals = data;

	totals->events++;
	totals->bytes += record->size;
	return 0;
}

int main(int argc, char **argv)
{
	struct totals totals = { 0 };
	struct tracecmd_input *handle;
	int ret;

	if (argc != 2) {
		fputs("usage: floor_read TRACE\n", stderr);
		return 2;
	}
	/* Plugins only matter for printing. */
	handle = tracecmd_open(argv[1], TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!handle) {
		fprintf(stderr, "floor_read: %s: cannot be opened\n", argv[1]);
		return 1;
	}
	ret = tracecmd_iterate_events(handle, NULL, 0, on_record, &totals);
	tracecmd_close(handle);
	printf("events=%" PRIu64 " record_bytes=%" PRIu64 " record_bytes_with_head=%" PRIu64 "\n", totals.events,
	       totals.bytes, totals.bytes + totals.events * RECORD_HEAD_BYTES);
	return ret < 0;
}
