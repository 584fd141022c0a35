// SPDX-License-Identifier: GPL-2.0-only
/*
 * screen.c - see screen.h.
 *
 * A signal handler has no argument, so what it needs is in the one global here. The handler of a crash may call nothing
 * that is not async-signal-safe, ncurses neither: it writes strings that were looked up before, and sets the modes of
 * the terminal that were found at the start.
 */
#include "tui/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "tui/cells.h"

#define RESTORE_BYTES	256
#define CRASH_STACK	32768	/* a stack overflow leaves no room on its own */
#define ESCAPE_MS	25	/* after Esc, for the rest of a key's sequence */

/* What comes through the pipe, and what ends the program after the terminal is given back. */
static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT };
static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT };

#define NASKED		(sizeof(asked) / sizeof(asked[0]))
#define NCRASHES	(sizeof(crashes) / sizeof(crashes[0]))

static struct {
	int			pipe[2];
	struct termios		modes;
	char			restore[RESTORE_BYTES];
	size_t			restore_bytes;
	struct sigaction	before_asked[NASKED];
	struct sigaction	before_crash[NCRASHES];
	stack_t			stack_before;
	char			stack[CRASH_STACK];
} terminal = { .pipe = { -1, -1 } };

static void on_asked(int signal)
{
	unsigned char byte = signal;
	int saved = errno;
	/* A full pipe holds enough signals already. */
	ssize_t ignored = write(terminal.pipe[1], &byte, 1);

	(void)ignored;
	errno = saved;
}

static void on_crash(int signal)
{
	ssize_t ignored = write(STDOUT_FILENO, terminal.restore, terminal.restore_bytes);

	(void)ignored;
	tcsetattr(STDOUT_FILENO, TCSANOW, &terminal.modes);
	for (size_t i = 0; i < NCRASHES; i++)
		if (crashes[i] == signal)
			sigaction(signal, &terminal.before_crash[i], NULL);
	raise(signal);
}

/* A capability without its padding, which is for terminals of wood and iron. */
static void add_restore(const char *name)
{
	const char *text = tigetstr(name);

	if (!text || text == (char *)-1)
		return;
	while (*text && terminal.restore_bytes < RESTORE_BYTES) {
		const char *end = !strncmp(text, "$<", 2) ? strchr(text, '>') : NULL;

		if (end)
			text = end + 1;
		else
			terminal.restore[terminal.restore_bytes++] = *text++;
	}
}

