// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_job_metric.c - lines of jobs become samples; what is no such line is counted and does no harm; the pipe is made
 * and removed as promised.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/job_metric.h"

struct heard {
	struct job_metric	*jm;
	char			all[4096];	/* "NAME=VALUE UNIT@TS " of each sample, "KEY:VALUE " of each meta */
	unsigned int		samples;
	int			answer;
};

static int on_sample(void *ctx, const struct sample *s)
{
	struct heard *h = ctx;
	size_t used = strlen(h->all);

	assert_int_equal(s->scope, SCOPE_SYSTEM);
	assert_int_equal(s->node, -1);
	assert_int_equal(s->cgroup_id, 0);
	snprintf(h->all + used, sizeof(h->all) - used, "%s=%" PRId64 " %s@%" PRIu64 " ", s->name, s->value, s->unit,
		 s->ts);
	h->samples++;
	return h->answer;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct heard *h = ctx;
	size_t used = strlen(h->all);

	snprintf(h->all + used, sizeof(h->all) - used, "%s:%s ", key, value);
	return 0;
}

static const struct sink_ops ops = { .sample = on_sample, .meta = on_meta };

static void start(struct heard *h, const char *path)
{
	struct source_error err = { 0 };

	*h = (struct heard){ 0 };
	assert_int_equal(job_metric_open(path, &err, &h->jm), 0);
}

static int feed(struct heard *h, const char *text, uint64_t ts)
{
	const struct sink sink = { &ops, h };

	return job_metric_feed(h->jm, text, strlen(text), ts, &sink);
}

static struct job_metric_stats stats(const struct heard *h)
{
	struct job_metric_stats s;

	job_metric_get_stats(h->jm, &s);
	return s;
}

static void finish(struct heard *h)
{
	const struct sink sink = { &ops, h };

	h->all[0] = '\0';
	assert_int_equal(job_metric_finish(h->jm, &sink), 0);
}

/* --- lines --- */

static void test_lines(void **state)
{
	struct heard h;

	start(&h, NULL);
	feed(&h, "reader.p99_us 4210 us\nreader.mib_per_s\t12  MiB/s\r\n\n# a word\na.b.c_-9 -7\n", 5);
	assert_string_equal(h.all, "job.reader.p99_us=4210 us@5 job.reader.mib_per_s=12 MiB/s@5 job.a.b.c_-9=-7 count@5 ");
	assert_int_equal(stats(&h).lines, 3);
	assert_int_equal(stats(&h).series, 3);
	assert_int_equal(stats(&h).bad, 0);
	job_metric_close(h.jm);
}

/* The unit may be left out later; a value that stays is not told again, as with all samples. */
static void test_changes(void **state)
{
	struct heard h;

	start(&h, NULL);
	feed(&h, "x.y 1 us\n", 1);
	feed(&h, "x.y 1\n", 2);
	feed(&h, "x.y 2\n", 3);
	feed(&h, "x.y 3 ms\n", 4);
	feed(&h, "x.y 0\n", 5);
	assert_string_equal(h.all, "job.x.y=1 us@1 job.x.y=2 us@3 job.x.y=0 us@5 ");
	assert_int_equal(stats(&h).lines, 4);
	assert_int_equal(stats(&h).bad, 1);
	assert_string_equal(stats(&h).why, "the unit is another than before");
	job_metric_close(h.jm);
}

