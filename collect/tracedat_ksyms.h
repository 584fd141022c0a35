/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_ksyms.h - names of kernel functions by address, from the text of a kallsyms file.
 */
#ifndef SQUALL_COLLECT_TRACEDAT_KSYMS_H
#define SQUALL_COLLECT_TRACEDAT_KSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ksyms;

/* Takes @text (@len bytes, a zero behind them), which ksyms_free() frees, also when this fails with -ENOMEM. */
int ksyms_new(char *text, size_t len, struct ksyms **out);
void ksyms_free(struct ksyms *ksyms);	/* NULL is fine */

/* "shrink_inactive_list", or with "+0x1c" behind it inside of the function; false when nothing is near. */
bool ksyms_name(const struct ksyms *ksyms, uint64_t addr, char *buf, size_t size);

#endif
