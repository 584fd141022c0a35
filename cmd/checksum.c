// SPDX-License-Identifier: GPL-2.0-only
/*
 * checksum.c - see checksum.h. pread only: the file offset belongs to the import.
 */
#include "cmd/checksum.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES	(256 << 10)

static void to_hex(const uint8_t *digest, char *text)
{
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
}

static void *sum_file(void *arg)
{
	struct checksum *sum = arg;
	uint8_t digest[SHA256_DIGEST_SIZE], *buf = malloc(READ_BYTES);
	struct sha256_ctx ctx;
	off_t offset = 0;
	ssize_t n = -1;

	sha256_init(&ctx);
	while (buf && (n = pread(sum->fd, buf, READ_BYTES, offset)) > 0) {
		sha256_update(&ctx, n, buf);
		offset += n;
	}
	free(buf);
	if (n < 0)
		return NULL;
	sha256_digest(&ctx, sizeof(digest), digest);
	to_hex(digest, sum->text);
	return NULL;
}

static void begin(struct checksum *sum)
{
	if (!sum->begun && sum->fd >= 0)
		sum->running = !pthread_create(&sum->thread, NULL, sum_file, sum);
	sum->begun = true;
}

static int on_type(void *ctx, const struct event_type *type)
{
	begin(ctx);
	return 0;
}

static int on_meta(void *ctx, const char *key, const char *value)
{
	begin(ctx);
	return 0;
}

void checksum_init(struct checksum *sum, int fd)
{
	*sum = (struct checksum){ .fd = fd };
}

struct sink checksum_sink(struct checksum *sum)
{
	static const struct sink_ops ops = { .type = on_type, .meta = on_meta };

	return (struct sink){ &ops, sum };
}

const char *checksum_wait(struct checksum *sum)
{
	begin(sum);
	if (sum->running)
		pthread_join(sum->thread, NULL);
	sum->running = false;
	return sum->text;
}
