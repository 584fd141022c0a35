// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_isolate.c - whatever a source does in its child, the parent keeps what came before and says what happened.
 *
 * isolate.c is compiled in here with a shorter patience, so that a hang shows in one second.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/isolate.h"
#undef ISOLATE_HANG_S
#define ISOLATE_HANG_S	1u
#include "spine/isolate.c"

static const struct event_field number_field[] = { { "n", VALUE_UINT } };
static const struct event_type number_type = {
	.id = 0, .nfields = 1, .system = "test", .name = "number", .format = "", .fields = number_field,
};

static int put_number(const struct sink *sink, uint64_t n)
{
	struct event_value value = { .u = n, .kind = VALUE_UINT };
	struct event ev = { .ts = n, .type = &number_type, .values = &value };

	return SINK_CALL(sink, event, &ev);
}

/* Events 0 .. count - 1. */
static int put_numbers(const struct source_input *in, const struct sink *sink, uint64_t count)
{
	int ret = SINK_CALL(sink, type, &number_type);

	for (uint64_t n = 0; !ret && n < count; n++) {
		ret = put_number(sink, n);
		atomic_fetch_add(&in->progress->heartbeat, 1);
		atomic_store(&in->progress->events, n + 1);
	}
	return ret;
}

struct counter {
	uint64_t	events;
	uint64_t	fail_at;
	int		bad_order;
};

static int count_event(void *ctx, const struct event *ev)
{
	struct counter *c = ctx;

	c->bad_order += ev->values[0].u != c->events || strcmp(ev->type->name, "number");
	c->events++;
	return c->fail_at && c->events == c->fail_at ? -ENOSPC : 0;
}

static const struct sink_ops count_ops = { .event = count_event };

static int run_source(int (*run)(const struct source_input *, const struct sink *, struct source_error *),
		      struct counter *c, isolate_tick_fn tick, struct source_error *err)
{
	const struct source_ops ops = { .name = "test", .run = run };
	struct source_progress progress = { 0 };
	struct source_input in = { .path = "x", .fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .progress = &progress };
	const struct sink sink = { .ops = &count_ops, .ctx = c };
	int ret = isolate_run(&ops, &in, &sink, tick, NULL, err);

	close(in.fd);
	assert_int_equal(c->bad_order, 0);
	/* No child is left, dead or alive. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return ret;
}

/* 100,000 events of 40 bytes are four chunks. */
#define MANY	100000

static int source_fine(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	return put_numbers(in, sink, MANY);
}

static void fine(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_fine, &c, NULL, &err), 0);
	assert_int_equal(c.events, MANY);
	assert_string_equal(err.what, "");
}

static int source_damaged(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	put_numbers(in, sink, 3);
	strcpy(err->what, "bad page");
	strcpy(err->hint, "copy it again");
	return -EBADMSG;
}

static void damaged(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_damaged, &c, NULL, &err), -EBADMSG);
	assert_int_equal(c.events, 3);
	assert_string_equal(err.what, "bad page");
	assert_string_equal(err.hint, "copy it again");
}

static int source_io_error(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	return -EIO;
}

static void io_error(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_io_error, &c, NULL, &err), -EIO);
}

static int source_crash(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	put_numbers(in, sink, MANY + 5);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

/* Also what lies in the unfinished chunk of the dead. */
static void crash(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_crash, &c, NULL, &err), -EBADMSG);
	assert_int_equal(c.events, MANY + 5);
	assert_non_null(strstr(err.what, "signal 11"));
	assert_non_null(strstr(err.what, "after 100005 events"));
}

static int source_exit(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	put_numbers(in, sink, 7);
	exit(3);
}

static void library_exits(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_exit, &c, NULL, &err), -EBADMSG);
	assert_int_equal(c.events, 7);
	assert_non_null(strstr(err.what, "ended early"));
}

static int source_hang(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	put_numbers(in, sink, 11);
	for (;;)
		usleep(1000);
	return 0;
}

static void hang(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_hang, &c, NULL, &err), -EBADMSG);
	assert_int_equal(c.events, 11);
	assert_non_null(strstr(err.what, "no progress for 1 s after 11 events"));
}

/* Silent for longer than the limit, but for a reason. */
static int source_waits(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	atomic_store(&in->progress->waiting, 1);
	usleep(1600 * 1000);
	atomic_store(&in->progress->waiting, 0);
	return put_numbers(in, sink, 2);
}

static int source_works_silently(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	for (int i = 0; i < 16; i++) {
		usleep(100 * 1000);
		atomic_fetch_add(&in->progress->heartbeat, 1);
	}
	return put_numbers(in, sink, 2);
}

