/* The addresses of an IP mode: its servers listen there, its clients send there (--role, --host,
 * --listen, --port).  Main thread. */
#pragma once

#include "engines/net/net.h"
#include "mode/plan.h"

enum { ENDPOINTS_LISTEN_MAX = 4 };

struct endpoints {
	int type; /* SOCK_DGRAM, SOCK_STREAM */
	unsigned listens;
	/* servers; port 0: any, whoever binds first fills it in */
	union net_address listen[ENDPOINTS_LISTEN_MAX];
	union net_address host; /* clients; the same with both roles */
	bool host_is_ours;      /* both roles */
};

/* Resolves the options; fills the plan's family, interface and (clients alone) ports, and notes
 * what other hosts can reach.  The port is 5000 by default, with both roles any free one.
 * -EINVAL for what the user can mend; *ret_endpoints untouched then. */
int endpoints_plan(const struct options *o, int type, struct plan *plan, struct endpoints *ret_endpoints, struct err *err);
/* The plan gets to know how many fragments a datagram of so many bytes to this address goes as:
 * what the route's MTU is says a socket of the client's side.  In open() of the first client. */
void endpoints_fragments(struct plan *plan, const union net_address *to, uint32_t datagram_bytes);
/* The servers listen, at a port that was perhaps chosen only now: the plan and the clients get to
 * know it.  In open() of the first server. */
void endpoints_publish(struct endpoints *e, struct plan *plan);
