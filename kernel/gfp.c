// SPDX-License-Identifier: GPL-2.0-only
/*
 * gfp.c - see gfp.h. One table of names drives reading and writing.
 *
 * Its order is that of the kernel's own list (include/trace/events/mmflags.h): the masks with most bits come first,
 * because __print_flags() takes a mask away from the value before it looks at the next. Behind them stand the names
 * of kernels back to 2.6.35, for reading only.
 */
#include "kernel/gfp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernel/names.h"

#define BIT(n)	((uint64_t)1 << (n))

/* enum ___GFP_*_BIT, include/linux/gfp_types.h; the same numbers from 4.4 to 7.3 up to bit 23. */
#define GFP_DMA			BIT(0)
#define GFP_HIGHMEM		BIT(1)
#define GFP_DMA32		BIT(2)
#define GFP_MOVABLE		BIT(3)
#define GFP_RECLAIMABLE		BIT(4)
#define GFP_HIGH		BIT(5)
#define GFP_IO			BIT(6)
#define GFP_FS			BIT(7)
#define GFP_ZERO		BIT(8)
#define GFP_DIRECT_RECLAIM	BIT(10)
#define GFP_KSWAPD_RECLAIM	BIT(11)
#define GFP_WRITE		BIT(12)
#define GFP_NOWARN		BIT(13)
#define GFP_RETRY_MAYFAIL	BIT(14)
#define GFP_NOFAIL		BIT(15)
#define GFP_NORETRY		BIT(16)
#define GFP_MEMALLOC		BIT(17)
#define GFP_COMP		BIT(18)
#define GFP_NOMEMALLOC		BIT(19)
#define GFP_HARDWALL		BIT(20)
#define GFP_THISNODE		BIT(21)
#define GFP_ACCOUNT		BIT(22)
#define GFP_ZEROTAGS		BIT(23)
#define GFP_NO_OBJ_EXT		BIT(24)	/* 6.18 without KASAN_HW_TAGS and LOCKDEP, whose bits come before it */

#define GFP_RECLAIM		(GFP_DIRECT_RECLAIM | GFP_KSWAPD_RECLAIM)
#define GFP_KERNEL		(GFP_RECLAIM | GFP_IO | GFP_FS)
#define GFP_USER		(GFP_KERNEL | GFP_HARDWALL)
#define GFP_HIGHUSER		(GFP_USER | GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | GFP_MOVABLE)
#define GFP_TRANSHUGE_LIGHT	((GFP_HIGHUSER_MOVABLE | GFP_COMP | GFP_NOMEMALLOC | GFP_NOWARN) & ~GFP_RECLAIM)
#define GFP_TRANSHUGE		(GFP_TRANSHUGE_LIGHT | GFP_DIRECT_RECLAIM)

enum gfp_name_use {
	GFP_TODAY,		/* read and written */
	GFP_READ,		/* read only: bits that move with the configuration, or a name that went */
	GFP_BEFORE_4_6,		/* read only, and proof of an old kernel: 4.6 gave the flags their underscores back */
};

struct gfp_name {
	const char	*text;
	uint64_t	mask;		/* 0: the flag has no successor today */
	uint8_t		use;		/* enum gfp_name_use */
};

