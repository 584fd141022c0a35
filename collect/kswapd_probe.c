// SPDX-License-Identifier: GPL-2.0-only
/*
 * kswapd_probe.c - see kswapd_probe.h. The kernel's side is collect/bpf/kswapd.bpf.c; how a change is told once is in
 * collect/bpf/kswapd.h. The generated header defines HAVE_BPF_SKEL when clang and bpftool were there to make it.
 */
#include "collect/kswapd_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/bpf/kswapd.h"
#include "collect/bpf/kswapd.skel.h"
#include "collect/bpf_refusal.h"
#include "collect/cgroup_top.h"

/*
 * Could the noticing task have made the change? A rise, and everything that a kswapd notices, is the doing of the
 * node's own kswapd or of somebody unknown; a fall at the end of a reclaim is taken for that reclaim's.
 */
static bool task_made_it(const struct kswapd_change *c)
{
	bool in_kswapd = c->hook == KSWAPD_HOOK_WAKE || c->hook == KSWAPD_HOOK_SLEEP;

	if (in_kswapd || c->value > c->previous)
		return c->tid == c->kswapd_tid;
	return true;
}

int kswapd_change_emit(const struct kswapd_change *c, const struct sink *sink)
{
	static const char *const vias[] = {
#define X(suffix, event, via) [KSWAPD_HOOK_##suffix] = via,
		KSWAPD_HOOKS(X)
#undef X
	};
	struct failures_change out = {
		.ts = c->ts_ns, .node = c->node, .value = c->value, .previous = c->previous, .tid = -1,
		.comm = "", .via = c->hook < KSWAPD_HOOK_COUNT ? vias[c->hook] : "bpf", .reason = "",
	};
	char comm[KSWAPD_COMM_BYTES + 1];
	struct task_name task = { .tid = c->tid, .tgid = c->tgid, .cgroup_id = c->cgroup_id, .comm = comm };
	int ret;

	if (!task_made_it(c))
		return SINK_CALL(sink, failures, &out);
	memcpy(comm, c->comm, KSWAPD_COMM_BYTES);
	comm[KSWAPD_COMM_BYTES] = '\0';
	out.tid = c->tid;
	out.cgroup_id = c->cgroup_id;
	out.comm = comm;
	ret = SINK_CALL(sink, task, &task);
	return ret ? ret : SINK_CALL(sink, failures, &out);
}

int kswapd_reading_emit(const struct kswapd_reading *r, const struct sink *sink)
{
	const struct sample samples[] = {
		{ r->ts_ns, SCOPE_NODE, r->node, 0, "kswapd_failures", "runs", r->value },
		{ r->ts_ns, SCOPE_NODE, r->node, 0, "kswapd_order", "order", r->order },
		{ r->ts_ns, SCOPE_NODE, r->node, 0, "kswapd_highest_zoneidx", "zone", r->highest_zoneidx },
	};
	const struct failures_change change = {
		.ts = r->ts_ns, .node = r->node, .value = r->value, .previous = r->previous, .tid = -1,
		.comm = "", .via = "bpf-sample", .reason = "",
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(samples) / sizeof(samples[0]); i++)
		ret = SINK_CALL(sink, sample, &samples[i]);
	if (!ret && r->value != r->previous)
		ret = SINK_CALL(sink, failures, &change);
	return ret;
}

#ifdef HAVE_BPF_SKEL

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* Nodes that come with hotplugged memory may wait that long; a walk over 4,000 tasks takes 0.6 ms. */
#define FIND_INTERVAL_NS	(10ull * 1000 * 1000 * 1000)

struct kswapd_probe {
	struct kswapd_bpf	*skel;
	struct bpf_link		*hooks[KSWAPD_HOOK_COUNT];
	struct ring_buffer	*ring;
	const struct sink	*sink;		/* while draining */
	int			find_link;	/* iterator over all tasks; -1 none */
	int			hook_error;
	uint64_t		find_ns;	/* when nodes are looked for again */
};

