/* See reasons.h. */
#include "base/reasons/reasons.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FORMAT_BYTES = 65536, INSTRUCTIONS_MAX = 16 };

struct reasons {
	int map, event; /* -1: not open */
	struct reason_format format;
	uint64_t mark[REASONS_MAX];
};

/* ---- tracefs ---- */

/* One of its own, that is attached nowhere (fsmount(2), Linux >= 5.2). */
static int mount_privately(void)
{
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC), fd = -1, saved;

	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	saved = errno;
	close(context);
	errno = saved;
	return fd;
}

static int open_format(void)
{
	static const char path[] = "events/skb/kfree_skb/format", there[] = "/sys/kernel/tracing";
	int root = open(there, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1, saved;

	if (root >= 0)
		fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (root >= 0)
			close(root);
		root = mount_privately();
		fd = root < 0 ? -1 : openat(root, path, O_RDONLY | O_CLOEXEC);
	}
	saved = errno;
	if (root >= 0)
		close(root);
	errno = saved;
	return fd;
}

/* The kernel writes it anew for each call, so that one call does not give it all. */
static int read_all(int fd, char *out, size_t bytes)
{
	size_t done = 0;
	ssize_t n;

	while ((n = read(fd, out + done, bytes - 1 - done)) > 0)
		done += (size_t)n;
	out[done] = '\0';
	return n < 0 ? -errno : 0;
}

static int read_format(struct reason_format *format, struct err *err)
{
	char *text = malloc(FORMAT_BYTES);
	int fd = text ? open_format() : -1, rc = 0;

	if (!text)
		return err_sys(err, ENOMEM, "read the kernel's drop reasons");
	if (fd < 0 || (rc = read_all(fd, text, FORMAT_BYTES)) < 0)
		rc = err_sys(err, fd < 0 ? errno : -rc, "they need root, and tracefs: tracepoint kfree_skb");
	else if (!reason_format_read(text, format))
		rc = err_say(err, ENOTSUP, "the tracepoint kfree_skb of this kernel gives no reason (Linux 5.17)");
	if (fd >= 0)
		close(fd);
	free(text);
	return rc;
}

/* ---- BPF ---- */

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static struct bpf_insn instruction(int code, unsigned to, unsigned from, int offset, int value)
{
	return (struct bpf_insn){
		.code = (uint8_t)code, .dst_reg = to & 0xfu, .src_reg = from & 0xfu, .off = (int16_t)offset, .imm = value
	};
}

/* key = reason, or 0 beyond the map; if (value = map[key]) ++*value; return 0: nobody else is to
 * see the record. */
static unsigned write_program(const struct reasons *r, struct bpf_insn out[INSTRUCTIONS_MAX])
{
	const struct bpf_insn program[] = {
		instruction(BPF_LDX | BPF_W | BPF_MEM, 2, 1, (int)r->format.offset, 0),
		instruction(BPF_JMP | BPF_JLT | BPF_K, 2, 0, 1, REASONS_MAX),
		instruction(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0),
		instruction(BPF_STX | BPF_W | BPF_MEM, 10, 2, -4, 0),
		instruction(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		instruction(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
		instruction(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, r->map),
		instruction(0, 0, 0, 0, 0),
		instruction(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		instruction(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0),
		instruction(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1),
		instruction(BPF_STX | BPF_DW | BPF_XADD, 0, 1, 0, 0),
		instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	memcpy(out, program, sizeof(program));
	return sizeof(program) / sizeof(program[0]);
}

static int make_map(void)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = sizeof(uint64_t);
	attr.max_entries = REASONS_MAX;
	return bpf(BPF_MAP_CREATE, &attr);
}

static int load_program(const struct reasons *r)
{
	static const char license[] = "Dual MIT/GPL";
	struct bpf_insn program[INSTRUCTIONS_MAX];
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_TRACEPOINT;
	attr.insn_cnt = write_program(r, program);
	attr.insns = (uintptr_t)program;
	attr.license = (uintptr_t)license;
	return bpf(BPF_PROG_LOAD, &attr);
}

/* One event, on any CPU: its program runs on all of them. */
static int open_event(int id)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (uint32_t)id, .sample_period = 1
	};
	int cpu = sched_getcpu();

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu < 0 ? 0 : cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The event keeps the program. */
static int attach(struct reasons *r, struct err *err)
{
	int program = load_program(r), rc = 0;

	if (program < 0)
		return err_sys(err, errno, "load a program of BPF (CAP_BPF, CAP_PERFMON)");
	r->event = open_event(r->format.id);
	if (r->event < 0)
		rc = err_sys(err, errno, "perf_event_open of tracepoint kfree_skb");
	else if (ioctl(r->event, PERF_EVENT_IOC_SET_BPF, program) < 0)
		rc = err_sys(err, errno, "attach a program to tracepoint kfree_skb (CONFIG_BPF_EVENTS)");
	close(program);
	return rc;
}

/* ---- counts ---- */

static int read_count(const struct reasons *r, uint32_t reason, uint64_t *ret_packets)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = (uint32_t)r->map;
	attr.key = (uintptr_t)&reason;
	attr.value = (uintptr_t)ret_packets;
	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) < 0 ? -errno : 0;
}

int reasons_mark(struct reasons *r, struct err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < REASONS_MAX && rc >= 0; i++)
		rc = read_count(r, i, &r->mark[i]);
	return rc < 0 ? err_sys(err, -rc, "read a map of BPF") : 0;
}

/* Before those that have fewer. */
static void insert_reason(struct drop_reasons *d, const char *name, uint64_t packets)
{
	unsigned at = d->count < REASONS_SHOWN ? d->count++ : REASONS_SHOWN - 1;

	if (d->reason[at].packets >= packets)
		return;
	for (; at > 0 && d->reason[at - 1].packets < packets; at--)
		d->reason[at] = d->reason[at - 1];
	memcpy(d->reason[at].name, name, sizeof(d->reason[at].name));
	d->reason[at].packets = packets;
}

void reasons_since(const struct reasons *r, struct drop_reasons *ret_counts)
{
	uint64_t packets = 0;
	char scratch[64];
	int rc = 0;

	*ret_counts = (struct drop_reasons){ .known = true };
	for (uint32_t i = 0; i < REASONS_MAX && rc >= 0; i++) {
		rc = read_count(r, i, &packets);
		if (rc >= 0 && packets > r->mark[i])
			insert_reason(ret_counts, r->format.name[i], packets - r->mark[i]);
	}
	if (rc >= 0)
		return;
	*ret_counts = (struct drop_reasons){ .known = false };
	snprintf(ret_counts->why, sizeof(ret_counts->why), "read a map of BPF: %s", strerror_r(-rc, scratch, sizeof(scratch)));
}

/* ---- life ---- */

int reasons_open(struct reasons **ret_reasons, struct err *err)
{
	struct reasons *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return err_sys(err, ENOMEM, "read the kernel's drop reasons");
	r->map = r->event = -1;
	rc = read_format(&r->format, err);
	if (rc >= 0) {
		r->map = make_map();
		rc = r->map < 0 ? err_sys(err, errno, "make a map of BPF (CAP_BPF)") : attach(r, err);
	}
	if (rc >= 0)
		*ret_reasons = r;
	else
		reasons_close(r);
	return rc;
}

void reasons_close(struct reasons *r)
{
	if (!r)
		return;
	if (r->event >= 0)
		close(r->event);
	if (r->map >= 0)
		close(r->map);
	free(r);
}
