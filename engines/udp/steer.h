/* Choose the socket of a SO_REUSEPORT group that gets a datagram: classic-BPF programs
 * (SO_ATTACH_REUSEPORT_CBPF, Linux 4.5; socket(7)).  The program sees the UDP payload and returns
 * an index in the order of binds; it needs no privilege.  Building one is pure; attaching belongs
 * to a worker's open(). */
#pragma once

#include <linux/filter.h>

#include "base/err.h"

enum steer { STEER_FLOW, STEER_HASH, STEER_CPU };

enum { STEER_PROGRAM_MAX = 2 * 1024 + 8 };

/* Writes the program for `count` sockets whose workers are pinned on cpus[] (-1: not pinned)
 * into out[STEER_PROGRAM_MAX]; returns its length, 0 where the kernel's own hash does the work.
 * STEER_FLOW: flow id modulo count (datagrams of less than 2 bytes: the first); STEER_CPU: the
 * socket of the CPU that runs the program, CPUs without one modulo count.  count 1..1024. */
unsigned steer_program(enum steer steer, const int *cpus, unsigned count, struct sock_filter *out);

/* Attaches it to the group that fd has joined.  0 or -errno. */
int steer_attach(int fd, enum steer steer, const int *cpus, unsigned count, struct err *err);
