// SPDX-License-Identifier: GPL-2.0-only
/*
 * isolate.c - a source in a child process, its calls replayed in ours.
 *
 * Chunks lie in memory shared with the child. Two pipes carry chunk numbers, one byte each: "full" from the child, "free"
 * to it. At the start all chunks but the child's first are in the free pipe. The child stores its result, then exits;
 * the end of the full pipe is the only sign of its end that we wait for, so a crash and a normal end look alike until
 * waitpid() has been asked. What a child left in an unfinished chunk is replayed then: the parent empties each chunk
 * before it gives it back, so whatever is not empty has not been seen.
 *
 * Nothing in the shared memory is trusted: the child may have been overwritten by a hostile input. It is no security
 * boundary against a child that is taken over altogether; that one has our user id anyway.
 */
#include "spine/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spine/stream.h"

#define TICK_MS		200		/* "about five times a second" */

/* ASan reserves terabytes of address space as data: RLIMIT_DATA would stop it at once. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN	1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN	0
#endif

struct shared {
	struct source_progress	progress;
	struct stream_buf	buf[ISOLATE_CHUNKS];	/* .data and .size are the child's affair */
	_Atomic int		finished;		/* 1: result and error below are valid */
	int			result;
	struct source_error	error;
	char			chunks[ISOLATE_CHUNKS][ISOLATE_CHUNK_BYTES] __attribute__((aligned(64)));
};

enum { READ_END, WRITE_END };

