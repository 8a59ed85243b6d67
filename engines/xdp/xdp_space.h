/* The network namespace of a socket, entered for a moment: attaching a program names a device by
 * its number in the namespace of the thread that asks, and path veth has its devices elsewhere.
 *
 * Where the socket is in the thread's own namespace nothing happens.  Else it takes CAP_NET_ADMIN
 * over the socket's namespace (SIOCGSKNS, Linux 4.9) and CAP_SYS_ADMIN (setns(2)): root, that is.
 * Other threads stay where they are. */
#pragma once

#include "base/err.h"

/* 0, and *ret_home is for xdp_space_leave(); or -errno with *err, and nothing has happened. */
int xdp_space_enter(int socket_fd, int *ret_home, struct err *err);
/* Back.  0 or -errno with *err: then the thread must not go on. */
int xdp_space_leave(int home, struct err *err);
