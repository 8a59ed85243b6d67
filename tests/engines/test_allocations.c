/* No worker allocates once it is open, nor does a thread that works for it: every method of modes
 * echo and fanout runs here with an allocator of the test's own, which counts what other threads
 * than the test's ask of it. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engines/engines.h"
#include "engines/udp/port.h"
#include "rig.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#ifndef HAS_SANITIZER

static _Atomic bool counting;
static _Atomic unsigned allocations;
static _Atomic size_t first_bytes; /* of the first of them */

/* ---- the allocator: glibc's own, by its other names ---- */

static _Thread_local bool is_tests_own;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static void count(size_t bytes)
{
	if (is_tests_own || !atomic_load_explicit(&counting, memory_order_relaxed))
		return;
	if (atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) == 0)
		atomic_store_explicit(&first_bytes, bytes, memory_order_relaxed);
}

void *malloc(size_t bytes)
{
	count(bytes);
	return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes)
{
	count(number * bytes);
	return __libc_calloc(number, bytes);
}

void *realloc(void *old, size_t bytes)
{
	count(bytes);
	return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	count(bytes);
	return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **ret_at, size_t alignment, size_t bytes)
{
	count(bytes);
	*ret_at = __libc_memalign(alignment, bytes);
	return *ret_at ? 0 : ENOMEM;
}

/* ---- runs ---- */

/* Measures, with a change of the load and the housekeeping of each tick, from the opening of the
 * last worker to the drain. */
static void run(const struct engine *engine, const struct method *method, const char *const *option)
{
	struct rig rig;
	struct rig_config config = { .engine = engine, .method = method, .threads = true };

	for (unsigned i = 0; option[i]; i++)
		config.option[i] = option[i];
	rig_open_or_fail(&rig, &config);
	atomic_store(&allocations, 0);
	atomic_store(&counting, true);
	rig_enter(&rig, PHASE_WARMUP);
	rig_until(&rig, ROLE_BOTH, rig_has_received, 200);
	rig_observe(&rig);
	rig_measure(&rig, 1000);
	rig_observe(&rig);
	atomic_store(&counting, false);
	if (atomic_load(&allocations))
		fail_msg("%s, method %s: %u allocations, the first of %zu bytes", engine->name, method->name,
			atomic_load(&allocations), atomic_load(&first_bytes));
	rig_close(&rig);
}

static void each_method(const struct engine *engine, const struct method *method)
{
	run(engine, method, RIG_OPTIONS());
}

static void workers_do_not_allocate(void **state)
{
	static const char *const modes[] = { "echo", "fanout" };

	(void)state;
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		rig_for_all(engine_find(engines_all, modes[i]), each_method);
}

/* Options that switch on what has memory of its own. */
static void nor_with_more_to_remember(void **state)
{
	const struct engine *echo = engine_find(engines_all, "echo");

	(void)state;
	run(echo, &udp_mmsg.method, RIG_OPTIONS("stages", "3", "verify", "yes"));
	run(echo, &udp_mmsg.method, RIG_OPTIONS("stages", "3", "rate", "20000", "sockets", "3"));
	run(echo, &udp_single.method, RIG_OPTIONS("stages", "1", "listen", "0.0.0.0"));
	run(echo, &udp_gso.method, RIG_OPTIONS("window", "1024", "flows", "8"));
}

/* The counter is worth something: a thread that allocates is seen. */
static void *allocate(void *at)
{
	*(void *volatile *)at = malloc(77);
	return NULL;
}

static void an_allocation_is_seen(void **state)
{
	pthread_t thread;
	void *at = NULL;

	(void)state;
	atomic_store(&allocations, 0);
	atomic_store(&counting, true);
	assert_int_equal(pthread_create(&thread, NULL, allocate, &at), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	atomic_store(&counting, false);
	free(at);
	assert_int_equal(atomic_load(&allocations), 1);
	assert_int_equal(atomic_load(&first_bytes), 77);
}

#endif

int main(void)
{
#ifdef HAS_SANITIZER
	print_message("skipped: a sanitizer has an allocator of its own\n");
	return 0;
#else
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allocation_is_seen),
		cmocka_unit_test(workers_do_not_allocate),
		cmocka_unit_test(nor_with_more_to_remember),
	};

	is_tests_own = true;
	return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
#endif
}
