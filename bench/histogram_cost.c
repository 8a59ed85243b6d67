/* Measures the cost of one histogram_record(), in ns: a long-tailed stream of values, prepared
 * beforehand, into one histogram (budget: 10 ns).  Prints one JSON line with the best and the
 * median of 15 rounds, loop overhead included. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/rng.h"

enum { VALUES = 1 << 16, ROUNDS = 15, REPEATS = 32 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static struct histogram histogram;
	static int64_t value[VALUES];
	struct rng rng = { 7 };
	double ns[ROUNDS];

	for (unsigned i = 0; i < VALUES; i++) {
		double u = rng_unit(&rng);
		value[i] = (int64_t)(8000.0 / (1.0001 - u));
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		int64_t from = clock_now_ns();
		for (unsigned repeat = 0; repeat < REPEATS; repeat++)
			for (unsigned i = 0; i < VALUES; i++)
				histogram_record(&histogram, value[i]);
		ns[round] = (double)(clock_now_ns() - from) / ((double)VALUES * REPEATS);
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), by_value);
	printf("{\"histogram_record_ns\":%.2f,\"best_ns\":%.2f,\"histogram_bytes\":%zu}\n", ns[ROUNDS / 2], ns[0],
		sizeof(histogram));
	return 0;
}
