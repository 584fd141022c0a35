/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - the tables of a report, made once; text, markdown, HTML and JSON show the same ones.
 */
#ifndef SQUALL_REPORT_TABLE_H
#define SQUALL_REPORT_TABLE_H

#include "analyze/analysis.h"
#include "report/recording.h"

enum cell_kind {
	CELL_NONE,		/* not told */
	CELL_TEXT,		/* squall's own words */
	CELL_NAME,		/* somebody else's: any bytes */
	CELL_COUNT,
	CELL_SECONDS,
	CELL_MS,
	CELL_BYTES,
};

struct table_cell {
	enum cell_kind	kind;
	char		*text;		/* owned */
	double		number;
};

struct table_column {
	const char	*key;		/* in JSON, with the unit */
	const char	*head;
};

#define TABLE_COLUMNS	10

enum table_part { PART_VICTIMS, PART_CAUSES, PART_CHECKED, PART_COUNTS, PART_LOSS, PART_KERNEL, PART_ENVIRONMENT };

struct table {
	const char		*id;
	enum table_part		part;
	const char		*title;
	const char		*note;		/* how to read it; "" */
	struct table_column	columns[TABLE_COLUMNS + 1];	/* head NULL ends */
	unsigned int		ncolumns, nrows, room;
	uint64_t		more;		/* rows that are left out */
	struct table_cell	*cells;		/* nrows * ncolumns */
};

#define TABLES_MAX	20

struct tables {
	struct table	table[TABLES_MAX];
	unsigned int	n;
};

/* What is known by the end of both. -ENOMEM; tables_clear frees also then. Tables without rows are left out. */
int tables_make(const struct analysis *a, const struct recording *r, struct tables *out);
void tables_clear(struct tables *t);

/* A cell as people read it, "-" for none: 12345, 1.234, 5.2 MiB. Text and names as they are: escape them. */
#define CELL_BYTES_MAX	64
const char *table_cell_text(const struct table_cell *cell, char buf[CELL_BYTES_MAX]);

/* A number in three or four digits, with k, M, G; bytes with KiB, MiB, GiB. */
const char *table_number(double value, bool bytes, char buf[CELL_BYTES_MAX]);

/* What kind of cells column @k has; CELL_NONE: none is told. */
enum cell_kind table_column_kind(const struct table *t, unsigned int k);

/* Words and names only: on a narrow screen its rows may become paragraphs. */
bool table_is_list(const struct table *t);

/* A number of a finding as people read it, and its unit, a constant: bytes, and times from microseconds to seconds. */
void table_evidence(const struct evidence *e, char buf[CELL_BYTES_MAX], const char **unit);

static inline bool cell_is_number(enum cell_kind kind)
{
	return kind == CELL_NONE || kind >= CELL_COUNT;
}

#endif
