/* The machine that this is.  See host.h.  Files of /proc and /sys are read whole and small; what is
 * not there stays "" or -1. */
#include "record/host.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/cpu.h"
#include "base/file.h"
#include "base/text.h"

/* One line of a small file, harmless on a terminal; false, and out untouched, if it cannot be
 * read. */
static bool read_line(const char *path, char *out, size_t size)
{
	char raw[512];

	if (!file_read_line(path, raw, sizeof(raw)))
		return false;
	text_escape(raw, strlen(raw), out, size);
	return true;
}

static int64_t read_number(const char *path)
{
	char line[64], *end;
	long long n;

	if (!read_line(path, line, sizeof(line)))
		return -1;
	n = strtoll(line, &end, 10);
	return end == line ? -1 : n;
}

/* "model name" is x86's; other architectures have "Model", "cpu model", "Hardware" or nothing. */
static void read_cpu_model(char *out, size_t size)
{
	static const char *const keys[] = { "model name", "Model", "cpu model", "Hardware", "cpu" };
	char line[512];
	FILE *in = fopen("/proc/cpuinfo", "re");

	out[0] = '\0';
	while (in && !out[0] && fgets(line, sizeof(line), in)) {
		char *colon = strchr(line, ':');

		for (unsigned i = 0; colon && i < sizeof(keys) / sizeof(keys[0]); i++) {
			size_t len = strlen(keys[i]);

			if (strncmp(line, keys[i], len) || strspn(line + len, " \t") != (size_t)(colon - line) - len)
				continue;
			colon += 1 + strspn(colon + 1, " \t");
			text_escape(colon, strcspn(colon, "\n"), out, size);
			break;
		}
	}
	if (in)
		fclose(in);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* One entry, "meltdown: PTI", up to the first detail; false where the machine is not affected. */
static bool read_mitigation(const char *name, char *out, size_t size)
{
	char path[320], state[200];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/vulnerabilities/%s", name);
	if (!read_line(path, state, sizeof(state)) || !strncmp(state, "Not affected", 12))
		return false;
	const char *text = strncmp(state, "Mitigation: ", 12) ? state : state + 12;
	snprintf(out, size, "%s: %.*s", name, (int)strcspn(text, ";,("), text);
	return true;
}

/* Appends "; entry", or "; ..." once where there is no more room. */
static bool append(char *out, size_t size, const char *entry)
{
	size_t used = strlen(out);
	bool fits = used + 2 + strlen(entry) + 5 < size;

	snprintf(out + used, size - used, "%s%s", used ? "; " : "", fits ? entry : "...");
	return fits;
}

static void read_mitigations(char *out, size_t size)
{
	enum { MAX = 40 };
	char name[MAX][32], entry[120];
	unsigned names = 0;
	DIR *dir = opendir("/sys/devices/system/cpu/vulnerabilities");
	bool fits = true;

	out[0] = '\0';
	if (!dir)
		return;
	for (struct dirent *e; names < MAX && (e = readdir(dir));)
		if (e->d_name[0] != '.' && strlen(e->d_name) < sizeof(name[0]))
			strcpy(name[names++], e->d_name);
	closedir(dir);
	qsort(name, names, sizeof(name[0]), by_name);
	for (unsigned i = 0; i < names && fits; i++)
		if (read_mitigation(name[i], entry, sizeof(entry)))
			fits = append(out, size, entry);
	if (!out[0])
		snprintf(out, size, "none needed");
}

/* CPUID leaf 0x40000000 names the hypervisor; the bit that says that there is one is leaf 1 ECX
 * 31. */
static void read_hypervisor(char *out, size_t size)
{
#if defined(__x86_64__) || defined(__i386__)
	static const struct {
		const char *signature, *name;
	} known[] = {
		{ "KVMKVMKVM", "KVM" },
		{ "Microsoft Hv", "Hyper-V" },
		{ "VMwareVMware", "VMware" },
		{ "XenVMMXenVMM", "Xen" },
		{ "TCGTCGTCGTCG", "QEMU TCG" },
		{ "bhyve bhyve ", "bhyve" },
		{ "ACRNACRNACRN", "ACRN" },
	};
	unsigned a, b, c, d;
	char signature[13] = "";

	snprintf(out, size, "none");
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31 & 1))
		return;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(signature, &b, 4);
	memcpy(signature + 4, &c, 4);
	memcpy(signature + 8, &d, 4);
	text_escape(signature, strlen(signature), out, size);
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(signature, known[i].signature))
			snprintf(out, size, "%s", known[i].name);
	if (!out[0])
		snprintf(out, size, "unnamed");
