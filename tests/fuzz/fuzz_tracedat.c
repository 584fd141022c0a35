// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_tracedat.c - any bytes as a trace.dat, for libFuzzer.
 *
 * The whole source is our own code and zstd's and zlib's decompressors, so it runs in this process, where coverage guides
 * the fuzzer and the sanitizers see every access. With SQUALL_FUZZ_ISOLATE set, each input goes through isolate_run() in
 * addition: slow, without coverage, for the hand-over between the two processes.
 *
 *	clang -std=gnu17 -g -O1 -D_GNU_SOURCE -I. -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_tracedat.c \
 *		collect/tracedat*.c collect/print_fmt.c spine/stream.c spine/isolate.c -lzstd -lz -o fuzz_tracedat
 *	mkdir corpus && SQUALL_FUZZ_SEED=corpus ./fuzz_tracedat -runs=0
 *	./fuzz_tracedat -max_len=20000 -timeout=5 corpus
 *
 * SQUALL_FUZZ_SEED names a folder that gets first inputs: the small files of the unit test, in every variant.
 */
#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/source_table.h"
#include "spine/isolate.h"
#include "tests/unit/tracedat_fixture.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every byte that a sink may read. */
static int touch_event(void *ctx, const struct event *ev)
{
	uint32_t *sum = ctx;

	for (int i = 0; i < ev->type->nfields; i++) {
		const struct event_value *v = &ev->values[i];

		if (v->kind == VALUE_TEXT || v->kind == VALUE_BLOB)
			for (uint32_t j = 0; j < v->len; j++)
				*sum += (uint8_t)v->p[j];
		else
			*sum += v->u;
	}
	return 0;
}

static int touch_type(void *ctx, const struct event_type *type)
{
	uint32_t *sum = ctx;

	*sum += strlen(type->name) + strlen(type->system) + strlen(type->format);
	for (int i = 0; i < type->nfields; i++) {
		*sum += strlen(type->fields[i].name);
		for (int j = 0; j < i; j++)
			assert(strcmp(type->fields[i].name, type->fields[j].name));
	}
	return 0;
}

static int touch_meta(void *ctx, const char *key, const char *value)
{
	uint32_t *sum = ctx;

	*sum += strlen(key) + strlen(value);
	return 0;
}

static int touch_symbol(void *ctx, uint64_t addr, const char *name)
{
	return touch_meta(ctx, name, name);
}

static int touch_task(void *ctx, const struct task_name *task)
{
	return touch_meta(ctx, task->comm, "");
}

static const struct sink_ops touch_ops = {
	.type = touch_type, .event = touch_event, .meta = touch_meta, .symbol = touch_symbol, .task = touch_task,
};

static void write_seed(const char *dir, int number, const struct fix_opts *o)
{
	struct fix f = fix_make(o);
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%d", dir, number);
	file = fopen(path, "we");
	if (file) {
		fwrite(f.data, 1, f.len, file);
		fclose(file);
	}
	free(f.data);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *dir = getenv("SQUALL_FUZZ_SEED");
	int number = 0;

	for (unsigned int version = 6; dir && version <= 7; version++)
		for (int big = 0; big < 2; big++)
			for (const char *zip = version == 7 ? "\1sz" : "\1"; *zip; zip++) {
				const struct fix_opts o = {
					.version = version, .big = big, .zip = *zip == 1 ? 0 : *zip, .clock = "[mono] tai",
					.instance = "other", .cpustat = "CPU: 0\noverrun: 5\n",
				};

				write_seed(dir, number++, &o);
			}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source_progress progress = { 0 };
	struct source_error err = { 0 };
	uint32_t sum = 0;
	const struct sink sink = { .ops = &touch_ops, .ctx = &sum };
	struct source_input in = { .path = "fuzz", .fd = memfd_create("fuzz", MFD_CLOEXEC), .progress = &progress };

	if (in.fd >= 0 && write(in.fd, data, size) == (ssize_t)size) {
		in.size = size;
		tracedat_source.run(&in, &sink, &err);
		if (getenv("SQUALL_FUZZ_ISOLATE"))
			isolate_run(&tracedat_source, &in, &sink, NULL, NULL, &err);
	}
	if (in.fd >= 0)
		close(in.fd);
	return 0;
}
