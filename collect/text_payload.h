/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_payload.h - what an event printed, as the fields of an event type.
 *
 * Known tracepoints get the columns and numbers of their binary record (kernel/textform.h). Of others, each "key=value"
 * becomes a column; when there are words that no column has, a column "text" takes the whole payload as well. So
 * nothing that was printed gets lost, save what other fields tell anyway ("page=", "fragmenting="). Types are made in
 * text_type.h and announced to the sink before their first event.
 */
#ifndef SQUALL_COLLECT_TEXT_PAYLOAD_H
#define SQUALL_COLLECT_TEXT_PAYLOAD_H

#include "collect/text_line.h"
#include "spine/sink.h"

struct text_payload;

/* Types go to @sink, which must outlive *out. Caller frees *out with text_payload_free, and with it all types. */
int text_payload_new(const struct sink *sink, struct text_payload **out);
void text_payload_free(struct text_payload *p);		/* NULL is fine */

/*
 * Sets ev->type and ev->values from the name and payload of @line. Texts point into the line, the values are valid
 * until the next call. -ENODATA: the line is cut in the middle of a known event, leave it out. Another negative errno
 * comes from the sink or is -ENOMEM.
 */
int text_payload_parse(struct text_payload *p, const struct text_line *line, struct event *ev);

/*
 * Whether @line is a known tracepoint whose payload is all labels and values of the columns it has. Its last value may
 * be anything: the line may end within the label that follows it. *columns is how many values make sense, also when
 * the answer is no.
 */
bool text_payload_fits(struct text_payload *p, const struct text_line *line, unsigned int *columns);

/* pageblock_order as printed by mm_page_alloc_extfrag; -1 not seen. */
int text_payload_pageblock_order(const struct text_payload *p);

#endif
