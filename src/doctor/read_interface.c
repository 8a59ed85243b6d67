/* An interface: its interrupts (/proc/irq), its queues' RPS masks (sysfs), its offloads (the ioctl
 * SIOCETHTOOL of linux/ethtool.h, which needs no privilege to ask). */
#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/read.h"

enum { ENTRIES_MAX = 256 };

/* The numbers at the end of the names in a directory that begin with `prefix`, in order.  Returns
 * how many. */
static unsigned interface_numbers(const char *root, const char *path, const char *prefix, int ret_number[ENTRIES_MAX])
{
	char full[DOCTOR_PATH_BYTES];
	size_t length = strlen(prefix);
	unsigned count = 0;
	DIR *dir;

	snprintf(full, sizeof(full), "%s%s", root, path);
	dir = opendir(full);
	for (struct dirent *e; dir && count < ENTRIES_MAX && (e = readdir(dir));) {
		char *end;

		if (strncmp(e->d_name, prefix, length) != 0 || e->d_name[length] < '0' || e->d_name[length] > '9')
			continue;
		int number = (int)strtol(e->d_name + length, &end, 10);
		unsigned at = count++;

		for (; at > 0 && ret_number[at - 1] > number; at--)
			ret_number[at] = ret_number[at - 1];
		ret_number[at] = number;
	}
	if (dir)
		closedir(dir);
	return count;
}

/* A virtio device has them at the PCI device that carries it. */
static unsigned interface_interrupts(const char *root, const char *interface, int ret_number[ENTRIES_MAX])
{
	char path[DOCTOR_PATH_BYTES];
	unsigned count;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/msi_irqs", interface);
	count = interface_numbers(root, path, "", ret_number);
	if (count)
		return count;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/../msi_irqs", interface);
	return interface_numbers(root, path, "", ret_number);
}

static void interface_read_irqs(const char *root, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES], line[64];
	int number[ENTRIES_MAX];
	unsigned count = interface_interrupts(root, facts->interface, number);

	snprintf(path, sizeof(path), "%s/proc/irq", root);
	facts->irqs_readable = access(path, R_OK | X_OK) == 0;
	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", number[i]);
		if (!doctor_read_line(root, path, line, sizeof(line)))
			continue;
		if (facts->irqs == DOCTOR_IRQS) {
			facts->irqs_more++;
			continue;
		}
		facts->irq[facts->irqs].irq = number[i];
		snprintf(facts->irq[facts->irqs++].cpus, sizeof(facts->irq[0].cpus), "%s", line);
	}
}

static void interface_read_queues(const char *root, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES], mask[128];
	int number[ENTRIES_MAX];

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", facts->interface);
	unsigned count = interface_numbers(root, path, "rx-", number);

	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/queues/rx-%d/rps_cpus", facts->interface, number[i]);
		if (!doctor_read_line(root, path, mask, sizeof(mask)))
			continue;
		if (facts->queues == DOCTOR_QUEUES) {
			facts->queues_more++;
			continue;
		}
		facts->queue[facts->queues].index = number[i];
		snprintf(facts->queue[facts->queues++].mask, sizeof(facts->queue[0].mask), "%s", mask);
	}
}

static int interface_feature(int fd, const char *interface, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	request.ifr_data = (char *)&value;
	return fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0 ? value.data != 0 : DOCTOR_UNKNOWN;
}

static void interface_read_offloads(struct doctor_facts *facts)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	facts->rxcsum = interface_feature(fd, facts->interface, ETHTOOL_GRXCSUM);
	facts->txcsum = interface_feature(fd, facts->interface, ETHTOOL_GTXCSUM);
	facts->tso = interface_feature(fd, facts->interface, ETHTOOL_GTSO);
	facts->gso = interface_feature(fd, facts->interface, ETHTOOL_GGSO);
	facts->gro = interface_feature(fd, facts->interface, ETHTOOL_GGRO);
	if (fd >= 0)
		close(fd);
}

void doctor_read_interface(const char *root, struct doctor_facts *facts)
{
	char path[DOCTOR_PATH_BYTES];

	snprintf(path, sizeof(path), "%s/sys/class/net/%s/device", root, facts->interface);
	facts->has_device = access(path, F_OK) == 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", facts->interface);
	facts->interface_node = (int)doctor_read_number(root, path);
	interface_read_irqs(root, facts);
	interface_read_queues(root, facts);
	interface_read_offloads(facts);
}
