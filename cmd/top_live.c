// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_live.c - see top_live.h.
 */
#include "cmd/top_live.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/capture.h"
#include "cmd/command.h"
#include "cmd/interrupt.h"
#include "cmd/status_line.h"
#include "cmd/survival.h"
#include "cmd/top_notes.h"
#include "cmd/top_record.h"
#include "cmd/watch.h"
#include "collect/exposure.h"
#include "spine/handoff.h"
#include "spine/time.h"

/* The reader flushes ten times a second, each time a chunk: five seconds of a screen that stands still. */
#define CHUNKS		56u
#define CHUNK_BYTES	(256u << 10)
#define TAKE_NS		(50 * NSEC_PER_MSEC)	/* then keys have their turn */
#define MMAP_BYTES	(128 << 10)		/* glibc's own to begin with */
#define LOOK_MS		200			/* batch: so often the clock is looked at, if nothing comes */

struct top_live {
	const struct top_options *options;
	struct watch		*watch;
	struct sink		sink;
	struct capture		*capture;
	struct handoff		*handoff;
	struct top_record	*record;
	struct top_notes	notes;
	pthread_t		reader;
	bool			started;
	_Atomic int		result;		/* of the reader, when the hand-off is closed */
	int			wake_fd;	/* of the thread of the screen */
	int			statm_fd;	/* -1: memory is not told */
	long			page_bytes;
};

/* --- opening --- */

static void on_missing(void *ctx, const char *what, const char *why, const char *hint)
{
	struct top_live *live = ctx;
	char text[512];

	snprintf(text, sizeof(text), hint && *hint ? "%s: %s (%s)" : "%s: %s", what, why, hint);
	live_model_missing(watch_model(live->watch), text);
}

/* As of now; reading it again would make the screen wait. */
static int put_exposures(struct live_model *m)
{
	struct kernel_feature features[KF_COUNT];
	struct exposure exposures[EXPOSURES_MAX];
	struct machine *machine = malloc(sizeof(*machine));
	int n;

	if (!machine)
		return -ENOMEM;
	machine_read("", machine);
	n = machine_features("", machine->events_readable ? machine->tracefs_path : NULL, features);
	if (!n)
		n = exposures_of(machine, features, exposures);
	for (int i = 0; i < n; i++)
		live_model_exposure(m, exposures[i].kind, exposed_name(exposures[i].exposed), exposures[i].why);
	free(machine);
	return n < 0 ? n : 0;
}

static int open_capture(struct top_live *live, struct source_error *err)
{
	const struct top_options *o = live->options;
	const struct capture_options options = {
		.events = o->events, .buffer_bytes_per_cpu = o->buffer_bytes_per_cpu, .max_rate = o->max_rate,
		/* Who asks for some wants to know. */
		.no_events = !o->events, .late_sinks = true, .missing = on_missing, .ctx = live,
	};
	struct sink sink;
	int ret = capture_open(&options, err, &live->capture);

	if (!ret)
		ret = handoff_new(CHUNKS, CHUNK_BYTES, &live->handoff);
	if (ret)
		return ret;
	/* A pipe that nobody reads must not keep the recording. */
	handoff_never_wait(live->handoff);
	sink = handoff_sink(live->handoff);
	return capture_attach(live->capture, &sink);
}

static int open_all(struct top_live *live, struct source_error *err)
{
	struct top_record_options record = { .notes = &live->notes, .max_bytes = live->options->max_bytes };
	int ret = watch_new(live->options->interval_ns, &live->watch);

	if (ret)
		return ret;
	live->sink = watch_sink(live->watch);
	live->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (live->wake_fd < 0)
		return -errno;
	live->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ret = put_exposures(watch_model(live->watch));
	if (!ret)
		ret = open_capture(live, err);
	record.capture = live->capture;
	record.wake_fd = live->wake_fd;
	return ret ? ret : top_record_new(&record, &live->record);
}

/* --- the reader's thread --- */

static bool on_tick(void *ctx, uint64_t now_ns)
{
	struct top_live *live = ctx;
	const char *message;

	while ((message = capture_message(live->capture)))
		top_notes_put(&live->notes, message);
	top_record_flush(live->record);
	handoff_flush(live->handoff);
	eventfd_write(live->wake_fd, 1);
	return true;
}

static void *reader_main(void *arg)
{
	struct top_live *live = arg;
	const struct capture_hooks hooks = { .ctx = live, .tick = on_tick, .fd = -1 };

	live->result = capture_run(live->capture, &hooks);
	handoff_close(live->handoff);
	eventfd_write(live->wake_fd, 1);
	return NULL;
}

static int start(struct top_live *live)
{
	int ret;

	if (!geteuid())
		survival_lock_memory();
	ret = -pthread_create(&live->reader, NULL, reader_main, live);
	live->started = !ret;
	return ret;
}

