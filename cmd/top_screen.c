// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_screen.c - squall top in a terminal: a recording, or the machine itself, as a feed of tui/tui.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/top.h"
#include "cmd/top_live.h"
#include "spine/time.h"
#include "tui/tui.h"

struct screen {
	struct top_recording	*recording, *against;	/* against: NULL nothing is compared */
	struct top_live		*live;
	struct live_model	*frozen;		/* what is shown in a pause */
	bool			paused;
};

int top_screen_run(const struct top_options *options, struct tui_options *tui)
{
	struct tui_error err = { 0 };
	int signal = 0, ret;

	tui->view = options->nviews ? options->views[0] : 0;
	tui->sort = options->sort;
	tui->filter = options->filter;
	tui->interval_ns = options->interval_ns;
	tui->colour = !getenv("NO_COLOR");
	tui->ascii = options->ascii;
	tui->mouse = true;
	ret = tui_run(tui, &signal, &err);
	if (!ret)
		return signal;
	complain("top", err.what[0] ? err.what : strerror(-ret), err.hint);
	return -1;
}

/* As a shell expects it of a command that was ended. */
static int end_as(int signal)
{
	if (signal > 0)
		raise(signal);
	return signal < 0 ? STATUS_ERROR : STATUS_OK;
}

/* The other recording goes to the same offset from its start. */
static int follow(struct screen *s, uint64_t offset_ns)
{
	return s->against ? player_seek(s->against->player, player_start_ns(s->against->player) + offset_ns) : 0;
}

/* --- a recording --- */

static const struct live_model *shown(void *ctx)
{
	return player_model(((struct screen *)ctx)->recording->player);
}

static const struct live_model *compared(void *ctx)
{
	const struct screen *s = ctx;

	return s->against ? player_model(s->against->player) : NULL;
}

static int seek(void *ctx, uint64_t ts_ns)
{
	struct screen *s = ctx;
	struct player *p = s->recording->player;
	int ret = player_seek(p, ts_ns);

	return ret ? ret : follow(s, elapsed_ns(player_start_ns(p), player_now_ns(p)));
}

static int advance(void *ctx)
{
	return 0;
}

int top_screen_replay(const struct top_options *options, struct top_recording *recording,
		      struct top_recording *against)
{
	struct screen s = { .recording = recording, .against = against };
	struct player *p = recording->player;
	struct tui_feed feed = {
		.ctx = &s, .model = shown, .against = compared, .fd = -1, .advance = advance, .seek = seek,
		.start_ns = player_start_ns(p), .end_ns = player_end_ns(p),
	};
	struct tui_options tui = { .feed = &feed, .title = recording->path,
				   .against_title = against ? against->path : NULL };
	int ret;

	feed.marks = player_marks(p, &feed.nmarks);
	ret = seek(&s, player_now_ns(p));
	if (ret) {
		complain("top", strerror(-ret), NULL);
		return STATUS_ERROR;
	}
	return end_as(top_screen_run(options, &tui));
}

/* --- the machine itself --- */

static const struct live_model *live_shown(void *ctx)
{
	const struct screen *s = ctx;

	return s->paused ? s->frozen : top_live_model(s->live);
}

static int live_advance(void *ctx)
{
	struct screen *s = ctx;
	struct live_summary sum;
	int ret = top_live_take(s->live);

	if (ret > 0 && s->against && !s->paused) {
		live_model_summary(top_live_model(s->live), &sum);
		/* What cannot be read any more stays as it is. */
		follow(s, elapsed_ns(sum.start_ns, sum.now_ns));
	}
	return ret;
}

static void live_pause(void *ctx, bool paused)
{
	struct screen *s = ctx;

	if (paused)
		live_model_freeze(top_live_model(s->live), s->frozen);
	s->paused = paused;
}

static const char *live_message(void *ctx)
{
	return top_live_message(((struct screen *)ctx)->live);
}

static int live_interval(void *ctx, uint64_t interval_ns)
{
	top_live_set_interval(((struct screen *)ctx)->live, interval_ns);
	return 0;
}

static int live_record(void *ctx, char *text, size_t size)
{
	return top_live_record(((struct screen *)ctx)->live, text, size);
}

static bool live_recording(void *ctx)
{
	return top_live_recording(((struct screen *)ctx)->live);
}

int top_screen_live(const struct top_options *options, struct top_live *live, struct top_recording *against)
{
	struct screen s = { .live = live, .against = against };
	const struct tui_feed feed = {
		.ctx = &s, .model = live_shown, .against = compared, .fd = top_live_fd(live), .advance = live_advance,
		.pause = live_pause, .message = live_message, .set_interval = live_interval,
	};
	struct tui_options tui = {
		.feed = &feed, .title = "live", .against_title = against ? against->path : NULL,
		.record = live_record, .recording = live_recording, .record_ctx = &s,
	};
	int signal, ret = live_model_new_frozen(&s.frozen);

	if (!ret)
		ret = follow(&s, 0);
	if (ret)
		complain("top", strerror(-ret), NULL);
	signal = ret ? -1 : top_screen_run(options, &tui);
	live_model_free_frozen(s.frozen);
	return signal;
}
