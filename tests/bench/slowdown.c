// SPDX-License-Identifier: GPL-2.0-only
/*
 * slowdown.c - how much slower work that reclaims becomes by something that is switched on and off in turn.
 *
 * One process for each GROUP and FILE, each on a CPU of its own, works as reclaim_load.h says. They work in turns of
 * TURN_MS, all at the same time, and count what they got done. Before each turn "on" or "off" is printed; whoever
 * reads it switches, and answers with a line. A round has four turns: off on on off, and the next one on off off on,
 * so that neither a machine that becomes slower nor the place in the round counts for one of them. The first round is
 * for warming up.
 *
 * Prints for each round "round CLOCK CPU ON_NS": the slow-down in %, by the bytes that were read in the same time of
 * the clock, and by the bytes for the same CPU time of the workers; and that CPU time in the turns that were on.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/bench/reclaim_load.h"

#define TURNS_PER_ROUND	4u
#define WORKERS_MAX	256u

struct progress {
	uint64_t	bytes;
	uint64_t	cpu_ns;
};

/* Between the processes. */
struct shared {
	pthread_barrier_t	start, end;
	uint64_t		until_ns;	/* of this turn */
	struct progress		workers[WORKERS_MAX];	/* of this turn */
};

static void pin_to(unsigned int nth)
{
	cpu_set_t allowed, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		load_die("CPUs");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !nth--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	errno = EINVAL;
	if (cpu == CPU_SETSIZE || sched_setaffinity(0, sizeof(one), &one))
		load_die("a CPU for each worker");
}

static _Noreturn void work(struct shared *shared, unsigned int i, const char *group, const char *path)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin_to(i);
	fd = load_open(path);
	load_enter(group);
	for (;;) {
		struct progress *progress = &shared->workers[i];
		uint64_t cpu_ns;

		pthread_barrier_wait(&shared->start);
		*progress = (struct progress){ 0 };
		cpu_ns = load_cpu_ns();
		while (monotonic_ns() < shared->until_ns)
			progress->bytes += load_read(fd);
		progress->cpu_ns = load_cpu_ns() - cpu_ns;
		pthread_barrier_wait(&shared->end);
	}
}

/* The others would wait at the barrier for ever. */
static void on_worker_lost(int sig)
{
	_exit(1);
}

static struct shared *share(unsigned int nworkers)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_t attr;

	if (shared == MAP_FAILED)
		load_die("memory");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->start, &attr, nworkers + 1);
	pthread_barrier_init(&shared->end, &attr, nworkers + 1);
	pthread_barrierattr_destroy(&attr);
	return shared;
}

static void switch_to(bool on)
{
	char answer[16];

	puts(on ? "on" : "off");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		exit(1);
}

static void take_turn(struct shared *shared, unsigned int nworkers, uint64_t turn_ns, struct progress *sum)
{
	shared->until_ns = monotonic_ns() + turn_ns;
	pthread_barrier_wait(&shared->start);
	pthread_barrier_wait(&shared->end);
	for (unsigned int i = 0; i < nworkers; i++) {
		sum->bytes += shared->workers[i].bytes;
		sum->cpu_ns += shared->workers[i].cpu_ns;
	}
}

/* In %. */
static double slow_down(double work_off, double work_on)
{
	return 100 * (work_off / work_on - 1);
}

static void take_round(struct shared *shared, unsigned int nworkers, uint64_t turn_ns, unsigned int round)
{
	struct progress sums[2] = { { 0 }, { 0 } };	/* off, on */

	for (unsigned int turn = 0; turn < TURNS_PER_ROUND; turn++) {
		bool on = (turn == 1 || turn == 2) != (round % 2);

		switch_to(on);
		take_turn(shared, nworkers, turn_ns, &sums[on]);
	}
	if (round)
		printf("round %.4f %.4f %" PRIu64 "\n", slow_down(sums[0].bytes, sums[1].bytes),
		       slow_down(sums[0].bytes / (double)sums[0].cpu_ns, sums[1].bytes / (double)sums[1].cpu_ns),
		       sums[1].cpu_ns);
}

int main(int argc, char **argv)
{
	unsigned int nworkers = argc > 3 ? (argc - 3) / 2 : 0;
	pid_t workers[WORKERS_MAX];
	struct shared *shared;

	if (!nworkers || nworkers > WORKERS_MAX || argc != 3 + 2 * nworkers) {
		fputs("usage: slowdown ROUNDS TURN_MS GROUP FILE [GROUP FILE]...\n", stderr);
		return 2;
	}
	shared = share(nworkers);
	signal(SIGCHLD, on_worker_lost);
	for (unsigned int i = 0; i < nworkers; i++) {
		workers[i] = fork();
		if (workers[i] < 0)
			load_die("fork");
		if (!workers[i])
			work(shared, i, argv[3 + 2 * i], argv[4 + 2 * i]);
	}
	for (unsigned int round = 0; round <= strtoul(argv[1], NULL, 10); round++)
		take_round(shared, nworkers, strtoul(argv[2], NULL, 10) * NSEC_PER_MSEC, round);
	signal(SIGCHLD, SIG_DFL);
	for (unsigned int i = 0; i < nworkers; i++) {
		kill(workers[i], SIGKILL);
		waitpid(workers[i], NULL, 0);
	}
	return 0;
}
