// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracedat_zip.c - see tracedat_zip.h. The libraries allocate their own working memory, bounded by the block's size.
 */
#include "collect/tracedat_zip.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

int tracedat_zip_parse(const char *name, enum tracedat_zip *out)
{
	static const char *const names[] = {
		[TRACEDAT_ZIP_NONE] = "none", [TRACEDAT_ZIP_ZSTD] = "zstd", [TRACEDAT_ZIP_ZLIB] = "zlib",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i])) {
			*out = i;
			return 0;
		}
	return -ENOTSUP;
}

int tracedat_unzip(enum tracedat_zip zip, const void *data, size_t len, void *out, size_t room)
{
	uLongf zlib_len = room;
	int ret;

	switch (zip) {
	case TRACEDAT_ZIP_ZSTD:
		return ZSTD_decompress(out, room, data, len) == room ? 0 : -EBADMSG;
	case TRACEDAT_ZIP_ZLIB:
		ret = uncompress(out, &zlib_len, data, len);
		if (ret == Z_MEM_ERROR)
			return -ENOMEM;
		return ret == Z_OK && zlib_len == room ? 0 : -EBADMSG;
	case TRACEDAT_ZIP_NONE:
		break;
	}
	return -EBADMSG;
}
