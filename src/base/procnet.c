/* Kernel counters that explain loss: see procnet.h. */
#include "base/procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/quota.h"

enum { LINE_BYTES = 4096 };

static const char *const field_names[PROCNET_FIELDS] = {
	[PROCNET_UDP_IN] = "udp_in_datagrams",
	[PROCNET_UDP_OUT] = "udp_out_datagrams",
	[PROCNET_UDP_IN_ERRORS] = "udp_in_errors",
	[PROCNET_UDP_NO_PORTS] = "udp_no_ports",
	[PROCNET_UDP_RCVBUF_ERRORS] = "udp_rcvbuf_errors",
	[PROCNET_UDP_SNDBUF_ERRORS] = "udp_sndbuf_errors",
	[PROCNET_UDP_MEM_ERRORS] = "udp_mem_errors",
	[PROCNET_SOFTNET_PROCESSED] = "softnet_processed",
	[PROCNET_SOFTNET_DROPPED] = "softnet_dropped",
	[PROCNET_SOFTNET_SQUEEZED] = "softnet_time_squeeze",
	[PROCNET_STEAL_TICKS] = "steal_ticks",
	[PROCNET_SOFTIRQ_TICKS] = "softirq_ticks",
	[PROCNET_CPU_TICKS] = "cpu_ticks",
	[PROCNET_IP_REASM_FAILS] = "ip_reasm_fails",
	[PROCNET_IP_FRAG_FAILS] = "ip_frag_fails",
	[PROCNET_THROTTLED_US] = "throttled_us",
	[PROCNET_LINK_DROPPED] = "link_dropped",
	[PROCNET_LINK_IMPAIRED] = "link_impaired",
	[PROCNET_IP_OUT] = "ip_out_transmits",
	[PROCNET_LINK_EMULATED] = "link_emulated",
	[PROCNET_LINK_REORDERED] = "link_reordered",
	[PROCNET_LINK_COPIES] = "link_copies",
	[PROCNET_LINK_UNTAKEN] = "link_untaken",
	[PROCNET_QUEUE_DROPPED] = "queue_dropped",
	[PROCNET_QUEUE_HELD] = "queue_held",
};

/* The kernel's names in snmp; in snmp6 "Udp6InDatagrams". */
static const struct {
	const char *protocol, *name;
} snmp_names[PROCNET_FIELDS] = {
	[PROCNET_UDP_IN] = { "Udp", "InDatagrams" },
	[PROCNET_UDP_OUT] = { "Udp", "OutDatagrams" },
	[PROCNET_UDP_IN_ERRORS] = { "Udp", "InErrors" },
	[PROCNET_UDP_NO_PORTS] = { "Udp", "NoPorts" },
	[PROCNET_UDP_RCVBUF_ERRORS] = { "Udp", "RcvbufErrors" },
	[PROCNET_UDP_SNDBUF_ERRORS] = { "Udp", "SndbufErrors" },
	[PROCNET_UDP_MEM_ERRORS] = { "Udp", "MemErrors" },
	[PROCNET_IP_REASM_FAILS] = { "Ip", "ReasmFails" },
	[PROCNET_IP_FRAG_FAILS] = { "Ip", "FragFails" },
	[PROCNET_IP_OUT] = { "Ip", "OutTransmits" },
};

const char *procnet_name(enum procnet_field field)
{
	return (unsigned)field < PROCNET_FIELDS ? field_names[field] : "?";
}

static void learn(struct procnet *p, enum procnet_field field, uint64_t value)
{
	p->value[field] += value;
	p->known |= 1u << field;
}

static void forget(struct procnet *p, enum procnet_field first, enum procnet_field last, const char *path, int errnum)
{
	char scratch[64];

	for (unsigned f = first; f <= last; f++) {
		p->known &= ~(1u << f);
		p->value[f] = 0;
	}
	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s: %s", path, strerror_r(errnum, scratch, sizeof(scratch)));
}

static void forget_snmp(struct procnet *p, const char *path, int errnum)
{
	for (unsigned f = 0; f < PROCNET_FIELDS; f++)
		if (snmp_names[f].name)
			forget(p, f, f, path, errnum);
}

