// SPDX-License-Identifier: GPL-2.0-only
/*
 * gen_trace.c - a long trace.dat out of a short real one, for the benchmark.
 *
 * IN is an uncompressed trace.dat of version 6 (trace-cmd convert --file-version 6 --compression none). OUT has the same
 * header (event formats, kallsyms, command lines, options) and each CPU's ring buffer pages as often as it takes to
 * get to EVENTS. A page holds one absolute time, in its first 8 bytes, and deltas; so the copy number k of a page
 * differs from the original in that time only, which is k spans later. A span is the whole length of the recording, the
 * same for every CPU: the interleaving of the CPUs stays that of the recording too. What a ring keeps of its own
 * statistics (option CPUSTAT) is copied and speaks of the original.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <traceevent/kbuffer.h>

#define PAGE_BYTES	4096u
#define CPUS_MAX	64u
#define GAP_NS		1000000000ull	/* between two copies, as if the recording had been restarted */

/* magic, version, byte order (0 little), bytes of a long, page size: the start of what a 64 bit PC writes */
static const char file_start[] = "\x17\x08\x44tracing6\0\0\x08\0\x10\0";
#define FILE_START_BYTES	(sizeof(file_start) - 1)

static const char options_tag[] = "options  ";
static const char table_tag[] = "flyrecord";

/* A row of the table behind table_tag. */
struct cpu_data {
	uint64_t	offset;
	uint64_t	bytes;
};

struct recording {
	const uint8_t	*map;
	size_t		size;
	size_t		table;			/* offset of cpus[] in the file */
	uint32_t	ncpus;
	struct cpu_data	cpus[CPUS_MAX];
	uint64_t	events;
	uint64_t	first_ns;
	uint64_t	last_ns;
};

static int fail(const char *what, int ret)
{
	fprintf(stderr, "gen_trace: %s: %s\n", what, strerror(-ret));
	return ret;
}

static int map_file(struct recording *rec, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int ret = 0;
	void *map;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		ret = -errno;
		goto close_fd;
	}
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		ret = -errno;
		goto close_fd;
	}
	rec->map = map;
	rec->size = st.st_size;
close_fd:
	close(fd);
	return ret;
}

static bool cpu_is_sane(const struct recording *rec, const struct cpu_data *cpu)
{
	return cpu->offset % PAGE_BYTES == 0 && cpu->bytes % PAGE_BYTES == 0 && cpu->offset <= rec->size &&
	       cpu->bytes <= rec->size - cpu->offset;
}

/* The number of CPUs stands before the options; they and the tag of the table are found by their names. */
static int find_table(struct recording *rec)
{
	const uint8_t *options = memmem(rec->map, rec->size, options_tag, sizeof(options_tag));
	const uint8_t *tag;
	size_t left;

	if (rec->size < FILE_START_BYTES || memcmp(rec->map, file_start, FILE_START_BYTES) || !options)
		return -EINVAL;
	memcpy(&rec->ncpus, options - sizeof(rec->ncpus), sizeof(rec->ncpus));
	tag = memmem(options, rec->map + rec->size - options, table_tag, sizeof(table_tag));
	if (!tag || !rec->ncpus || rec->ncpus > CPUS_MAX)
		return -EINVAL;
	rec->table = tag + sizeof(table_tag) - rec->map;
	left = rec->size - rec->table;
	if (left < rec->ncpus * sizeof(struct cpu_data))
		return -EINVAL;
	memcpy(rec->cpus, rec->map + rec->table, rec->ncpus * sizeof(struct cpu_data));
	for (uint32_t i = 0; i < rec->ncpus; i++) {
		if (!cpu_is_sane(rec, &rec->cpus[i]))
			return -EINVAL;
	}
	return 0;
}

struct page_facts {
	uint64_t	events;
	uint64_t	first_ns;
	uint64_t	last_ns;
};

static void read_page(struct kbuffer *kbuf, void *page, struct page_facts *facts)
{
	unsigned long long ts;

	*facts = (struct page_facts){ .first_ns = UINT64_MAX };
	kbuffer_load_subbuffer(kbuf, page);
	for (void *data = kbuffer_read_event(kbuf, &ts); data; data = kbuffer_next_event(kbuf, &ts)) {
		facts->events++;
		facts->last_ns = ts;
		if (ts < facts->first_ns)
			facts->first_ns = ts;
	}
}

static void copy_page(uint8_t *to, const uint8_t *from, uint64_t shift_ns)
{
	uint64_t ts;

	memcpy(to, from, PAGE_BYTES);
	memcpy(&ts, to, sizeof(ts));
	ts += shift_ns;
	memcpy(to, &ts, sizeof(ts));
}

