// SPDX-License-Identifier: GPL-2.0-only
/*
 * keys.c - the table of keys: which, what they do, and the function that does it. Help, hints and manual come from it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/time.h"
#include "tui/detail.h"
#include "tui/jump.h"
#include "tui/local.h"

#define CTRL(letter)	((letter) & 0x1f)
#define ESCAPE		27
#define WHEEL_ROWS	3
#define LEAST_INTERVAL_NS (100 * NSEC_PER_MSEC)
#define MOST_INTERVAL_NS (3600 * NSEC_PER_SEC)
#define KEY_CODES	5

enum {
	REPLAY = 1,		/* only there */
	LIVE = 2,
	ANYWHERE = 4,		/* also over a detail and the help */
};

struct key {
	int		code[KEY_CODES];	/* of screen_key(), 0 none */
	const char	*name;			/* NULL: made from the codes */
	const char	*what;
	const char	*group;			/* NULL: that of the row before */
	const char	*hint;			/* a word for the bottom line, NULL for none */
	unsigned int	flags;
	void		(*act)(struct tui *t, int code);
};

static bool replays(const struct tui *t)
{
	return timeline_replays(&t->timeline);
}

/* --- the screen --------------------------------------------------------------------------------------------------- */

static void help(struct tui *t, int code)
{
	struct live_summary sum;

	live_model_summary(tui_model(t), &sum);
	help_make(tui_view(t)->rows.view, &sum, &t->pager);
	t->mode = MODE_HELP;
}

static void quit(struct tui *t, int code)
{
	t->quit = true;
}

static void check_moved(struct tui *t, int ret)
{
	if (ret == -ENOENT)
		tui_message(t, MOOD_WARN, "No finding in that direction");
	else if (ret < 0)
		tui_message(t, MOOD_BAD, "Cannot go there: %s", strerror(-ret));
}

static void pause_or_play(struct tui *t, int code)
{
	if (replays(t)) {
		check_moved(t, timeline_play(&t->timeline, !t->timeline.playing));
		return;
	}
	t->paused = !t->paused;
	if (t->options->feed->pause)
		t->options->feed->pause(t->options->feed->ctx, t->paused);
	else
		t->data_ns = monotonic_ns();
}

static void redraw(struct tui *t, int code)
{
	clearok(stdscr, TRUE);
}

static void stop(struct tui *t, int code)
{
	raise(SIGTSTP);
}

static void compare(struct tui *t, int code)
{
	if (t->options->feed->against && t->options->feed->against(t->options->feed->ctx))
		t->compare = !t->compare;
	else
		tui_message(t, MOOD_WARN, "Nothing to compare with: start with --against FILE");
}

static void record(struct tui *t, int code)
{
	char text[sizeof(t->message)] = "";
	int ret = t->options->record ? t->options->record(t->options->record_ctx, text, sizeof(text)) : -ENOTSUP;

	if (ret < 0 && !*text)
		snprintf(text, sizeof(text), "Cannot record: %s", strerror(-ret));
	tui_message(t, ret < 0 ? MOOD_BAD : MOOD_GOOD, "%s", text);
}

static void open_prompt(struct tui *t, const char *title, const char *hint, const char *text,
			void (*use)(struct tui *t, const char *text, enum prompt_event event))
{
	prompt_open(&t->prompt, title, hint, text);
	memcpy(t->prompt_before, t->prompt.text, sizeof(t->prompt_before));
	t->prompt_use = use;
	t->prompt_over = t->mode;
	t->mode = MODE_PROMPT;
}

static void use_delay(struct tui *t, const char *text, enum prompt_event event)
{
	const struct tui_feed *feed = t->options->feed;
	uint64_t ns;
	int ret;

	if (event != PROMPT_DONE)
		return;
	if (jump_duration(text, &ns) || ns < LEAST_INTERVAL_NS || ns > MOST_INTERVAL_NS) {
		tui_message(t, MOOD_WARN, "An interval is 0.1 to 3600 seconds");
		return;
	}
	ret = feed->set_interval(feed->ctx, ns);
	if (ret) {
		tui_message(t, MOOD_BAD, "The interval cannot be changed: %s", strerror(-ret));
		return;
	}
	t->interval_ns = t->timeline.interval_ns = ns;
}

