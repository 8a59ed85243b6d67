/* A program that behaves as the dashboard does towards the test, and nothing else: it shows that
 * the harness sees what it should see. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

/* The cursor is saved and restored between, as ncurses does where it scrolls. */
static void frame(unsigned number, unsigned sample, unsigned keys)
{
	printf("\033[H\033[1;38;5;12mframe\033[m %u, \033[7m\xe2\xa3\xbf keys "
	       "%u\033[m\0337\033[4;1H\0338\033]7701;%u;%u;%u\033\\",
		number, keys, number, sample, keys);
	fflush(stdout);
}

static void enter(void)
{
	struct termios raw;

	tcgetattr(STDIN_FILENO, &before);
	raw = before;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	printf("\033[?1049h\033[?25l\033[?1000h");
}

static void leave(void)
{
	printf("\033[?1000l\033[?25h\033[?1049l");
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

int main(void)
{
	unsigned keys = 0, frames = 0;
	char c;

	enter();
	for (unsigned sample = 1; sample <= 3; sample++)
		frame(++frames, sample, keys);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != 'q') {
		keys++;
		if (c == 26) {
			leave();
			raise(SIGTSTP);
			enter();
		}
		frame(++frames, 3, keys);
	}
	leave();
	return 5;
}
