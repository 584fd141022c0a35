// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_text.c - the results of squall check as text for 80 columns: name, state, and the facts beside them.
 */
#include "cmd/check.h"

#include <string.h>

#include "spine/escape.h"

#define WIDTH		80
#define STATE_WIDTH	8	/* "limited ", "missing " */
#define NAME_WIDTH	18	/* of readiness and groups; longer names of features have a line of their own */

enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_UNSURE };

struct printer {
	FILE	*out;
	bool	color;
};

static void put_heading(const struct printer *p, const char *heading, const char *text)
{
	fprintf(p->out, "%s%s%s%s%s\n", p->color ? "\033[1m" : "", heading, p->color ? "\033[0m" : "", *text ? "  " : "",
		text);
}

static void put_state(const struct printer *p, enum tone tone, const char *state, int width)
{
	static const char *const colors[] = {
		[TONE_PLAIN] = "", [TONE_GOOD] = "\033[32m", [TONE_BAD] = "\033[31m", [TONE_UNSURE] = "\033[33m",
	};
	bool color = p->color && tone != TONE_PLAIN;

	fprintf(p->out, "%s%s%s%*s", color ? colors[tone] : "", state, color ? "\033[0m" : "",
		width - (int)strlen(state), "");
}

/* @text from column @indent on, where the cursor is, with line breaks between words. */
static void put_wrapped(const struct printer *p, const char *text, int indent)
{
	char safe[1024];
	int column = indent;

	/* Paths of mounts are somebody else's words. */
	text = escape_terminal(text, strlen(text), safe, sizeof(safe));
	while (*text) {
		int word = strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			fprintf(p->out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', p->out);
			column++;
		}
		fprintf(p->out, "%.*s", word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	putc('\n', p->out);
}

static void put_todo(const struct printer *p, const char *todo, int indent)
{
	if (!*todo)
		return;
	fprintf(p->out, "%*s", indent, "");
	fputs("do: ", p->out);
	put_wrapped(p, todo, indent + (int)strlen("do: "));
}

static void put_readiness(const struct printer *p, const struct readiness *r)
{
	static const enum tone tones[] = {
		[READY_OK] = TONE_GOOD, [READY_LIMITED] = TONE_UNSURE, [READY_MISSING] = TONE_BAD,
		[READY_UNUSED] = TONE_PLAIN, [READY_UNKNOWN] = TONE_UNSURE,
	};
	const int indent = 2 + NAME_WIDTH + STATE_WIDTH;

	fprintf(p->out, "  %-*s", NAME_WIDTH, r->name);
	put_state(p, tones[r->state], readiness_state_name(r->state), STATE_WIDTH);
	put_wrapped(p, r->why, indent);
	put_todo(p, r->todo, indent);
}

static void put_recording(const struct printer *p, const struct check_results *results)
{
	put_heading(p, "RECORDING", results->can_record ? "events can be recorded here" :
		    "no events can be recorded here as it is now");
	for (int i = 0; i < results->nready; i++)
		put_readiness(p, &results->ready[i]);
}

/* The names of those that are @present, one after the other. */
static void put_event_names(const struct printer *p, const struct event_set *set, const char *label, bool present)
{
	const int indent = 2 + NAME_WIDTH + STATE_WIDTH;
	int column = WIDTH, count = 0;

	for (unsigned int i = 0; i < set->n; i++) {
		const struct event_choice *event = &set->choices[i];

		if (event->present != present)
			continue;
		if (!count++) {
			fprintf(p->out, "  %*s", NAME_WIDTH, "");
			put_state(p, present ? TONE_GOOD : TONE_UNSURE, label, STATE_WIDTH);
			column = indent;
		} else if (column + 1 + (int)strlen(event->name) > WIDTH) {
			fprintf(p->out, "\n%*s", indent, "");
			column = indent;
		} else {
			putc(' ', p->out);
			column++;
		}
		fputs(event->name, p->out);
		column += strlen(event->name);
	}
	if (count)
		putc('\n', p->out);
}

static int count_present(const struct event_set *set)
{
	int count = 0;

	for (unsigned int i = 0; i < set->n; i++)
		count += set->choices[i].present;
	return count;
}

static void put_group(const struct printer *p, const struct check_group *group)
{
	char text[256];

	snprintf(text, sizeof(text), "%d of %u%s: %s", count_present(&group->set), group->set.n,
		 group->group->on ? "" : ", on demand", group->group->describe);
	fprintf(p->out, "  %-*s", NAME_WIDTH, group->group->name);
	put_wrapped(p, text, 2 + NAME_WIDTH);
	/* Of those on demand only what is missing is news. */
	if (group->group->on)
		put_event_names(p, &group->set, "ok", true);
	put_event_names(p, &group->set, "missing", false);
}

static void put_events(const struct printer *p, const struct check_results *results)
{
	if (!results->events_known) {
		put_heading(p, "EVENTS", "not known without tracefs");
		return;
	}
	put_heading(p, "EVENTS", "by group; other kernels have those that are missing here");
	for (int i = 0; i < results->ngroups; i++)
		put_group(p, &results->groups[i]);
}

/* Names are long here: name and state on one line, the words below. */
static void put_long_row(const struct printer *p, const char *name, enum tone tone, const char *state)
{
	fputs("  ", p->out);
	put_state(p, tone, state, STATE_WIDTH);
	fprintf(p->out, "%s\n%*s", name, 2 + STATE_WIDTH, "");
}

static void put_features(const struct printer *p, const struct check_results *results)
{
	static const enum tone tones[] = {
		[KERNEL_FEATURE_UNKNOWN] = TONE_UNSURE, [KERNEL_FEATURE_PRESENT] = TONE_GOOD,
		[KERNEL_FEATURE_ABSENT] = TONE_PLAIN,
	};

	put_heading(p, "KERNEL", "what it has and how that was found");
	for (int i = 0; i < KF_COUNT; i++) {
		const struct kernel_feature *f = &results->features[i];
		char text[512];

		put_long_row(p, f->name, tones[f->state], kernel_feature_state_name(f->state));
		snprintf(text, sizeof(text), "%s (%s)", f->about, f->how);
		put_wrapped(p, text, 2 + STATE_WIDTH);
	}
}

static void put_exposures(const struct printer *p, const struct check_results *results)
{
	static const enum tone tones[] = {
		[EXPOSED_UNKNOWN] = TONE_UNSURE, [EXPOSED_NO] = TONE_PLAIN, [EXPOSED_YES] = TONE_BAD,
	};

	put_heading(p, "EXPOSURE", "to each kind of storm, as this machine is set up right now");
	for (int i = 0; i < results->nexposures; i++) {
		const struct exposure *e = &results->exposures[i];

		put_long_row(p, e->kind, tones[e->exposed], exposed_name(e->exposed));
		put_wrapped(p, e->why, 2 + STATE_WIDTH);
		put_todo(p, e->todo, 2 + STATE_WIDTH);
	}
}

void check_print_text(const struct check_results *results, bool color, FILE *out)
{
	const struct printer p = { out, color };

	put_recording(&p, results);
	putc('\n', out);
	put_events(&p, results);
	putc('\n', out);
	put_heading(&p, "BPF", "");
	put_readiness(&p, &results->bpf);
	putc('\n', out);
	put_features(&p, results);
	putc('\n', out);
	put_exposures(&p, results);
}