static void delay(struct tui *t, int code)
{
	if (!t->options->feed->set_interval) {
		tui_message(t, MOOD_WARN, "A replay has the interval that it was started with: -d SECONDS");
		return;
	}
	open_prompt(t, "Interval", "seconds, 0.1 to 3600", "", use_delay);
}

/* --- views -------------------------------------------------------------------------------------------------------- */

static void go_to_view(struct tui *t, int view)
{
	t->current = view;
	t->mode = MODE_TABLE;
}

static int view_count(void)
{
	return nlive_views < TUI_VIEWS ? nlive_views : TUI_VIEWS;
}

static void choose_view(struct tui *t, int code)
{
	if (code - '1' < view_count())
		go_to_view(t, code - '1');
	else
		tui_message(t, MOOD_WARN, "There are %d views", view_count());
}

static void next_view(struct tui *t, int code)
{
	go_to_view(t, (t->current + 1) % view_count());
}

static void previous_view(struct tui *t, int code)
{
	go_to_view(t, (t->current + view_count() - 1) % view_count());
}

static void named_view(struct tui *t, const char *key)
{
	for (int i = 0; i < view_count(); i++)
		if (!strcmp(live_views[i]->key, key))
			go_to_view(t, i);
}

static void view_memcgs(struct tui *t, int code)
{
	named_view(t, "memcgs");
}

