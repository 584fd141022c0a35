/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - a model as tables: the one description from which the screen, batch text, JSON, the help and the manual of
 * top are made, and by which two models are compared.
 *
 * A view is a table of rows; a column has a key for programs, a title for people, a unit, and says which direction is
 * better. Rows of two models belong together when their keys are equal.
 */
#ifndef SQUALL_LIVE_TABLE_H
#define SQUALL_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/model.h"

enum live_unit {
	UNIT_TEXT,
	UNIT_COUNT,
	UNIT_PER_SECOND,
	UNIT_BYTES,
	UNIT_BYTES_PER_SECOND,
	UNIT_NS,
	UNIT_PERCENT,
	UNIT_RATIO,		/* 2.71 */
	UNIT_BAR,		/* struct live_bar; as a number its value, in bytes */
};

enum live_mood { MOOD_NORMAL, MOOD_DIM, MOOD_GOOD, MOOD_WARN, MOOD_BAD };

/* @value of @full, with up to three marks (min, low, high); a mark below 0 is not there. Bytes. */
struct live_bar {
	double		value, full;
	double		mark[3];
};

#define LIVE_TEXT_BYTES	256

struct live_cell {
	enum { CELL_NONE, CELL_NUMBER, CELL_TEXT, CELL_BAR } kind;	/* NONE: not to be had, never 0 */
	enum live_mood	mood;
	double		number;			/* in the column's unit */
	struct live_bar	bar;
	char		text[LIVE_TEXT_BYTES];	/* any bytes of the recorded machine: escape before showing */
};

struct live_column {
	const char	*key;		/* "direct_per_s": for --json and --sort; never changes */
	const char	*title;		/* "DIRECT/s" */
	const char	*about;		/* one line for help and manual: what it is, from where */
	enum live_unit	unit;
	uint8_t		width;		/* cells of the screen, not less than the title; of text the least */
	int8_t		better;		/* +1 more is better, -1 less is, 0 neither */
	uint8_t		priority;	/* 0 always shown; on a narrow screen the highest go first */
};

#define LIVE_KEY_BYTES	256
#define LIVE_ROWS_MAX	LIVE_CGROUPS	/* no view has more rows */

struct live_row {
	uint64_t	id;		/* the view's own */
	int32_t		parent;		/* index among the rows of the same call, -1 none */
};

/* Takes lines of a detail, one by one; @mood for colour. */
struct live_lines {
	void	(*put)(void *ctx, enum live_mood mood, const char *line);
	void	*ctx;
};

struct live_view {
	const char			*key;		/* "nodes" */
	const char			*title;		/* "Nodes" */
	const char			*about;
	const struct live_column	*columns;
	int				ncolumns;
	int				sort;		/* default column */
	bool				descending;
	bool				tree;		/* rows have parents, which come before them */

	/* Fills @rows, at most @max, in a stable order; returns how many there are. */
	int	(*rows)(const struct live_model *m, struct live_row *rows, int max);
	void	(*cell)(const struct live_model *m, const struct live_row *row, int column, struct live_cell *out);
	/* What the row is called in any model: "0", "/system.slice", "zram0". */
	void	(*key_of)(const struct live_model *m, const struct live_row *row, char *key);
	/* All about one row, for Enter; NULL when there is no more to say. */
	void	(*detail)(const struct live_model *m, const struct live_row *row, const struct live_lines *out);
};

/* Nodes, Memcgs, Tasks, Swap, Findings, Kernel: in the order of their number keys. */
extern const struct live_view *const live_views[];
extern const int nlive_views;

/*
 * A cell as people read it: "1.5G", "12.3k/s", "8.8s", "37%", "-" for none; bars as their value. Not padded, at most
 * @width cells unless it is text. Text is not escaped here.
 */
void live_format(const struct live_column *column, const struct live_cell *cell, int width, char *out, size_t size);

/* The row of @m with that key: true and *out. */
bool live_find_row(const struct live_view *view, const struct live_model *m, const char *key, struct live_row *out);

/*
 * +1 when @cell is better than @other by more than a tenth, -1 when worse, 0 when alike or not comparable. What @column
 * says of better decides.
 */
int live_compare(const struct live_column *column, const struct live_cell *cell, const struct live_cell *other);

#endif
