/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live_guard.h - watches over a live recording: thins classes of events that come too fast (rate_guard.h), and notices
 * when somebody else switches the trace instance or one of its events off.
 *
 * What it finds goes to people, as messages, at once; and to the sink, as a struct loss of no count on no CPU and as
 * meta, where it stands in time: events made before a filter was set may still wait in the ring. Stages "thinned" and
 * "off" say that from there on events are missing, until "thinned-end" and "off-end" or the end of the recording.
 * Meta "thinned.<class>": "1/4 since 12.345678 s, at least 1/8", the share of threads that is recorded, from when (in
 * the clock of the recording), and the smallest share so far.
 *
 * Nothing is allocated after live_guard_init().
 */
#ifndef SQUALL_COLLECT_LIVE_GUARD_H
#define SQUALL_COLLECT_LIVE_GUARD_H

#include "collect/event_set.h"
#include "collect/rate_guard.h"
#include "collect/trace_instance.h"
#include "spine/sink.h"

#define LIVE_GUARD_NOTICES	(2 * EVENT_CLASSES)
#define LIVE_GUARD_MESSAGES	16
#define LIVE_GUARD_MESSAGE_BYTES 192

struct live_notice {
	uint64_t	ts;
	const char	*stage;
	char		key[40];	/* of the meta; "" none */
	char		value[64];
};

struct live_guard {
	struct trace_instance	*inst;
	struct event_set	*set;
	struct rate_guard	rates;
	uint8_t			shift_most[EVENT_CLASSES];
	uint64_t		lost;			/* at the last look */
	uint64_t		look_ns;		/* when to look next */
	unsigned int		look_at;		/* the event to look at */
	int			enable_fds[EVENT_SET_MAX];	/* of the choices; negative: it cannot be looked at */
	bool			instance_off;
	unsigned int		events_off;
	bool			told_thinned, told_off;	/* the stage that lasts */
	uint64_t		due_ns;			/* the first notice's time; UINT64_MAX none */
	struct live_notice	notices[LIVE_GUARD_NOTICES];
	unsigned int		nnotices;
	char			messages[LIVE_GUARD_MESSAGES][LIVE_GUARD_MESSAGE_BYTES];
	unsigned int		nmessages, next_message;
};

/*
 * @inst and @set (of which the present events are recorded) outlive it; @max_rate as rate_guard_init() takes it. Opens a
 * file for each event, so that looking needs no memory in a storm; live_guard_close() closes them.
 */
void live_guard_init(struct live_guard *g, struct trace_instance *inst, struct event_set *set, int64_t max_rate);
void live_guard_close(struct live_guard *g);

/* From here on the instance is meant to be on. */
void live_guard_start(struct live_guard *g, uint64_t now_ns);

static inline void live_guard_count(struct live_guard *g, enum event_class class)
{
	rate_guard_count(&g->rates, class);
}

/* Looks, decides and sets filters (50 us each), twice a second. @lost: events that the ring lost so far. */
void live_guard_tick(struct live_guard *g, uint64_t now_ns, uint64_t lost);

/* Gives @sink the notices that are not newer than @until_ns; none before due_ns. 0 or what the sink answered. */
int live_guard_put(struct live_guard *g, const struct sink *sink, uint64_t until_ns);

/* The next message, borrowed until the next tick; NULL when there is none. */
const char *live_guard_message(struct live_guard *g);

/* To a sink that joins later: the loss of what is thinned or switched off now. Beginnings that wait may come again. */
int live_guard_tell_lasting(const struct live_guard *g, const struct sink *sink, uint64_t now_ns);

#endif