/*
 * A page may hold absolute times besides the one at its start (ring buffer type 31, TIME_STAMP, which the kernel writes
 * for histogram triggers). Such a page is refused: not all of its times would move with the page. -ENOTSUP.
 */
static int survey_page(struct recording *rec, struct kbuffer *kbuf, const uint8_t *from)
{
	uint8_t page[PAGE_BYTES] __attribute__((aligned(8)));
	struct page_facts plain, shifted;

	copy_page(page, from, 0);
	read_page(kbuf, page, &plain);
	copy_page(page, from, GAP_NS);
	read_page(kbuf, page, &shifted);
	if (!plain.events)
		return 0;
	if (shifted.first_ns - plain.first_ns != GAP_NS || shifted.last_ns - plain.last_ns != GAP_NS)
		return -ENOTSUP;
	rec->events += plain.events;
	if (plain.first_ns < rec->first_ns)
		rec->first_ns = plain.first_ns;
	if (plain.last_ns > rec->last_ns)
		rec->last_ns = plain.last_ns;
	return 0;
}

static int survey(struct recording *rec)
{
	struct kbuffer *kbuf = kbuffer_alloc(KBUFFER_LSIZE_8, KBUFFER_ENDIAN_LITTLE);
	int ret = 0;

	if (!kbuf)
		return -ENOMEM;
	rec->first_ns = UINT64_MAX;
	for (uint32_t i = 0; i < rec->ncpus; i++) {
		for (uint64_t at = 0; at < rec->cpus[i].bytes && !ret; at += PAGE_BYTES)
			ret = survey_page(rec, kbuf, rec->map + rec->cpus[i].offset + at);
	}
	kbuffer_free(kbuf);
	return ret || rec->events ? ret : -ENODATA;
}

/* All before the first CPU's pages, with the table as it will be. */
static int write_header(const struct recording *rec, uint64_t copies, FILE *out)
{
	size_t head_bytes = rec->cpus[0].offset;
	struct cpu_data table[CPUS_MAX];
	uint64_t offset = head_bytes;
	size_t behind = rec->table + rec->ncpus * sizeof(*table);

	if (behind > head_bytes)
		return -EINVAL;
	for (uint32_t i = 0; i < rec->ncpus; i++) {
		table[i] = (struct cpu_data){ .offset = offset, .bytes = rec->cpus[i].bytes * copies };
		offset += table[i].bytes;
	}
	fwrite(rec->map, 1, rec->table, out);
	fwrite(table, sizeof(*table), rec->ncpus, out);
	fwrite(rec->map + behind, 1, head_bytes - behind, out);
	return ferror(out) ? -EIO : 0;
}

static int write_copy(const struct recording *rec, const struct cpu_data *cpu, uint64_t shift_ns, FILE *out)
{
	uint8_t page[PAGE_BYTES];

	for (uint64_t at = 0; at < cpu->bytes; at += PAGE_BYTES) {
		copy_page(page, rec->map + cpu->offset + at, shift_ns);
		if (fwrite(page, sizeof(page), 1, out) != 1)
			return -EIO;
	}
	return 0;
}

static int write_trace(const struct recording *rec, uint64_t copies, const char *path)
{
	uint64_t span_ns = rec->last_ns - rec->first_ns + GAP_NS;
	FILE *out = fopen(path, "wbe");
	int ret;

	if (!out)
		return -errno;
	ret = write_header(rec, copies, out);
	for (uint32_t i = 0; i < rec->ncpus; i++) {
		for (uint64_t k = 0; k < copies && !ret; k++)
			ret = write_copy(rec, &rec->cpus[i], k * span_ns, out);
	}
	if (fclose(out) && !ret)
		ret = -errno;
	return ret;
}

static int generate(const char *in, const char *out, uint64_t events)
{
	struct recording rec = { 0 };
	uint64_t copies;
	int ret = map_file(&rec, in);

	if (!ret)
		ret = find_table(&rec);
	if (!ret)
		ret = survey(&rec);
	if (ret)
		return fail(in, ret);
	copies = (events + rec.events - 1) / rec.events;
	ret = write_trace(&rec, copies, out);
	if (ret)
		return fail(out, ret);
	printf("copies=%" PRIu64 " events=%" PRIu64 "\n", copies, copies * rec.events);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t events = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;

	if (!events) {
		fputs("usage: gen_trace IN OUT EVENTS\n", stderr);
		return 2;
	}
	return generate(argv[1], argv[2], events) ? 1 : 0;
}
