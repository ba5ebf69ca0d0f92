// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients: the scripts that wait for a device, and xenbectl. A request stays in
 * the socket until it is answered, and the socket is kept by systemd: a daemon
 * that is started again finds it, and nobody has noticed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "../lib/cleanup.h"
#include "../lib/log.h"
#include "../lib/str.h"
#include "hotplugd.h"
#include "report.h"
#include "request.h"

#define CLIENTS_MAX	512u	/* a script of libxl lives 40 s at most */
/*
 * Who waits longer is kept by systemd. Before that it costs more than the plug; a script whose
 * daemon dies meanwhile sees it, and asks again.
 */
#define KEEP_US		250000u
#define REPORT_PART	32768u	/* what xenbectl reads at a time is twice that */

struct client {
	struct client *next;		/* of the server's */
	struct client *next_waiting;	/* of the same device's */
	struct server *server;
	struct device *device;		/* it waits for */
	sd_event_source *io, *keep;
	int fd;
	bool plug;			/* what it waits for */
	char store_name[24];		/* under which systemd keeps it; empty: it does not */
	char *report;			/* what it is told, and how much of that is sent */
	size_t len, sent;
};

struct server {
	struct hotplug *hotplug;
	sd_event_source *io;
	int fd;
	struct client *clients;
	unsigned int n;
	unsigned int next_name;
};

/* ---- clients --------------------------------------------------------------------------------------- */

static void forget_device(struct client *client)
{
	struct client **p;

	if (!client->device)
		return;
	for (p = &client->device->clients; *p != client; p = &(*p)->next_waiting)
		;
	*p = client->next_waiting;
	client->device = NULL;
}

static void client_free(struct client *client)
{
	struct client **p;
	char text[64];

	forget_device(client);
	for (p = &client->server->clients; *p != client; p = &(*p)->next)
		;
	*p = client->next;
	client->server->n--;
	if (client->store_name[0]) {
		snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", client->store_name);
		(void)sd_notify(false, text);
	}
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->keep);
	close(client->fd);
	free(client->report);
	free(client);
}

/*
 * Takes the request off the socket once it is answered: it is not there any more for whoever
 * comes after us, and a socket that is closed with something in it throws our answer away.
 */
static void take_off(struct client *client)
{
	char request[REQUEST_MAX];

	(void)recv(client->fd, request, sizeof(request), MSG_DONTWAIT);
}

static void answer(struct client *client, const char *text)
{
	/* Who has gone meanwhile does not want to know. */
	(void)send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	take_off(client);
}

static void answer_error(struct client *client, const char *error)
{
	char text[512];

	snprintf(text, sizeof(text), "error %s", error);
	answer(client, text);
	client_free(client);
}

void clients_done(struct device *device, bool plugged, const char *error)
{
	while (device->clients) {
		struct client *client = device->clients;

		if (error || client->plug != plugged) {
			answer_error(client, error ? error : plugged ?
				     "it has been asked for again meanwhile" :
				     "it has been removed meanwhile");
		} else {
			answer(client, "ok");
			client_free(client);
		}
	}
}

void client_wait(struct client *client, struct device *device)
{
	client->device = device;
	client->next_waiting = device->clients;
	device->clients = client;
}

/* ---- requests -------------------------------------------------------------------------------------- */

static void take_device_request(struct client *client, const struct request *request)
{
	struct hotplug *hotplug = client->server->hotplug;
	struct device *device;
	int r = device_get(hotplug, request->kind, request->domid, request->devid, request->emu,
			   &device);

	if (r < 0) {
		answer_error(client, r == -ENOSPC ? "there are too many devices" : "there is no memory");
		return;
	}
	client->plug = request->verb == VERB_PLUG;
	if (request->kind == KIND_VIF && client->plug)
		device->mode_known = vif_mode_from_script(request->script, &device->mode);
	if (client->plug)
		device_plug(device, client);
	else
		device_unplug(device, client);
}

/* As much as the socket takes; the rest when it takes more. */
static void send_report(struct client *client)
{
	while (client->sent < client->len) {
		const size_t left = client->len - client->sent;
		const size_t part = left < REPORT_PART ? left : REPORT_PART;
		const ssize_t n = send(client->fd, client->report + client->sent, part,
				       MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			(void)sd_event_source_set_io_events(client->io, EPOLLOUT | EPOLLRDHUP);
			return;
		}
		if (n < 0)
			break;
		client->sent += (size_t)n;
	}
	client_free(client);
}

