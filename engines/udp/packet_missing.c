/* Method packet where libmnl was missing at build time: see packet.h. */
#include "engines/udp/packet.h"

const struct udp_method udp_packet = { .method = UDP_PACKET_METHOD };
