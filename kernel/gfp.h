/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gfp.h - gfp_flags: which bits mean what, and which migratetype they ask for.
 *
 * The mobility bits are 3 and 4 in every kernel since 4.4 (include/linux/gfp_types.h, gfp_migratetype() in
 * include/linux/gfp.h; kernel-domain.md section 2), but a source that knows the kernel's own numbers sets them.
 */
#ifndef SQUALL_KERNEL_GFP_H
#define SQUALL_KERNEL_GFP_H

#include <stddef.h>
#include <stdint.h>

/* enum migratetype, include/linux/mmzone.h; 4 and up depend on the kernel's configuration. */
enum migratetype { MIGRATETYPE_UNKNOWN = -1, MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE };

/* Masks of the bits we ask about, as this kernel has them. */
struct gfp_layout {
	uint64_t	movable;
	uint64_t	reclaimable;
	uint64_t	io;
	uint64_t	fs;
	uint64_t	direct_reclaim;
	uint64_t	retry_mayfail;
	uint64_t	nofail;
	uint64_t	noretry;
};

/* The bits of 4.4 .. 7.3. */
void gfp_layout_default(struct gfp_layout *layout);

/* "__GFP_MOVABLE" is @mask on this kernel. Names that we do not ask about are ignored. */
void gfp_layout_set(struct gfp_layout *layout, const char *name, uint64_t mask);

enum migratetype gfp_migratetype(const struct gfp_layout *layout, uint64_t gfp);
const char *migratetype_name(enum migratetype type);	/* "unmovable", "unknown" ... */

/*
 * "GFP_KERNEL|__GFP_NOWARN|0x2", as __print_flags() writes it on any kernel since 2.6.35, as a mask of today's bits;
 * also a plain number. Spellings of old kernels (GFP_NOWARN for __GFP_NOWARN, GFP_TEMPORARY ...) are known.
 * -EINVAL when a name is not known; *mask then holds the bits of those that are.
 */
int gfp_parse(const char *text, size_t len, uint64_t *mask);

/* The mask as the kernel of today prints it, into buf, always terminated; returns buf. */
#define GFP_TEXT_BYTES	512
const char *gfp_format(uint64_t mask, char *buf, size_t size);

#endif
