/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_results.h - what an analysis found, as rows of a store. analyze/ and store/ do not know each other.
 */
#ifndef SQUALL_CMD_STORE_RESULTS_H
#define SQUALL_CMD_STORE_RESULTS_H

#include "analyze/analysis.h"
#include "store/writer.h"

int store_result_chain(struct store_writer *w, const struct analysis *a, const struct chain *chain);
int store_result_findings(struct store_writer *w, const struct analysis *a);
int store_result_features(struct store_writer *w, const struct analysis *a);

#endif