static void no_hang(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_waits, &c, NULL, &err), 0);
	assert_int_equal(c.events, 2);
	c.events = 0;
	assert_int_equal(run_source(source_works_silently, &c, NULL, &err), 0);
	assert_int_equal(c.events, 2);
}

/* 1 MiB at a time until there is none: under RLIMIT_DATA that is soon. */
static int source_eats_memory(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	put_numbers(in, sink, 4);
	for (int i = 0; i < 4096; i++) {
		char *p = malloc(1 << 20);

		if (!p)
			return -ENOMEM;
		memset(p, 1, 1 << 20);
	}
	return 0;
}

static void out_of_memory(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	if (UNDER_ASAN)
		skip();
	assert_int_equal(run_source(source_eats_memory, &c, NULL, &err), -EBADMSG);
	assert_int_equal(c.events, 4);
	assert_non_null(strstr(err.what, "more than 224 MiB of memory"));
}

static int source_endless(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	return put_numbers(in, sink, UINT64_MAX);
}

static void sink_stops(void **state)
{
	struct source_error err;
	struct counter c = { .fail_at = 2 * MANY };

	assert_int_equal(run_source(source_endless, &c, NULL, &err), -ENOSPC);
	assert_int_equal(c.events, 2 * MANY);
}

static int tick_stops(void *ctx, const struct source_progress *progress)
{
	return atomic_load(&progress->events) > 0;
}

static void tick_ends_it(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_endless, &c, tick_stops, &err), -EINTR);
	assert_true(c.events > 0);
}

/* What the child may scribble over the shared memory when it is past help. */
static int source_scribbles(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	struct stream_writer *w = sink->ctx;

	put_numbers(in, sink, 5);
	memset(w->buf->data + 64, 0xee, 256);
	return 0;
}

static int source_overfills(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	struct stream_writer *w = sink->ctx;

	put_numbers(in, sink, 5);
	atomic_store(&w->buf->used, UINT32_MAX);
	return 0;
}

static void nonsense(void **state)
{
	struct source_error err;
	struct counter c = { 0 };

	assert_int_equal(run_source(source_scribbles, &c, NULL, &err), -EBADMSG);
	assert_string_not_equal(err.what, "");
	assert_int_equal(run_source(source_overfills, &c, NULL, &err), -EBADMSG);
	assert_string_not_equal(err.what, "");
}

/* Its warnings are not for the user's terminal; Ctrl-C is the parent's affair. */
static int source_talks(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	struct sigaction sa;
	char link[64] = "";

	if (readlink("/proc/self/fd/1", link, sizeof(link) - 1) < 0 || strcmp(link, "/dev/null"))
		return -ENOTTY;
	sigaction(SIGINT, NULL, &sa);
	if (sa.sa_handler != SIG_IGN)
		return -EINTR;
	sigaction(SIGPIPE, NULL, &sa);
	return sa.sa_handler == SIG_DFL ? 0 : -EPIPE;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -1;			/* the directory's own */

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* In the child: standard streams, input, one end of each pipe. */
static int source_counts_fds(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	return count_fds() == 6 ? 0 : -EMFILE;
}

static void child_is_set_up(void **state)
{
	struct source_error err;
	struct counter c = { 0 };
	int extra = open("/dev/null", O_RDONLY);	/* without O_CLOEXEC: must not reach the child either */

	assert_int_equal(run_source(source_talks, &c, NULL, &err), 0);
	assert_int_equal(run_source(source_counts_fds, &c, NULL, &err), 0);
	close(extra);
}

static int source_little(const struct source_input *in, const struct sink *sink, struct source_error *err)
{
	return put_numbers(in, sink, 3);
}

static void nothing_leaks(void **state)
{
	int before = count_fds();

	for (int i = 0; i < 1000; i++) {
		struct source_error err;
		struct counter c = { .fail_at = i % 3 == 1 ? 2 : 0 };
		static const int expect[] = { 0, -ENOSPC, -EBADMSG };
		int ret = run_source(i % 3 == 2 ? source_damaged : source_little, &c, NULL, &err);

		assert_int_equal(ret, expect[i % 3]);
	}
	assert_int_equal(count_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fine),
		cmocka_unit_test(damaged),
		cmocka_unit_test(io_error),
		cmocka_unit_test(crash),
		cmocka_unit_test(library_exits),
		cmocka_unit_test(hang),
		cmocka_unit_test(no_hang),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(sink_stops),
		cmocka_unit_test(tick_ends_it),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(child_is_set_up),
		cmocka_unit_test(nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