static void forget_dev(struct procnet *p, const char *path, int errnum)
{
	forget(p, PROCNET_LINK_DROPPED, PROCNET_LINK_DROPPED, path, errnum);
	forget(p, PROCNET_LINK_UNTAKEN, PROCNET_LINK_UNTAKEN, path, errnum);
}

static int find_snmp(const char *protocol, const char *name)
{
	for (int f = 0; f < PROCNET_FIELDS; f++)
		if (snmp_names[f].name && !strcmp(snmp_names[f].protocol, protocol) && !strcmp(snmp_names[f].name, name))
			return f;
	return -1;
}

/* "Udp: InDatagrams NoPorts ..." over "Udp: 12 0 ...". */
static void parse_snmp(struct procnet *p, char *names, char *values)
{
	char *name_at, *value_at;
	char *protocol = strtok_r(names, ": \n", &name_at), *name = strtok_r(NULL, " \n", &name_at);
	char *value = strtok_r(values, " \n", &value_at);

	while (protocol && name && (value = strtok_r(NULL, " \n", &value_at))) {
		int field = find_snmp(protocol, name);

		if (field >= 0)
			learn(p, (enum procnet_field)field, strtoull(value, NULL, 10));
		name = strtok_r(NULL, " \n", &name_at);
	}
}

/* A file of this namespace, or from its beginning one that is open. */
static FILE *open_again(const char *path, const int *fd)
{
	if (!fd)
		return fopen(path, "re");
	int own = fcntl(*fd, F_DUPFD_CLOEXEC, 0);
	FILE *f = own >= 0 && lseek(own, 0, SEEK_SET) == 0 ? fdopen(own, "r") : NULL;

	if (!f && own >= 0)
		close(own);
	return f;
}

static void read_snmp(struct procnet *p, const int *fd)
{
	static const char path[] = "/proc/thread-self/net/snmp";
	char names[LINE_BYTES], values[LINE_BYTES];
	FILE *f = open_again(path, fd);

	if (!f) {
		forget_snmp(p, path, errno);
		return;
	}
	while (fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f))
		parse_snmp(p, names, values);
	fclose(f);
	for (int i = 0; i < PROCNET_FIELDS; i++)
		if (snmp_names[i].name && i != PROCNET_IP_OUT && !procnet_has(p, (enum procnet_field)i) && !p->why[0])
			snprintf(p->why, sizeof(p->why), "no %s in %s", snmp_names[i].name, path);
}

/* "Udp6InDatagrams" is InDatagrams of Udp. */
static int find_snmp6(char *name)
{
	char *six = strchr(name, '6');

	if (!six)
		return -1;
	*six = '\0';
	return find_snmp(name, six + 1);
}

/* Without IPv6 there is no such file, and nothing to add. */
static void read_snmp6(struct procnet *p, const int *fd)
{
	static const char path[] = "/proc/thread-self/net/snmp6";
	char line[256], name[64];
	uint64_t value;
	FILE *f = open_again(path, fd);

	if (!f) {
		if (errno != ENOENT)
			forget_snmp(p, path, errno);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %" SCNu64, name, &value) != 2)
			continue;
		int field = find_snmp6(name);
		/* A figure that the IPv4 side cannot give stays unknown: half of a sum would be
		 * a wrong number. */
		if (field >= 0 && procnet_has(p, (enum procnet_field)field))
			learn(p, (enum procnet_field)field, value);
	}
	fclose(f);
}

/* "name: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ...":
 * eight of receiving, then those of sending. */
