// SPDX-License-Identifier: GPL-2.0-only
/*
 * remote.c - see remote.h.
 */
#include "cmd/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/stream_port.h"
#include "spine/stream_inlet.h"
#include "spine/time.h"

/* What a guest sends in a storm is some MiB/s at most; so much is some ten seconds that another may be behind. */
#define INLET_BYTES	(32u << 20)
#define READ_BYTES	(256u << 10)	/* at a time: between two of them keys are looked at */

struct remote {
	const char		*path;
	struct stream_port	port;
	struct stream_inlet	*inlet;
	struct watch		*watch;
	bool			begun;		/* a byte has come */
	bool			at_end;		/* no more will */
	bool			started;
	uint64_t		start_ns;	/* of the stream, as all below */
	uint64_t		seen_ns;	/* the newest whose delay was looked at */
	uint64_t		limit_ns;
	int64_t			delay_ns;	/* the least between a time of the stream and its coming here */
	uint64_t		host_ns;	/* of this call of remote_play() */
	bool			ready;
	bool			ended;		/* nothing more is played */
	bool			over;
	bool			whole;
	char			end[256];
};

int remote_open(const char *path, uint64_t interval_ns, struct remote **out)
{
	struct remote *r = calloc(1, sizeof(*r));
	int ret = r ? 0 : -ENOMEM;

	if (!ret) {
		r->path = path;
		r->delay_ns = INT64_MAX;
		ret = stream_port_open_read(path, &r->port);
	}
	if (!ret)
		ret = stream_inlet_new(INLET_BYTES, &r->inlet);
	if (!ret)
		ret = watch_new(interval_ns, &r->watch);
	if (!ret) {
		*out = r;
		return 0;
	}
	if (ret != -ENOTSUP)
		complain(path, strerror(-ret), ret == -ECONNREFUSED ? "nobody listens there: has the guest ended?" : NULL);
	remote_close(r);
	return ret;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	watch_free(r->watch);
	stream_inlet_free(r->inlet);
	stream_port_close(&r->port);
	free(r);
}

/* --- reading --- */

bool remote_full(const struct remote *r)
{
	size_t room;

	stream_inlet_room(r->inlet, &room);
	return !room;
}

int remote_fd(const struct remote *r)
{
	return r->at_end || r->ended || remote_full(r) ? -1 : r->port.fd;
}

void remote_read(struct remote *r)
{
	size_t room;
	void *at = stream_inlet_room(r->inlet, &room);
	ssize_t n = read(r->port.fd, at, room < READ_BYTES ? room : READ_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		snprintf(r->end, sizeof(r->end), "cannot be read on: %s", strerror(errno));
	r->at_end = n <= 0;
	if (n <= 0)
		return;
	r->begun = true;
	stream_inlet_added(r->inlet, n);
}

/* --- playing --- */

bool remote_started(const struct remote *r)
{
	return r->started;
}

uint64_t remote_offset_ns(const struct remote *r, uint64_t host_ns)
{
	uint64_t newest = watch_newest_ns(r->watch);
	int64_t now = r->started ? (int64_t)host_ns - r->delay_ns : 0;

	return elapsed_ns(r->start_ns, now > 0 && (uint64_t)now > newest ? (uint64_t)now : newest);
}

static void note_delay(struct remote *r, uint64_t newest)
{
	int64_t delay = (int64_t)(r->host_ns - newest);

	r->seen_ns = newest;
	/* No clock goes that far: it is made up. */
	if (newest < INT64_MAX / 2 && delay < r->delay_ns)
		r->delay_ns = delay;
}

/* Asked after each message. */
static bool enough(void *ctx)
{
	struct remote *r = ctx;
	uint64_t newest = watch_newest_ns(r->watch);

	if (newest > r->seen_ns)
		note_delay(r, newest);
	if (!newest)
		return false;
	if (!r->started) {
		r->started = true;
		r->start_ns = newest;
		return true;
	}
	r->ready = watch_tick(r->watch, newest);
	return r->ready || newest > r->limit_ns;
}

static void explain_end(struct remote *r, int ret)
{
	r->whole = ret == -ENODATA;
	if (ret == -ENODATA)
		snprintf(r->end, sizeof(r->end), "has ended: the recording there is over");
	else if (ret == -EBADMSG)
		snprintf(r->end, sizeof(r->end), "%s", stream_inlet_why(r->inlet));
	else if (ret)
		snprintf(r->end, sizeof(r->end), "cannot be shown on: %s", strerror(-ret));
	else if (!r->begun)
		snprintf(r->end, sizeof(r->end), "has ended before anything came");
	else if (!r->end[0])
		snprintf(r->end, sizeof(r->end), "was cut off: squall there, or its machine, was stopped");
}

/* What came since the last interval is shown as one more. */
static void end(struct remote *r, const struct sink *sink, int ret)
{
	struct live_summary sum;
	uint64_t newest = watch_newest_ns(r->watch);

	explain_end(r, ret);
	if (ret != -ENODATA)
		SINK_CALL(sink, end);
	live_model_summary(watch_model(r->watch), &sum);
	if (newest && newest >= sum.now_ns)
		live_model_tick(watch_model(r->watch), newest);
	r->ended = true;
	r->ready = r->started;
	r->over = !r->started;
}

static uint64_t limit_of(const struct remote *r, uint64_t offset_ns)
{
	return offset_ns > UINT64_MAX - r->start_ns ? UINT64_MAX : r->start_ns + offset_ns;
}

/* Held back, everything up to the limit has been played; whatever waits is later. */
static void tick_by_clock(struct remote *r)
{
	uint64_t now = r->start_ns + remote_offset_ns(r, r->host_ns);

	if (r->started)
		r->ready = watch_tick(r->watch, now < r->limit_ns ? now : r->limit_ns);
}

void remote_play(struct remote *r, uint64_t offset_ns, uint64_t host_ns)
{
	const struct sink sink = watch_sink(r->watch);
	int ret = 1;

	r->host_ns = host_ns;
	r->limit_ns = limit_of(r, offset_ns);
	if (r->ready || r->ended)
		return;
	if (!r->started || watch_newest_ns(r->watch) <= r->limit_ns)
		ret = stream_inlet_play(r->inlet, &sink, enough, r);
	if (ret < 0 || (!ret && r->at_end))
		end(r, &sink, ret);
	else if (!r->ready)
		tick_by_clock(r);
}

bool remote_ready(const struct remote *r)
{
	return r->ready;
}

void remote_go_on(struct remote *r)
{
	r->ready = false;
	r->over = r->ended;
}

bool remote_over(const struct remote *r)
{
	return r->over;
}

const char *remote_end(const struct remote *r, bool *whole)
{
	*whole = r->whole;
	return r->ended ? r->end : NULL;
}

/* --- */

struct live_model *remote_model(struct remote *r)
{
	return watch_model(r->watch);
}

void remote_set_interval(struct remote *r, uint64_t interval_ns)
{
	watch_set_interval(r->watch, interval_ns);
}

const char *remote_path(const struct remote *r)
{
	return r->path;
}
