/* Small files below a root directory, and the load of the machine.  Internal to src/doctor. */
#pragma once

#include "doctor/facts.h"

enum { DOCTOR_PATH_BYTES = 512 };

/* The first line of a file, harmless on a terminal; false, and "", where it cannot be read. */
bool doctor_read_line(const char *root, const char *path, char *out, size_t size);
/* The number at its beginning, or DOCTOR_UNKNOWN. */
int64_t doctor_read_number(const char *root, const char *path);

/* Steal, what others use, and who they are, over look_ns. */
void doctor_read_load(const char *root, int64_t look_ns, struct doctor_facts *facts);
/* Interrupts, queues and offloads of facts->interface. */
void doctor_read_interface(const char *root, struct doctor_facts *facts);
