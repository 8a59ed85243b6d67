/* Method uring where liburing was missing at build time: see uring.h. */
#include "engines/udp/uring.h"

const struct udp_method udp_uring = { .method = UDP_URING_METHOD(UDP_URING_SUMMARY) };
