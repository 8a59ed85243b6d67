/* See ports.h. */
#include "engines/fanout/ports/ports.h"

#include <errno.h>

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