static void test_pieces(void **state)
{
	static const char text[] = "a.b 123 us\nc.d 45\n";
	struct heard h;

	start(&h, NULL);
	for (size_t i = 0; text[i]; i++)
		feed(&h, (char[]){ text[i], '\0' }, i);
	/* The times of the newlines. */
	assert_string_equal(h.all, "job.a.b=123 us@10 job.c.d=45 count@17 ");
	job_metric_close(h.jm);
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *why;
	} rows[] = {
		{ "alone", "NAME.FIELD is not" },
		{ "nodot 1", "NAME.FIELD is not" },
		{ ".b 1", "NAME.FIELD is not" },
		{ "a. 1", "NAME.FIELD is not" },
		{ "a.b\033[31m 1", "NAME.FIELD is not" },
		{ "a.b' 1", "NAME.FIELD is not" },
		{ "a/b.c 1", "NAME.FIELD is not" },
		{ "\303\244.b 1", "NAME.FIELD is not" },
		{ "a.b", "the value is no" },
		{ "a.b x", "the value is no" },
		{ "a.b 1.5", "the value is no" },
		{ "a.b 1e3", "the value is no" },
		{ "a.b 9223372036854775808", "the value is no" },
		{ "a.b 1 us more", "there is no unit" },
		{ "a.b 1 <us>", "there is no unit" },
		{ "a.b 1 sixteenlettersss", "there is no unit" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct heard h;

		start(&h, NULL);
		feed(&h, rows[i].line, 1);
		feed(&h, "\ngood.one 1\n", 2);
		assert_string_equal(h.all, "job.good.one=1 count@2 ");
		assert_int_equal(stats(&h).bad, 1);
		assert_memory_equal(stats(&h).why, rows[i].why, strlen(rows[i].why));
		job_metric_close(h.jm);
	}
}

static void test_zero_bytes(void **state)
{
	static const char text[] = "a.b 1\0\na.b 2\n\0\n";
	struct heard h;
	const struct sink sink = { &ops, &h };

	start(&h, NULL);
	assert_int_equal(job_metric_feed(h.jm, text, sizeof(text) - 1, 9, &sink), 0);
	assert_string_equal(h.all, "job.a.b=2 count@9 ");
	assert_int_equal(stats(&h).bad, 2);
	job_metric_close(h.jm);
}

/* 255 bytes are a line, 256 are none, nor are 100,000; the next one is. */
static void test_long(void **state)
{
	char text[100001];
	struct heard h;

	start(&h, NULL);
	memset(text, ' ', sizeof(text));
	memcpy(text, "a.b 1", 5);
	strcpy(text + JOB_METRIC_LINE_BYTES - 1, "\n");
	feed(&h, text, 1);
	assert_int_equal(stats(&h).bad, 0);
	memcpy(text, "a.b 2", 5);
	strcpy(text + JOB_METRIC_LINE_BYTES - 1, " \n");
	feed(&h, text, 2);
	assert_int_equal(stats(&h).bad, 1);
	assert_string_equal(stats(&h).why, "the line is too long");
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	feed(&h, text, 3);
	feed(&h, ".b 3\na.b 4\n", 4);
	assert_int_equal(stats(&h).bad, 2);
	assert_string_equal(h.all, "job.a.b=1 count@1 job.a.b=4 count@4 ");

	/* Names: one byte is the end. */
	memset(text, 'n', JOB_METRIC_NAME_BYTES - 1);
	strcpy(text + JOB_METRIC_NAME_BYTES - 1, " 1\n");
	text[1] = '.';
	feed(&h, text, 5);
	assert_int_equal(stats(&h).series, 2);
	memset(text, 'n', JOB_METRIC_NAME_BYTES);
	strcpy(text + JOB_METRIC_NAME_BYTES, " 1\n");
	text[1] = '.';
	feed(&h, text, 6);
	assert_int_equal(stats(&h).series, 2);
	assert_int_equal(stats(&h).bad, 3);
	job_metric_close(h.jm);
}

static void test_many_names(void **state)
{
	struct heard h;
	char line[64];

	start(&h, NULL);
	for (int i = 0; i < JOB_METRIC_SERIES + 44; i++) {
		snprintf(line, sizeof(line), "job.n%d 1\n", i);
		h.all[0] = '\0';
		feed(&h, line, i);
	}
	assert_int_equal(h.samples, JOB_METRIC_SERIES);
	assert_int_equal(stats(&h).series, JOB_METRIC_SERIES);
	assert_int_equal(stats(&h).left_out, 44);
	assert_int_equal(stats(&h).bad, 0);
	/* Those that have a place go on. */
	feed(&h, "job.n255 2\n", 9);
	assert_string_equal(h.all, "job.job.n255=2 count@9 ");
	finish(&h);
	assert_string_equal(h.all, "job_lines:257 job_lines_left_out:44 ");
	job_metric_close(h.jm);
}