int top_live_open(const struct top_options *options, struct top_live **out)
{
	struct top_live *live = calloc(1, sizeof(*live));
	struct source_error err = { 0 };
	int ret = live ? 0 : -ENOMEM;

	/* Fixed: else what the kernel's types (BTF) took, twice 10 MiB, would be kept when they are freed, and locked. */
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	if (!geteuid())
		survival_prepare();
	else
		survival_raise_files();
	if (!ret) {
		live->options = options;
		live->wake_fd = live->statm_fd = -1;
		live->page_bytes = sysconf(_SC_PAGESIZE);
		top_notes_init(&live->notes);
		ret = open_all(live, &err);
	}
	if (!ret && options->output)
		ret = top_record_begin(live->record, options->output);
	if (!ret)
		ret = start(live);
	if (ret) {
		const char *note = live ? top_notes_take(&live->notes) : NULL;

		complain("top", note ?: err.what[0] ? err.what : strerror(-ret), err.hint);
		top_live_close(live);
		return STATUS_ERROR;
	}
	*out = live;
	return STATUS_OK;
}

void top_live_close(struct top_live *live)
{
	const char *message;

	if (!live)
		return;
	if (live->started) {
		capture_stop(live->capture);
		handoff_abandon(live->handoff);
		pthread_join(live->reader, NULL);
	}
	top_record_free(live->record);
	while ((message = top_notes_take(&live->notes)))
		status_message("%s", message);
	capture_close(live->capture);
	handoff_free(live->handoff);
	watch_free(live->watch);
	for (int *fd = &live->wake_fd; fd <= &live->statm_fd; fd++)
		if (*fd >= 0)
			close(*fd);
	free(live);
}

/* --- the thread of the screen --- */

int top_live_fd(const struct top_live *live)
{
	return live->wake_fd;
}

static uint64_t timeval_ns(const struct timeval *tv)
{
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * 1000ull;
}

static uint64_t resident_bytes(const struct top_live *live)
{
	char text[128], *resident;
	ssize_t len = live->statm_fd >= 0 ? pread(live->statm_fd, text, sizeof(text) - 1, 0) : -1;

	if (len <= 0)
		return 0;
	text[len] = '\0';
	resident = strchr(text, ' ');
	return resident ? strtoull(resident, NULL, 10) * live->page_bytes : 0;
}

static void tell_cost(struct top_live *live)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	live_model_own_cost(watch_model(live->watch), timeval_ns(&usage.ru_utime) + timeval_ns(&usage.ru_stime),
			    resident_bytes(live));
}

/* Why the hand-off has ended. */
static int end_reason(struct top_live *live)
{
	if (handoff_stats(live->handoff).overrun)
		top_notes_put(&live->notes, "top stood still for too long: what was captured meanwhile had no room");
	return live->result ? live->result : -EPIPE;
}

int top_live_take(struct top_live *live)
{
	uint64_t until = monotonic_ns() + TAKE_NS;
	eventfd_t wakes;
	int ret;

	eventfd_read(live->wake_fd, &wakes);
	top_record_look(live->record);
	do {
		ret = handoff_take(live->handoff, 0, &live->sink);
	} while (ret > 0 && monotonic_ns() < until);
	if (ret)
		eventfd_write(live->wake_fd, 1);	/* there is more, or its end */
	if (watch_tick(live->watch, monotonic_ns())) {
		tell_cost(live);
		return 1;
	}
	return ret == -EPIPE ? end_reason(live) : ret < 0 ? ret : 0;
}

struct live_model *top_live_model(const struct top_live *live)
{
	return watch_model(live->watch);
}

void top_live_set_interval(struct top_live *live, uint64_t interval_ns)
{
	watch_set_interval(live->watch, interval_ns);
}

const char *top_live_message(struct top_live *live)
{
	return top_notes_take(&live->notes);
}

int top_live_record(struct top_live *live, char *text, size_t size)
{
	const char *note;
	int ret = 0;

	top_record_look(live->record);
	if (top_record_ends(live->record)) {
		snprintf(text, size, "%s is still being completed", top_record_path(live->record));
	} else if (top_record_runs(live->record)) {
		top_record_end(live->record);
		snprintf(text, size, "Completing %s ...", top_record_path(live->record));
	} else {
		ret = top_record_begin(live->record, NULL);
		note = ret ? top_notes_take(&live->notes) : NULL;
		if (ret)
			snprintf(text, size, "%s", note ?: strerror(-ret));
		else
			snprintf(text, size, "Recording into %s; r ends it", top_record_path(live->record));
		ret = ret ? ret : 1;
	}
	return ret;
}

bool top_live_recording(const struct top_live *live)
{
	return top_record_runs(live->record);
}

/* --- batch --- */

static const struct live_model *feed_model(void *ctx)
{
	return top_live_model(ctx);
}

static int feed_next(void *ctx)
{
	struct top_live *live = ctx;
	struct pollfd fd = { .fd = live->wake_fd, .events = POLLIN };
	const char *message;
	int ret = 0;

	while (!ret) {
		poll(&fd, 1, LOOK_MS);
		if (interrupt_signal())
			return 1;
		ret = top_live_take(live);
		while ((message = top_live_message(live)))
			status_message("%s", message);
	}
	return ret > 0 ? 0 : ret;
}

struct live_feed top_live_feed(struct top_live *live)
{
	return (struct live_feed){ .ctx = live, .model = feed_model, .next = feed_next };
}
