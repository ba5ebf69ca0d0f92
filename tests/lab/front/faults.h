/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults from below and from the side; both make and remove devices of dom0 themselves. */
#ifndef FRONT_FAULTS_H
#define FRONT_FAULTS_H

#include "vbd.h"

/*
 * For N = 1, 2, 3 and so on the N-th call of a site of lab_fault.ko fails
 * while a device is made, connected, used, closed and
 * removed. Each time the backend either gets on, or says what is wrong; a
 * request is answered; afterwards everything works and nothing is held. Ends
 * when nothing failed any more.
 */
void faults_nth(const struct vbd_args *args, const char *site);

/*
 * @times times a process that makes, connects and loads the device is killed
 * after a random time, and the device removed.
 */
void faults_kill(const struct vbd_args *args, unsigned int times);

/* What faults of all kinds of devices have in common. */
#define FAULTS_MOST_CALLS	400u	/* more than one attempt makes at any site */
#define FAULTS_LEAK_MS		util_patience_ms(10000)

void faults_arm(const char *site, unsigned int n);
void faults_off(void);
unsigned int faults_fired(void);	/* how often since it was armed */

/*
 * Runs @run in a process that is killed after @us, or with 0 once it has written
 * to @ready. How many us it lived.
 */
u64 faults_one_life(struct check *chk, void (*run)(const void *args, int ready), const void *args,
		    u64 us);

#endif
