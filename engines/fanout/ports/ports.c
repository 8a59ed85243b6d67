/* See ports.h. */
#include "engines/fanout/ports/ports.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

int fanout_recv_nothing(struct udp_port *port, unsigned max, struct udp_datagram **ret_burst, struct err *err)
{
	(void)port, (void)max, (void)ret_burst, (void)err;
	return 0;
}

int fanout_reply_nothing(struct udp_port *port, const struct udp_reply *replies, unsigned count, struct err *err)
{
	(void)replies, (void)count;
	return err_say(err, EOPNOTSUPP, "%s only sends", port->ran);
}

void fanout_release_nothing(struct udp_port *port)
{
	(void)port;
}

bool fanout_can_segment(char *why, size_t size)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 1000;
	bool can = fd >= 0 && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &bytes, sizeof(bytes)) == 0;

	if (!can)
		snprintf(why, size, "needs Linux 4.18 (UDP_SEGMENT)");
	if (fd >= 0)
		close(fd);
	return can;
}

int fanout_segment(int fd, uint32_t bytes, struct err *err)
{
	int value = (int)bytes;

	if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, sizeof(value)) < 0)
		return err_sys(err, errno, "setsockopt UDP_SEGMENT %u", bytes);
	return 0;
}
