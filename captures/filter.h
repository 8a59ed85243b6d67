/* Filters and options, shared by the parts of a capture.  Pure. */
#pragma once

#include "captures/capture.h"

enum { FILTER_BYTES = 1024 };

/* Names the rule of 1/N sampling, for people: "by the counter in the datagram". */
const char *capture_sampling(const struct capture_request *request);