#else
	if (!read_line("/sys/hypervisor/type", out, size))
		out[0] = '\0';
#endif
}

static void read_texts(struct host_info *h)
{
	static const struct {
		const char *path;
		size_t at, size;
	} files[] = {
		{ "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", offsetof(struct host_info, governor),
			sizeof(h->governor) },
		{ "/sys/devices/system/clocksource/clocksource0/current_clocksource", offsetof(struct host_info, clocksource),
			sizeof(h->clocksource) },
		{ "/proc/sys/net/ipv4/tcp_congestion_control", offsetof(struct host_info, tcp_congestion),
			sizeof(h->tcp_congestion) },
	};

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!read_line(files[i].path, (char *)h + files[i].at, files[i].size))
			*((char *)h + files[i].at) = '\0';
}

static void read_sysctls(struct host_info *h)
{
	h->rmem_max = read_number("/proc/sys/net/core/rmem_max");
	h->wmem_max = read_number("/proc/sys/net/core/wmem_max");
	h->rmem_default = read_number("/proc/sys/net/core/rmem_default");
	h->wmem_default = read_number("/proc/sys/net/core/wmem_default");
	h->netdev_max_backlog = read_number("/proc/sys/net/core/netdev_max_backlog");
	h->optmem_max = read_number("/proc/sys/net/core/optmem_max");
	/* -1 is also a setting of this one ("allow all"), and then the number says the same as
	 * not knowing: nothing forbids. */
	h->perf_paranoid = (int)read_number("/proc/sys/kernel/perf_event_paranoid");
}

void host_read(struct host_info *ret_host)
{
	struct host_info h = { 0 };
	struct utsname name;
	struct cpu_list cpus;

	if (!uname(&name)) {
		text_escape(name.release, strlen(name.release), h.kernel, sizeof(h.kernel));
		text_escape(name.machine, strlen(name.machine), h.machine, sizeof(h.machine));
	}
	cpu_online(&cpus);
	h.cpus_online = cpus.count;
	cpu_allowed(&cpus);
	h.cpus_allowed = cpus.count;
	read_cpu_model(h.cpu_model, sizeof(h.cpu_model));
	read_mitigations(h.mitigations, sizeof(h.mitigations));
	read_hypervisor(h.hypervisor, sizeof(h.hypervisor));
	read_texts(&h);
	read_sysctls(&h);
	*ret_host = h;
}

#define TEXT(member)                                                                                            \
	{                                                                                                       \
#member, offsetof(struct host_info, member), sizeof(((struct host_info *)0)->member), HOST_TEXT \
	}
#define NUMBER(member, type)                                         \
	{                                                            \
#member, offsetof(struct host_info, member), 0, type \
	}
const struct host_field host_fields[] = {
	TEXT(kernel),
	TEXT(machine),
	TEXT(cpu_model),
	NUMBER(cpus_online, HOST_UNSIGNED),
	NUMBER(cpus_allowed, HOST_UNSIGNED),
	TEXT(mitigations),
	TEXT(governor),
	TEXT(hypervisor),
	TEXT(clocksource),
	TEXT(tcp_congestion),
	NUMBER(rmem_max, HOST_INT64),
	NUMBER(wmem_max, HOST_INT64),
	NUMBER(rmem_default, HOST_INT64),
	NUMBER(wmem_default, HOST_INT64),
	NUMBER(netdev_max_backlog, HOST_INT64),
	NUMBER(optmem_max, HOST_INT64),
	NUMBER(perf_paranoid, HOST_INT),
	{ 0 },
};
#undef TEXT
#undef NUMBER

const char *host_default(const struct host_info *host, const struct option_def *def)
{
	for (const struct host_field *f = host_fields; def->host_key && f->key; f++)
		if (f->type == HOST_TEXT && !strcmp(f->key, def->host_key))
			return (const char *)host + f->offset;
	return "";
}
