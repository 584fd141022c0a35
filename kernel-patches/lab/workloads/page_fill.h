/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_fill.h - pages of anonymous memory that compress as far as one wants.
 */
#ifndef SQUALL_LAB_PAGE_FILL_H
#define SQUALL_LAB_PAGE_FILL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_BYTES	4096u

/* xorshift64 of G. Marsaglia; what it makes compresses to nothing less. */
static inline uint64_t page_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* @percent of it do not compress, the rest is zeros but for one bit: the kernel keeps pages of zeros apart. */
static inline void page_fill(char *page, unsigned int percent, uint64_t *state)
{
	uint64_t *words = (uint64_t *)page;
	size_t all = PAGE_BYTES / sizeof(*words), n = all * percent / 100;

	for (size_t i = 0; i < all; i++)
		words[i] = i < n ? page_random(state) : 0;
	words[n < all ? n : 0] |= 1;
}

/* Address space only, in small pages. Ends the program where there is none. */
static inline char *page_space(size_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

#endif