static void test_counts(void **state)
{
	struct heard h;

	start(&h, NULL);
	feed(&h, "a.b 1\nnonsense\n\na.b 2 %\na.b 3", 1);
	finish(&h);
	assert_string_equal(h.all, "job_lines:1 job_lines_bad:3; the first: NAME.FIELD is not of letters, digits, _ . and - ");
	job_metric_close(h.jm);
}

static void test_sink_stops(void **state)
{
	struct heard h;

	start(&h, NULL);
	h.answer = -EPIPE;
	assert_int_equal(feed(&h, "a.b 1\na.b 2\n", 1), -EPIPE);
	assert_int_equal(h.samples, 1);
	job_metric_close(h.jm);
}

/* --- the pipe --- */

static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int take(struct heard *h)
{
	const struct sink sink = { &ops, h };

	return job_metric_take(h->jm, 1, &sink);
}

static void in_directory(char path[64])
{
	strcpy(path, "/tmp/squall-job.XXXXXX");
	assert_non_null(mkdtemp(path));
	strcat(path, "/m");
}

static void leave_directory(char path[64])
{
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

static void test_pipe(void **state)
{
	struct source_error err;
	struct job_metric *second;
	char path[64];
	struct heard h;
	struct stat st;

	in_directory(path);
	start(&h, path);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0600);
	assert_int_equal(take(&h), 0);
	assert_int_equal(h.samples, 0);
	say(path, "a.b 1\n");
	assert_int_equal(take(&h), 0);
	say(path, "a.b 2\n");		/* writers come and go */
	assert_int_equal(take(&h), 0);
	assert_int_equal(h.samples, 2);
	job_metric_repeat(h.jm);
	assert_int_equal(take(&h), 0);
	assert_int_equal(h.samples, 3);
	assert_int_equal(take(&h), 0);
	assert_int_equal(h.samples, 3);

	assert_int_equal(job_metric_open(path, &err, &second), -EBUSY);
	assert_non_null(strstr(err.what, "another recording"));
	say(path, "a.b 3\na.b 4\n");
	finish(&h);
	assert_non_null(strstr(h.all, "job.a.b=3"));
	assert_non_null(strstr(h.all, "job.a.b=4"));
	assert_non_null(strstr(h.all, "job_lines:4 "));
	job_metric_close(h.jm);
	assert_int_equal(lstat(path, &st), -1);
	leave_directory(path);
}

static void test_others_pipe(void **state)
{
	struct source_error err;
	char path[64], target[80];
	struct heard h;
	FILE *file;

	in_directory(path);
	assert_int_equal(mkfifo(path, 0622), 0);
	start(&h, path);
	job_metric_close(h.jm);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);

	/* Somebody else's in place of ours stays. */
	start(&h, path);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	job_metric_close(h.jm);
	assert_int_equal(access(path, F_OK), 0);

	assert_int_equal(job_metric_open(path, &err, &h.jm), -EEXIST);
	assert_non_null(strstr(err.what, "no named pipe"));
	snprintf(target, sizeof(target), "%s.link", path);
	assert_int_equal(symlink("/dev/zero", target), 0);
	assert_int_equal(job_metric_open(target, &err, &h.jm), -EEXIST);
	unlink(target);
	unlink(path);
	strcat(target, "/none");
	assert_int_equal(job_metric_open(target, &err, &h.jm), -ENOENT);
	leave_directory(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_zero_bytes),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_sink_stops),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_others_pipe),
	};

	return cmocka_run_group_tests_name("job_metric", tests, NULL, NULL);
}
