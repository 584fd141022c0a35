// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_probe.c - see task_probe.h. The kernel's side is collect/bpf/task.bpf.c. The generated header defines
 * HAVE_BPF_SKEL when clang and bpftool were there to make it.
 */
#include "collect/task_probe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collect/bpf/task.skel.h"
#include "collect/bpf_refusal.h"

#ifdef HAVE_BPF_SKEL

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static const struct hook {
	const char	*system, *name;
} hooks[] = {
#define X(system, name) { system, name },
	TASK_PROBE_HOOKS(X)
#undef X
};
#define NHOOKS	(sizeof(hooks) / sizeof(hooks[0]))

struct task_probe {
	struct task_bpf		*skel;
	struct ring_buffer	*ring;
	bool			raw;			/* look_raw is loaded, else look_tp */
	int			raw_links[NHOOKS];	/* -1 none */
	struct bpf_link		*links[NHOOKS];
	uint32_t		nattached;
	int			(*fn)(void *ctx, const struct task_note *note);	/* while draining */
	void			*ctx;
};

static int load(struct task_probe *p, const struct cgroup_top *top, const struct bpf_object_open_opts *opts)
{
	p->skel = task_bpf__open_opts(opts);
	if (!p->skel)
		return -errno;
	bpf_program__set_autoload(p->skel->progs.look_raw, p->raw);
	bpf_program__set_autoload(p->skel->progs.look_tp, !p->raw);
	p->skel->rodata->memory_is_v1 = top->version == 1;
	p->skel->rodata->top_cgroup_id = top->id;
	return task_bpf__load(p->skel);
}

/* The cheap kind of program first, then the one that more kernels allow. */
static int load_either(struct task_probe *p, const struct cgroup_top *top, struct source_error *err)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	char *log = calloc(1, BPF_VERIFIER_LOG_BYTES);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log, .kernel_log_size = BPF_VERIFIER_LOG_BYTES);
	int ret = -ENOMEM;

	if (log) {
		p->raw = true;
		ret = load(p, top, &opts);
	}
	if (log && ret) {
		task_bpf__destroy(p->skel);
		p->raw = false;
		log[0] = '\0';
		ret = load(p, top, &opts);
	}
	if (log && ret)
		ret = bpf_refusal_explain(ret, log, err);
	libbpf_set_print(print);
	free(log);
	return ret;
}

/* Those that this kernel has; the same program at all of them. */
static int attach(struct task_probe *p)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	int raw_fd = bpf_program__fd(p->skel->progs.look_raw);
	int ret = -ENOENT;

	for (unsigned int i = 0; i < NHOOKS; i++) {
		if (p->raw) {
			p->raw_links[i] = bpf_raw_tracepoint_open(hooks[i].name, raw_fd);
			ret = p->raw_links[i] < 0 ? p->raw_links[i] : 0;
		} else {
			p->links[i] = bpf_program__attach_tracepoint(p->skel->progs.look_tp, hooks[i].system,
								     hooks[i].name);
			ret = p->links[i] ? 0 : -errno;
		}
		p->nattached += !ret;
	}
	libbpf_set_print(print);
	return p->nattached ? 0 : ret;
}

static int on_note(void *ctx, void *data, size_t size)
{
	const struct task_probe *p = ctx;
	const struct task_note *note = data;
	size_t wanted = note->kind == TASK_NOTE_CGROUP ? sizeof(struct cgroup_note) : sizeof(struct task_note);

	return size < wanted ? 0 : p->fn(p->ctx, note);
}

int task_probe_open(const struct cgroup_top *top, struct task_probe **out, struct source_error *err)
{
	struct task_probe *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	*err = (struct source_error){ 0 };
	if (p) {
		memset(p->raw_links, -1, sizeof(p->raw_links));
		ret = load_either(p, top, err);
	}
	if (!ret) {
		p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.notes), on_note, p, NULL);
		ret = p->ring ? attach(p) : -errno;
	}
	if (ret) {
		if (!err->what[0])
			snprintf(err->what, sizeof(err->what), "%s", strerror(-ret));
		task_probe_free(p);
		return ret;
	}
	*out = p;
	return 0;
}

void task_probe_free(struct task_probe *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < NHOOKS; i++) {
		if (p->raw_links[i] >= 0)
			close(p->raw_links[i]);
		bpf_link__destroy(p->links[i]);
	}
	ring_buffer__free(p->ring);
	task_bpf__destroy(p->skel);
	free(p);
}

int task_probe_drain(struct task_probe *p, int (*fn)(void *ctx, const struct task_note *note), void *ctx)
{
	int ret;

	p->fn = fn;
	p->ctx = ctx;
	ret = ring_buffer__consume(p->ring);
	return ret < 0 ? ret : 0;
}

uint32_t task_probe_hooks(const struct task_probe *p)
{
	return p->nattached;
}

uint64_t task_probe_dropped(const struct task_probe *p)
{
	return p->skel->bss->dropped;
}

#else /* without clang or bpftool */

int task_probe_open(const struct cgroup_top *top, struct task_probe **out, struct source_error *err)
{
	snprintf(err->what, sizeof(err->what), "built without BPF");
	snprintf(err->hint, sizeof(err->hint), "install clang and bpftool, then build again from make clean");
	return -ENOTSUP;
}

void task_probe_free(struct task_probe *p)
{
}

int task_probe_drain(struct task_probe *p, int (*fn)(void *ctx, const struct task_note *note), void *ctx)
{
	return -ENOTSUP;
}

uint32_t task_probe_hooks(const struct task_probe *p)
{
	return 0;
}

uint64_t task_probe_dropped(const struct task_probe *p)
{
	return 0;
}

#endif