static int fail(struct source_error *err, int ret, const char *what, const char *hint)
{
	snprintf(err->what, sizeof(err->what), "%s", what);
	snprintf(err->hint, sizeof(err->hint), "%s", hint);
	return ret;
}

static int set_hierarchy(struct kswapd_bpf *skel)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_top top;

	if (root < 0)
		return -errno;
	cgroup_top_open(root, &top);
	skel->rodata->memory_is_v1 = top.version == 1;
	cgroup_top_close(&top);
	close(root);
	return 0;
}

/* libbpf talks to stderr unless it is told not to; what it would say is in @err. */
static int load(struct kswapd_probe *p, struct source_error *err)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	char *log = calloc(1, BPF_VERIFIER_LOG_BYTES);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log, .kernel_log_size = BPF_VERIFIER_LOG_BYTES);
	int ret = -ENOMEM;

	if (log) {
		p->skel = kswapd_bpf__open_opts(&opts);
		ret = p->skel ? set_hierarchy(p->skel) : -errno;
		if (!ret)
			ret = kswapd_bpf__load(p->skel);
		if (ret)
			ret = bpf_refusal_explain(ret, log, err);
	}
	libbpf_set_print(print);
	free(log);
	return ret;
}

/* Lets the iterator of @link, which writes nothing, visit all tasks. The kernel takes 32 KiB for it meanwhile. */
static int visit_tasks(int link)
{
	int fd = bpf_iter_create(link);
	char nothing;
	ssize_t n;

	if (fd < 0)
		return fd;
	do {
		n = read(fd, &nothing, sizeof(nothing));
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

static int find_nodes(struct kswapd_probe *p)
{
	const struct kswapd_node *nodes = p->skel->bss->nodes;
	int ret = visit_tasks(p->find_link);

	if (ret)
		return ret;
	for (unsigned int i = 0; i < KSWAPD_NODES_MAX; i++)
		if (nodes[i].pgdat)
			return 0;
	return -ESRCH;
}

/* Has the kernel fill readings[]. It takes no memory for that. */
static int read_nodes(const struct kswapd_probe *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	return bpf_prog_test_run_opts(bpf_program__fd(p->skel->progs.read_nodes), &opts);
}

/* The tracepoints that there are; without any the samples still work. */
static void attach_hooks(struct kswapd_probe *p)
{
	struct bpf_program *const programs[] = {
#define X(suffix, event, via) [KSWAPD_HOOK_##suffix] = p->skel->progs.on_##event,
		KSWAPD_HOOKS(X)
#undef X
	};
	libbpf_print_fn_t print = libbpf_set_print(NULL);

	for (int i = 0; i < KSWAPD_HOOK_COUNT; i++) {
		p->hooks[i] = bpf_program__attach(programs[i]);
		if (!p->hooks[i])
			p->hook_error = -errno;
	}
	libbpf_set_print(print);
}

static int on_change(void *ctx, void *data, size_t size)
{
	const struct kswapd_probe *p = ctx;

	if (size < sizeof(struct kswapd_change))
		return 0;
	return kswapd_change_emit(data, p->sink);
}

static int start(struct kswapd_probe *p, struct source_error *err)
{
	int ret;

	p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.changes), on_change, p, NULL);
	if (!p->ring)
		return fail(err, -errno, "cannot map the ring buffer of the BPF programs", "");
	p->find_link = bpf_link_create(bpf_program__fd(p->skel->progs.find_nodes), 0, BPF_TRACE_ITER, NULL);
	if (p->find_link < 0)
		return fail(err, p->find_link, "cannot attach to the task iterator", "");
	/* Before a node is known nothing is read; what comes back is whether the kernel runs it. */
	ret = read_nodes(p);
	if (ret)
		return fail(err, ret, "cannot run the BPF program that reads kswapd_failures",
			    "Linux 5.10 and later can");
	ret = find_nodes(p);
	if (ret == -ESRCH)
		return fail(err, ret, "BPF finds no kswapd thread with a node",
			    "in a container: kernel threads are seen from the machine's own pid namespace only");
	if (ret)
		return fail(err, ret, "cannot iterate over the tasks", "");
	attach_hooks(p);
	return 0;
}

