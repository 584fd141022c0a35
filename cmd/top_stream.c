// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_stream.c - see top_stream.h.
 *
 * Two machines that boot at once do not begin to record at once, and what is to be compared is the same moment of the
 * same storm. So the one that began first is held back until the other has begun, and both go on in step: an offset
 * from the start grows with the clock, each is played up to it, and an interval is shown when it has ended in both.
 */
#include "cmd/top_stream.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/remote.h"
#include "spine/time.h"
#include "tui/tui.h"

#define REMOTES		2
#define LOOK_NS		(NSEC_PER_SEC / 10)	/* so often intervals are ended by the clock, where nothing comes */
#define AT_ONCE_NS	1u

struct member {
	struct remote	*remote;
	struct live_model *frozen;	/* what is shown in a pause */
	bool		in_step;	/* had begun when the others had */
	int		polled;		/* its fd in the epoll set, -1: none */
	bool		always;		/* a device that is not waited for */
	bool		told;		/* why it ended */
};

struct streams {
	const struct top_options *options;
	struct member	members[REMOTES];
	int		n;
	struct top_recording recording;	/* to compare with instead of a second stream; path NULL: none */
	bool		going;		/* all have begun */
	bool		paused;
	uint64_t	offset_ns;	/* of all in step, with n > 1 */
	int		epoll_fd, timer_fd;
	int		status;		/* of the command */
	int		signal;		/* that ended the screen; 0 none */
	char		message[512];	/* what the user was not told yet, or empty */
	char		told[512];
};

static bool has_ended(const struct member *m)
{
	bool whole;

	return remote_end(m->remote, &whole);
}

/* --- in step --- */

/* Where one does not begin, the other is not held back for ever. */
static bool may_begin(const struct streams *s)
{
	bool all = true;

	for (int i = 0; i < s->n; i++) {
		const struct member *m = &s->members[i];

		if (remote_full(m->remote))
			return true;
		all &= remote_started(m->remote) || has_ended(m);
	}
	return all;
}

static void begin(struct streams *s)
{
	s->going = true;
	for (int i = 0; i < s->n; i++)
		s->members[i].in_step = remote_started(s->members[i].remote);
}

/* As far as the one that is least far; never back. */
static void settle_offset(struct streams *s, uint64_t now_ns)
{
	uint64_t least = UINT64_MAX;

	if (!s->going && may_begin(s))
		begin(s);
	for (int i = 0; i < s->n && s->going; i++) {
		const struct member *m = &s->members[i];
		uint64_t offset = remote_offset_ns(m->remote, now_ns);

		if (m->in_step && !has_ended(m) && offset < least)
			least = offset;
	}
	if (least != UINT64_MAX && least > s->offset_ns)
		s->offset_ns = least;
}

/* One that has no room, or has ended, would be ready all the time. */
static void poll_member(struct streams *s, struct member *m)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = m };
	int fd = remote_fd(m->remote);

	if (fd == m->polled)
		return;
	if (m->polled >= 0)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, m->polled, NULL);
	m->polled = fd;
	m->always = fd >= 0 && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static void set_timer(struct streams *s, uint64_t in_ns)
{
	const struct itimerspec when = { .it_value.tv_nsec = in_ns };

	timerfd_settime(s->timer_fd, 0, &when, NULL);
}

static void read_members(struct streams *s, int timeout_ms)
{
	struct epoll_event events[REMOTES + 1];
	int n = epoll_wait(s->epoll_fd, events, REMOTES + 1, timeout_ms);

	for (int i = 0; i < n; i++)
		if (events[i].data.ptr)
			remote_read(((struct member *)events[i].data.ptr)->remote);
	for (int i = 0; i < s->n; i++)
		if (s->members[i].always && remote_fd(s->members[i].remote) >= 0)
			remote_read(s->members[i].remote);
}

/* The first to say why it ended; in batch mode at once, on a screen when that is closed. */
static void tell_ends(struct streams *s)
{
	for (int i = 0; i < s->n; i++) {
		struct member *m = &s->members[i];
		bool whole;
		const char *why = remote_end(m->remote, &whole);

		if (m->told || !why)
			continue;
		m->told = true;
		if (!whole)
			s->status = STATUS_ERROR;
		if (s->options->batch && !whole)
			complain(remote_path(m->remote), why, "what came before is shown");
		snprintf(s->message, sizeof(s->message), "%s %s", remote_path(m->remote), why);
	}
}

static void follow_recording(struct streams *s)
{
	struct player *p = s->recording.player;
	struct live_summary sum;

	if (!p || s->paused)
		return;
	live_model_summary(remote_model(s->members[0].remote), &sum);
	/* What cannot be read any more stays as it is. */
	player_seek(p, player_start_ns(p) + elapsed_ns(sum.start_ns, sum.now_ns));
}

/* True: an interval has ended in all that go on. */
static bool show(struct streams *s)
{
	bool any = false;

	for (int i = 0; i < s->n; i++) {
		struct remote *r = s->members[i].remote;

		if (!remote_ready(r) && !remote_over(r))
			return false;
		any |= remote_ready(r);
	}
	for (int i = 0; i < s->n && any; i++)
		remote_go_on(s->members[i].remote);
	return any;
}

static bool all_over(const struct streams *s)
{
	for (int i = 0; i < s->n; i++)
		if (!remote_over(s->members[i].remote))
			return false;
	return true;
}

