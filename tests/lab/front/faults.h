/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults from below and from the side; both make and remove devices of dom0 themselves. */
#ifndef FRONT_FAULTS_H
#define FRONT_FAULTS_H

#include "dev.h"
#include "util.h"

/* How far an attempt came: what has to work afterwards with the same device. */
enum faults_stage {
	FAULTS_NOT_BOUND,	/* the driver did not take the device */
	FAULTS_NOT_OPEN,	/* it did not get the disk */
	FAULTS_DISTURBED,	/* something was refused: the device has to take another try */
	FAULTS_SMOOTH,		/* it got on */
};

/* One kind of device: struct vbd with struct vbd_args, or struct vif with struct vif_args. */
struct faults_kind {
	const char *type;	/* in xenstore: "vbd" */
	size_t size, args_size;	/* of a device, of its arguments */
	/* Makes it and uses it, while something fails. */
	enum faults_stage (*attempt)(void *device, const void *args, struct store *st,
				     struct check *chk);
	/* With nothing failing any more: what was refused serves, and the device goes. */
	void (*all_is_well)(void *device, enum faults_stage stage);
	/* Makes one, sees that it serves, and removes it. */
	void (*serves)(void *device, const void *args, struct store *st, struct check *chk);
	/* In a process of its own: makes one, writes a byte to @ready, uses it until killed. */
	void (*victim)(const void *args, int ready);
	/* Another combination of what a frontend may choose. */
	void (*vary)(void *args, struct rng *rng);
};

/*
 * For N = 1, 2, 3 and so on the N-th call of a site of lab_fault.ko fails
 * while a device is made, connected, used, closed and
 * removed. Each time the backend either gets on, or says what is wrong; a
 * request is answered; afterwards everything works and nothing is held. Ends
 * when nothing failed any more.
 */
void faults_nth(const struct faults_kind *kind, const void *args, u64 seed, const char *site);

/*
 * @times times a process that makes, connects and loads the device @devid is killed
 * after a random time, and the device removed.
 */
void faults_kill(const struct faults_kind *kind, const void *args, unsigned int devid, u64 seed,
		 unsigned int times);

/* For kinds: @state is what dev_wait_told() said. False if it neither got there nor said why. */
bool faults_got_there(struct dev *dev, int state, const char *where);

/* Whether the backend connects, be it after an error. If not, it has let go of all. */
bool faults_await_connected(struct dev *dev);

#endif
