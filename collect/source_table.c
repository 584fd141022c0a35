// SPDX-License-Identifier: GPL-2.0-only
/*
 * source_table.c - see source_table.h. A new source is a line here.
 */
#include "collect/source_table.h"

static const struct source_ops *const sources[] = {
	&tracedat_source,
	&text_source,
};

const struct source_ops *source_find(const void *head, size_t len)
{
	const struct source_ops *best = NULL;
	int sure = 0;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		int score = sources[i]->probe(head, len);

		if (score > sure) {
			sure = score;
			best = sources[i];
		}
	}
	return best;
}
