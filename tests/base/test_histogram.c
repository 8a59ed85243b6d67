/* Histograms against the truth: a million seeded values of each distribution, sorted. */
#include "check.h"

#include <math.h>

#include "base/histogram.h"
#include "base/rng.h"

enum { VALUES = 1000000 };

static int64_t from_uniform(struct rng *r)
{
	return (int64_t)(rng_next(r) % 1000000);
}

static int64_t from_exponential(struct rng *r)
{
	return (int64_t)(-20000 * log(1 - rng_unit(r)));
}

static int64_t from_log_uniform(struct rng *r)
{
	return (int64_t)exp2(rng_unit(r) * (HIST_TOP_BITS - 0.001));
}

static int64_t from_two_peaks(struct rng *r)
{
	uint64_t x = rng_next(r);

	return x % 100 == 0 ? 4000000 + (int64_t)(x >> 32 & 0xffff) : 18000 + (int64_t)(x >> 32 & 0x3ff);
}

static int64_t from_one_value(struct rng *r)
{
	rng_next(r);
	return 18234;
}

static int64_t from_tiny(struct rng *r)
{
	return (int64_t)(rng_next(r) % HIST_LINEAR);
}

static const struct {
	const char *name;
	int64_t (*next)(struct rng *);
} distributions[] = {
	{ "uniform", from_uniform },
	{ "exponential", from_exponential },
	{ "log-uniform", from_log_uniform },
	{ "two peaks", from_two_peaks },
	{ "one value", from_one_value },
	{ "tiny", from_tiny },
};
enum { DISTRIBUTIONS = sizeof(distributions) / sizeof(*distributions) };

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void record_all(const int64_t *values, size_t n, struct hist *ret)
{
	struct histogram *live = calloc(1, sizeof(*live));

	assert_non_null(live);
	for (size_t i = 0; i < n; i++)
		histogram_record(live, values[i]);
	histogram_copy(live, ret);
	free(live);
}

static void check_near(const char *name, double percent, int64_t got, int64_t want)
{
	double off = fabs((double)(got - want));

	if (want < HIST_LINEAR ? off != 0 : off * 128 > (double)want)
		fail_msg("%s, p%g: %lld, truth %lld (off by 1/%.0f)", name, percent, (long long)got, (long long)want,
			(double)want / off);
}

static void check_distribution(unsigned d, int64_t *values)
{
	/* Percentiles in ten-thousandths, so that the truth's rank is a whole number. */
	static const unsigned parts[] = { 1, 10, 100, 2500, 5000, 7500, 9000, 9500, 9900, 9990, 9999 };
	struct rng rng = { .state = 7 + d };
	struct latency_summary summary;
	struct hist h;
	uint64_t sum = 0;

	for (size_t i = 0; i < VALUES; i++) {
		values[i] = distributions[d].next(&rng);
		sum += (uint64_t)values[i];
	}
	record_all(values, VALUES, &h);
	qsort(values, VALUES, sizeof(*values), by_value);
	assert_int_equal(h.count, VALUES);
	assert_int_equal(h.sum_ns, sum);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		size_t rank = (size_t)parts[i] * VALUES / 10000;

		check_near(distributions[d].name, parts[i] / 100.0, hist_percentile(&h, parts[i] / 100.0), values[rank - 1]);
	}
	hist_summarise(&h, &summary);
	assert_int_equal(summary.min_ns, values[0]);
	assert_int_equal(summary.max_ns, values[VALUES - 1]);
	assert_at_most(summary.p99_99_ns, summary.max_ns);
	check_near(distributions[d].name, 50, (int64_t)summary.mean_ns, (int64_t)(sum / VALUES));
}

static void test_against_sorted_truth(void **state)
{
	(void)state;
	int64_t *values = malloc(VALUES * sizeof(*values));

	assert_non_null(values);
	for (unsigned d = 0; d < DISTRIBUTIONS; d++)
		check_distribution(d, values);
	free(values);
}

static void test_percentiles_never_fall(void **state)
{
	(void)state;
	static int64_t values[5000];
	struct rng rng = { .state = 3 };

	for (unsigned n = 1; n <= 5000; n = n * 3 + 1) {
		struct latency_summary s;
		struct hist h;
		int64_t last = 0;

		for (unsigned i = 0; i < n; i++)
			values[i] = from_log_uniform(&rng);
		record_all(values, n, &h);
		for (double p = 0; p <= 100; p += 0.01) {
			int64_t now = hist_percentile(&h, p);

			if (now < last)
				fail_msg("n=%u: p%g is %lld, below %lld", n, p, (long long)now, (long long)last);
			last = now;
		}
		hist_summarise(&h, &s);
		assert_at_most(s.min_ns, s.p50_ns);
		assert_between(s.p99_99_ns, s.p99_9_ns, s.max_ns);
		assert_between(s.mean_ns, s.min_ns, s.max_ns);
		assert_int_equal(hist_percentile(&h, 100), s.max_ns);
	}
}

