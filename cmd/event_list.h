/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event_list.h - the groups of events that can be recorded, and their tracepoints.
 */
#ifndef SQUALL_CMD_EVENT_LIST_H
#define SQUALL_CMD_EVENT_LIST_H

#include <stdio.h>

/* Also which of them this kernel has. Returns an enum status. */
int print_event_list(FILE *out);

#endif
