/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print_compare.h - a comparison as text for a terminal, as markdown for a mail, as JSON for programs.
 *
 * Without candidate runs (A/A) only the base runs and their placebo are shown. All leave checking @out to the caller.
 */
#ifndef SQUALL_ANALYZE_PRINT_COMPARE_H
#define SQUALL_ANALYZE_PRINT_COMPARE_H

#include <stdio.h>

#include "analyze/compare.h"

void print_compare_text(const struct compare *c, FILE *out);
void print_compare_markdown(const struct compare *c, FILE *out);

/* One JSON object, keys in docs/squall-compare.1. */
void print_compare_json(const struct compare *c, FILE *out);

#endif
