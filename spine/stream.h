/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.h - sink calls as bytes.
 *
 * The writer is a sink that appends one message per call to a buffer; the reader turns such a buffer back into sink
 * calls. Messages are in native byte order; where they leave the process for another machine a struct stream_header
 * comes first. The reader trusts no length (the writing process may have been damaged by a hostile input) and answers
 * -EBADMSG to nonsense.
 */
#ifndef SQUALL_SPINE_STREAM_H
#define SQUALL_SPINE_STREAM_H

#include <stdatomic.h>

#include "spine/sink.h"

/* Where messages go. used counts whole messages only: a reader may look at any time. */
struct stream_buf {
	_Atomic uint32_t	used;
	uint32_t		size;
	char			*data;
};

struct stream_writer {
	struct stream_buf	*buf;
	/* Called when the next message does not fit; makes ->buf a buffer with room, or fails with a negative errno. */
	int (*next)(struct stream_writer *w);
	void			*ctx;
};

/* A sink that writes to @w. A message longer than a whole buffer fails with -EMSGSIZE. */
struct sink stream_writer_sink(struct stream_writer *w);

#define STREAM_MAGIC	"squall>>"
#define STREAM_VERSION	1u		/* other messages, other members: another version */
#define STREAM_ORDER	0x01020304u

/* What a stream between machines begins with. */
struct stream_header {
	char		magic[8];	/* STREAM_MAGIC without its NUL */
	uint32_t	order;		/* STREAM_ORDER as the sender writes it */
	uint32_t	version;
	char		squall[16];	/* version of the sender, for messages; with a NUL */
};

void stream_header_fill(struct stream_header *header);

/* Length of the message that data[0..bytes) begins with; 0: too little is there to tell. -EBADMSG. */
int64_t stream_message_bytes(const char *data, size_t bytes);

/* Whether a whole message is the call of end(). */
bool stream_message_is_end(const char *data);

struct stream_reader;

int stream_reader_new(struct stream_reader **out);	/* caller frees with stream_reader_free */
void stream_reader_free(struct stream_reader *r);	/* NULL is fine; event types it announced end here */

/* All messages in data[0..used) as calls of @sink. 0, -EBADMSG, or what the sink answered. */
int stream_read(struct stream_reader *r, const char *data, uint32_t used, const struct sink *sink);

#endif
