/* CPU lists and affinity: see cpu.h. */
#include "base/cpu.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MASK_CPUS_MAX = 1 << 16, CPU_NUMBER_MAX = SHRT_MAX };

/* ---- lists ---- */

static int cpu_list_append(struct cpu_list *list, long cpu)
{
	if (cpu_list_has(list, (int)cpu))
		return 0;
	if (list->count == CPU_LIST_MAX)
		return -E2BIG;
	list->cpu[list->count++] = (short)cpu;
	return 0;
}

/* One number at *text; moves *text behind it.  strtol alone would take signs and blanks. */
static bool take_number(const char **text, long *ret_number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*ret_number = strtol(*text, &end, 10);
	if (errno || *ret_number > CPU_NUMBER_MAX)
		return false;
	*text = end;
	return true;
}

/* One part, "4" or "0-3", that fills [text, text + len). */
static int parse_part(const char *text, size_t len, struct cpu_list *list, struct err *err)
{
	const char *at = text;
	long first = 0, last;

	bool good = take_number(&at, &first);
	last = first;
	if (good && *at == '-') {
		at++;
		good = take_number(&at, &last);
	}
	if (!good || at != text + len)
		return err_say(err, EINVAL, "CPU list: \"%.*s\" is not a CPU number or a range like 0-3", (int)len, text);
	if (last < first)
		return err_say(err, EINVAL, "CPU list: the range \"%.*s\" runs backwards", (int)len, text);
	for (long cpu = first; cpu <= last; cpu++)
		if (cpu_list_append(list, cpu) < 0)
			return err_say(err, EINVAL, "CPU list: more than %d CPUs at \"%.*s\"", CPU_LIST_MAX, (int)len, text);
	return 0;
}

int cpu_list_parse(const char *text, struct cpu_list *ret_list, struct err *err)
{
	struct cpu_list list = { 0 };

	if (!*text)
		return err_say(err, EINVAL, "CPU list: it is empty");
	for (;;) {
		size_t len = strcspn(text, ",");
		int r = parse_part(text, len, &list, err);

		if (r < 0)
			return r;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret_list = list;
	return 0;
}

/* Length of the run of consecutive CPUs that starts at index i. */
static unsigned run_length(const struct cpu_list *list, unsigned i)
{
	unsigned n = 1;

	while (i + n < list->count && list->cpu[i + n] == list->cpu[i] + (int)n)
		n++;
	return n;
}

char *cpu_list_format(const struct cpu_list *list, char *out, size_t size)
{
	size_t used = 0;

	if (size)
		out[0] = '\0';
	for (unsigned i = 0, n; i < list->count && used < size; i += n) {
		char part[24];

		n = run_length(list, i);
		int len = snprintf(
			part, sizeof(part), n > 1 ? "%s%d-%d" : "%s%d", i ? "," : "", list->cpu[i], list->cpu[i] + (int)n - 1);
		if (used + (size_t)len + sizeof(",...") > size && i + n < list->count) {
			snprintf(out + used, size - used, ",...");
			break;
		}
		used += (size_t)snprintf(out + used, size - used, "%s", part);
	}
	return out;
}

bool cpu_list_has(const struct cpu_list *list, int cpu)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->cpu[i] == cpu)
			return true;
	return false;
}

/* ---- this machine ---- */

static bool read_sys_list(const char *path, struct cpu_list *ret_list)
{
	char text[4096];
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	bool good = fgets(text, sizeof(text), f) != NULL;
	fclose(f);
	if (!good)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return cpu_list_parse(text, ret_list, NULL) == 0;
}

static void configured(struct cpu_list *ret_list)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	*ret_list = (struct cpu_list){ 0 };
	for (long cpu = 0; cpu < (n > 0 ? n : 1); cpu++)
		cpu_list_append(ret_list, cpu);
}

void cpu_online(struct cpu_list *ret_list)
{
	if (!read_sys_list("/sys/devices/system/cpu/online", ret_list))
		configured(ret_list);
}

