/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * readiness.h - what of a recording works on a machine, what does not, why, and what to do about it.
 */
#ifndef SQUALL_COLLECT_READINESS_H
#define SQUALL_COLLECT_READINESS_H

#include "collect/machine.h"

enum readiness_state {
	READY_OK,
	READY_LIMITED,			/* works in part */
	READY_MISSING,
	READY_UNUSED,			/* the machine does not use it: nothing is missed */
	READY_UNKNOWN,
};

struct readiness {
	const char		*name;		/* "tracefs"; constant */
	enum readiness_state	state;
	char			why[512];
	char			todo[256];	/* what to do, or "" */
};

#define READINESS_MAX	12

/* Fills @out, at most READINESS_MAX rows; returns how many. */
int readiness_of(const struct machine *m, struct readiness *out);

/* Can events be recorded at all? */
bool readiness_can_record(const struct machine *m);

const char *readiness_state_name(enum readiness_state state);

#endif
