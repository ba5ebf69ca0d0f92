/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks on other machines: iSCSI, NBD and RBD, through the kernel's own initiators
 * and the tools that set these up. What `params` says is judged in target_parse.c,
 * which is pure; what each kind does is vbd_iscsi.c, vbd_nbd.c and vbd_rbd.c; how it
 * gets on is vbd_target.c.
 */
#ifndef HOTPLUGD_TARGET_H
#define HOTPLUGD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/exec.h"
#include "parse.h"

/* ---- target_parse.c -------------------------------------------------------------------------------- */

enum target_kind { TARGET_ISCSI, TARGET_NBD, TARGET_RBD, TARGET_NR_KINDS };

#define TARGET_NAME_MAX	256u

/* Each value fits an argument of the tool as it is, and none begins with '-'. */
struct target {
	enum target_kind kind;
	union {
		struct {
			char iqn[TARGET_NAME_MAX];
			char portal[64];		/* address and port as iscsiadm has them */
			bool multipath;
		} iscsi;
		struct {
			char host[TARGET_NAME_MAX];
			char port[16];
			char name[TARGET_NAME_MAX];	/* empty: the server's default */
		} nbd;
		struct {
			char image[TARGET_NAME_MAX];	/* [POOL/[NAMESPACE/]]IMAGE[@SNAPSHOT] */
			char id[64];			/* empty: the tool's default */
		} rbd;
	};
};

/* "block-iscsi" and so on. */
const char *target_script(enum target_kind kind);
/* The kind that a script's path or name stands for; false: it is none of these. */
bool target_from_script(const char *script, enum target_kind *ret_kind);

/* What `params` of such a disk says. */
int target_parse(enum target_kind kind, const char *params, struct target *ret_target,
		 struct why *why);

/* One line that is the same for what is known to be the same disk. */
#define TARGET_LINE_MAX	600u
void target_line(const struct target *target, char line[TARGET_LINE_MAX]);

/* What is kept of a connection that is made, or to be made: one line, and back. */
int target_note(enum target_kind kind, const char *node, const char *seen, const char *params,
		char *note, size_t size);
bool target_from_note(const char *note, enum target_kind *ret_kind, char node[64], char seen[32],
		      const char **ret_params);

/* ---- one that comes or goes: vbd_target.c ---------------------------------------------------------- */

struct device;
struct hotplug;

enum target_next {
	TARGET_RUN,	/* the tool in `argv`; its end is in `end` at the next call */
	TARGET_LATER,	/* something has to appear or to go by itself */
	TARGET_DONE,
};

#define TARGET_ARGS_MAX	12u

struct target_run {
	struct device *device;
	struct target target;
	bool readonly;
	bool recorded;			/* xenstore has it: there may be something to take back */
	char node[64];			/* the block device, once it is known */
	char seen[32];			/* tells it from a later one of that name; may be empty */
	/* what stands in the way is somebody else's: nothing to take back */
	bool foreign;
	unsigned int step;		/* of the kind's own counting, from 0 */
	bool ran;			/* `end` is there and new */
	struct exec_end end;
	const char *argv[TARGET_ARGS_MAX];
};

/*
 * What a kind can do. Both are called again and again until they say TARGET_DONE, or
 * give an error with a reason.
 */
struct target_ops {
	int (*connect)(struct target_run *run, struct why *why);
	int (*disconnect)(struct target_run *run, struct why *why);
};
extern const struct target_ops target_iscsi, target_nbd, target_rbd;

/* True if another device of ours is about to connect this node. */
bool target_is_taken(const struct target_run *run, const char *node);

/* The tool ended with an error: says so, with its own last words. -EIO. */
int target_tool_failed(const struct target_run *run, struct why *why);

/* The first line of a file in sysfs; false if there is none. */
bool target_read_line(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Forgets what is under way, and kills the tool that runs for it. */
void target_stop(struct device *device);

/*
 * One step towards connected; 1: it is, @node is the block device and *@ret_fd has it
 * open. 0: it goes on, and the device is looked at again. What had been done when it
 * failed has been taken back then.
 */
int target_connect(struct device *device, const struct target *target, const char *params,
		   bool readonly, char node[64], int *ret_fd, struct why *why);

/* One step towards gone; 1: nothing of ours is there. */
int target_disconnect(struct device *device, struct why *why);

/* Calls @found with the owner of each connection that we have made, by what is kept in xenstore. */
void target_each(struct hotplug *hotplug, void (*found)(const char *owner, void *userdata),
		 void *userdata);

#endif
