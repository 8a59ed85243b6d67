/* See xdp_program.h. */
#include "engines/xdp/xdp_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/packet/frame.h"
#include "engines/xdp/xdp_space.h"

enum { PROGRAM_MOST = 40, PASS_UNKNOWN = 0 };

/* ---- the instructions ---- */

struct program_text {
	struct bpf_insn insn[PROGRAM_MOST];
	unsigned count;
};

static void text_add(struct program_text *t, struct bpf_insn insn)
{
	t->insn[t->count++] = insn;
}

/* r[to] = what stands at offset `at` of r[from]; size: BPF_B, BPF_H, BPF_W. */
static void text_load(struct program_text *t, uint8_t size, uint8_t to, uint8_t from, unsigned at)
{
	text_add(t, (struct bpf_insn){ .code = (uint8_t)(BPF_LDX | size | BPF_MEM),
			    .dst_reg = to & 15,
			    .src_reg = from & 15,
			    .off = (short)at });
}

/* An operation of 64 bits with a number. */
static void text_number(struct program_text *t, uint8_t operation, uint8_t to, unsigned number)
{
	text_add(
		t, (struct bpf_insn){ .code = (uint8_t)(BPF_ALU64 | operation | BPF_K), .dst_reg = to & 15, .imm = (int)number });
}

static void text_copy(struct program_text *t, uint8_t to, uint8_t from)
{
	text_add(t, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to & 15, .src_reg = from & 15 });
}

/* To where the packet is passed on, unless the low 32 bits of the register are that number.  The
 * distance is filled in at the end. */
static void text_pass_unless(struct program_text *t, uint8_t reg, unsigned number)
{
	text_add(t, (struct bpf_insn){
			    .code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = reg & 15, .off = PASS_UNKNOWN, .imm = (int)number });
}

enum { R0, R1, R2, R3, R4, R5, R6 };

/* r5 = a field of the frame, which r2 points to; passed on unless it is that. */
static void text_field(struct program_text *t, uint8_t size, unsigned at, unsigned number)
{
	text_load(t, size, R5, R2, at);
	text_pass_unless(t, R5, number);
}