static void prepare_restore(bool mouse)
{
	static const char mouse_off[] = "\033[?1000l\033[?1006l";
	static const char *const names[] = { "sgr0", "op", "rmkx", "cnorm", "rmcup" };

	terminal.restore_bytes = 0;
	if (mouse) {
		memcpy(terminal.restore, mouse_off, sizeof(mouse_off) - 1);
		terminal.restore_bytes = sizeof(mouse_off) - 1;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_restore(names[i]);
}

/* Before newterm(), which has handlers of its own: with them a signal would end the program with status 1. */
static void note_signals(void)
{
	for (size_t i = 0; i < NASKED; i++)
		sigaction(asked[i], NULL, &terminal.before_asked[i]);
}

static int catch_signals(void)
{
	struct sigaction on = { .sa_handler = on_asked, .sa_flags = SA_RESTART };
	stack_t stack = { .ss_sp = terminal.stack, .ss_size = CRASH_STACK };

	if (pipe2(terminal.pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	for (size_t i = 0; i < NASKED; i++)
		sigaction(asked[i], &on, NULL);
	sigaltstack(&stack, &terminal.stack_before);
	on.sa_handler = on_crash;
	on.sa_flags = SA_ONSTACK;
	for (size_t i = 0; i < NCRASHES; i++)
		sigaction(crashes[i], &on, &terminal.before_crash[i]);
	return 0;
}

static void release_signals(void)
{
	for (size_t i = 0; i < NASKED; i++)
		sigaction(asked[i], &terminal.before_asked[i], NULL);
	for (size_t i = 0; i < NCRASHES; i++)
		sigaction(crashes[i], &terminal.before_crash[i], NULL);
	sigaltstack(&terminal.stack_before, NULL);
	close(terminal.pipe[0]);
	close(terminal.pipe[1]);
	terminal.pipe[0] = terminal.pipe[1] = -1;
}

static int fail(struct tui_error *err, const char *what, int error)
{
	snprintf(err->what, sizeof(err->what), "%s", what);
	snprintf(err->hint, sizeof(err->hint), "-b prints the same as text");
	return error;
}

/* Found out before newterm(), which cannot tell why it failed. */
static int check_terminal(struct tui_error *err)
{
	const char *term = getenv("TERM");
	char what[sizeof(err->what)];
	bool can_place = false;
	int found = 0;

	if (!isatty(STDOUT_FILENO))
		return fail(err, "standard output is not a terminal", -ENOTTY);
	if (setupterm(NULL, STDOUT_FILENO, &found) == OK) {
		can_place = tigetstr("cup") && tigetstr("cup") != (char *)-1;
		del_curterm(set_curterm(NULL));
	}
	if (can_place)
		return 0;
	snprintf(what, sizeof(what), "the terminal \"%.32s\" (TERM) cannot place text", term ? term : "");
	return fail(err, what, -ENOTTY);
}

/* Standard input may be something else; keys come from the terminal all the same. */
static int open_input(struct screen *s, struct tui_error *err)
{
	if (isatty(STDIN_FILENO)) {
		s->in = stdin;
		return 0;
	}
	s->in = fopen("/dev/tty", "re");
	return s->in ? 0 : fail(err, "standard input is not a terminal", -ENOTTY);
}

struct look {
	short	fore;		/* of 8 colours; -1 the terminal's own */
	short	fore_256;	/* and of 256 */
	short	back;
	attr_t	attr;		/* with colours */
	attr_t	plain;		/* without */
};

static const struct look moods[] = {
	[MOOD_NORMAL] = { -1, -1, -1, A_NORMAL, A_NORMAL },
	[MOOD_DIM] = { -1, 245, -1, A_DIM, A_DIM },
	[MOOD_GOOD] = { COLOR_GREEN, 77, -1, A_NORMAL, A_NORMAL },
	[MOOD_WARN] = { COLOR_YELLOW, 220, -1, A_BOLD, A_BOLD },
	[MOOD_BAD] = { COLOR_RED, 203, -1, A_BOLD, A_BOLD | A_UNDERLINE },
};

static const struct look styles[] = {
	[STYLE_TITLE] = { COLOR_CYAN, COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[STYLE_HEAD] = { COLOR_BLACK, COLOR_BLACK, COLOR_GREEN, A_NORMAL, A_REVERSE },
	[STYLE_SELECTED] = { COLOR_BLACK, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[STYLE_TAB] = { COLOR_BLACK, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[STYLE_KEY] = { COLOR_CYAN, COLOR_CYAN, -1, A_NORMAL, A_BOLD },
};

_Static_assert(sizeof(styles) / sizeof(styles[0]) == STYLE_COUNT, "a look for each style");

static attr_t make_look(const struct screen *s, const struct look *look, int pair)
{
	bool many = COLORS >= 256;

	if (!s->colour)
		return look->plain;
	if (look->fore < 0 && look->back < 0 && !(many && look->fore_256 >= 0))
		return look->attr;
	init_pair(pair, many ? look->fore_256 : look->fore, look->back);
	/* With a grey of its own, dim would be too dark. */
	return COLOR_PAIR(pair) | (many ? look->attr & ~A_DIM : look->attr);
}

static void choose_looks(struct screen *s, bool wanted)
{
	const char *no_color = getenv("NO_COLOR");
	int pair = 1;

	s->colour = wanted && !(no_color && *no_color) && has_colors() && start_color() == OK &&
		    use_default_colors() == OK;
	for (int i = 0; i <= MOOD_BAD; i++)
		s->mood[i] = make_look(s, &moods[i], pair++);
	for (int i = 0; i < STYLE_COUNT; i++)
		s->style[i] = make_look(s, &styles[i], pair++);
}

static void take_size(struct screen *s)
{
	getmaxyx(stdscr, s->height, s->width);
}

int screen_open(struct screen *s, const struct tui_options *options, struct tui_error *err)
{
	int ret = check_terminal(err);

	*s = (struct screen){ 0 };
	if (ret)
		return ret;
	ret = open_input(s, err);
	if (ret)
		return ret;
	setlocale(LC_CTYPE, "");
	s->utf8 = !options->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
	tcgetattr(STDOUT_FILENO, &terminal.modes);
	set_escdelay(ESCAPE_MS);
	note_signals();
	s->curses = newterm(NULL, stdout, s->in);
	if (!s->curses) {
		if (s->in != stdin)
			fclose(s->in);
		return fail(err, "the terminal could not be set up", -EIO);
	}
	prepare_restore(options->mouse);
	ret = catch_signals();
	if (ret) {
		screen_close(s);
		return fail(err, strerror(-ret), ret);
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (options->mouse) {
		mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
		mouseinterval(0);
	}
	choose_looks(s, options->colour);
	take_size(s);
	return 0;
}

void screen_close(struct screen *s)
{
	if (!s->curses)
		return;
	endwin();
	if (terminal.pipe[0] >= 0)
		release_signals();
	tcsetattr(STDOUT_FILENO, TCSANOW, &terminal.modes);
	delscreen(s->curses);
	s->curses = NULL;
	if (s->in != stdin)
		fclose(s->in);
}

int screen_input_fd(const struct screen *s)
{
	return fileno(s->in);
}

int screen_signal_fd(const struct screen *s)
{
	return terminal.pipe[0];
}

static void resize(struct screen *s)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	resizeterm(size.ws_row, size.ws_col);
	take_size(s);
}


/* Stops as if nobody had caught it, and goes on in raise() when SIGCONT comes. */
static void stop_here(void)
{
	struct sigaction on, off = { .sa_handler = SIG_DFL };

	endwin();
	sigaction(SIGTSTP, &off, &on);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &on, NULL);
}

static void go_on(struct screen *s)
{
	/* The shell may have set the modes anew meanwhile: endwin() and refresh() set ours, whole. */
	if (!isendwin())
		endwin();
	resize(s);
	refresh();
	clearok(stdscr, TRUE);
}

bool screen_signals(struct screen *s)
{
	unsigned char signal;
	bool redraw = false;

	while (read(terminal.pipe[0], &signal, 1) == 1) {
		redraw = true;
		if (signal == SIGWINCH)
			resize(s);
		else if (signal == SIGTSTP)
			stop_here();
		else if (signal == SIGCONT)
			go_on(s);
		else
			s->ended_by = signal;
	}
	return redraw;
}

int screen_key(struct screen *s)
{
	wint_t c = 0;
	int ret = get_wch(&c);

	if (ret == KEY_CODE_YES)
		return c;
	return ret == OK ? (c < 0x80 ? (int)c : -(int)c) : 0;
}

void screen_blank(struct screen *s)
{
	erase();
}

void screen_show(struct screen *s)
{
	refresh();
}

static void put_blanks(int y, int x, int n)
{
	if (n > 0)
		mvhline(y, x, ' ', n);
}

int screen_put(const struct screen *s, const struct screen_spot *spot, const char *text)
{
	char line[CELLS_BYTES];
	int width = spot->width, used, before;

	if (spot->y < 0 || spot->y >= s->height || spot->x < 0 || spot->x >= s->width)
		return 0;
	if (width > s->width - spot->x)
		width = s->width - spot->x;
	if (width <= 0)
		return 0;
	used = cells_fit(text, width, s->utf8, line, sizeof(line));
	before = spot->align == ALIGN_RIGHT ? width - used : 0;
	attrset(spot->attr);
	put_blanks(spot->y, spot->x, before);
	mvaddstr(spot->y, spot->x + before, line);
	put_blanks(spot->y, spot->x + before + used, width - before - used);
	attrset(A_NORMAL);
	return used;
}

int screen_put_whole(const struct screen *s, int y, int x, attr_t attr, const char *text)
{
	struct screen_spot spot = { .y = y, .x = x, .width = cells_width(text, s->utf8), .attr = attr };

	if (x + spot.width > s->width)
		return x;
	screen_put(s, &spot, text);
	return x + spot.width;
}
