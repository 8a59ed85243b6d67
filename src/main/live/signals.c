/* Signals.  See signals.h. */
#include "main/live/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ui/terminal/terminal.h"

static const int always[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
static const int with_screen[] = { SIGWINCH, SIGTSTP, SIGCONT };
/* All that end a program unasked, and that nothing else here takes. */
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGQUIT, SIGXCPU, SIGUSR2, SIGALRM,
	SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGSTKFLT };
enum { FATALS = sizeof(fatal) / sizeof(fatal[0]) };

static struct sigaction before[FATALS];
static char guard_stack[64 * 1024];

int signals_open(bool screen, struct err *err)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		sigaddset(&set, always[i]);
	/* nohup(1) has asked for this one to be ignored; blocked, it would be delivered all the
	 * same. */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler == SIG_IGN)
		sigdelset(&set, SIGHUP);
	for (size_t i = 0; screen && i < sizeof(with_screen) / sizeof(with_screen[0]); i++)
		sigaddset(&set, with_screen[i]);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return err_sys(err, EINVAL, "block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, errno, "open a descriptor for signals") : fd;
}

void signals_close(int fd)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(with_screen) / sizeof(with_screen[0]); i++)
		sigaddset(&set, with_screen[i]);
	close(fd);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int signals_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* A fault repeats when this returns, and meets the action that was there before (a core dump, a
 * sanitizer's report); what a process or the kernel has sent is sent again. */
static bool is_fault(int signo, const siginfo_t *info)
{
	return info->si_code > 0 && info->si_code != SI_KERNEL &&
	       (signo == SIGSEGV || signo == SIGBUS || signo == SIGFPE || signo == SIGILL);
}

static void on_fatal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	terminal_emergency_restore();
	for (size_t i = 0; i < FATALS; i++)
		if (fatal[i] == signo)
			sigaction(signo, &before[i], NULL);
	if (!is_fault(signo, info))
		raise(signo);
}

void signals_guard_terminal(void)
{
	stack_t stack = { .ss_sp = guard_stack, .ss_size = sizeof(guard_stack) };
	struct sigaction action = { .sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&stack, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < FATALS; i++)
		sigaction(fatal[i], &action, &before[i]);
}