static uint32_t text_word(const void *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Is it an IPv4 header without options, whole, of UDP, to this address? */
static void text_ipv4(struct program_text *t, const union net_address *to)
{
	enum { IP = FRAME_ETHERNET_BYTES };

	text_field(t, BPF_B, IP, 0x45);
	text_field(t, BPF_B, IP + 9, IPPROTO_UDP);
	text_load(t, BPF_H, R5, R2, IP + 6);
	text_number(t, BPF_AND, R5, htons(0x3fff));
	text_pass_unless(t, R5, 0);
	if (!net_is_any(to))
		text_field(t, BPF_W, IP + 16, to->v4.sin_addr.s_addr);
	text_field(t, BPF_H, IP + FRAME_IPV4_BYTES + 2, to->v4.sin_port);
}

static void text_ipv6(struct program_text *t, const union net_address *to)
{
	enum { IP = FRAME_ETHERNET_BYTES };

	text_field(t, BPF_B, IP + 6, IPPROTO_UDP);
	for (unsigned i = 0; i < 16 && !net_is_any(to); i += 4)
		text_field(t, BPF_W, IP + 24 + i, text_word(to->v6.sin6_addr.s6_addr + i));
	text_field(t, BPF_H, IP + FRAME_IPV6_BYTES + 2, to->v6.sin6_port);
}

static void text_end(struct program_text *t)
{
	unsigned pass = t->count;

	text_number(t, BPF_MOV, R0, XDP_PASS);
	text_add(t, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	/* Forward jumps that do not know how far yet. */
	for (unsigned i = 0; i < pass; i++)
		if ((BPF_CLASS(t->insn[i].code) == BPF_JMP32 || t->insn[i].code == (BPF_JMP | BPF_JGT | BPF_X)))
			t->insn[i].off = (short)(pass - i - 1);
}

static void program_write(struct program_text *t, const union net_address *to, int map_fd)
{
	bool six = to->sa.sa_family == AF_INET6;
	unsigned headers = FRAME_ETHERNET_BYTES + (six ? FRAME_IPV6_BYTES : FRAME_IPV4_BYTES) + FRAME_UDP_BYTES;

	*t = (struct program_text){ 0 };
	text_copy(t, R6, R1);
	text_load(t, BPF_W, R2, R1, offsetof(struct xdp_md, data));
	text_load(t, BPF_W, R3, R1, offsetof(struct xdp_md, data_end));
	text_copy(t, R4, R2);
	text_number(t, BPF_ADD, R4, headers);
	text_add(t, (struct bpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = R4, .src_reg = R3 });
	/* A group's hardware address has this bit. */
	text_load(t, BPF_B, R5, R2, 0);
	text_number(t, BPF_AND, R5, 1);
	text_pass_unless(t, R5, 0);
	text_field(t, BPF_H, 12, htons(six ? ETH_P_IPV6 : ETH_P_IP));
	(six ? text_ipv6 : text_ipv4)(t, to);
	/* return bpf_redirect_map(map, ctx->rx_queue_index, XDP_PASS) */
	text_load(t, BPF_W, R2, R6, offsetof(struct xdp_md, rx_queue_index));
	text_add(t, (struct bpf_insn){
			    .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = R1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd });
	text_add(t, (struct bpf_insn){ 0 });
	text_number(t, BPF_MOV, R3, XDP_PASS);
	text_add(t, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map });
	text_add(t, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
	text_end(t);
}

/* ---- one program ---- */

struct xdp_program {
	/* what it is for: the same for all that share it */
	uint64_t space; /* SO_NETNS_COOKIE, Linux 5.14; 0: not known */
	unsigned interface;
	union net_address to;
	/* guarded by the table's lock */
	unsigned users;
	int map_fd, program_fd, link_fd;
	enum xdp_hook hook;
	struct xdp_program *next;
};

static struct {
	pthread_mutex_t lock;
	struct xdp_program *first;
} programs = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int program_refused(int errnum, const char *what, struct err *err)
{
	if (errnum == EPERM || errnum == EACCES)
		return err_say(err, errnum, "%s needs CAP_BPF and CAP_NET_ADMIN: run it as root", what);
	return err_sys(err, errnum, "%s", what);
}

static int program_load(struct xdp_program *p, struct err *err)
{
	struct program_text text;

	p->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "netdyno_xsks", sizeof(uint32_t), sizeof(uint32_t), XDP_QUEUES_MAX, NULL);
	if (p->map_fd < 0)
		return program_refused(-p->map_fd, "an XDP program", err);
	program_write(&text, &p->to, p->map_fd);
	p->program_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "netdyno", "Dual MIT/GPL", text.insn, text.count, NULL);
	return p->program_fd < 0 ? program_refused(-p->program_fd, "an XDP program", err) : 0;
}

static void program_close_parts(struct xdp_program *p)
{
	const int all[] = { p->link_fd, p->program_fd, p->map_fd };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] >= 0)
			close(all[i]);
}

bool xdp_program_probe(char *why, size_t size)
{
	struct xdp_program p = { .to.v4 = { .sin_family = AF_INET }, .map_fd = -1, .program_fd = -1, .link_fd = -1 };
	struct err err = ERR_NONE;
	int rc = program_load(&p, &err);

	program_close_parts(&p);
	if (rc < 0)
		snprintf(why, size, "%s", err.text);
	return rc >= 0;
}

/* ---- attaching ---- */

/* -EBUSY with the name of the program that the device has. */
static int program_say_taken(unsigned interface, const char *name, struct err *err)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = { 0 };
	uint32_t bytes = sizeof(info);
	int fd = -1;

	if (bpf_xdp_query((int)interface, 0, &query) == 0 && query.prog_id)
		fd = bpf_prog_get_fd_by_id(query.prog_id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &bytes);
		close(fd);
	}
	return err_say(err, EBUSY,
		"%s has an XDP program already (\"%s\", id %u): take it off first (ip link set dev %s xdp off)", name,
		*info.name ? info.name : "no name", query.prog_id, name);
}

/* Native where the device can, else generic, which no driver refuses: EINVAL then is of a kernel
 * that does not know such links, or of a device that is not there (bpf_xdp_link_attach() in
 * net/core/dev.c). */