/* Steals @text. Whoever is in the middle of it asks again if we die: nobody else could go on. */
static void take_report(struct client *client, char *text)
{
	if (!text) {
		answer_error(client, "there is no memory");
		return;
	}
	client->keep = sd_event_source_disable_unref(client->keep);
	take_off(client);
	client->report = text;
	client->len = strlen(text);
	send_report(client);
}

static void take_request(struct client *client)
{
	char data[REQUEST_MAX];
	const ssize_t len = recv(client->fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT |
				 MSG_TRUNC);
	struct request request;
	struct why why;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		client_free(client);
		return;
	}
	if ((size_t)len > sizeof(data) || request_parse(data, (size_t)len, &request, &why) < 0) {
		answer_error(client, (size_t)len > sizeof(data) ? "the request is too long" : why.text);
		return;
	}
	/*
	 * It stays in the socket, so there is nothing to wake up for until the other end
	 * has gone.
	 */
	(void)sd_event_source_set_io_events(client->io, EPOLLRDHUP);
	switch (request.verb) {
	case VERB_PLUG:
	case VERB_UNPLUG:
		take_device_request(client, &request);
		return;
	case VERB_LIST:
		take_report(client, report_list(client->server->hotplug));
		return;
	case VERB_METRICS:
		take_report(client, report_metrics(client->server->hotplug));
		return;
	}
}

/* Only root: whoever may ask for this may as well do it himself. */
static bool is_root(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct client *client = userdata;

	/* A script that was killed: what it has asked for is done all the same. */
	if (revents & (EPOLLHUP | EPOLLERR | EPOLLRDHUP) && !(revents & EPOLLIN))
		client_free(client);
	else if (client->report)
		send_report(client);
	else
		take_request(client);
	return 0;
}

/* Gives systemd a copy, to be had back after a restart. */
static int on_keep(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct client *client = userdata;
	char text[64];

	snprintf(client->store_name, sizeof(client->store_name), "client-%d-%u", (int)getpid(),
		 client->server->next_name++);
	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", client->store_name);
	(void)sd_pid_notify_with_fds(0, false, text, &client->fd, 1);
	return 0;
}

/* A client is new, or has been kept under a name. Steals @fd if all goes well. */
static int client_new(struct server *server, int fd, const char *store_name)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return -ENOMEM;
	r = sd_event_add_io(server->hotplug->event, &client->io, fd, EPOLLIN, on_client, client);
	if (r >= 0 && !store_name)
		r = sd_event_add_time_relative(server->hotplug->event, &client->keep,
					       CLOCK_MONOTONIC, KEEP_US, 0, on_keep, client);
	if (r < 0) {
		sd_event_source_disable_unref(client->io);
		free(client);
		return r;
	}
	client->server = server;
	client->fd = fd;
	if (store_name)
		(void)str_copy(client->store_name, sizeof(client->store_name), store_name);
	client->next = server->clients;
	server->clients = client;
	server->n++;
	return 0;
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t revents, void *userdata)
{
	struct server *server = userdata;
	_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return 0;
	if (server->n >= CLIENTS_MAX || !is_root(fd)) {
		log_warning("A connection is refused: %s", server->n >= CLIENTS_MAX ? "there are too many" :
			    "it is not root's");
		return 0;
	}
	if (client_new(server, fd, NULL) >= 0)
		(void)TAKE_FD(fd);
	return 0;
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

int server_open(struct hotplug *hotplug, int listen_fd, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->hotplug = hotplug;
	server->fd = listen_fd;
	r = sd_event_add_io(hotplug->event, &server->io, listen_fd, EPOLLIN, on_connection, server);
	if (r < 0) {
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

int server_adopt(struct server *server, int fd, const char *name)
{
	if (!is_root(fd))
		return -EPERM;
	return client_new(server, fd, name);
}

void server_close(struct server *server)
{
	if (!server)
		return;
	/* Not answered: systemd has them, and the next one of us answers. */
	while (server->clients) {
		server->clients->store_name[0] = '\0';
		client_free(server->clients);
	}
	sd_event_source_disable_unref(server->io);
	close(server->fd);
	free(server);
}