static const struct gfp_name gfp_names[] = {
	{ "GFP_TRANSHUGE",		GFP_TRANSHUGE,			GFP_TODAY },
	{ "GFP_TRANSHUGE_LIGHT",	GFP_TRANSHUGE_LIGHT,		GFP_TODAY },
	{ "GFP_HIGHUSER_MOVABLE",	GFP_HIGHUSER_MOVABLE,		GFP_TODAY },
	{ "GFP_HIGHUSER",		GFP_HIGHUSER,			GFP_TODAY },
	{ "GFP_USER",			GFP_USER,			GFP_TODAY },
	{ "GFP_KERNEL_ACCOUNT",		GFP_KERNEL | GFP_ACCOUNT,	GFP_TODAY },
	{ "GFP_KERNEL",			GFP_KERNEL,			GFP_TODAY },
	{ "GFP_NOFS",			GFP_RECLAIM | GFP_IO,		GFP_TODAY },
	{ "GFP_ATOMIC",			GFP_HIGH | GFP_KSWAPD_RECLAIM,	GFP_TODAY },
	{ "GFP_NOIO",			GFP_RECLAIM,			GFP_TODAY },
	{ "GFP_NOWAIT",			GFP_KSWAPD_RECLAIM | GFP_NOWARN, GFP_TODAY },
	{ "GFP_DMA",			GFP_DMA,			GFP_TODAY },
	{ "GFP_DMA32",			GFP_DMA32,			GFP_TODAY },
	{ "__GFP_RECLAIM",		GFP_RECLAIM,			GFP_TODAY },
	{ "__GFP_DMA",			GFP_DMA,			GFP_TODAY },
	{ "__GFP_HIGHMEM",		GFP_HIGHMEM,			GFP_TODAY },
	{ "__GFP_DMA32",		GFP_DMA32,			GFP_TODAY },
	{ "__GFP_MOVABLE",		GFP_MOVABLE,			GFP_TODAY },
	{ "__GFP_RECLAIMABLE",		GFP_RECLAIMABLE,		GFP_TODAY },
	{ "__GFP_HIGH",			GFP_HIGH,			GFP_TODAY },
	{ "__GFP_IO",			GFP_IO,				GFP_TODAY },
	{ "__GFP_FS",			GFP_FS,				GFP_TODAY },
	{ "__GFP_ZERO",			GFP_ZERO,			GFP_TODAY },
	{ "__GFP_DIRECT_RECLAIM",	GFP_DIRECT_RECLAIM,		GFP_TODAY },
	{ "__GFP_KSWAPD_RECLAIM",	GFP_KSWAPD_RECLAIM,		GFP_TODAY },
	{ "__GFP_WRITE",		GFP_WRITE,			GFP_TODAY },
	{ "__GFP_NOWARN",		GFP_NOWARN,			GFP_TODAY },
	{ "__GFP_RETRY_MAYFAIL",	GFP_RETRY_MAYFAIL,		GFP_TODAY },
	{ "__GFP_NOFAIL",		GFP_NOFAIL,			GFP_TODAY },
	{ "__GFP_NORETRY",		GFP_NORETRY,			GFP_TODAY },
	{ "__GFP_MEMALLOC",		GFP_MEMALLOC,			GFP_TODAY },
	{ "__GFP_COMP",			GFP_COMP,			GFP_TODAY },
	{ "__GFP_NOMEMALLOC",		GFP_NOMEMALLOC,			GFP_TODAY },
	{ "__GFP_HARDWALL",		GFP_HARDWALL,			GFP_TODAY },
	{ "__GFP_THISNODE",		GFP_THISNODE,			GFP_TODAY },
	{ "__GFP_ACCOUNT",		GFP_ACCOUNT,			GFP_TODAY },
	{ "__GFP_ZEROTAGS",		GFP_ZEROTAGS,			GFP_TODAY },

	{ "none",			0,				GFP_READ },
	{ "__GFP_NO_OBJ_EXT",		GFP_NO_OBJ_EXT,			GFP_READ },
	{ "__GFP_SKIP_ZERO",		0,				GFP_READ },
	{ "__GFP_SKIP_KASAN",		0,				GFP_READ },
	{ "__GFP_SKIP_KASAN_POISON",	0,				GFP_READ },
	{ "__GFP_SKIP_KASAN_UNPOISON",	0,				GFP_READ },
	{ "__GFP_NOLOCKDEP",		0,				GFP_READ },
	{ "__GFP_ATOMIC",		0,				GFP_READ },
	{ "__GFP_COLD",			0,				GFP_READ },
	{ "__GFP_NOTRACK",		0,				GFP_READ },
	{ "__GFP_OTHER_NODE",		0,				GFP_READ },
	{ "__GFP_NOACCOUNT",		0,				GFP_READ },
	{ "__GFP_CMA",			0,				GFP_READ },
	{ "__GFP_REPEAT",		GFP_RETRY_MAYFAIL,		GFP_READ },
	{ "__GFP_WAIT",			GFP_RECLAIM,			GFP_READ },
	{ "GFP_TEMPORARY",		GFP_KERNEL | GFP_RECLAIMABLE,	GFP_READ },
	{ "GFP_IOFS",			GFP_IO | GFP_FS,		GFP_READ },

	{ "GFP_HIGHMEM",		GFP_HIGHMEM,			GFP_BEFORE_4_6 },
	{ "GFP_HIGH",			GFP_HIGH,			GFP_BEFORE_4_6 },
	{ "GFP_WAIT",			GFP_RECLAIM,			GFP_BEFORE_4_6 },
	{ "GFP_IO",			GFP_IO,				GFP_BEFORE_4_6 },
	{ "GFP_FS",			GFP_FS,				GFP_BEFORE_4_6 },
	{ "GFP_COLD",			0,				GFP_BEFORE_4_6 },
	{ "GFP_NOWARN",			GFP_NOWARN,			GFP_BEFORE_4_6 },
	{ "GFP_REPEAT",			GFP_RETRY_MAYFAIL,		GFP_BEFORE_4_6 },
	{ "GFP_NOFAIL",			GFP_NOFAIL,			GFP_BEFORE_4_6 },
	{ "GFP_NORETRY",		GFP_NORETRY,			GFP_BEFORE_4_6 },
	{ "GFP_MEMALLOC",		GFP_MEMALLOC,			GFP_BEFORE_4_6 },
	{ "GFP_COMP",			GFP_COMP,			GFP_BEFORE_4_6 },
	{ "GFP_ZERO",			GFP_ZERO,			GFP_BEFORE_4_6 },
	{ "GFP_NOMEMALLOC",		GFP_NOMEMALLOC,			GFP_BEFORE_4_6 },
	{ "GFP_HARDWALL",		GFP_HARDWALL,			GFP_BEFORE_4_6 },
	{ "GFP_THISNODE",		GFP_THISNODE,			GFP_BEFORE_4_6 },
	{ "GFP_RECLAIMABLE",		GFP_RECLAIMABLE,		GFP_BEFORE_4_6 },
	{ "GFP_MOVABLE",		GFP_MOVABLE,			GFP_BEFORE_4_6 },
	{ "GFP_KMEMCG",			0,				GFP_BEFORE_4_6 },
	{ "GFP_NOACCOUNT",		0,				GFP_BEFORE_4_6 },
	{ "GFP_NOTRACK",		0,				GFP_BEFORE_4_6 },
	{ "GFP_NO_KSWAPD",		0,				GFP_BEFORE_4_6 },
	{ "GFP_OTHER_NODE",		0,				GFP_BEFORE_4_6 },
	{ "GFP_WRITE",			GFP_WRITE,			GFP_BEFORE_4_6 },
	{ "GFP_CMA",			0,				GFP_BEFORE_4_6 },
};

