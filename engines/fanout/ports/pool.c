/* The port of method threads: a pool of threads, each datagram a task of its own, as programs do
 * that hand every reader's send to a worker of theirs.  Threads take tasks until none is left; the
 * owner waits until all are done.  Tasks are given out by one word, count << 32 | next, so that a
 * thread that comes late to a burst takes a task of the next one or none.
 *
 * Threads sleep in futex(2), send with blocking sendto(2), and are not pinned: they may use all
 * CPUs of the process.  The port only sends.
 *
 * The owner's waits end when the sends do: a thread takes tasks before it looks whether to stop,
 * and wakes the owner after the last.  Where the kernel keeps a send for ever, the owner is a
 * worker that does not answer, and is given up as one (worker_stop()). */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpu.h"
#include "engines/fanout/ports/ports.h"
#include "run/thread.h"

enum { TRIES = 1000, SPINS = 200 };

struct task {
	int error; /* errno of the send, 0: it went out */
};

struct pool {
	struct udp_port port; /* first */
	struct udp_send *slot;
	struct task *task;
	uint8_t *bytes;
	unsigned threads; /* started */
	pthread_t thread[UDP_THREADS_MAX];
	pid_t tid[UDP_THREADS_MAX];
	sem_t started;
	alignas(64) _Atomic uint64_t tasks; /* count << 32 | next; writer of count: the owner */
	alignas(64) _Atomic uint32_t burst; /* futex: grows with each burst, and at the end */
	alignas(64) _Atomic uint32_t left;  /* futex: tasks not yet done */
	_Atomic uint64_t busy, calls;       /* of all threads: no room, system calls */
	_Atomic bool stop;
};

