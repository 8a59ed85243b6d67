/* netdyno __veth: the helper of path veth, which netdyno starts.  See path/veth/helper.h. */
#include <stdio.h>
#include <sys/socket.h>

#include "captures/inside.h"
#include "main/cli/program.h"
#include "path/veth/helper.h"

int verb_veth(const struct verb *verb, int argc, char **argv, int from)
{
	int type = 0;
	socklen_t size = sizeof(type);

	(void)verb;
	(void)argv;
	if (argc > from || getsockopt(VETH_HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET) {
		fprintf(stderr, "netdyno: %s is started by netdyno itself, for --path veth\n", VETH_HELPER_VERB);
		return EXIT_USAGE;
	}
	return veth_helper(VETH_HELPER_FD, capture_inside);
}