int kswapd_probe_open(struct kswapd_probe **out, struct source_error *err)
{
	struct kswapd_probe *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return fail(err, -ENOMEM, strerror(ENOMEM), "");
	p->find_link = -1;
	ret = load(p, err);
	if (!ret)
		ret = start(p, err);
	if (ret) {
		kswapd_probe_free(p);
		return ret;
	}
	*out = p;
	return 0;
}

void kswapd_probe_free(struct kswapd_probe *p)
{
	if (!p)
		return;
	for (int i = 0; i < KSWAPD_HOOK_COUNT; i++)
		bpf_link__destroy(p->hooks[i]);
	if (p->find_link >= 0)
		close(p->find_link);
	ring_buffer__free(p->ring);
	kswapd_bpf__destroy(p->skel);
	free(p);
}

int kswapd_probe_sample(struct kswapd_probe *p, uint64_t now_ns, const struct sink *sink)
{
	const struct kswapd_reading *readings = p->skel->bss->readings;
	bool any = false;
	int ret;

	if (now_ns >= p->find_ns) {
		ret = find_nodes(p);
		p->find_ns = now_ns + FIND_INTERVAL_NS;
		if (ret)
			return ret;
	}
	ret = read_nodes(p);
	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < KSWAPD_NODES_MAX; i++) {
		if (!readings[i].ts_ns)
			continue;
		any = true;
		ret = kswapd_reading_emit(&readings[i], sink);
	}
	/* All nodes that were known have gone, and others may be there. */
	if (!any)
		p->find_ns = 0;
	return ret;
}

int kswapd_probe_drain(struct kswapd_probe *p, const struct sink *sink)
{
	int ret;

	p->sink = sink;
	ret = ring_buffer__consume(p->ring);
	p->sink = NULL;
	return ret < 0 ? ret : 0;
}

int kswapd_probe_fd(const struct kswapd_probe *p)
{
	return ring_buffer__epoll_fd(p->ring);
}

void kswapd_probe_stats(const struct kswapd_probe *p, struct kswapd_probe_stats *out)
{
	*out = (struct kswapd_probe_stats) {
		.dropped = p->skel->bss->dropped,
		.left_out = p->skel->bss->left_out,
		.hook_error = p->hook_error,
	};
	for (unsigned int i = 0; i < KSWAPD_NODES_MAX; i++)
		out->nodes += p->skel->bss->nodes[i].pgdat != 0;
	for (int i = 0; i < KSWAPD_HOOK_COUNT; i++)
		out->hooks += p->hooks[i] != NULL;
}

#else /* without clang or bpftool */

int kswapd_probe_open(struct kswapd_probe **out, struct source_error *err)
{
	snprintf(err->what, sizeof(err->what), "built without BPF");
	snprintf(err->hint, sizeof(err->hint), "install clang and bpftool, then build again from make clean");
	return -ENOTSUP;
}

void kswapd_probe_free(struct kswapd_probe *p)
{
}

int kswapd_probe_sample(struct kswapd_probe *p, uint64_t now_ns, const struct sink *sink)
{
	return -ENOTSUP;
}

int kswapd_probe_drain(struct kswapd_probe *p, const struct sink *sink)
{
	return -ENOTSUP;
}

int kswapd_probe_fd(const struct kswapd_probe *p)
{
	return -ENOTSUP;
}

void kswapd_probe_stats(const struct kswapd_probe *p, struct kswapd_probe_stats *out)
{
	*out = (struct kswapd_probe_stats) { 0 };
}

#endif