static struct pool *pool_of(struct udp_port *port)
{
	return (struct pool *)port;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- a thread ---- */

/* Until it is out, or never will be. */
static int send_task(struct pool *p, const struct udp_send *s)
{
	int error = 0;

	for (unsigned tries = 0; tries < TRIES; tries++) {
		atomic_fetch_add_explicit(&p->calls, 1, memory_order_relaxed);
		if (sendto(p->port.config.fd, s->data, s->len, 0, &s->to->sa, net_address_bytes(s->to)) >= 0)
			return 0;
		error = errno;
		if (error != EINTR && error != EAGAIN && error != ENOBUFS && error != ENOMEM && error != ECONNREFUSED)
			return error;
		atomic_fetch_add_explicit(&p->busy, error == EAGAIN || error == ENOBUFS || error == ENOMEM, memory_order_relaxed);
		sched_yield();
	}
	return error;
}

static void do_tasks(struct pool *p)
{
	for (;;) {
		uint64_t got = atomic_fetch_add_explicit(&p->tasks, 1, memory_order_acq_rel);
		uint32_t count = (uint32_t)(got >> 32), index = (uint32_t)got;

		if (index >= count)
			return;
		p->task[index].error = send_task(p, &p->slot[index]);
		if (atomic_fetch_sub_explicit(&p->left, 1, memory_order_acq_rel) != 1)
			continue;
		atomic_fetch_add_explicit(&p->calls, 1, memory_order_relaxed);
		futex_wake(&p->left);
	}
}

static void run_anywhere(void)
{
	struct cpu_list allowed;
	cpu_set_t set;

	cpu_allowed(&allowed);
	CPU_ZERO(&set);
	for (unsigned i = 0; i < allowed.count; i++)
		CPU_SET((size_t)allowed.cpu[i], &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *pool_thread(void *arg)
{
	struct pool *p = arg;
	uint32_t burst = 0;

	thread_name_self("nd-pool");
	run_anywhere();
	p->tid[p->threads] = gettid(); /* the owner waits for `started` meanwhile */
	sem_post(&p->started);
	while (!atomic_load_explicit(&p->stop, memory_order_acquire)) {
		uint32_t now = atomic_load_explicit(&p->burst, memory_order_acquire);

		if (now == burst) {
			atomic_fetch_add_explicit(&p->calls, 1, memory_order_relaxed);
			futex_wait(&p->burst, burst);
			continue;
		}
		burst = now;
		do_tasks(p);
	}
	return NULL;
}

/* ---- open and close ---- */

static void pool_close(struct udp_port *port)
{
	struct pool *p = pool_of(port);

	if (!p)
		return;
	atomic_store_explicit(&p->stop, true, memory_order_release);
	atomic_fetch_add_explicit(&p->burst, 1, memory_order_release);
	futex_wake(&p->burst);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	sem_destroy(&p->started);
	free(p->slot);
	free(p->task);
	free(p->bytes);
	if (p->port.config.fd >= 0)
		close(p->port.config.fd);
	free(p);
}

static int start_threads(struct pool *p, struct err *err)
{
	unsigned wanted = p->port.config.threads < UDP_THREADS_MAX ? p->port.config.threads : UDP_THREADS_MAX;

	for (; p->threads < wanted; p->threads++) {
		int rc = thread_start(&p->thread[p->threads], pool_thread, p, "a thread of the pool", err);

		if (rc < 0)
			return rc;
		while (sem_wait(&p->started) < 0)
			;
	}
	p->port.helper = p->tid;
	p->port.helpers = p->threads;
	return 0;
}

static int pool_open(
	const struct udp_method *method, const struct udp_config *config, struct udp_port **ret_port, struct err *err)
{
	struct pool *p = aligned_alloc(alignof(struct pool), sizeof(*p));

	if (!p)
		return err_sys(err, ENOMEM, "open the pool");
	memset(p, 0, sizeof(*p));
	sem_init(&p->started, 0, 0);
	int rc = udp_port_init(&p->port, method, config, err);
	size_t n = p->port.batch, stride = udp_stride(config->send_bytes);

	if (rc >= 0 && (!(p->slot = calloc(n, sizeof(*p->slot))) || !(p->task = calloc(n, sizeof(*p->task))) ||
			       !(p->bytes = calloc(n, stride))))
		rc = err_sys(err, ENOMEM, "open the pool, %zu buffers", n);
	for (size_t i = 0; rc >= 0 && i < n; i++)
		p->slot[i] = (struct udp_send){ .data = p->bytes + i * stride, .len = config->send_bytes };
	if (rc >= 0)
		rc = start_threads(p, err);
	if (rc < 0) {
		p->port.config.fd = -1; /* still the caller's */
		pool_close(&p->port);
		return rc;
	}
	*ret_port = &p->port;
	return 0;
}

/* ---- send ---- */

static unsigned pool_slots(struct udp_port *port, struct udp_send **ret_slots)
{
	*ret_slots = pool_of(port)->slot;
	return port->slots;
}

static void pool_account(struct pool *p, unsigned count)
{
	struct udp_totals *t = &p->port.totals;

	for (unsigned i = 0; i < count; i++) {
		bool out = !p->task[i].error;

		t->sent_packets += out;
		t->sent_bytes += out ? p->slot[i].len : 0;
		t->send_errors += !out;
		t->send_errno = out ? t->send_errno : p->task[i].error;
	}
	t->syscalls += atomic_exchange_explicit(&p->calls, 0, memory_order_relaxed);
	t->send_busy += atomic_exchange_explicit(&p->busy, 0, memory_order_relaxed);
}

static int pool_send(struct udp_port *port, unsigned count, struct err *err)
{
	struct pool *p = pool_of(port);
	uint32_t left;

	(void)err;
	if (!count)
		return 0;
	atomic_store_explicit(&p->left, count, memory_order_relaxed);
	atomic_store_explicit(&p->tasks, (uint64_t)count << 32, memory_order_release);
	atomic_fetch_add_explicit(&p->burst, 1, memory_order_release);
	futex_wake(&p->burst);
	p->port.totals.syscalls++;
	for (unsigned spins = 0; (left = atomic_load_explicit(&p->left, memory_order_acquire)); spins++) {
		if (spins < SPINS)
			continue;
		p->port.totals.syscalls++;
		futex_wait(&p->left, left);
	}
	pool_account(p, count);
	return (int)count;
}

const struct udp_method fanout_pool_port = {
	.method = { .name = "threads" },
	.open = pool_open,
	.recv_burst = fanout_recv_nothing,
	.reply_burst = fanout_reply_nothing,
	.release = fanout_release_nothing,
	.send_slots = pool_slots,
	.send_burst = pool_send,
	.drops = udp_socket_drops,
	.close = pool_close,
};
