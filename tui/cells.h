/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells.h - text in cells of the screen: made harmless, measured, cut.
 *
 * Texts are any bytes. What comes out holds no control character and is as wide as said, whatever the terminal makes of
 * combining or unassigned characters: those come out as \xNN, as does all that is not ASCII where @utf8 is false.
 */
#ifndef SQUALL_TUI_CELLS_H
#define SQUALL_TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#define CELLS_BYTES	4096	/* enough for each line of a screen; longer text is cut */

/* @text in at most @width cells; the last one tells when more was there. Returns the cells used. */
int cells_fit(const char *text, int width, bool utf8, char *out, size_t size);

/* The cells that @text would take uncut. */
int cells_width(const char *text, bool utf8);

/*
 * One line of @text wrapped at blanks: @out has at most @width cells; returns the bytes of @text that it stands for,
 * 0 at the end. @width at least 4.
 */
size_t cells_wrap(const char *text, int width, bool utf8, char *out, size_t size);

/*
 * A bar of @width cells: @value of @full filled, and at @mark[i] (of @full; below 0 none) a mark. @size at least
 * 4 * width + 1.
 */
void cells_bar(double value, double full, const double mark[3], int width, bool utf8, char *out, size_t size);

/* One cell of a sparkline: @value of @full as a height. NaN or below 0: a blank. */
const char *cells_spark(double value, double full, bool utf8);

#endif