/* 1: an interval is to be shown. 0: not yet. -ENODATA: there are no more. */
static int step(struct streams *s, int timeout_ms)
{
	uint64_t expirations, now_ns;
	bool shown;

	read_members(s, timeout_ms);
	(void)!read(s->timer_fd, &expirations, sizeof(expirations));
	now_ns = monotonic_ns();
	settle_offset(s, now_ns);
	for (int i = 0; i < s->n; i++)
		remote_play(s->members[i].remote, s->n == 1 ? UINT64_MAX : s->offset_ns, now_ns);
	tell_ends(s);
	if (all_over(s))
		return -ENODATA;
	shown = show(s);
	if (shown)
		follow_recording(s);
	for (int i = 0; i < s->n; i++)
		poll_member(s, &s->members[i]);
	set_timer(s, shown ? AT_ONCE_NS : LOOK_NS);
	return shown;
}

/* --- opening --- */

static int add_remote(struct streams *s, const char *path)
{
	struct member *m = &s->members[s->n];
	int ret = remote_open(path, s->options->interval_ns, &m->remote);

	if (ret)
		return ret;
	m->polled = -1;
	s->n++;
	return live_model_new_frozen(&m->frozen);
}

static int open_against(struct streams *s)
{
	int ret = s->options->against ? add_remote(s, s->options->against) : 0;

	if (ret == -ENOTSUP)
		return top_recording_open(s->options->against, s->options->interval_ns, &s->recording);
	return ret ? STATUS_ERROR : STATUS_OK;
}

static int open_loop(struct streams *s)
{
	struct epoll_event ev = { .events = EPOLLIN };

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->timer_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->timer_fd, &ev)) {
		complain("top", strerror(errno), NULL);
		return STATUS_ERROR;
	}
	set_timer(s, AT_ONCE_NS);
	return STATUS_OK;
}

static int open_all(struct streams *s)
{
	int status, ret = add_remote(s, s->options->replay);

	if (ret)
		return ret == -ENOTSUP ? TOP_NO_STREAM : STATUS_ERROR;
	if (s->options->at) {
		complain("--at", "does not go with a stream", "it is shown as it comes");
		return STATUS_ERROR;
	}
	status = open_against(s);
	return status ? status : open_loop(s);
}

static void close_all(struct streams *s)
{
	for (int i = 0; i < s->n; i++) {
		remote_close(s->members[i].remote);
		live_model_free_frozen(s->members[i].frozen);
	}
	top_recording_close(&s->recording);
	for (int *fd = &s->epoll_fd; fd <= &s->timer_fd; fd++)
		if (*fd >= 0)
			close(*fd);
}

/* --- as feeds --- */

static const struct live_model *model_of(const struct streams *s, int i)
{
	return s->paused ? s->members[i].frozen : remote_model(s->members[i].remote);
}

static const struct live_model *shown_model(void *ctx)
{
	return model_of(ctx, 0);
}

static const struct live_model *other_model(void *ctx)
{
	const struct streams *s = ctx;

	if (s->n > 1)
		return model_of(s, 1);
	return s->recording.player ? player_model(s->recording.player) : NULL;
}

static int feed_next(void *ctx)
{
	struct streams *s = ctx;
	int ret;

	do {
		ret = step(s, -1);
	} while (!ret);
	return ret > 0 ? 0 : 1;
}

static int feed_advance(void *ctx)
{
	struct streams *s = ctx;
	int ret = step(s, 0);

	/* Why it is over is to stay on the screen. */
	if (ret < 0 && !s->message[0])
		memcpy(s->message, s->told, sizeof(s->message));
	return ret;
}

static void feed_pause(void *ctx, bool paused)
{
	struct streams *s = ctx;

	for (int i = 0; i < s->n && paused; i++)
		live_model_freeze(remote_model(s->members[i].remote), s->members[i].frozen);
	s->paused = paused;
}

static const char *feed_message(void *ctx)
{
	struct streams *s = ctx;

	if (!s->message[0])
		return NULL;
	memcpy(s->told, s->message, sizeof(s->told));
	s->message[0] = '\0';
	return s->told;
}

static int feed_interval(void *ctx, uint64_t interval_ns)
{
	struct streams *s = ctx;

	for (int i = 0; i < s->n; i++)
		remote_set_interval(s->members[i].remote, interval_ns);
	return 0;
}

static int show_batch(struct streams *s)
{
	const struct live_feed feed = { .ctx = s, .model = shown_model, .next = feed_next };
	const struct live_feed against = { .ctx = s, .model = other_model };

	return top_batch(s->options, &feed, s->options->against ? &against : NULL, stdout);
}

static int show_screen(struct streams *s)
{
	const struct tui_feed feed = {
		.ctx = s, .model = shown_model, .against = other_model, .fd = s->epoll_fd, .advance = feed_advance,
		.pause = feed_pause, .message = feed_message, .set_interval = feed_interval,
	};
	struct tui_options tui = { .feed = &feed, .title = s->options->replay, .against_title = s->options->against };
	bool whole;

	s->signal = top_screen_run(s->options, &tui);
	for (int i = 0; i < s->n; i++)
		if (remote_end(s->members[i].remote, &whole) && !whole)
			complain(remote_path(s->members[i].remote), remote_end(s->members[i].remote, &whole), NULL);
	return s->signal < 0 ? STATUS_ERROR : STATUS_OK;
}

int top_stream(const struct top_options *options)
{
	struct streams s = { .options = options, .epoll_fd = -1, .timer_fd = -1 };
	int status = open_all(&s);

	if (!status)
		status = options->batch ? show_batch(&s) : show_screen(&s);
	if (!status)
		status = s.status;
	close_all(&s);
	/* As a shell expects it of a command that was ended. */
	if (s.signal > 0)
		raise(s.signal);
	return status;
}
