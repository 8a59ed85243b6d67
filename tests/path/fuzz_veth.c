/* The words of path veth's helper and of its parent: no bytes make either read what is not there or
 * accept what is not meant.  The first byte says how many descriptors came with the rest. */
#include <stdlib.h>
#include <string.h>

#include "path/veth/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds)
		abort();
}

static void read_request(const uint8_t *bytes, size_t size, unsigned descriptors)
{
	struct veth_request r;

	if (veth_request_read(bytes, size, descriptors, &r) < 0)
		return;
	must(size == sizeof(r) && r.magic == VETH_MAGIC);
	if (r.asked == VETH_TAP)
		must(descriptors == 1 && r.socket.side < VETH_SIDES);
	else if (r.asked == VETH_CAPTURE)
		must(descriptors == 1);
	else
		must(!descriptors && r.shape.mtu_bytes >= VETH_MTU_MIN && r.shape.queues && r.shape.offload < VETH_OFFLOADS);
}

static void read_answer(const uint8_t *bytes, size_t size, unsigned descriptors)
{
	struct veth_answer a;

	if (veth_answer_read(bytes, size, descriptors, &a) < 0)
		return;
	must(memchr(a.text, '\0', sizeof(a.text)) != NULL);
	must(!a.code || !descriptors);
	must(veth_answer_bytes(&a) <= sizeof(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size || !(copy = malloc(size > 1 ? size - 1 : 1)))
		return 0;
	/* Of its own length, so that a read beyond it is seen. */
	memcpy(copy, data + 1, size - 1);
	read_request(copy, size - 1, data[0]);
	read_answer(copy, size - 1, data[0]);
	free(copy);
	return 0;
}
