// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_side_thread.c - the sampler in a thread beside: what it samples arrives, in the reader's thread; the reader
 * never waits, however long a read takes; and a thread that hangs does not keep the recording from its end.
 *
 * A read that waits in the kernel is played by the clock, which the sampler asks before each read.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "collect/sampler.h"
#include "spine/side_thread.h"
#include "spine/time.h"

#define FIXTURE	"tests/fixtures/sampler/two-nodes"

struct reader {
	char		root[64];
	struct sampler	*sampler;
	bool		started;	/* the sampler */
	pthread_t	thread;
	uint32_t	pgfaults;	/* samples of pgfault */
	int64_t		pgfault;	/* the last one */
	char		said[64];	/* the last key of meta */
};

static atomic_bool hang;

static uint64_t hanging_clock(void)
{
	const struct timespec ms = { .tv_nsec = NSEC_PER_MSEC };

	while (hang)
		nanosleep(&ms, NULL);
	return monotonic_ns();
}

static int on_sample(void *ctx, const struct sample *sample)
{
	struct reader *r = ctx;

	assert_true(pthread_equal(r->thread, pthread_self()));
	if (sample->scope == SCOPE_SYSTEM && !strcmp(sample->name, "pgfault")) {
		r->pgfaults++;
		r->pgfault = sample->value;
	}
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	struct reader *r = ctx;

	snprintf(r->said, sizeof(r->said), "%s", key);
	return 0;
}

static int64_t work(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	struct reader *r = ctx;

	if (r->started)
		return sampler_tick(r->sampler, now_ns, sink);
	r->started = true;
	return sampler_start(r->sampler, now_ns, sink);
}

static void repeat(void *ctx)
{
	sampler_repeat(((struct reader *)ctx)->sampler);
}

static int last(void *ctx, uint64_t now_ns, const struct sink *sink)
{
	return sampler_stop(((struct reader *)ctx)->sampler, now_ns, sink);
}

static struct side_work work_of(struct reader *r)
{
	return (struct side_work){
		.name = "samples", .memory_kib = 4096, .ctx = r, .work = work, .repeat = repeat, .last = last,
	};
}

static const struct sink_ops ops = { .sample = on_sample, .meta = on_meta };

static void shell(const char *format, const char *root)
{
	char command[512];

	snprintf(command, sizeof(command), format, root);
	assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
	struct reader *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->thread = pthread_self();
	strcpy(r->root, "/tmp/squall-sampler-XXXXXX");
	assert_non_null(mkdtemp(r->root));
	shell("cp -r " FIXTURE "/. %s", r->root);
	hang = false;
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct reader *r = *state;

	shell("rm -rf %s", r->root);
	free(r);
	return 0;
}

static void set_pgfault(const struct reader *r, const char *value)
{
	char command[256];

	/* in place, as the kernel does it */
	snprintf(command, sizeof(command),
		 "f=%%s/proc/vmstat; sed 's/^pgfault .*/pgfault %s/' $f >$f.new; cat $f.new >$f", value);
	shell(command, r->root);
}

/* Until @pgfault comes, for at most five seconds. */
static void drain_until(struct reader *r, struct side_thread *t, int64_t pgfault)
{
	const struct timespec step = { .tv_nsec = 20 * NSEC_PER_MSEC };
	const struct sink sink = { &ops, r };

	for (unsigned int i = 0; i < 250 && r->pgfault != pgfault; i++) {
		assert_int_equal(side_thread_drain(t, &sink), 0);
		nanosleep(&step, NULL);
	}
	assert_int_equal(r->pgfault, pgfault);
}

static struct side_thread *start(struct reader *r)
{
	const struct sampler_options opt = { .root = r->root, .cgroups = true, .clock = hanging_clock };
	const struct side_work work = work_of(r);
	struct source_error err = { 0 };
	struct side_thread *t;

