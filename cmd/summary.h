/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - what import says at its end.
 */
#ifndef SQUALL_CMD_SUMMARY_H
#define SQUALL_CMD_SUMMARY_H

#include <stdio.h>

#include "analyze/analysis.h"

void print_import_summary(const struct analysis *a, const char *output, FILE *out);

#endif
