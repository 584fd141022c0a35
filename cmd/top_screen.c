// SPDX-License-Identifier: GPL-2.0-only
/*
 * top_screen.c - squall top in a terminal: a recording as a feed of tui/tui.h.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/top.h"
#include "spine/time.h"
#include "tui/tui.h"

struct screen {
	struct top_recording	*recording, *against;
};

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

	if (!ret && s->against)
		ret = player_seek(s->against->player, player_start_ns(s->against->player) +
				  elapsed_ns(player_start_ns(p), player_now_ns(p)));
	return ret;
}

static int advance(void *ctx)
{
	return 0;
}

int top_screen(const struct top_options *options, struct top_recording *recording, struct top_recording *against)
{
	struct screen s = { recording, against };
	struct player *p = recording->player;
	struct tui_feed feed = {
		.ctx = &s, .model = shown, .against = compared, .fd = -1, .advance = advance, .seek = seek,
		.start_ns = player_start_ns(p), .end_ns = player_end_ns(p),
	};
	const struct tui_options tui = {
		.feed = &feed, .title = recording->path, .against_title = against ? against->path : NULL,
		.view = options->nviews ? options->views[0] : 0, .interval_ns = options->interval_ns,
		.colour = !getenv("NO_COLOR"), .mouse = true,
	};
	struct tui_error err = { 0 };
	int ret, signal = 0;

	feed.marks = player_marks(p, &feed.nmarks);
	ret = seek(&s, player_now_ns(p));
	if (!ret)
		ret = tui_run(&tui, &signal, &err);
	if (ret) {
		complain("top", err.what[0] ? err.what : strerror(-ret), err.hint);
		return STATUS_ERROR;
	}
	/* As a shell expects it of a command that was ended. */
	if (signal)
		raise(signal);
	return STATUS_OK;
}
