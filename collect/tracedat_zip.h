/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracedat_zip.h - the compressed blocks of a trace.dat.
 *
 * A v7 file names one algorithm in its header, for all its blocks. zstd and zlib are those that trace-cmd writes.
 */
#ifndef SQUALL_COLLECT_TRACEDAT_ZIP_H
#define SQUALL_COLLECT_TRACEDAT_ZIP_H

#include <stddef.h>

enum tracedat_zip { TRACEDAT_ZIP_NONE, TRACEDAT_ZIP_ZSTD, TRACEDAT_ZIP_ZLIB };

/* "none", "zstd", "zlib" as the header has them; -ENOTSUP for another. */
int tracedat_zip_parse(const char *name, enum tracedat_zip *out);

/*
 * Uncompresses @len bytes to exactly @room bytes. -EBADMSG when they are no such block or come out at another length,
 * -ENOMEM.
 */
int tracedat_unzip(enum tracedat_zip zip, const void *data, size_t len, void *out, size_t room);

#endif
