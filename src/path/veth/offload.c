/* See offload.h. */
#include "path/veth/offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FEATURES_MAX = 256, BLOCK_BITS = 32 };

/* A whole name, or the beginning of several. */
static const char *const segmentation[] = { "tx-tcp", "tx-generic-segmentation", "tx-udp-segmentation", "rx-gro" };

static bool is_segmentation(const char *name)
{
	/* "rx-gro-list" and "rx-gro-hw" are kinds of it that nobody has by default. */
	for (unsigned i = 0; i < sizeof(segmentation) / sizeof(segmentation[0]); i++)
		if (!strncmp(name, segmentation[i], strlen(segmentation[i])))
			return strncmp(name, "rx-gro-", 7) != 0;
	return false;
}

static int offload_ask(int fd, const char *interface, void *command)
{
	struct ifreq request = { .ifr_data = command };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* The names of all features, ETH_GSTRING_LEN bytes each; NULL where they cannot be read. */
static struct ethtool_gstrings *offload_names(int fd, const char *interface)
{
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} sets = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES } };
	struct ethtool_gstrings *names;

	if (offload_ask(fd, interface, &sets) < 0 || !sets.head.sset_mask || sets.count > FEATURES_MAX)
		return NULL;
	names = calloc(1, sizeof(*names) + (size_t)sets.count * ETH_GSTRING_LEN);
	if (!names)
		return NULL;
	*names = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = sets.count };
	if (offload_ask(fd, interface, names) == 0)
		return names;
	free(names);
	return NULL;
}

static int offload_switch(int fd, const char *interface, const struct ethtool_gstrings *names, bool on)
{
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[FEATURES_MAX / BLOCK_BITS];
	} features = { .head = { .cmd = ETHTOOL_SFEATURES, .size = (names->len + BLOCK_BITS - 1) / BLOCK_BITS } };

	for (uint32_t i = 0; i < names->len; i++) {
		uint32_t bit = 1u << i % BLOCK_BITS;

		if (!is_segmentation((const char *)names->data + (size_t)i * ETH_GSTRING_LEN))
			continue;
		features.block[i / BLOCK_BITS].valid |= bit;
		features.block[i / BLOCK_BITS].requested |= on ? bit : 0;
	}
	return offload_ask(fd, interface, &features);
}

int veth_set_offload(const char *interface, enum veth_offload offload, struct err *err)
{
	if (offload == VETH_OFFLOAD_AS_MADE)
		return 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_gstrings *names = fd >= 0 ? offload_names(fd, interface) : NULL;
	int rc = names ? offload_switch(fd, interface, names, offload == VETH_OFFLOAD_ON) : -EOPNOTSUPP;

	free(names);
	if (fd >= 0)
		close(fd);
	return rc < 0 ? err_sys(err, -rc, "--veth-offload: set the features of %s", interface) : 0;
}
