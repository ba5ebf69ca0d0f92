/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENBECTL_H
#define XENBECTL_H

#include <jansson.h>
#include <stdbool.h>

#include "../lib/store.h"

bool arg_is_json(void);

/* The commands: exit status, or a negative error number after a message. */
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* Everything that there is, as gather() has it; NULL after a message. */
json_t *gather_all(bool *ret_daemon);

/* ---- ask.c ----------------------------------------------------------------------------------------- */

/* What xen-hotplugd answers to a verb; -ECONNREFUSED and the like: it does not. To be freed. */
int ask_daemon(const char *verb, char **ret_text);

/* ---- gather.c -------------------------------------------------------------------------------------- */

/*
 * All vifs and disks of this domain's backends, as a JSON array. Each has "name",
 * "domid", "devid", "kind", its keys as "backend", its other end's state as
 * "frontend_state", what the drivers of both ends have last complained of as "error" and
 * "frontend_error", and as "daemon" what xen-hotplugd says of it. What QEMU emulates has
 * "emulated", and of the keys the bridge and the script. NULL: no memory.
 */
json_t *gather(struct store *store, bool *ret_daemon);

/* "connected" and the like, of a state's number. */
const char *state_name(const char *state);

#endif
