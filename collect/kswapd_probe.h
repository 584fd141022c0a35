/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kswapd_probe.h - the value of each node's kswapd_failures, which no file shows, read by BPF.
 *
 * Two ways at once. kswapd_probe_sample() reads all nodes now; ten times a second is what it is made for. Between the
 * samples BPF programs at the end of each reclaim and at each run of kswapd notice changes with their time and task,
 * for kswapd_probe_drain(). Both compare with the same last value, so a change is told once, by whoever sees it first.
 *
 * What a change says of a task: only kswapd raises its node's counter, and only reclaim of that node and the freeing of
 * pages lower it. The counter is read when a reclaim ends, so the task of a fall is the first that ended a reclaim
 * after it: usually, not surely, the one that did it. A change that the noticing task cannot have made is told without
 * a task.
 *
 * For one thread. Needs Linux 6.1 or later with BTF. Built without clang or bpftool, kswapd_probe_open() answers
 * -ENOTSUP.
 */
#ifndef SQUALL_COLLECT_KSWAPD_PROBE_H
#define SQUALL_COLLECT_KSWAPD_PROBE_H

#include "spine/sink.h"
#include "spine/source.h"

struct kswapd_probe;

struct kswapd_probe_stats {
	uint64_t	dropped;	/* changes that found the ring buffer full */
	uint64_t	left_out;	/* times that a node was found when 64 were followed */
	uint32_t	nodes;		/* followed now */
	uint32_t	hooks;		/* tracepoints that changes are noticed at; 0: samples are all there is */
	int		hook_error;	/* errno of one that is missing; -ENOENT: no such event, or no tracefs */
};

/*
 * Loads and attaches the programs and finds the nodes: about 50 ms and 14 MB of memory, which is free again when it
 * returns. Caller frees *out with kswapd_probe_free. -EPERM, -ENOTSUP (no BTF, no BPF, kernel too old, built without),
 * -ESRCH (no kswapd in sight), or what else the kernel answered; err says it in words.
 */
int kswapd_probe_open(struct kswapd_probe **out, struct source_error *err);
/* NULL is fine. Detaching waits for all CPUs, about 0.4 s in all. */
void kswapd_probe_free(struct kswapd_probe *p);

/*
 * One sample each of kswapd_failures, kswapd_order and kswapd_highest_zoneidx per node, with the time at which it was
 * read (on a starving machine some time after @now_ns), and a failures_change for each node whose value is not the one
 * told last; the first sight of a node is one, with previous -1. It opens nothing and takes no memory, from the kernel
 * neither, so that a storm does not hold it up; except every ten seconds, when it looks for nodes that came with
 * hotplugged memory, which visits all tasks. 0, or a negative errno of the kernel or the sink.
 */
int kswapd_probe_sample(struct kswapd_probe *p, uint64_t now_ns, const struct sink *sink);

/*
 * The changes noticed since, in order of their own times, which lie before now; the tasks that made them go to sink
 * task. 0 also when there are none, or the sink's negative errno.
 */
int kswapd_probe_drain(struct kswapd_probe *p, const struct sink *sink);

/* Becomes readable when there is something to drain. Belongs to @p. */
int kswapd_probe_fd(const struct kswapd_probe *p);

void kswapd_probe_stats(const struct kswapd_probe *p, struct kswapd_probe_stats *out);

/* Inside: what the records of collect/bpf/kswapd.h become. Here because tests ask for it without BPF. */
struct kswapd_change;
struct kswapd_reading;
int kswapd_change_emit(const struct kswapd_change *change, const struct sink *sink);
int kswapd_reading_emit(const struct kswapd_reading *reading, const struct sink *sink);

#endif
