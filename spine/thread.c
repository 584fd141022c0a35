// SPDX-License-Identifier: GPL-2.0-only
/*
 * thread.c - see thread.h.
 */
#include "spine/thread.h"

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	ret = -pthread_create(thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (!ret && name)
		pthread_setname_np(*thread, name);
	return ret;
}
