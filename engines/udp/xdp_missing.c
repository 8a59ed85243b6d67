/* Method xdp where libxdp, libbpf or libmnl was missing at build time: see xdp.h. */
#include "engines/udp/xdp.h"

const struct udp_method udp_xdp = { .method = UDP_XDP_METHOD };
