/* Path veth where libmnl was missing at build time. */
#include <stdio.h>

#include "path/paths.h"
#include "path/veth/helper.h"

static bool veth_probe(char *why, size_t size)
{
	snprintf(why, size, "this netdyno was built without libmnl: install libmnl-dev and build it again");
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
