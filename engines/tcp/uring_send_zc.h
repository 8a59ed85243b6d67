/* Method send-zc: io_uring's SENDMSG_ZC.  See uring_send_zc.c. */
#pragma once

#include "engines/tcp/sender.h"

#define TCP_SEND_ZC_SUMMARY "io_uring's SENDMSG_ZC: zero-copy without an error queue; local paths copy all the same"

extern const struct tcp_sender_method tcp_send_zc;
