/* Method send-zc where liburing was missing at build time. */
#include "engines/tcp/uring_send_zc.h"

const struct tcp_sender_method tcp_send_zc = {
	.method = METHOD_MISSING("send-zc", TCP_SEND_ZC_SUMMARY, "liburing", "liburing-dev"),
};
