// SPDX-License-Identifier: GPL-2.0-only
/*
 * tui.c - the loop and the layout of the screen of top: see tui.h.
 *
 * One loop waits for keys, signals, the feed and the next step of playing, and draws when something came. Drawing
 * writes the whole screen into ncurses, which sends what differs.
 */
#include "tui/tui.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"
#include "tui/detail.h"
#include "tui/header.h"
#include "tui/local.h"

#define IDLE_MS		1000	/* live: so often the age of the data is looked at */
#define HEADER_MOST	6	/* lines */
#define BODY_LEAST	4	/* lines that the header leaves to the table: titles and three rows */
#define AROUND_LINES	3	/* tabs, titles of the columns, bottom line */

const struct live_model *tui_model(const struct tui *t)
{
	return t->options->feed->model(t->options->feed->ctx);
}

const struct live_model *tui_against(const struct tui *t)
{
	const struct tui_feed *feed = t->options->feed;

	return t->compare && feed->against ? feed->against(feed->ctx) : NULL;
}

void tui_message(struct tui *t, enum live_mood mood, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->message, sizeof(t->message), format, args);
	va_end(args);
	t->message_mood = mood;
}

void tui_refresh(struct tui *t)
{
	table_rows_refresh(&t->rows, &tui_view(t)->rows, tui_model(t));
	peer_fill(&t->peer, tui_view(t)->rows.view, tui_against(t));
}

/* "1 Nodes  2 Memcgs ...", and at the right what the table does not show. */
static void draw_tabs(const struct tui *t, int y)
{
	const struct table_view *v = &t->view[t->current];
	char text[256];
	int x = 0;

	for (int i = 0; i < nlive_views && i < TUI_VIEWS; i++) {
		snprintf(text, sizeof(text), " %d %s ", i + 1, live_views[i]->title);
		if (i != t->current) {
			int next = screen_put_whole(&t->screen, y, x, 0, text);

			if (next == x)
				snprintf(text, sizeof(text), " %d ", i + 1);
			x = next == x ? screen_put_whole(&t->screen, y, x, 0, text) : next;
			continue;
		}
		x = screen_put_whole(&t->screen, y, x, t->screen.style[STYLE_TAB], text);
	}
	if (v->rows.filter[0])
		snprintf(text, sizeof(text), "\"%s\": %d of %d", v->rows.filter, t->rows.nshown, t->rows.total);
	else if (t->rows.nshown > table_view_page(v))
		snprintf(text, sizeof(text), "%d-%d of %d", v->top + 1,
			 v->top + table_view_page(v) < t->rows.nshown ? v->top + table_view_page(v) : t->rows.nshown,
			 t->rows.nshown);
	else
		text[0] = 0;
	screen_put(&t->screen, &(struct screen_spot){ y, x + 1, t->screen.width - x - 1, ALIGN_RIGHT,
		   t->screen.mood[v->rows.filter[0] ? MOOD_WARN : MOOD_DIM] }, text);
}

static void draw_detail(struct tui *t, int y, int height)
{
	const struct live_view *view = tui_view(t)->rows.view;
	const struct row *row = table_rows_find(&t->rows, t->detail_key);
	struct detail d = {
		.view = view, .m = tui_model(t), .row = row ? &row->live : NULL,
		.against = t->peer.m, .other = peer_find(&t->peer, t->detail_key),
	};
	struct screen_spot spot = { y, 0, t->screen.width, ALIGN_LEFT, t->screen.style[STYLE_HEAD] };
	char title[LIVE_KEY_BYTES + 64];

	if (row)
		detail_make(&d, &t->pager);
	snprintf(title, sizeof(title), "%s: %s%s", view->title, t->detail_key,
		 !row ? " (gone; as it was last)" : "");
	screen_put(&t->screen, &spot, title);
	pager_draw(&t->pager, &t->screen, y + 1, height - 1);
}

static void draw_help(struct tui *t, int y, int height)
{
	struct screen_spot spot = { y, 0, t->screen.width, ALIGN_LEFT, t->screen.style[STYLE_HEAD] };

	screen_put(&t->screen, &spot, "Help");
	pager_draw(&t->pager, &t->screen, y + 1, height - 1);
}