	assert_int_equal(sampler_open(&opt, &err, &r->sampler), 0);
	assert_int_equal(side_thread_new(&work, &t), 0);
	assert_int_equal(side_thread_start(t), 0);
	drain_until(r, t, 231879);
	return t;
}

static void end(struct reader *r, struct side_thread *t)
{
	assert_true(side_thread_free(t));
	sampler_free(r->sampler);
}

static void gives_what_changes(void **state)
{
	struct reader *r = *state;
	const struct sink sink = { &ops, r };
	struct side_thread *t = start(r);

	set_pgfault(r, "231880");
	drain_until(r, t, 231880);
	/* What was never drained arrives at the end, and so does what nobody had read yet. */
	set_pgfault(r, "231881");
	assert_int_equal(side_thread_stop(t, monotonic_ns(), &sink), 0);
	assert_int_equal(r->pgfault, 231881);
	assert_int_equal(r->pgfaults, 3);
	end(r, t);
}

static void repeats_when_asked(void **state)
{
	const struct timespec while_it_rests = { .tv_sec = 1, .tv_nsec = 200 * NSEC_PER_MSEC };
	struct reader *r = *state;
	const struct sink sink = { &ops, r };
	struct side_thread *t = start(r);

	side_thread_repeat(t);
	nanosleep(&while_it_rests, NULL);
	assert_int_equal(side_thread_stop(t, monotonic_ns(), &sink), 0);
	assert_int_equal(r->pgfaults, 2);
	end(r, t);
}

static void the_reader_does_not_wait(void **state)
{
	struct reader *r = *state;
	const struct sink sink = { &ops, r };
	struct side_thread *t = start(r);
	const struct timespec settle = { .tv_nsec = 300 * NSEC_PER_MSEC };
	uint64_t begin;

	hang = true;
	nanosleep(&settle, NULL);		/* now it is in a read */
	set_pgfault(r, "231880");
	begin = monotonic_ns();
	assert_int_equal(side_thread_drain(t, &sink), 0);
	assert_true(monotonic_ns() - begin < NSEC_PER_SEC / 2);
	assert_int_equal(r->pgfault, 231879);
	hang = false;
	drain_until(r, t, 231880);
	assert_int_equal(side_thread_stop(t, monotonic_ns(), &sink), 0);
	end(r, t);
}

static void a_hanging_thread_is_left_behind(void **state)
{
	static struct side_thread *left;	/* these stay in use */
	static struct reader keep;
	const struct timespec settle = { .tv_nsec = 300 * NSEC_PER_MSEC };
	struct reader *r = &keep;
	const struct sink sink = { &ops, r };
	uint64_t begin;

	keep = *(struct reader *)*state;
	left = start(r);
	hang = true;
	nanosleep(&settle, NULL);
	begin = monotonic_ns();
	assert_int_equal(side_thread_stop(left, begin, &sink), 0);
	assert_in_range(monotonic_ns() - begin, 5 * NSEC_PER_SEC, 20 * NSEC_PER_SEC);
	assert_string_equal(r->said, "samples_cut");
	assert_false(side_thread_free(left));
	hang = false;
	nanosleep(&settle, NULL);		/* it ends by itself */
}

static void stop_without_start(void **state)
{
	struct reader *r = *state;
	const struct sampler_options opt = { .root = r->root };
	const struct side_work work = work_of(r);
	const struct sink sink = { &ops, r };
	struct source_error err = { 0 };
	struct side_thread *t;

	assert_int_equal(sampler_open(&opt, &err, &r->sampler), 0);
	assert_int_equal(side_thread_new(&work, &t), 0);
	assert_int_equal(side_thread_stop(t, monotonic_ns(), &sink), 0);
	assert_int_equal(r->pgfaults, 0);
	end(r, t);
	assert_true(side_thread_free(NULL));
}

#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_what_changes),
		TEST(repeats_when_asked),
		TEST(the_reader_does_not_wait),
		TEST(a_hanging_thread_is_left_behind),
		TEST(stop_without_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
