/* See steer.h. */
#include "engines/udp/steer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { FLOW_BITS = 0x7fff };

static unsigned flow_program(unsigned count, struct sock_filter *out)
{
	/* A load beyond the end of a datagram ends the program with 0. */
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, FLOW_BITS),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	unsigned n = sizeof(program) / sizeof(program[0]);

	for (unsigned i = 0; i < n; i++)
		out[i] = program[i];
	return n;
}

static unsigned cpu_program(const int *cpus, unsigned count, struct sock_filter *out)
{
	unsigned n = 0;

	out[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)(SKF_AD_OFF + SKF_AD_CPU));
	for (unsigned i = 0; i < count; i++) {
		if (cpus[i] < 0)
			continue;
		out[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)cpus[i], 0, 1);
		out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, i);
	}
	out[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count);
	out[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	return n;
}

unsigned steer_program(enum steer steer, const int *cpus, unsigned count, struct sock_filter *out)
{
	switch (steer) {
	case STEER_FLOW:
		return flow_program(count, out);
	case STEER_CPU:
		return cpu_program(cpus, count, out);
	case STEER_HASH:
		break;
	}
	return 0;
}

int steer_attach(int fd, enum steer steer, const int *cpus, unsigned count, struct err *err)
{
	struct sock_filter *code = calloc(STEER_PROGRAM_MAX, sizeof(*code));
	int rc = 0;

	if (!code)
		return err_sys(err, ENOMEM, "steering program");
	struct sock_fprog program = { .len = (unsigned short)steer_program(steer, cpus, count, code), .filter = code };
	if (program.len && setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) < 0)
		rc = err_sys(err, errno, "setsockopt SO_ATTACH_REUSEPORT_CBPF");
	free(code);
	return rc;
}