static void test_nearest_rank_is_exact(void **state)
{
	(void)state;
	struct hist h = { 0 };

	/* 1000 values 0..99, ten of each: the 999th is 99, the 990th is 98. */
	for (unsigned v = 0; v < 100; v++)
		h.bucket[v] = 10;
	h.count = 1000;
	assert_int_equal(hist_percentile(&h, 99), 98);
	assert_int_equal(hist_percentile(&h, 99.01), 99);
	assert_int_equal(hist_percentile(&h, 0.1), 0);
	assert_int_equal(hist_percentile(&h, 50), 49);
	assert_int_equal(hist_percentile(&h, 70), 69);
	/* 99.9 % of 1000 is the 999th, not the 1000th, though 99.9 has no exact binary form. */
	h = (struct hist){ .count = 1000 };
	h.bucket[1] = 999;
	h.bucket[2] = 1;
	assert_int_equal(hist_percentile(&h, 99.9), 1);
	assert_int_equal(hist_percentile(&h, 99.99), 2);
}

static void test_every_bucket_boundary(void **state)
{
	(void)state;
	int64_t expected = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		int64_t low = hist_bucket_low(i), end = hist_bucket_end(i);

		assert_int_equal(low, expected);
		assert_more(end, low);
		assert_int_equal(hist_index(low), i);
		assert_int_equal(hist_index(end - 1), i);
		if (low >= HIST_LINEAR)
			assert_at_most((end - low) * 64, low);
		expected = end;
	}
	assert_int_equal(expected, INT64_C(1) << HIST_TOP_BITS);
	assert_int_equal(hist_index(expected), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(INT64_MAX), HIST_BUCKETS - 1);
	assert_int_equal(hist_index(INT64_MIN), 0);
	assert_int_equal(hist_index(-1), 0);
	assert_int_equal(hist_index(0), 0);
}

static void test_empty_and_extreme(void **state)
{
	(void)state;
	struct hist h = { 0 };
	struct latency_summary s;
	const int64_t extremes[] = { -1, 0, INT64_MAX };

	hist_summarise(&h, &s);
	assert_int_equal(s.count, 0);
	assert_int_equal(s.max_ns, 0);
	assert_equals(s.mean_ns, 0);
	assert_int_equal(hist_percentile(&h, 50), 0);
	record_all(extremes, 3, &h);
	hist_summarise(&h, &s);
	assert_int_equal(s.min_ns, 0);
	assert_int_equal(s.p50_ns, 0);
	assert_int_equal(s.max_ns, INT64_MAX / 4);
	assert_at_most(s.mean_ns, (double)s.max_ns);
}

/* The same values; of a difference the extremes are known to their bucket. */
static void assert_same_values(const struct hist *got, const struct hist *expected)
{
	assert_int_equal(got->count, expected->count);
	assert_int_equal(got->sum_ns, expected->sum_ns);
	assert_memory_equal(got->bucket, expected->bucket, sizeof(got->bucket));
	assert_int_equal(hist_index(hist_min(got)), hist_index(hist_min(expected)));
	assert_int_equal(hist_index(hist_max(got)), hist_index(hist_max(expected)));
	assert_at_most(hist_min(got), hist_min(expected));
	assert_at_least(hist_max(got), hist_max(expected));
}

static void test_extremes_are_exact_where_they_are_new(void **state)
{
	static const int64_t values[] = { 20011, 30017, 1000003, 25013, 9001, 1500007 };
	struct hist first, all, window;
	struct hist_packed packed = { 0 };

	(void)state;
	record_all(values, 3, &first);
	assert_int_equal(hist_min(&first), 20011);
	assert_int_equal(hist_max(&first), 1000003);
	record_all(values, 6, &all);
	window = all;
	hist_subtract(&window, &first);
	assert_int_equal(hist_min(&window), 9001);
	assert_int_equal(hist_max(&window), 1500007);
	/* no record since: to the bucket, and within the extremes of all */
	record_all(values, 4, &window);
	assert_true(hist_pack(&first, &packed));
	hist_subtract_packed(&window, &packed);
	assert_int_equal(hist_min(&window), hist_bucket_low(hist_index(25013)));
	assert_int_equal(hist_max(&window), hist_bucket_end(hist_index(25013)) - 1);
	/* the older copy's are forgotten: what is there is of the time since */
	packed.min_ns = packed.max_ns = 0;
	hist_subtract_packed(&all, &packed);
	assert_int_equal(hist_min(&all), 9001);
	assert_int_equal(hist_max(&all), 1500007);
	hist_packed_free(&packed);
	hist_merge(&first, &all);
	assert_int_equal(hist_min(&first), 9001);
	assert_int_equal(hist_max(&first), 1500007);
	first = (struct hist){ 0 };
	hist_merge(&first, &all);
	assert_int_equal(hist_min(&first), 9001);
	all = (struct hist){ 0 };
	hist_merge(&first, &all);
	assert_int_equal(hist_max(&first), 1500007);
}

