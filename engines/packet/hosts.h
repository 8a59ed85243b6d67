/* The hosts that frames are built for: their routes, hardware addresses and templates, each looked
 * up once.  All are reached through one interface, which the first one decides.
 *
 * One owner thread.  Looking a new host up asks the kernel (route.h) and may wait three seconds
 * for a neighbour; finding one that is known is a comparison. */
#pragma once

#include "engines/packet/frame.h"
#include "engines/packet/route.h"

enum { FRAME_HOSTS = 64 };

struct frame_host {
	union net_address to; /* port 0 */
	uint32_t payload_max;
	struct frame_template template;
};

struct frame_hosts {
	const char *method; /* that sends to them, for errors */
	struct router router;
	union net_address from; /* of the socket, with its port */
	union net_address peer; /* of a connected one, else zeroed */
	uint32_t send_bytes;    /* each must take a datagram of this length */
	unsigned interface;     /* that they are reached through; 0: none yet */
	char interface_name[16];
	unsigned count, latest; /* latest: index of the one that was looked for last */
	struct frame_host host[FRAME_HOSTS];
};

struct frame_hosts_config {
	const char *method;
	const struct path *path; /* makes the socket for the router */
	void *path_state;
	enum role role;
	/* UDP: its address and port are where frames come from; it is bound if need be */
	int fd;
	bool connected;
	uint32_t send_bytes;
};

/* 0 or -errno with *err; frame_hosts_close() in any case. */
int frame_hosts_open(struct frame_hosts *h, const struct frame_hosts_config *config, struct err *err);
void frame_hosts_close(struct frame_hosts *h); /* accepts zeroed and half-opened */
/* Makes this host the latest.  0, or -errno with *err: those of router_find(), -EMSGSIZE where
 * send_bytes are too long there, -ENOTSUP for one too many or one behind another interface. */
int frame_hosts_find(struct frame_hosts *h, const union net_address *to, struct err *err);

static inline const struct frame_host *frame_hosts_latest(const struct frame_hosts *h)
{
	return &h->host[h->latest];
}