#define GFP_NAMES	(sizeof(gfp_names) / sizeof(gfp_names[0]))

/* What bit n of kernels before 4.4 is today: their tracepoints left some flags without a name, printed as "|0x2". */
static const uint64_t gfp_bit_before_4_4[] = {
	GFP_DMA, GFP_HIGHMEM, GFP_DMA32, GFP_MOVABLE, GFP_RECLAIM, GFP_HIGH, GFP_IO, GFP_FS, /* cold */ 0, GFP_NOWARN,
	GFP_RETRY_MAYFAIL, GFP_NOFAIL, GFP_NORETRY, GFP_MEMALLOC, GFP_COMP, GFP_ZERO, GFP_NOMEMALLOC, GFP_HARDWALL,
	GFP_THISNODE, GFP_RECLAIMABLE, /* kmemcg */ 0, /* notrack */ 0, /* no_kswapd */ 0, /* other_node */ 0, GFP_WRITE,
};

void gfp_layout_default(struct gfp_layout *layout)
{
	*layout = (struct gfp_layout){
		.movable	= GFP_MOVABLE,
		.reclaimable	= GFP_RECLAIMABLE,
		.io		= GFP_IO,
		.fs		= GFP_FS,
		.direct_reclaim	= GFP_DIRECT_RECLAIM,
		.retry_mayfail	= GFP_RETRY_MAYFAIL,
		.nofail		= GFP_NOFAIL,
		.noretry	= GFP_NORETRY,
	};
}

