/* Path veth where libmnl was missing at build time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "path/paths.h"
#include "path/veth/helper.h"
#include "path/veth/impair.h"
#include "path/veth/offload.h"
#include "path/veth/pair.h"

static const char missing[] = "this netdyno was built without libmnl: install libmnl-dev and build it again";

static bool veth_probe(char *why, size_t size)
{
	snprintf(why, size, "%s", missing);
	return false;
}

const struct path path_veth = {
	.name = "veth",
	.summary = "both ends on this host, each in a network namespace of its own",
	.probe = veth_probe,
};

int veth_helper(int control, int (*capture)(int fd))
{
	(void)control;
	(void)capture;
	return 1;
}

void veth_address(enum veth_side side, int family, struct sockaddr_storage *ret_address)
{
	(void)side;
	(void)family;
	memset(ret_address, 0, sizeof(*ret_address));
}

int veth_limit_rate(uint64_t bits_per_s, uint32_t mtu_bytes, struct err *err)
{
	(void)bits_per_s;
	(void)mtu_bytes;
	return err_say(err, ENOTSUP, "%s", missing);
}

int veth_set_offload(const char *interface, enum veth_offload offload, struct err *err)
{
	(void)interface;
	(void)offload;
	return err_say(err, ENOTSUP, "%s", missing);
}