static int program_attach_here(struct xdp_program *p, const char *name, struct err *err)
{
	static const struct {
		enum xdp_hook hook;
		uint32_t flag;
	} ways[] = { { XDP_HOOK_NATIVE, XDP_FLAGS_DRV_MODE }, { XDP_HOOK_GENERIC, XDP_FLAGS_SKB_MODE } };
	int fd = -1;

	for (unsigned i = 0; i < 2 && fd < 0 && fd != -EBUSY && fd != -EEXIST; i++) {
		LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = ways[i].flag);

		fd = bpf_link_create(p->program_fd, (int)p->interface, BPF_XDP, &opts);
		p->hook = ways[i].hook;
	}
	p->link_fd = fd < 0 ? -1 : fd;
	if (fd == -EBUSY || fd == -EEXIST)
		return program_say_taken(p->interface, name, err);
	if (fd == -EINVAL)
		return err_say(err, EINVAL,
			"attach an XDP program to %s by a link, native or generic: Invalid argument: "
			"there is no %s any more, or Linux is older than 5.9",
			name, name);
	return fd < 0 ? err_sys(err, -fd, "attach an XDP program to %s", name) : 0;
}

static int program_attach(struct xdp_program *p, int socket_fd, const char *name, struct err *err)
{
	int home, rc = xdp_space_enter(socket_fd, &home, err), back;

	if (rc < 0)
		return rc;
	rc = program_attach_here(p, name, err);
	back = xdp_space_leave(home, err);
	return rc < 0 ? rc : back;
}

/* ---- the table ---- */

static struct xdp_program *program_find(const struct xdp_program *like)
{
	struct xdp_program *p = programs.first;

	while (p && (!like->space || p->space != like->space || p->interface != like->interface ||
			    memcmp(&p->to, &like->to, net_address_bytes(&like->to)) != 0))
		p = p->next;
	return p;
}

static int program_add(
	const struct xdp_program *like, int socket_fd, const char *name, struct xdp_program **ret_program, struct err *err)
{
	struct xdp_program *p = malloc(sizeof(*p));
	int rc;

	if (!p)
		return err_sys(err, ENOMEM, "an XDP program");
	*p = *like;
	rc = program_load(p, err);
	if (rc >= 0)
		rc = program_attach(p, socket_fd, name, err);
	if (rc < 0) {
		program_close_parts(p);
		free(p);
		return rc;
	}
	p->next = programs.first;
	programs.first = p;
	*ret_program = p;
	return 0;
}

int xdp_program_open(int socket_fd, unsigned interface, const char *name, const union net_address *to,
	struct xdp_program **ret_program, struct err *err)
{
	struct xdp_program like = { .interface = interface, .to = *to, .map_fd = -1, .program_fd = -1, .link_fd = -1 };
	socklen_t size = sizeof(like.space);
	struct xdp_program *p;
	int rc = 0;

	if (getsockopt(socket_fd, SOL_SOCKET, SO_NETNS_COOKIE, &like.space, &size) < 0)
		like.space = 0;
	pthread_mutex_lock(&programs.lock);
	/* It would write to the terminal. */
	libbpf_set_print(NULL);
	p = program_find(&like);
	if (!p)
		rc = program_add(&like, socket_fd, name, &p, err);
	if (rc >= 0) {
		p->users++;
		*ret_program = p;
	}
	pthread_mutex_unlock(&programs.lock);
	return rc;
}

void xdp_program_close(struct xdp_program *p)
{
	struct xdp_program **at = &programs.first;

	if (!p)
		return;
	pthread_mutex_lock(&programs.lock);
	if (--p->users == 0) {
		while (*at != p)
			at = &(*at)->next;
		*at = p->next;
		program_close_parts(p);
		free(p);
	}
	pthread_mutex_unlock(&programs.lock);
}

enum xdp_hook xdp_program_hook(const struct xdp_program *p)
{
	return p->hook;
}

int xdp_program_set_socket(struct xdp_program *p, unsigned queue, int xsk_fd, struct err *err)
{
	int rc = bpf_map_update_elem(p->map_fd, &queue, &xsk_fd, BPF_ANY);

	return rc < 0 ? err_sys(err, -rc, "give queue %u its AF_XDP socket", queue) : 0;
}