void gfp_layout_set(struct gfp_layout *layout, const char *name, uint64_t mask)
{
	static const struct {
		const char	*name;		/* behind the underscores, which 2.6.35 .. 4.5 leave out */
		size_t		offset;
	} asked[] = {
		{ "GFP_MOVABLE",	offsetof(struct gfp_layout, movable) },
		{ "GFP_RECLAIMABLE",	offsetof(struct gfp_layout, reclaimable) },
		{ "GFP_IO",		offsetof(struct gfp_layout, io) },
		{ "GFP_FS",		offsetof(struct gfp_layout, fs) },
		{ "GFP_DIRECT_RECLAIM",	offsetof(struct gfp_layout, direct_reclaim) },
		{ "GFP_WAIT",		offsetof(struct gfp_layout, direct_reclaim) },
		{ "GFP_RETRY_MAYFAIL",	offsetof(struct gfp_layout, retry_mayfail) },
		{ "GFP_REPEAT",		offsetof(struct gfp_layout, retry_mayfail) },
		{ "GFP_NOFAIL",		offsetof(struct gfp_layout, nofail) },
		{ "GFP_NORETRY",	offsetof(struct gfp_layout, noretry) },
	};

	name += strspn(name, "_");
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (!strcmp(asked[i].name, name))
			memcpy((char *)layout + asked[i].offset, &mask, sizeof(mask));
}

enum migratetype gfp_migratetype(const struct gfp_layout *layout, uint64_t gfp)
{
	bool movable = gfp & layout->movable;
	bool reclaimable = gfp & layout->reclaimable;

	if (movable && reclaimable)	/* gfp_migratetype() of the kernel warns about it */
		return MIGRATETYPE_UNKNOWN;
	if (movable)
		return MIGRATE_MOVABLE;
	return reclaimable ? MIGRATE_RECLAIMABLE : MIGRATE_UNMOVABLE;
}

const char *migratetype_name(enum migratetype type)
{
	const char *name = name_of(NAMES_MIGRATETYPE, type);

	return name ? name : "unknown";
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* "3264" or "0xcc0", all of it. */
static int parse_number(const char *text, size_t len, uint64_t *value)
{
	unsigned int base = 10;

	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (!len)
		return -EINVAL;
	for (*value = 0; len; text++, len--) {
		unsigned int digit = digit_value(*text);

		if (digit >= base || __builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return -EINVAL;
	}
	return 0;
}

static const struct gfp_name *find_name(const char *text, size_t len)
{
	for (size_t i = 0; i < GFP_NAMES; i++)
		if (!strncmp(gfp_names[i].text, text, len) && strlen(gfp_names[i].text) == len)
			return &gfp_names[i];
	return NULL;
}

static uint64_t bits_before_4_4(uint64_t old)
{
	uint64_t today = 0;

	for (size_t bit = 0; bit < sizeof(gfp_bit_before_4_4) / sizeof(gfp_bit_before_4_4[0]); bit++)
		if (old & BIT(bit))
			today |= gfp_bit_before_4_4[bit];
	return today;
}

int gfp_parse(const char *text, size_t len, uint64_t *mask)
{
	const char *end = text + len;
	uint64_t unnamed = 0, number;
	bool old_kernel = false;
	int err = 0;

	*mask = 0;
	for (const char *bar; text <= end; text = bar + 1) {
		const struct gfp_name *name;

		bar = memchr(text, '|', end - text);
		if (!bar)
			bar = end;
		name = find_name(text, bar - text);
		if (name) {
			*mask |= name->mask;
			old_kernel |= name->use == GFP_BEFORE_4_6;
		} else if (!parse_number(text, bar - text, &number)) {
			unnamed |= number;
		} else {
			err = -EINVAL;
		}
	}
	*mask |= old_kernel ? bits_before_4_4(unnamed) : unnamed;
	return err;
}

const char *gfp_format(uint64_t mask, char *buf, size_t size)
{
	size_t used = 0;

	if (!mask) {
		snprintf(buf, size, "none");
		return buf;
	}
	for (size_t i = 0; i < GFP_NAMES && mask && used < size; i++) {
		const struct gfp_name *name = &gfp_names[i];

		if (name->use != GFP_TODAY || (mask & name->mask) != name->mask)
			continue;
		used += snprintf(buf + used, size - used, "%s%s", used ? "|" : "", name->text);
		mask &= ~name->mask;
	}
	if (mask && used < size)
		snprintf(buf + used, size - used, "%s0x%" PRIx64, used ? "|" : "", mask);
	return buf;
}
