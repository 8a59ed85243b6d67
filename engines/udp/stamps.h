/* The kernel's times of UDP packets, by SO_TIMESTAMPING (networking/timestamping.rst, Linux 4.13):
 * when a packet arrived, and of chosen packets that are sent when they were handed to the packet
 * scheduler and to the device.  Software times, CLOCK_REALTIME.
 *
 * Arrival comes with each datagram received.  Times of sends come back on the socket's error
 * queue, each with the packet's key: its number among the chosen ones of this socket, from 0 on. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum udp_stamp_at {
	UDP_STAMP_SCHEDULER, /* before it enters the device's queueing discipline, if any */
	UDP_STAMP_DEVICE,    /* the driver is about to take it */
};

struct udp_stamp {
	uint32_t key;
	enum udp_stamp_at at;
	int64_t real_ns;
};

/* Switches them on for this socket, with keys from 0 on; again where they were on: what is on
 * the way comes with old keys.  0, or -errno with *err. */
int udp_stamps_on(int fd, struct err *err);
/* Makes this message a chosen one (or not). */
void udp_stamps_choose(struct msghdr *message, bool chosen);
/* The control of an answer: the address that was asked, where `asked` has one, and whether it is a
 * chosen one.  control: of 2 * UDP_CONTROL_BYTES. */
void udp_stamps_control(struct msghdr *answer, uint8_t *control, struct msghdr *asked, bool chosen);
/* When this message that was received had arrived; 0: it does not say. */
int64_t udp_stamps_arrival(struct msghdr *message);
/* A message of the error queue: is it such a time? */
bool udp_stamps_parse(struct msghdr *message, struct udp_stamp *ret_stamp);