static void test_merge_and_subtract(void **state)
{
	(void)state;
	static int64_t values[20000];
	struct rng rng = { .state = 11 };
	struct hist first, second, all, merged;

	for (size_t i = 0; i < 20000; i++)
		values[i] = from_exponential(&rng);
	record_all(values, 8000, &first);
	record_all(values + 8000, 12000, &second);
	record_all(values, 20000, &all);
	merged = first;
	hist_merge(&merged, &second);
	assert_memory_equal(&merged, &all, sizeof(all));
	hist_subtract(&all, &first);
	assert_same_values(&all, &second);
	hist_subtract(&second, &second);
	assert_int_equal(second.count, 0);
	assert_int_equal(second.sum_ns, 0);
}

static uint64_t sum_of(const uint32_t rows[HEAT_ROWS])
{
	uint64_t sum = 0;

	for (unsigned r = 0; r < HEAT_ROWS; r++)
		sum += rows[r];
	return sum;
}

/* A packed copy subtracts like the copy it was made of; the old one's room is used again. */
static void test_packed_copies_subtract_like_whole_ones(void **state)
{
	(void)state;
	static int64_t values[20000];
	struct rng rng = { .state = 17 };
	struct hist older = { 0 }, expected, got;
	struct hist_packed packed = { 0 };
	unsigned room = 0;

	for (size_t n = 20000; n >= 5000; n /= 2) {
		for (size_t i = 0; i < n; i++)
			values[i] = from_exponential(&rng);
		record_all(values, n, &older);
		assert_true(hist_pack(&older, &packed));
		assert_in_range(packed.entries, 100, HIST_BUCKETS / 2);
		/* The first was the largest. */
		assert_true(!room || packed.room == room);
		room = packed.room;
		expected = older;
		expected.bucket[0] += 3;
		expected.bucket[HIST_BUCKETS - 1] += 7;
		expected.count += 10;
		expected.sum_ns += 12345;
		got = expected;
		hist_subtract(&expected, &older);
		hist_subtract_packed(&got, &packed);
		assert_memory_equal(&got, &expected, sizeof(got));
		assert_int_equal(got.count, 10);
	}
	/* A bucket that never was so full: 0, not less. */
	got = (struct hist){ .count = 1, .bucket[5] = 1 };
	hist_subtract_packed(&got, &packed);
	assert_int_equal(got.count, got.bucket[5]);
	hist_packed_free(&packed);
	assert_null(packed.entry);
}

static void test_heat_keeps_every_count(void **state)
{
	(void)state;
	static int64_t values[100000];
	uint32_t rows[HEAT_ROWS];
	struct rng rng = { .state = 5 };
	struct hist h;

	for (size_t i = 0; i < 100000; i++)
		values[i] = i % 3 ? from_log_uniform(&rng) : from_tiny(&rng);
	record_all(values, 100000, &h);
	hist_heat(&h, rows);
	assert_int_equal(sum_of(rows), 100000);
	/* One bucket alone, each in turn: nothing is lost, and it stands where the bucket
	 * stands. */
	for (unsigned i = 1; i < HIST_BUCKETS; i++) {
		h = (struct hist){ .count = 1000 };
		h.bucket[i] = 1000;
		hist_heat(&h, rows);
		assert_int_equal(sum_of(rows), 1000);
		for (unsigned r = 0; r < HEAT_ROWS; r++)
			if (rows[r] && (exp2((r + 1) / 4.0) <= (double)hist_bucket_low(i) ||
					       exp2(r / 4.0) >= (double)hist_bucket_end(i)))
				fail_msg("bucket %u has %u counts in row %u", i, rows[r], r);
	}
	/* [2^10, 2^10 + 16) lies within a quarter octave; [1, 2) spreads over four rows by
	 * width. */
	h = (struct hist){ .count = 10000 };
	h.bucket[1] = 10000;
	hist_heat(&h, rows);
	assert_int_equal(rows[0], 1892);
	assert_int_equal(rows[1], 2250);
	assert_int_equal(rows[2], 2676);
	assert_int_equal(rows[3], 3182);
	h = (struct hist){ .count = UINT64_C(1) << 33 };
	h.bucket[hist_index(1024)] = h.count;
	hist_heat(&h, rows);
	assert_int_equal(rows[40], UINT32_MAX);
}