/* The kernel answers EINVAL while the mask is smaller than its own. */
static bool read_mask(struct cpu_list *ret_list)
{
	for (int cpus = 1024; cpus <= MASK_CPUS_MAX; cpus *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)cpus);
		size_t bytes = CPU_ALLOC_SIZE((size_t)cpus);

		if (!set)
			return false;
		bool good = sched_getaffinity(0, bytes, set) == 0;
		int why = errno;
		*ret_list = (struct cpu_list){ 0 };
		for (int cpu = 0; good && cpu < cpus && cpu <= CPU_NUMBER_MAX; cpu++)
			if (CPU_ISSET_S((size_t)cpu, bytes, set))
				cpu_list_append(ret_list, cpu);
		CPU_FREE(set);
		if (good || why != EINVAL)
			return good && ret_list->count > 0;
	}
	return false;
}

/* The mask that the process was started with.  It is kept, because the threads change their own
 * (cpu_pin_self, cpu_avoid_self). */
static struct cpu_list started_mask;
static pthread_once_t started_once = PTHREAD_ONCE_INIT;

static void remember_mask(void)
{
	if (!read_mask(&started_mask))
		cpu_online(&started_mask);
}

void cpu_allowed(struct cpu_list *ret_list)
{
	struct cpu_list online, both = { 0 };

	pthread_once(&started_once, remember_mask);
	cpu_online(&online);
	for (unsigned i = 0; i < started_mask.count; i++)
		if (cpu_list_has(&online, started_mask.cpu[i]))
			cpu_list_append(&both, started_mask.cpu[i]);
	*ret_list = both.count ? both : started_mask;
}

int cpu_check(int cpu, struct err *err)
{
	struct cpu_list list;
	char text[256];

	cpu_allowed(&list);
	if (cpu_list_has(&list, cpu))
		return 0;
	cpu_list_format(&list, text, sizeof(text));
	cpu_online(&list);
	if (cpu_list_has(&list, cpu))
		return err_say(err, EINVAL, "CPU %d is outside this process's affinity mask (%s)", cpu, text);
	if (!read_sys_list("/sys/devices/system/cpu/present", &list))
		configured(&list);
	if (cpu_list_has(&list, cpu))
		return err_say(err, EINVAL, "CPU %d is offline", cpu);
	return err_say(
		err, EINVAL, "CPU %d does not exist (this machine has %s)", cpu, cpu_list_format(&list, text, sizeof(text)));
}

/* ---- the calling thread ---- */

static int set_self(const struct cpu_list *list)
{
	int highest = 0;

	for (unsigned i = 0; i < list->count; i++)
		if (list->cpu[i] > highest)
			highest = list->cpu[i];
	cpu_set_t *set = CPU_ALLOC((size_t)highest + 1);
	size_t bytes = CPU_ALLOC_SIZE((size_t)highest + 1);
	if (!set)
		return ENOMEM;
	CPU_ZERO_S(bytes, set);
	for (unsigned i = 0; i < list->count; i++)
		CPU_SET_S((size_t)list->cpu[i], bytes, set);
	int r = pthread_setaffinity_np(pthread_self(), bytes, set);
	CPU_FREE(set);
	return r;
}

int cpu_pin_self(int cpu, struct err *err)
{
	struct cpu_list one = { .count = 1, .cpu = { (short)cpu } };

	if (cpu < 0 || cpu > CPU_NUMBER_MAX)
		return err_say(err, EINVAL, "pin to CPU %d: no such CPU", cpu);
	pthread_once(&started_once, remember_mask);
	int r = set_self(&one);
	return r ? err_sys(err, r, "pin to CPU %d", cpu) : 0;
}

bool cpu_avoid_self(const struct cpu_list *busy)
{
	struct cpu_list allowed, rest = { 0 };

	cpu_allowed(&allowed);
	for (unsigned i = 0; i < allowed.count; i++)
		if (!cpu_list_has(busy, allowed.cpu[i]))
			cpu_list_append(&rest, allowed.cpu[i]);
	return rest.count > 0 && set_self(&rest) == 0;
}
