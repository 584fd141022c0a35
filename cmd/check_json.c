// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_json.c - the results of squall check as one JSON object; words are those of the text, null is not known.
 */
#include "cmd/check.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "spine/escape.h"

static json_t *text_or_null(const char *s)
{
	char safe[1024];

	return *s ? json_string(escape_utf8(s, strlen(s), safe, sizeof(safe))) : json_null();
}

static json_t *readiness_json(const struct readiness *r)
{
	return json_pack("{s:s, s:s, s:o, s:o}", "name", r->name, "state", readiness_state_name(r->state),
			 "why", text_or_null(r->why), "do", text_or_null(r->todo));
}

static json_t *recording_json(const struct check_results *results)
{
	json_t *items = json_array();

	for (int i = 0; i < results->nready; i++)
		json_array_append_new(items, readiness_json(&results->ready[i]));
	return json_pack("{s:b, s:o}", "possible", results->can_record, "items", items);
}

static json_t *events_json(const struct check_results *results)
{
	json_t *events = json_array();

	for (int g = 0; g < results->ngroups; g++) {
		const struct check_group *group = &results->groups[g];

		for (unsigned int i = 0; i < group->set.n; i++) {
			const struct event_choice *event = &group->set.choices[i];
			json_t *present = results->events_known ? json_boolean(event->present) : json_null();

			json_array_append_new(events,
					      json_pack("{s:s, s:s, s:s, s:b, s:o}", "system", event->system, "name",
							event->name, "group", group->group->name, "default",
							group->group->on, "present", present));
		}
	}
	return events;
}

static json_t *features_json(const struct check_results *results)
{
	json_t *features = json_array();

	for (int i = 0; i < KF_COUNT; i++) {
		const struct kernel_feature *f = &results->features[i];

		json_array_append_new(features,
				      json_pack("{s:s, s:s, s:s, s:s}", "name", f->name, "about", f->about, "state",
						kernel_feature_state_name(f->state), "how", f->how));
	}
	return features;
}

static json_t *exposures_json(const struct check_results *results)
{
	json_t *exposures = json_array();

	for (int i = 0; i < results->nexposures; i++) {
		const struct exposure *e = &results->exposures[i];

		json_array_append_new(exposures,
				      json_pack("{s:s, s:s, s:o, s:o}", "kind", e->kind, "exposed",
						exposed_name(e->exposed), "why", text_or_null(e->why), "do",
						text_or_null(e->todo)));
	}
	return exposures;
}

int check_print_json(const struct check_results *results, FILE *out)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "recording", recording_json(results), "events",
			      events_json(results), "bpf", readiness_json(&results->bpf), "kernel",
			      features_json(results), "exposure", exposures_json(results));
	int ret;

	if (!o)
		return -ENOMEM;
	ret = json_dumpf(o, out, JSON_INDENT(2)) ? -ENOMEM : 0;
	json_decref(o);
	putc('\n', out);
	return ret;
}