/* ---- HdrHistogram text ---- */

static char *hgrm_of(const struct hist *h)
{
	/* Static, since the stream keeps their addresses: gcc sees them dangle once this is
	 * inlined. */
	static char *text;
	static size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(hist_write_hgrm(h, f), 0);
	fclose(f);
	return text;
}

static void test_hgrm_exact(void **state)
{
	(void)state;
	struct hist h = { .count = 4, .sum_ns = 100 };

	h.bucket[10] = 1;
	h.bucket[20] = 1;
	h.bucket[30] = 1;
	h.bucket[40] = 1;
	char *text = hgrm_of(&h);
	assert_string_equal(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
				  "       0.010 0.000000000000          1           1.00\n"
				  "       0.010 0.100000000000          1           1.11\n"
				  "       0.010 0.200000000000          1           1.25\n"
				  "       0.020 0.300000000000          2           1.43\n"
				  "       0.020 0.400000000000          2           1.67\n"
				  "       0.020 0.500000000000          2           2.00\n"
				  "       0.030 0.550000000000          3           2.22\n"
				  "       0.030 0.600000000000          3           2.50\n"
				  "       0.030 0.650000000000          3           2.86\n"
				  "       0.030 0.700000000000          3           3.33\n"
				  "       0.030 0.750000000000          3           4.00\n"
				  "       0.040 0.775000000000          4           4.44\n"
				  "       0.040 1.000000000000          4\n"
				  "#[Mean    =        0.025, StdDeviation   =        0.011]\n"
				  "#[Max     =        0.040, Total count    =            4]\n"
				  "#[Buckets =           30, SubBuckets     =          128]\n");
	free(text);
}

static void test_hgrm_of_many_and_none(void **state)
{
	(void)state;
	static int64_t values[100000];
	struct rng rng = { .state = 9 };
	struct hist h = { 0 };
	double value, percentile, inverse, last_value = 0, last_percentile = -1;
	unsigned long long total, last_total = 0;
	unsigned rows = 0;

	char *text = hgrm_of(&h);
	assert_contains(text, "Total count    =            0]");
	assert_null(strstr(text, "nan"));
	free(text);
	for (size_t i = 0; i < 100000; i++)
		values[i] = from_exponential(&rng);
	record_all(values, 100000, &h);
	text = hgrm_of(&h);
	char *at = strstr(text, "\n\n") + 2, *end;
	for (; *at != '#'; at = end + 1, rows++) {
		end = strchr(at, '\n');
		*end = '\0';
		int n = sscanf(at, "%lf %lf %llu %lf", &value, &percentile, &total, &inverse);
		assert_int_equal(n, percentile == 1 ? 3 : 4);
		assert_at_least(value, last_value);
		assert_more(percentile, last_percentile);
		assert_at_least(total, last_total);
		if (n == 4 && fabs(inverse - 1 / (1 - percentile)) > 0.006 * inverse)
			fail_msg("row %u: %f is not 1/(1-%f)", rows, inverse, percentile);
		last_value = value;
		last_percentile = percentile;
		last_total = total;
	}
	assert_int_equal(last_total, 100000);
	assert_equals(last_percentile, 1);
	assert_in_range(rows, 75, 95); /* five ticks in each of 16 to 17 halvings */
	free(text);
}

static void test_hgrm_reports_a_full_disk(void **state)
{
	(void)state;
	struct hist h = { .count = 1 };
	FILE *f = fopen("/dev/full", "w");

	h.bucket[5] = 1;
	if (!f)
		skip();
	setvbuf(f, NULL, _IONBF, 0);
	assert_int_equal(hist_write_hgrm(&h, f), -5);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_sorted_truth),
		cmocka_unit_test(test_percentiles_never_fall),
		cmocka_unit_test(test_nearest_rank_is_exact),
		cmocka_unit_test(test_every_bucket_boundary),
		cmocka_unit_test(test_empty_and_extreme),
		cmocka_unit_test(test_extremes_are_exact_where_they_are_new),
		cmocka_unit_test(test_merge_and_subtract),
		cmocka_unit_test(test_packed_copies_subtract_like_whole_ones),
		cmocka_unit_test(test_heat_keeps_every_count),
		cmocka_unit_test(test_hgrm_exact),
		cmocka_unit_test(test_hgrm_of_many_and_none),
		cmocka_unit_test(test_hgrm_reports_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