static void draw_body(struct tui *t, int y, int height)
{
	enum tui_mode mode = t->mode == MODE_PROMPT ? t->prompt_over : t->mode;

	if (mode == MODE_DETAIL)
		draw_detail(t, y, height);
	else if (mode == MODE_HELP)
		draw_help(t, y, height);
	else if (mode == MODE_MENU)
		menu_draw(&t->menu, &t->screen, y, height);
	else
		table_view_draw(tui_view(t), &t->screen, &t->rows, tui_model(t), &t->peer, y, height);
}

static void draw_bottom(const struct tui *t, int y)
{
	struct screen_spot spot = { y, 0, t->screen.width, ALIGN_LEFT, t->screen.mood[t->message_mood] };

	if (t->mode == MODE_PROMPT)
		prompt_draw(&t->prompt, &t->screen, y);
	else if (t->message[0])
		screen_put(&t->screen, &spot, t->message);
	else
		keys_draw_hints(t, y);
}

static bool feed_wanted(const struct tui *t)
{
	return t->options->feed->fd >= 0 && !t->over && (!t->paused || t->options->feed->pause);
}

static bool is_recording(const struct tui *t)
{
	return t->options->recording && t->options->recording(t->options->record_ctx);
}

static int draw_header(const struct tui *t, const struct live_summary *sum, int most)
{
	struct header h = {
		.summary = sum, .title = t->options->title, .replay = timeline_replays(&t->timeline),
		.against = tui_against(t) ? t->options->against_title : NULL, .paused = t->paused, .over = t->over,
		.interval_ns = t->interval_ns, .recording = is_recording(t),
		.silent_ns = !feed_wanted(t) ? 0 : elapsed_ns(t->data_ns, monotonic_ns()),
	};

	return header_draw(&h, &t->screen, most);
}

static void draw(struct tui *t)
{
	int lines = t->screen.height - AROUND_LINES - BODY_LEAST - timeline_replays(&t->timeline), y;
	struct live_summary sum;

	screen_blank(&t->screen);
	if (t->screen.width < SCREEN_LEAST_WIDTH || t->screen.height < SCREEN_LEAST_HEIGHT) {
		screen_put(&t->screen, &(struct screen_spot){ 0, 0, t->screen.width, ALIGN_LEFT, 0 }, "too small");
		screen_show(&t->screen);
		return;
	}
	live_model_summary(tui_model(t), &sum);
	tui_refresh(t);
	y = draw_header(t, &sum, lines < 1 ? 1 : lines > HEADER_MOST ? HEADER_MOST : lines);
	if (timeline_replays(&t->timeline))
		timeline_draw(&t->timeline, &t->screen, y++);
	draw_body(t, y + 1, t->screen.height - y - 2);
	/* After the table, which finds out what it shows. */
	draw_tabs(t, y);
	draw_bottom(t, t->screen.height - 1);
	screen_show(&t->screen);
}

enum { POLL_KEYS, POLL_SIGNALS, POLL_FEED, POLL_COUNT };

/* True: draw. */
static bool take_interval(struct tui *t)
{
	const struct tui_feed *feed = t->options->feed;
	int ret = feed->advance(feed->ctx);
	const char *message = feed->message ? feed->message(feed->ctx) : NULL;

	if (message)
		tui_message(t, MOOD_WARN, "%s", message);
	t->over = ret < 0;
	if (ret < 0 && !message)
		tui_message(t, MOOD_WARN, "No more data: %s", strerror(-ret));
	if (ret > 0)
		t->data_ns = monotonic_ns();
	return message || ret < 0 || (ret > 0 && !t->paused);
}

static bool take_keys(struct tui *t)
{
	bool any = false;
	int key;

	while (!t->quit && (key = screen_key(&t->screen))) {
		any = true;
		keys_handle(t, key);
		/* The next key may be about rows that this one has changed. */
		tui_refresh(t);
	}
	return any;
}