struct run {
	const struct source_ops	*ops;
	const struct sink	*sink;
	isolate_tick_fn		tick;
	void			*tick_ctx;
	struct shared		*shared;
	struct stream_reader	*reader;
	int			full[2];
	int			free[2];
	pid_t			child;
	int			ret;		/* why we stopped before the child: the sink's or the tick's answer */
	bool			hung;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- child ---- */

struct child {
	struct stream_writer	writer;
	struct shared		*shared;
	int			full_fd;
	int			free_fd;
};

static int pipe_put(int fd, uint8_t number)
{
	ssize_t n;

	do {
		n = write(fd, &number, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -EPIPE;
}

/* Hands the full chunk over and waits for an empty one. */
static int child_next(struct stream_writer *w)
{
	struct child *child = w->ctx;
	uint8_t number = w->buf - child->shared->buf;
	ssize_t n;

	if (pipe_put(child->full_fd, number))
		return -EPIPE;
	do {
		n = read(child->free_fd, &number, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1 || number >= ISOLATE_CHUNKS)
		return -EPIPE;
	w->buf = &child->shared->buf[number];
	return 0;
}

/* Closes everything above stderr but the three descriptors that the source needs. */
static void child_close_others(int a, int b, int c)
{
	int keep[] = { a, b, c };
	unsigned int from = STDERR_FILENO + 1;

	for (int i = 0; i < 2; i++)
		for (int j = i + 1; j < 3; j++)
			if (keep[j] < keep[i]) {
				int swap = keep[i];

				keep[i] = keep[j];
				keep[j] = swap;
			}
	for (int i = 0; i < 3; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, keep[i] - 1, 0);
		from = keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

/*
 * Libraries print warnings about the input: not onto the user's terminal. Ctrl-C and a closed terminal reach both
 * processes; the parent decides, so the child ignores them and dies with the parent instead.
 */
static void child_setup(const struct run *run, int input_fd)
{
	struct rlimit no_core = { 0, 0 };
	struct rlimit data = { ISOLATE_DATA_BYTES, ISOLATE_DATA_BYTES };
	sigset_t none;
	int null_fd;

	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0 && input_fd != STDOUT_FILENO)
		dup2(null_fd, STDOUT_FILENO);
	if (null_fd >= 0 && input_fd != STDERR_FILENO && !UNDER_ASAN)
		dup2(null_fd, STDERR_FILENO);
	child_close_others(input_fd, run->full[WRITE_END], run->free[READ_END]);

	setrlimit(RLIMIT_CORE, &no_core);
	if (!UNDER_ASAN)
		setrlimit(RLIMIT_DATA, &data);
}

static void __attribute__((noreturn)) child_main(const struct run *run, const struct source_input *in, pid_t parent)
{
	struct shared *shared = run->shared;
	struct child child = {
		.shared = shared, .full_fd = run->full[WRITE_END], .free_fd = run->free[READ_END],
		.writer = { .buf = &shared->buf[0], .next = child_next },
	};
	struct source_input input = *in;
	struct source_error error = { 0 };
	struct sink sink;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	child_setup(run, in->fd);
	child.writer.ctx = &child;
	sink = stream_writer_sink(&child.writer);
	input.progress = &shared->progress;
	shared->result = run->ops->run(&input, &sink, &error);
	shared->error = error;
	atomic_store(&shared->finished, 1);
	_exit(0);
}

/* ---- parent ---- */

/* Empties the chunk into the sink. */
static int chunk_replay(struct run *run, unsigned int number)
{
	uint32_t used = atomic_load_explicit(&run->shared->buf[number].used, memory_order_acquire);
	int ret;

	if (used > ISOLATE_CHUNK_BYTES)
		return -EBADMSG;
	ret = stream_read(run->reader, run->shared->chunks[number], used, run->sink);
	atomic_store_explicit(&run->shared->buf[number].used, 0, memory_order_relaxed);
	return ret;
}

static int run_tick(struct run *run)
{
	if (run->tick && run->tick(run->tick_ctx, &run->shared->progress))
		return -EINTR;
	return 0;
}

/*
 * Silence is counted in what we waited, at most two ticks at a time, so that a process that was stopped and continued
 * (Ctrl-Z, a suspended guest) does not take the child for stuck. Time that the sink took is not the child's either.
 */
struct silence {
	uint32_t	heartbeat;
	unsigned int	ms;
};

static bool child_stuck(struct run *run, struct silence *silence, int64_t waited_ms)
{
	uint32_t heartbeat = atomic_load_explicit(&run->shared->progress.heartbeat, memory_order_relaxed);

	if (heartbeat != silence->heartbeat || atomic_load(&run->shared->progress.waiting)) {
		silence->heartbeat = heartbeat;
		silence->ms = 0;
		return false;
	}
	silence->ms += waited_ms < 2 * TICK_MS ? waited_ms : 2 * TICK_MS;
	return silence->ms >= ISOLATE_HANG_S * 1000;
}

/* Takes one chunk number from the pipe and replays that chunk. 1 when the child has closed it, else 0 or an error. */
static int run_chunk(struct run *run)
{
	uint8_t number;
	ssize_t n = read(run->full[READ_END], &number, 1);
	int ret;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (!n)
		return 1;
	if (number >= ISOLATE_CHUNKS)
		return -EBADMSG;
	ret = chunk_replay(run, number);
	if (ret)
		return ret;
	/* A child that is gone does not read this any more; its end shows in the full pipe. */
	pipe_put(run->free[WRITE_END], number);
	return 0;
}

/* Until the child has closed its pipe: 0. Anything else is why we end before it. */
static int run_loop(struct run *run)
{
	struct pollfd pfd = { .fd = run->full[READ_END], .events = POLLIN };
	struct silence silence = { 0 };
	int64_t last_tick_ms = now_ms();

	for (;;) {
		int64_t before_ms = now_ms();
		int n = poll(&pfd, 1, TICK_MS);
		int64_t now = now_ms();
		int ret = 0;

		if (n > 0) {
			silence.ms = 0;
			ret = run_chunk(run);
		} else if (n < 0 && errno != EINTR) {
			ret = -errno;
		} else if (child_stuck(run, &silence, now - before_ms)) {
			run->hung = true;
			return -EBADMSG;
		}
		if (ret)
			return ret > 0 ? 0 : ret;
		if (n < 0 || now - last_tick_ms >= TICK_MS) {
			last_tick_ms = now;
			ret = run_tick(run);
			if (ret)
				return ret;
		}
	}
}

/* What the child had written into a chunk that it never handed over. */
static int replay_rest(struct run *run)
{
	for (unsigned int i = 0; i < ISOLATE_CHUNKS; i++) {
		int ret = atomic_load(&run->shared->buf[i].used) ? chunk_replay(run, i) : 0;

		if (ret)
			return ret;
	}
	return 0;
}

static int say(struct source_error *err, const char *hint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int say(struct source_error *err, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->what, sizeof(err->what), fmt, args);
	va_end(args);
	snprintf(err->hint, sizeof(err->hint), "%s", hint);
	return -EBADMSG;
}

/* What the end of the child means; @status as of waitpid(). */
static int verdict(const struct run *run, int status, struct source_error *err)
{
	const struct shared *shared = run->shared;
	const char *kept = "what was read before that is kept";
	unsigned long long events = atomic_load(&shared->progress.events);

	if (run->hung)
		return say(err, kept, "the %s reader made no progress for %u s after %llu events and was stopped",
			   run->ops->name, ISOLATE_HANG_S, events);
	if (WIFSIGNALED(status))
		return say(err, kept, "the %s reader died of signal %d (%s) after %llu events",
			   run->ops->name, WTERMSIG(status), strsignal(WTERMSIG(status)), events);
	if (!WIFEXITED(status) || WEXITSTATUS(status) || !shared->finished)
		return say(err, kept, "the %s reader ended early (status %#x) after %llu events",
			   run->ops->name, status, events);
	if (shared->result == -ENOMEM)
		return say(err, kept, "the %s reader needs more than %u MiB of memory for this input, after %llu events",
			   run->ops->name, ISOLATE_DATA_BYTES >> 20, events);
	*err = shared->error;
	err->what[sizeof(err->what) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	return shared->result > 0 ? -EBADMSG : shared->result;
}

static int run_child(struct run *run, const struct source_input *in, struct source_error *err)
{
	pid_t parent = getpid();
	int status = 0;
	int ret;

	run->child = fork();
	if (run->child < 0)
		return -errno;
	if (!run->child)
		child_main(run, in, parent);
	close(run->full[WRITE_END]);
	run->full[WRITE_END] = -1;
	close(run->free[READ_END]);
	run->free[READ_END] = -1;

	ret = run_loop(run);
	if (ret)
		kill(run->child, SIGKILL);
	while (waitpid(run->child, &status, 0) < 0 && errno == EINTR)
		;
	if (!ret || run->hung) {
		ret = replay_rest(run);
		if (!ret)
			return verdict(run, status, err);
	}
	if (ret == -EBADMSG)
		say(err, "", "the %s reader delivered nonsense", run->ops->name);
	return ret;
}

static void close_pipe(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static int open_pipes(struct run *run)
{
	if (pipe2(run->full, O_CLOEXEC))
		return -errno;
	if (pipe2(run->free, O_CLOEXEC))
		return -errno;
	for (unsigned int i = 1; i < ISOLATE_CHUNKS; i++)
		if (pipe_put(run->free[WRITE_END], i))
			return -EPIPE;
	return 0;
}

static void copy_progress(struct source_progress *to, const struct source_progress *from)
{
	atomic_store(&to->bytes_done, atomic_load(&from->bytes_done));
	atomic_store(&to->bytes_total, atomic_load(&from->bytes_total));
	atomic_store(&to->events, atomic_load(&from->events));
}

int isolate_run(const struct source_ops *ops, const struct source_input *in, const struct sink *sink,
		isolate_tick_fn tick, void *tick_ctx, struct source_error *err)
{
	struct run run = {
		.ops = ops, .sink = sink, .tick = tick, .tick_ctx = tick_ctx,
		.full = { -1, -1 }, .free = { -1, -1 },
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old_pipe;
	int ret;

	memset(err, 0, sizeof(*err));
	run.shared = mmap(NULL, sizeof(*run.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.shared == MAP_FAILED)
		return -errno;
	for (unsigned int i = 0; i < ISOLATE_CHUNKS; i++) {
		run.shared->buf[i].data = run.shared->chunks[i];
		run.shared->buf[i].size = ISOLATE_CHUNK_BYTES;
	}
	/* Giving a chunk back to a child that has just died must not kill us. */
	sigaction(SIGPIPE, &ignore, &old_pipe);
	ret = stream_reader_new(&run.reader);
	if (ret)
		goto restore_sigpipe;
	ret = open_pipes(&run);
	if (ret)
		goto close_pipes;
	ret = run_child(&run, in, err);
	if (in->progress)
		copy_progress(in->progress, &run.shared->progress);

close_pipes:
	close_pipe(run.full);
	close_pipe(run.free);
	stream_reader_free(run.reader);
restore_sigpipe:
	sigaction(SIGPIPE, &old_pipe, NULL);
	munmap(run.shared, sizeof(*run.shared));
	return ret;
}
