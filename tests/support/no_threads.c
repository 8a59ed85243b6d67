/* Linked into the tests that do not say THREADS: what starts threads must run under
 * ThreadSanitizer, so it must not be forgotten. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
	(void)thread, (void)attributes, (void)run, (void)argument;
	fprintf(stderr, "this test starts a thread: its nd_test() needs the word THREADS\n");
	abort();
}