static int wait_ms(const struct tui *t)
{
	if (!timeline_replays(&t->timeline))
		return IDLE_MS;
	return timeline_wait_ms(&t->timeline, monotonic_ns());
}

/* Waits for something to happen. True: draw. */
static bool await(struct tui *t)
{
	struct pollfd fds[POLL_COUNT] = {
		[POLL_KEYS] = { screen_input_fd(&t->screen), POLLIN, 0 },
		[POLL_SIGNALS] = { screen_signal_fd(&t->screen), POLLIN, 0 },
		[POLL_FEED] = { feed_wanted(t) ? t->options->feed->fd : -1, POLLIN, 0 },
	};
	int n = poll(fds, POLL_COUNT, wait_ms(t)), ret;
	bool redraw = !n && !timeline_replays(&t->timeline);

	/* The terminal is gone, as is its SIGHUP if somebody ignores it. */
	if (n > 0 && fds[POLL_KEYS].revents & (POLLHUP | POLLERR | POLLNVAL))
		t->quit = true;
	if (n > 0 && fds[POLL_SIGNALS].revents)
		redraw |= screen_signals(&t->screen);
	if (n > 0 && fds[POLL_KEYS].revents & POLLIN)
		redraw |= take_keys(t);
	if (n > 0 && fds[POLL_FEED].revents)
		redraw |= take_interval(t);
	ret = timeline_replays(&t->timeline) ? timeline_tick(&t->timeline, monotonic_ns()) : 0;
	if (ret < 0)
		tui_message(t, MOOD_BAD, "Cannot play on: %s", strerror(-ret));
	return redraw || ret;
}

/* As the options say, if it has such a column. */
static void sort_view(struct table_state *v, const char *key)
{
	const char *name = key + (*key == '-' || *key == '+');

	for (int c = 0; c < v->view->ncolumns; c++) {
		if (strcmp(v->view->columns[c].key, name))
			continue;
		v->sort = c;
		v->descending = *key == '-' || (*key != '+' && v->view->columns[c].unit != UNIT_TEXT);
	}
}

static void init_views(struct tui *t)
{
	int n = nlive_views < TUI_VIEWS ? nlive_views : TUI_VIEWS;

	for (int i = 0; i < n; i++) {
		struct table_state *v = &t->view[i].rows;

		table_state_init(v, live_views[i]);
		if (t->options->sort)
			sort_view(v, t->options->sort);
		if (t->options->filter)
			snprintf(v->filter, sizeof(v->filter), "%s", t->options->filter);
	}
	t->current = t->options->view >= 0 && t->options->view < n ? t->options->view : 0;
}

static void run(struct tui *t)
{
	struct live_summary sum;

	live_model_summary(tui_model(t), &sum);
	t->interval_ns = t->options->interval_ns ? t->options->interval_ns : NSEC_PER_SEC;
	t->data_ns = monotonic_ns();
	t->compare = true;
	timeline_init(&t->timeline, t->options->feed, t->interval_ns, sum.now_ns);
	tui_refresh(t);
	draw(t);
	while (!t->quit && !t->screen.ended_by)
		if (await(t) && !t->quit)
			draw(t);
}

int tui_run(const struct tui_options *options, int *signal, struct tui_error *err)
{
	struct tui *t = calloc(1, sizeof(*t));
	int ret;

	*err = (struct tui_error){ 0 };
	*signal = 0;
	if (!t || table_rows_new(&t->rows) || peer_new(&t->peer) || pager_new(&t->pager)) {
		snprintf(err->what, sizeof(err->what), "%s", strerror(ENOMEM));
		ret = -ENOMEM;
		goto out;
	}
	t->options = options;
	init_views(t);
	ret = screen_open(&t->screen, options, err);
	if (ret)
		goto out;
	run(t);
	*signal = t->screen.ended_by;
	screen_close(&t->screen);
out:
	if (t) {
		table_rows_free(&t->rows);
		peer_free(&t->peer);
		pager_free(&t->pager);
	}
	free(t);
	return ret;
}
