/* The pcap file: see writer.h. */
#include "captures/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record of a pcap file, in the byte order of the magic number (pcap-savefile(5)); `part` is
 * ns or us, as the magic says. */
struct record {
	uint32_t seconds, part, captured, wire;
};

/* libpcap writes the header: it knows the magic number and the number of the link type in files. */
static int write_header(struct pcap_writer *w, pcap_t *pcap, struct err *err)
{
	struct stat st;

	if (fstat(w->fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_say(err, EINVAL, "capture: %s is not a regular file", w->file.path);
	pcap_dumper_t *dumper = pcap_dump_fopen(pcap, w->file.stream);
	if (!dumper) {
		w->file.stream = NULL; /* libpcap has closed it */
		return err_say(err, EIO, "capture: write %s: %s", w->file.path, pcap_geterr(pcap));
	}
	/* The dumper is the stream itself; closing the stream closes it. */
	if (pcap_dump_flush(dumper) < 0)
		return err_sys(err, errno, "capture: write %s", w->file.path);
	w->bytes = sizeof(struct pcap_file_header);
	return 0;
}

int writer_open(struct pcap_writer *w, pcap_t *pcap, const char *path, bool force, struct err *err)
{
	*w = (struct pcap_writer){ .fd = -1 };
	if (!strcmp(path, "-"))
		return err_say(err, EINVAL, "capture: needs the name of a file");
	int r = file_begin_recording(&w->file, path, force, err);
	if (r < 0)
		return r;
	w->fd = fileno(w->file.stream);
	w->buffer = malloc(WRITER_BUFFER_BYTES);
	r = w->buffer ? write_header(w, pcap, err) : err_sys(err, ENOMEM, "capture: write %s", path);
	if (r < 0)
		writer_abort(w);
	return r;
}

size_t writer_record_bytes(const struct pcap_pkthdr *header)
{
	return sizeof(struct record) + header->caplen;
}

static size_t write_all(struct pcap_writer *w)
{
	size_t done;

	w->error = -file_write_fully(w->fd, w->buffer, w->used, &done);
	return done;
}

/* Counts the records that lie whole within the `done` bytes that reached the file; returns their
 * bytes. */
static size_t whole_records(const struct pcap_writer *w, size_t done, unsigned *ret_records)
{
	size_t at = 0;

	for (*ret_records = 0; at < done; (*ret_records)++) {
		struct record record;

		memcpy(&record, w->buffer + at, sizeof(record));
		if (at + sizeof(record) + record.captured > done)
			break;
		at += sizeof(record) + record.captured;
	}
	return at;
}

static void cut_back(struct pcap_writer *w, size_t done)
{
	unsigned kept;
	uint64_t before = w->bytes - w->used;
	size_t whole = whole_records(w, done, &kept);

	w->bytes = before + whole;
	w->packets -= w->buffered - kept;
	w->dropped += w->buffered - kept;
	/* A device cannot be cut; then the last record is a torn one, which readers report and
	 * survive. */
	if (ftruncate(w->fd, (off_t)w->bytes) == 0)
		lseek(w->fd, (off_t)w->bytes, SEEK_SET);
}

int writer_flush(struct pcap_writer *w)
{
	if (w->error)
		return -w->error;
	size_t done = write_all(w);
	if (w->error)
		cut_back(w, done);
	w->used = 0;
	w->buffered = 0;
	return -w->error;
}

int writer_put(struct pcap_writer *w, const struct pcap_pkthdr *header, const uint8_t *bytes)
{
	struct record record = { (uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, header->caplen, header->len };
	size_t need = writer_record_bytes(header);

	if (w->used + need > WRITER_BUFFER_BYTES)
		writer_flush(w);
	if (w->error || need > WRITER_BUFFER_BYTES) {
		w->dropped++;
		return w->error ? -w->error : -EMSGSIZE;
	}
	memcpy(w->buffer + w->used, &record, sizeof(record));
	memcpy(w->buffer + w->used + sizeof(record), bytes, header->caplen);
	w->used += need;
	w->buffered++;
	w->packets++;
	w->bytes += need;
	return 0;
}

int writer_close(struct pcap_writer *w, struct err *err)
{
	if (!w->file.stream)
		return 0;
	writer_flush(w);
	int r = file_commit(&w->file, err);
	writer_abort(w);
	return r;
}

void writer_abort(struct pcap_writer *w)
{
	file_abort(&w->file);
	free(w->buffer);
	w->buffer = NULL;
	w->fd = -1;
}