static void read_dev(struct procnet *p, int fd)
{
	static const char path[] = "/proc/net/dev";
	FILE *f = open_again(path, &fd);
	char line[512], *colon;
	uint64_t untaken, dropped;

	if (!f) {
		forget_dev(p, path, errno);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (!(colon = strchr(line, ':')) ||
			sscanf(colon + 1, "%*u %*u %*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &untaken, &dropped) !=
				2)
			continue;
		learn(p, PROCNET_LINK_UNTAKEN, untaken);
		learn(p, PROCNET_LINK_DROPPED, dropped);
	}
	fclose(f);
	if (!procnet_has(p, PROCNET_LINK_DROPPED))
		forget_dev(p, path, ENODATA);
}

static void read_softnet(struct procnet *p)
{
	static const char path[] = "/proc/net/softnet_stat";
	unsigned processed, dropped, squeezed;
	char line[256];
	FILE *f = fopen(path, "re");

	if (!f) {
		forget(p, PROCNET_SOFTNET_PROCESSED, PROCNET_SOFTNET_SQUEEZED, path, errno);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%x %x %x", &processed, &dropped, &squeezed) != 3)
			continue;
		learn(p, PROCNET_SOFTNET_PROCESSED, processed);
		learn(p, PROCNET_SOFTNET_DROPPED, dropped);
		learn(p, PROCNET_SOFTNET_SQUEEZED, squeezed);
	}
	fclose(f);
	if (!procnet_has(p, PROCNET_SOFTNET_DROPPED))
		forget(p, PROCNET_SOFTNET_PROCESSED, PROCNET_SOFTNET_SQUEEZED, path, ENODATA);
}

/* "cpu user nice system idle iowait irq softirq steal guest guest_nice": guest time is in user
 * and nice already (proc(5)). */
static void read_stat(struct procnet *p)
{
	static const char path[] = "/proc/stat";
	enum { STATES = 8, SOFTIRQ = 6, STEAL = 7 };
	uint64_t ticks[STATES] = { 0 }, total = 0;
	char line[512];
	FILE *f = fopen(path, "re");
	bool good = f && fgets(line, sizeof(line), f) && !strncmp(line, "cpu ", 4);
	int why = f ? ENODATA : errno, n = 0;

	if (f)
		fclose(f);
	if (!good) {
		forget(p, PROCNET_STEAL_TICKS, PROCNET_CPU_TICKS, path, why);
		return;
	}
	for (char *at = line + 4, *end; n < STATES; n++, at = end) {
		ticks[n] = strtoull(at, &end, 10);
		if (end == at)
			break;
		total += ticks[n];
	}
	if (n > SOFTIRQ)
		learn(p, PROCNET_SOFTIRQ_TICKS, ticks[SOFTIRQ]);
	if (n == STATES)
		learn(p, PROCNET_STEAL_TICKS, ticks[STEAL]);
	learn(p, PROCNET_CPU_TICKS, total);
}

/* Most machines have no quota: then there is nothing to say. */
static void read_quota(struct procnet *p)
{
	uint64_t us;

	if (quota_throttled_us("", &us) == 0)
		learn(p, PROCNET_THROTTLED_US, us);
}

void procnet_read(struct procnet *ret_sample)
{
	*ret_sample = (struct procnet){ 0 };
	read_quota(ret_sample);
	read_snmp(ret_sample, NULL);
	read_snmp6(ret_sample, NULL);
	read_softnet(ret_sample);
	read_stat(ret_sample);
}

static void read_space(struct procnet *p, const struct procnet_files *files)
{
	read_snmp(p, &files->snmp);
	if (files->snmp6 >= 0)
		read_snmp6(p, &files->snmp6);
	read_dev(p, files->dev);
}

/* Half of a sum would be a wrong number: what one namespace does not tell stays unknown. */
static void merge_space(struct procnet *sum, const struct procnet *one)
{
	sum->known &= one->known;
	for (unsigned f = 0; f < PROCNET_FIELDS; f++)
		sum->value[f] = procnet_has(sum, (enum procnet_field)f) ? sum->value[f] + one->value[f] : 0;
	if (!sum->why[0])
		memcpy(sum->why, one->why, sizeof(sum->why));
}

void procnet_read_files(const struct procnet_files *files, unsigned count, struct procnet *ret_sample)
{
	*ret_sample = (struct procnet){ .known = UINT32_MAX };
	for (unsigned i = 0; i < count; i++) {
		struct procnet one = { 0 };

		read_space(&one, &files[i]);
		merge_space(ret_sample, &one);
	}
	read_quota(ret_sample);
	read_softnet(ret_sample);
	read_stat(ret_sample);
}

int procnet_socket_memory(int fd, struct procnet_memory *ret_memory)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
		return -errno;
	if (size < (SK_MEMINFO_DROPS + 1) * sizeof(*info))
		return -EOPNOTSUPP;
	*ret_memory = (struct procnet_memory){
		.rcvbuf_bytes = info[SK_MEMINFO_RCVBUF], .sndbuf_bytes = info[SK_MEMINFO_SNDBUF], .drops = info[SK_MEMINFO_DROPS]
	};
	return 0;
}
