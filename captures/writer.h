/* The pcap file of a capture: records are gathered in a buffer and written whole.
 *
 * When a write fails the file is cut back to its last whole record, so that what was written
 * stays readable.  Opened and closed by the main thread; put and flush belong to the capture
 * thread in between. */
#pragma once

#include <pcap/pcap.h>

#include "base/file.h"

enum { WRITER_BUFFER_BYTES = 256 * 1024 };

struct pcap_writer {
	struct file_out file;
	int fd; /* of file.stream; not owned */
	uint8_t *buffer;
	size_t used;
	unsigned buffered; /* records in the buffer */
	uint64_t packets;  /* put, less those lost */
	uint64_t bytes;    /* of the file when all is flushed */
	uint64_t dropped;  /* records that could not be written */
	int error;         /* positive errno of the write that failed: nothing more is taken */
};

/* Makes the file under its partial name and writes pcap's header (nanosecond stamps if the handle
 * has them). */
int writer_open(struct pcap_writer *w, pcap_t *pcap, const char *path, bool force, struct err *err);
/* Bytes that one more packet adds to the file. */
size_t writer_record_bytes(const struct pcap_pkthdr *header);
/* 0 or -errno; from the first failure on every packet is counted as dropped. */
int writer_put(struct pcap_writer *w, const struct pcap_pkthdr *header, const uint8_t *bytes);
int writer_flush(struct pcap_writer *w);
/* Flushes what is left and names the file.  A write error met earlier is no failure here: the
 * file holds what could be written. */
int writer_close(struct pcap_writer *w, struct err *err);
/* Throws everything away; accepts a zeroed or closed one. */
void writer_abort(struct pcap_writer *w);
