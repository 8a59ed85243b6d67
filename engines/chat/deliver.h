/* How the members of a room get what is in its log: between room.c and deliver.c.  Owner: the
 * loop's worker. */
#pragma once

#include "engines/chat/room.h"

/* Drops what members that are behind have not taken of the records before `first`, and a little
 * more, so that this is not asked for every line; returns up to where. */
uint64_t deliver_give_up(struct chat_room *r, uint64_t first);
/* Counts what it is owed up to now, if it waits. */
void deliver_settle(struct chat_room *r, struct chat_member *m);
/* A member goes: it is no longer behind. */
void deliver_forget(struct chat_room *r, struct chat_member *m);
