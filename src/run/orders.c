/* Orders from the main thread to the control thread.  See orders.h. */
#include "run/orders.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/* That something came is looked at so often even if nothing says so: the write to the descriptor
 * that says it may fail. */
static const int64_t look_ns = NS_PER_S;

int orders_init(struct order_desk *desk, struct err *err)
{
	*desk = (struct order_desk){ 0 };
	pthread_mutex_init(&desk->mutex, NULL);
	desk->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return desk->fd >= 0 ? 0 : err_sys(err, errno, "session: eventfd");
}

void orders_close(struct order_desk *desk)
{
	if (desk->fd >= 0)
		close(desk->fd);
	pthread_mutex_destroy(&desk->mutex);
}

/* ---- main thread ---- */

static struct run *leave(struct order_desk *desk, struct run *run)
{
	uint64_t one = 1;

	pthread_mutex_unlock(&desk->mutex);
	/* Fails only when the count is full, and then it is readable already. */
	if (write(desk->fd, &one, sizeof(one)) < 0)
		return run;
	return run;
}

static struct run *swap_run(struct order_desk *desk, struct run *run)
{
	struct run *old = desk->run;

	desk->run = run;
	desk->orders.next = run != NULL;
	return old;
}

struct run *orders_put_run(struct order_desk *desk, struct run *run, uint32_t id, uint64_t load, uint64_t min, uint64_t max)
{
	pthread_mutex_lock(&desk->mutex);
	desk->orders.load_run = max ? id : 0;
	desk->orders.load = load;
	desk->load_min = min;
	desk->load_max = max;
	return leave(desk, swap_run(desk, run));
}

struct run *orders_put_stop(struct order_desk *desk, bool immediate)
{
	pthread_mutex_lock(&desk->mutex);
	desk->orders.stop = true;
	desk->orders.immediate |= immediate;
	return leave(desk, swap_run(desk, NULL));
}

struct run *orders_put_quit(struct order_desk *desk)
{
	pthread_mutex_lock(&desk->mutex);
	desk->orders.quit = true;
	return leave(desk, swap_run(desk, NULL));
}

void orders_put_go(struct order_desk *desk, uint32_t run_id)
{
	pthread_mutex_lock(&desk->mutex);
	desk->orders.go = run_id;
	leave(desk, NULL);
}

uint64_t orders_put_load(struct order_desk *desk, uint64_t load)
{
	pthread_mutex_lock(&desk->mutex);
	if (desk->orders.load_run)
		desk->orders.load = load < desk->load_min ? desk->load_min : load > desk->load_max ? desk->load_max : load;
	uint64_t holds = desk->orders.load_run ? desk->orders.load : 0;
	leave(desk, NULL);
	return holds;
}

uint64_t orders_load(struct order_desk *desk, uint64_t *ret_min, uint64_t *ret_max)
{
	pthread_mutex_lock(&desk->mutex);
	bool any = desk->orders.load_run != 0;
	uint64_t holds = any ? desk->orders.load : 0;
	if (any && ret_min)
		*ret_min = desk->load_min;
	if (any && ret_max)
		*ret_max = desk->load_max;
	pthread_mutex_unlock(&desk->mutex);
	return holds;
}

/* ---- control thread ---- */

void orders_read(struct order_desk *desk, struct orders *ret_orders)
{
	pthread_mutex_lock(&desk->mutex);
	*ret_orders = desk->orders;
	pthread_mutex_unlock(&desk->mutex);
}

struct run *orders_take_run(struct order_desk *desk)
{
	pthread_mutex_lock(&desk->mutex);
	struct run *run = swap_run(desk, NULL);
	desk->orders.stop = desk->orders.immediate = false;
	pthread_mutex_unlock(&desk->mutex);
	return run;
}

void orders_run_over(struct order_desk *desk, uint32_t id)
{
	pthread_mutex_lock(&desk->mutex);
	if (desk->orders.load_run == id)
		desk->orders.load_run = 0;
	pthread_mutex_unlock(&desk->mutex);
}

void orders_wait(struct order_desk *desk, int also_fd, int64_t timeout_ns)
{
	int64_t most_ns = timeout_ns < 0 || timeout_ns > look_ns ? look_ns : timeout_ns;
	struct timespec timeout = { .tv_sec = most_ns / NS_PER_S, .tv_nsec = most_ns % NS_PER_S };
	struct pollfd fd[] = { { .fd = desk->fd, .events = POLLIN }, { .fd = also_fd, .events = POLLIN } };
	uint64_t count;

	if (ppoll(fd, 2, &timeout, NULL) <= 0)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (fd[i].revents && read(fd[i].fd, &count, sizeof(count)) < 0)
			continue;
}