static void view_tasks(struct tui *t, int code)
{
	named_view(t, "tasks");
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void move_selected(struct tui *t, int rows)
{
	struct table_view *v = tui_view(t);

	table_rows_select(&t->rows, &v->rows, v->rows.at + rows);
}

static void up(struct tui *t, int code)
{
	move_selected(t, -1);
}

static void down(struct tui *t, int code)
{
	move_selected(t, 1);
}

static void page_up(struct tui *t, int code)
{
	move_selected(t, -table_view_page(tui_view(t)));
}

static void page_down(struct tui *t, int code)
{
	move_selected(t, table_view_page(tui_view(t)));
}

static void first(struct tui *t, int code)
{
	table_rows_select_first(&tui_view(t)->rows);
}

static void last(struct tui *t, int code)
{
	table_rows_select(&t->rows, &tui_view(t)->rows, t->rows.nshown - 1);
}

static void shift(struct tui *t, int columns)
{
	if (!table_view_shift(tui_view(t), columns))
		tui_message(t, MOOD_DIM, "No more columns on this side");
}

static void columns_right(struct tui *t, int code)
{
	shift(t, 1);
}

static void columns_left(struct tui *t, int code)
{
	shift(t, -1);
}

static void left(struct tui *t, int code)
{
	if (!table_rows_tree(&tui_view(t)->rows))
		columns_left(t, code);
	else
		table_rows_fold(&t->rows, &tui_view(t)->rows, FOLD_CLOSE);
}

static void right(struct tui *t, int code)
{
	if (!table_rows_tree(&tui_view(t)->rows))
		columns_right(t, code);
	else
		table_rows_fold(&t->rows, &tui_view(t)->rows, FOLD_OPEN);
}

static void fold_turn(struct tui *t, int code)
{
	if (!table_rows_fold(&t->rows, &tui_view(t)->rows, FOLD_TURN))
		tui_message(t, MOOD_DIM, "Nothing to fold here");
}

static void fold_all(struct tui *t, int code)
{
	if (table_rows_tree(&tui_view(t)->rows))
		table_rows_fold_all(&t->rows, &tui_view(t)->rows);
	else
		tui_message(t, MOOD_DIM, "Not a tree");
}

static void flat(struct tui *t, int code)
{
	struct table_state *v = &tui_view(t)->rows;

	if (v->view->tree)
		v->flat = !v->flat;
	else
		tui_message(t, MOOD_DIM, "This view is a list already");
}

static void detail(struct tui *t, int code)
{
	const struct row *row = table_rows_selected(&t->rows, &tui_view(t)->rows);

	if (!row)
		return;
	table_rows_select(&t->rows, &tui_view(t)->rows, tui_view(t)->rows.at);
	memcpy(t->detail_key, row->key, sizeof(t->detail_key));
	t->pager.top = 0;
	t->mode = MODE_DETAIL;
}

static void use_filter(struct tui *t, const char *text, enum prompt_event event)
{
	struct table_state *v = &tui_view(t)->rows;

	snprintf(v->filter, sizeof(v->filter), "%s", text);
}

static void set_filter(struct tui *t, int code)
{
	open_prompt(t, "Filter", "part of a name or text; Enter keeps it, Esc leaves it", tui_view(t)->rows.filter,
		    use_filter);
}

static void no_filter(struct tui *t, int code)
{
	tui_view(t)->rows.filter[0] = 0;
}

static void search_again(struct tui *t, int code)
{
	struct table_view *v = tui_view(t);

	if (!t->search[0])
		tui_message(t, MOOD_WARN, "F3 says what to search for");
	else if (!table_rows_search(&t->rows, &v->rows, tui_model(t), t->search))
		tui_message(t, MOOD_WARN, "Not found: %s", t->search);
}

static void use_search(struct tui *t, const char *text, enum prompt_event event)
{
	if (event != PROMPT_DONE || !*text)
		return;
	snprintf(t->search, sizeof(t->search), "%s", text);
	search_again(t, 0);
}

static void search(struct tui *t, int code)
{
	open_prompt(t, "Search", "part of a name or text; n goes to the next", "", use_search);
}

static void sort_menu(struct tui *t, int code)
{
	menu_open(&t->menu, tui_view(t)->rows.view, tui_view(t)->rows.sort);
	t->mode = MODE_MENU;
}

static void sort_by(struct tui *t, int column)
{
	struct table_state *v = &tui_view(t)->rows;

	if (column != v->sort)
		table_rows_sort(v, column);
}

static void sort_next(struct tui *t, int code)
{
	struct table_state *v = &tui_view(t)->rows;

	sort_by(t, (v->sort + 1) % v->view->ncolumns);
}

static void sort_previous(struct tui *t, int code)
{
	struct table_state *v = &tui_view(t)->rows;

	sort_by(t, (v->sort + v->view->ncolumns - 1) % v->view->ncolumns);
}

static void invert(struct tui *t, int code)
{
	tui_view(t)->rows.descending = !tui_view(t)->rows.descending;
}

/* --- replay ------------------------------------------------------------------------------------------------------- */

static void step(struct tui *t, int intervals)
{
	uint64_t before = t->timeline.now_ns;

	t->timeline.playing = false;
	check_moved(t, timeline_step(&t->timeline, intervals));
	if (t->timeline.now_ns == before)
		tui_message(t, MOOD_DIM, "The recording %s here", intervals > 0 ? "ends" : "begins");
}

static void step_on(struct tui *t, int code)
{
	step(t, 1);
}

static void step_back(struct tui *t, int code)
{
	step(t, -1);
}

static void jump(struct tui *t, const char *text, int direction)
{
	struct live_summary sum;
	struct jump_base base;
	uint64_t ts;

	live_model_summary(tui_model(t), &sum);
	base = (struct jump_base){
		.now_ns = t->timeline.now_ns, .start_ns = t->options->feed->start_ns,
		.end_ns = t->options->feed->end_ns, .realtime_ns = sum.realtime_ns, .direction = direction,
	};
	if (!strcmp(text, "f"))
		check_moved(t, timeline_finding(&t->timeline, direction));
	else if (jump_parse(text, &base, &ts))
		tui_message(t, MOOD_WARN, "Not a time: %s", text);
	else
		check_moved(t, timeline_seek(&t->timeline, ts));
}

static void use_jump(struct tui *t, const char *text, enum prompt_event event)
{
	if (event == PROMPT_DONE && *text)
		jump(t, text, 1);
}

static void use_jump_back(struct tui *t, const char *text, enum prompt_event event)
{
	if (event == PROMPT_DONE && *text)
		jump(t, text, -1);
}

static const char jump_help[] = "30s, +1m, -1m30s, 12:34:56, @1:30, 50%, end, f (finding)";

static void jump_on(struct tui *t, int code)
{
	open_prompt(t, "Forward", jump_help, "", use_jump);
}

static void jump_back(struct tui *t, int code)
{
	open_prompt(t, "Back", jump_help, "", use_jump_back);
}

static void next_finding(struct tui *t, int code)
{
	check_moved(t, timeline_finding(&t->timeline, 1));
}

static void previous_finding(struct tui *t, int code)
{
	check_moved(t, timeline_finding(&t->timeline, -1));
}

static void faster(struct tui *t, int code)
{
	timeline_speed(&t->timeline, 1);
}

static void slower(struct tui *t, int code)
{
	timeline_speed(&t->timeline, -1);
}

/* --- the mouse ---------------------------------------------------------------------------------------------------- */

static void click(struct tui *t, int x, int y)
{
	struct table_view *v = tui_view(t);
	int row = v->top + (y - v->y) / (v->lines_per_row ? v->lines_per_row : 1);
	int column = columns_at(&v->columns, x);

	if (y == v->y - 1 && column >= 0)
		table_rows_sort(&v->rows, column);
	else if (y >= v->y && y < v->y + v->height && row < t->rows.nshown)
		table_rows_select(&t->rows, &v->rows, row);
}

static void mouse(struct tui *t, int code)
{
	MEVENT event;

	if (getmouse(&event) != OK || t->mode != MODE_TABLE)
		return;
	if (event.bstate & BUTTON4_PRESSED)
		move_selected(t, -WHEEL_ROWS);
	else if (event.bstate & BUTTON5_PRESSED)
		move_selected(t, WHEEL_ROWS);
	else
		click(t, event.x, event.y);
}

/* --- the table of keys -------------------------------------------------------------------------------------------- */

static const struct key keys[] = {
	{ { '?', KEY_F(1), 'h' }, NULL, "this help", "Screen", "Help", ANYWHERE, help },
	{ { 'q', KEY_F(10), CTRL('c') }, NULL, "quits", NULL, "Quit", ANYWHERE, quit },
	{ { ' ' }, NULL, "pauses the screen, and goes on; plays a replay, and stops it", NULL, "Pause", ANYWHERE,
	  pause_or_play },
	{ { 'd' }, NULL, "asks for the interval that rates are over (a replay: -d)", NULL, NULL, ANYWHERE, delay },
	{ { 'a' }, NULL, "shows or hides what is compared with (--against)", NULL, NULL, ANYWHERE, compare },
	{ { 'r' }, NULL, "records into a store while watching, and ends that", NULL, NULL, LIVE | ANYWHERE, record },
	{ { CTRL('l') }, NULL, "draws the screen anew", NULL, NULL, ANYWHERE, redraw },
	{ { CTRL('z') }, NULL, "stops the program and gives the terminal back; fg goes on", NULL, NULL, ANYWHERE,
	  stop },

	{ { '1', '2', '3', '4', '5' }, "1 2 3 ...", "the view of that number", "Views", NULL, ANYWHERE, choose_view },
	{ { '6', '7', '8', '9' }, "", NULL, NULL, NULL, ANYWHERE, choose_view },
	{ { '\t', KEY_F(8) }, NULL, "the next view", NULL, NULL, ANYWHERE, next_view },
	{ { KEY_BTAB, KEY_F(7) }, NULL, "the view before", NULL, NULL, ANYWHERE, previous_view },
	{ { 'c' }, NULL, "Memcgs (cgroups)", NULL, NULL, ANYWHERE, view_memcgs },
	{ { 'p' }, NULL, "Tasks (processes)", NULL, NULL, ANYWHERE, view_tasks },

	{ { '\r', '\n', KEY_ENTER }, "Enter", "all about the selected row", "Table", "Detail", 0, detail },
	{ { '/', KEY_F(4) }, NULL, "shows only rows that hold a text", NULL, "Filter", 0, set_filter },
	{ { ESCAPE }, NULL, "takes the filter away", NULL, NULL, 0, no_filter },
	{ { 's', KEY_F(6) }, NULL, "asks for the column to sort by", NULL, "Sort", 0, sort_menu },
	{ { '>', }, NULL, "sorts by the next column", NULL, NULL, 0, sort_next },
	{ { '<' }, NULL, "sorts by the column before", NULL, NULL, 0, sort_previous },
	{ { 'I' }, NULL, "turns the order round", NULL, NULL, 0, invert },
	{ { KEY_F(3) }, NULL, "selects the next row that holds a text", NULL, NULL, 0, search },
	{ { 'n' }, NULL, "searches again", NULL, NULL, 0, search_again },
	{ { KEY_UP }, NULL, "selects the row above", NULL, NULL, 0, up },
	{ { KEY_DOWN }, NULL, "selects the row below", NULL, NULL, 0, down },
	{ { KEY_PPAGE }, NULL, "a screen up", NULL, NULL, 0, page_up },
	{ { KEY_NPAGE }, NULL, "a screen down", NULL, NULL, 0, page_down },
	{ { KEY_HOME, 'g' }, NULL, "selects whatever row is first, also later", NULL, NULL, 0, first },
	{ { KEY_END, 'G' }, NULL, "selects the last row", NULL, NULL, 0, last },
	{ { KEY_LEFT }, NULL, "folds the row, or goes to its parent; columns in a list", NULL, NULL, 0, left },
	{ { KEY_RIGHT }, NULL, "unfolds the row; columns in a list", NULL, NULL, 0, right },
	{ { '+', '-' }, NULL, "folds and unfolds the row", NULL, NULL, 0, fold_turn },
	{ { '*' }, NULL, "folds and unfolds all rows", NULL, NULL, 0, fold_all },
	{ { KEY_F(5), 'l' }, NULL, "tree or list", NULL, NULL, 0, flat },
	{ { ']' }, NULL, "columns further to the right", NULL, NULL, 0, columns_right },
	{ { '[' }, NULL, "columns further to the left", NULL, NULL, 0, columns_left },
	{ { KEY_MOUSE }, NULL, "the wheel moves, a click selects, one on a title sorts", NULL, NULL, ANYWHERE, mouse },

	{ { 't' }, NULL, "an interval on", "Replay", "Step", REPLAY | ANYWHERE, step_on },
	{ { 'T' }, NULL, "an interval back", NULL, NULL, REPLAY | ANYWHERE, step_back },
	{ { 'j' }, NULL, "asks for a time to go to: +30s, 12:34:56, @90, 50%, end", NULL, "Jump", REPLAY | ANYWHERE,
	  jump_on },
	{ { 'J' }, NULL, "the same, but a time without a sign is one back", NULL, NULL, REPLAY | ANYWHERE, jump_back },
	{ { 'f' }, NULL, "the next finding", NULL, "Finding", REPLAY | ANYWHERE, next_finding },
	{ { 'F' }, NULL, "the finding before", NULL, NULL, REPLAY | ANYWHERE, previous_finding },
	{ { '.' }, NULL, "plays faster", NULL, "Faster", REPLAY | ANYWHERE, faster },
	{ { ',' }, NULL, "plays slower", NULL, NULL, REPLAY | ANYWHERE, slower },
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct {
	int		code;
	const char	*name;
} key_names[] = {
	{ ' ', "Space" }, { '\t', "Tab" }, { '\r', "Enter" }, { ESCAPE, "Esc" }, { KEY_BTAB, "Shift-Tab" },
	{ KEY_UP, "Up" }, { KEY_DOWN, "Down" }, { KEY_LEFT, "Left" }, { KEY_RIGHT, "Right" }, { KEY_PPAGE, "PgUp" },
	{ KEY_NPAGE, "PgDn" }, { KEY_HOME, "Home" }, { KEY_END, "End" }, { KEY_MOUSE, "Mouse" },
};

static void name_key(int code, char *out, size_t size)
{
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
		if (key_names[i].code != code)
			continue;
		snprintf(out, size, "%s", key_names[i].name);
		return;
	}
	if (code > KEY_F0 && code <= KEY_F(12))
		snprintf(out, size, "F%d", code - KEY_F0);
	else if (code > 0 && code < ' ')
		snprintf(out, size, "Ctrl-%c", code + 'A' - 1);
	else if (code > ' ' && code < KEY_MIN)
		snprintf(out, size, "%c", code);
	else
		snprintf(out, size, "that key");
}

static void name_keys(const struct key *key, char *out, size_t size)
{
	char one[16];
	size_t n = 0;

	if (key->name) {
		snprintf(out, size, "%s", key->name);
		return;
	}
	for (int i = 0; i < KEY_CODES && key->code[i] && n < size; i++) {
		name_key(key->code[i], one, sizeof(one));
		n += snprintf(out + n, size - n, "%s%s", i ? " " : "", one);
	}
}

bool tui_key(int i, struct tui_key *out)
{
	const char *group = "";

	for (int k = 0; k < KEYS; k++) {
		group = keys[k].group ? keys[k].group : group;
		if (!keys[k].what || i--)
			continue;
		*out = (struct tui_key){ .what = keys[k].what, .group = group };
		name_keys(&keys[k], out->keys, sizeof(out->keys));
		return true;
	}
	return false;
}

static bool applies(const struct tui *t, const struct key *key)
{
	return !(key->flags & (replays(t) ? LIVE : REPLAY));
}

void keys_draw_hints(const struct tui *t, int y)
{
	const struct screen *s = &t->screen;
	char name[16];
	int x = 0, next;

	for (int i = 0; i < KEYS; i++) {
		char hint[32];

		if (!keys[i].hint || !applies(t, &keys[i]))
			continue;
		name_key(keys[i].code[0], name, sizeof(name));
		snprintf(hint, sizeof(hint), "%s %s", name,
			 keys[i].act == pause_or_play && replays(t) ? "Play" : keys[i].hint);
		next = screen_put_whole(s, y, x, 0, hint);
		if (next == x)
			continue;
		screen_put_whole(s, y, x, s->style[STYLE_KEY], name);
		x = next + 2;
	}
}

/* --- keys of the other modes -------------------------------------------------------------------------------------- */

static bool pager_key(struct tui *t, int code)
{
	struct pager *p = &t->pager;

	switch (code) {
	case 'q':
	case ESCAPE:
	case '\r':
	case '\n':
	case KEY_ENTER:
		t->mode = MODE_TABLE;
		return true;
	case '?':
	case 'h':
	case KEY_F(1):
		if (t->mode == MODE_HELP)
			t->mode = MODE_TABLE;
		else
			help(t, code);
		return true;
	case KEY_UP:
		p->top--;
		return true;
	case KEY_DOWN:
		p->top++;
		return true;
	case KEY_PPAGE:
		p->top -= p->page;
		return true;
	case KEY_NPAGE:
		p->top += p->page;
		return true;
	case KEY_HOME:
		p->top = 0;
		return true;
	case KEY_END:
		p->top = PAGER_LINES * 100;
		return true;
	}
	return false;
}

static void prompt_mode_key(struct tui *t, int code)
{
	enum prompt_event event = prompt_key(&t->prompt, code);

	if (event == PROMPT_NOTHING)
		return;
	if (event != PROMPT_CHANGED)
		t->mode = t->prompt_over;
	t->prompt_use(t, event == PROMPT_CANCELLED ? t->prompt_before : t->prompt.text, event);
}

static void menu_mode_key(struct tui *t, int code)
{
	enum menu_event event = menu_key(&t->menu, code);

	if (event == MENU_NOTHING)
		return;
	t->mode = MODE_TABLE;
	if (event == MENU_DONE)
		table_rows_sort(&tui_view(t)->rows, t->menu.at);
}

static const struct key *find_key(int code)
{
	for (int i = 0; i < KEYS; i++)
		for (int c = 0; c < KEY_CODES && keys[i].code[c]; c++)
			if (keys[i].code[c] == code)
				return &keys[i];
	return NULL;
}

static void table_key(struct tui *t, int code)
{
	const struct key *key = find_key(code);
	char name[16];

	name_key(code, name, sizeof(name));
	if (!key)
		tui_message(t, MOOD_DIM, "%s does nothing here; ? lists the keys", name);
	else if (!applies(t, key))
		tui_message(t, MOOD_DIM, "%s is for %s", name, replays(t) ? "watching live" : "a replay (-r FILE)");
	else if (t->mode == MODE_TABLE || key->flags & ANYWHERE)
		key->act(t, code);
}

void keys_handle(struct tui *t, int code)
{
	t->message[0] = 0;
	if (t->mode == MODE_PROMPT)
		prompt_mode_key(t, code);
	else if (t->mode == MODE_MENU)
		menu_mode_key(t, code);
	else if (t->mode == MODE_TABLE || !pager_key(t, code))
		table_key(t, code);
}
