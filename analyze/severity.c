// SPDX-License-Identifier: GPL-2.0-only
/*
 * severity.c - see severity.h.
 */
#include "analyze/severity.h"

#include "spine/time.h"

struct decision {
	const struct thresholds		*th;
	uint32_t			cpus;
	const struct severity_case	*c;
	int				n;
};

static enum severity on_scale(const struct thresholds *th, double value, enum threshold high, enum threshold critical)
{
	return value > th->value[critical] ? SEVERITY_CRITICAL :
	       value >= th->value[high] ? SEVERITY_HIGH : SEVERITY_WARNING;
}

static enum severity by_psi(const struct decision *d, double share)
{
	return on_scale(d->th, share, TH_IMPACT_PSI_HIGH, TH_IMPACT_PSI_CRITICAL);
}

static bool is_harm(const struct severity_case *c)
{
	return c->f->own_severity > SEVERITY_INFO;
}

/* Most of what tasks lost is of its own sort. */
static bool lost_by_it(const struct decision *d, const struct severity_case *c)
{
	double all = impact_lost_s(&c->f->impact);

	if (!(c->losses & LOSS_TIMED) || !is_harm(c))
		return false;
	return !c->f->impact.timed ||
	       (all > 0 && impact_lost_to(&c->f->impact, c->losses) >= d->th->value[TH_IMPACT_OWN] * all);
}

static bool overlaps(const struct finding *a, const struct finding *b)
{
	return a->start_ns <= b->end_ns && b->start_ns <= a->end_ns;
}

/* Another incident of that time accounts for what was lost. */
static bool is_taken(const struct decision *d, const struct finding *f)
{
	for (int i = 0; i < d->n; i++) {
		const struct severity_case *c = &d->c[i];

		if (c->f->leads && c->f->incident != f->incident && overlaps(c->f, f) && lost_by_it(d, c))
			return true;
	}
	return false;
}

static bool may_be_background(const struct severity_case *c)
{
	return !c->losses || c->losses & LOSS_BACKGROUND;
}

static bool has_pressure(const struct decision *d, const struct severity_case *c)
{
	return c->f->leads && (lost_by_it(d, c) || (may_be_background(c) && !is_taken(d, c->f)));
}

static double lost_per_cpu(const struct decision *d, const struct severity_case *c)
{
	double span_s = ns_to_s(elapsed_ns(c->f->start_ns, c->f->end_ns));

	return span_s > 0 ? impact_lost_to(&c->f->impact, c->losses ?: LOSS_TIMED) / span_s / d->cpus : 0;
}

/* Sets what it is decided by. SEVERITY_INFO: the recording does not tell. */
static enum severity by_lost_time(const struct decision *d, const struct severity_case *c)
{
	const struct finding_impact *impact = &c->f->impact;
	bool own = c->losses & LOSS_TIMED || (!c->losses && c->f->leads && !is_taken(d, c->f));
	enum severity bad;

	if (!impact->timed || !own)
		return SEVERITY_INFO;
	bad = on_scale(d->th, lost_per_cpu(d, c), TH_IMPACT_LOST_HIGH, TH_IMPACT_LOST_CRITICAL);
	c->f->basis = SEVERITY_BY_LOST_TIME;
	c->f->basis_value = impact_lost_to(impact, c->losses ?: LOSS_TIMED);
	if (impact->psi_full < 0 || bad <= by_psi(d, impact->psi_full))
		return bad;
	c->f->basis_bound = impact->psi_full;
	return by_psi(d, impact->psi_full);
}

/* Likewise. The greater share is that of the worse of both. */
static enum severity by_pressure(const struct decision *d, const struct severity_case *c)
{
	struct finding *f = c->f;
	double own = f->tasks_role == TASKS_CAUSED ? SHARE_UNKNOWN : f->impact.psi_cgroup;
	double all = has_pressure(d, c) ? f->impact.psi_full : SHARE_UNKNOWN;

	if (own < 0 && all < 0)
		return SEVERITY_INFO;
	f->basis = SEVERITY_BY_PSI;
	f->basis_cgroup = own > all;
	f->basis_value = own > all ? own : all;
	return by_psi(d, f->basis_value);
}

static bool own_is_least(const struct severity_case *c, enum severity_basis basis)
{
	if (!c->losses || c->losses & LOSS_OTHER)
		return true;
	return basis != SEVERITY_BY_PSI && (c->losses & LOSS_BACKGROUND || c->f->loss);
}

static void decide(const struct decision *d, const struct severity_case *c)
{
	struct finding *f = c->f;
	enum severity bad;

	f->basis = SEVERITY_BY_DETECTOR;
	f->basis_value = 0;
	f->basis_bound = SHARE_UNKNOWN;
	f->basis_cgroup = false;
	f->severity = f->own_severity;
	if (!is_harm(c))
		return;
	bad = by_pressure(d, c);
	if (bad == SEVERITY_INFO)
		bad = by_lost_time(d, c);
	if (bad == SEVERITY_INFO || (bad < f->own_severity && own_is_least(c, f->basis)))
		f->basis = SEVERITY_BY_DETECTOR;
	else
		f->severity = bad;
}

void severity_decide(const struct thresholds *th, uint32_t cpus, const struct severity_case *c, int n)
{
	const struct decision d = { th, cpus, c, n };

	for (int i = 0; i < n; i++)
		decide(&d, &c[i]);
}
