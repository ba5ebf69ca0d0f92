#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""store-errors.py LISTEN SERVER ORDER FIRED: stands between a program and xenstored, and answers one request itself.

Listens at LISTEN and passes everything on to xenstored at SERVER. The file ORDER has "ERROR N TAG": the Nth request
from when a new TAG is there is answered with that error (EIO, EACCES and so on) in xenstored's place; then the TAG is
written to FIRED. Messages are those of Xen's public/io/xs_wire.h: a header of four u32 (type, request, transaction,
length) and its payload.
"""
import os
import socket
import struct
import sys
import threading

XS_TRANSACTION_END = 7
XS_ERROR = 16
HEADER = struct.Struct("=IIII")

listen_at, server_at, order_file, fired_file = sys.argv[1:]
lock = threading.Lock()
order = {"tag": None, "error": None, "left": 0}


def error_of_this_request():
    with lock:
        try:
            with open(order_file, encoding="ascii") as file:
                error, n, tag = file.read().split()
        except (OSError, ValueError):
            return None
        if tag != order["tag"]:
            order.update(tag=tag, error=error, left=int(n))
        order["left"] -= 1
        if order["left"] != 0:
            return None
        with open(fired_file + ".new", "w", encoding="ascii") as file:
            file.write(tag)
        os.rename(fired_file + ".new", fired_file)
        return error


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def read_message(sock):
    header = read_exactly(sock, HEADER.size)
    return header, read_exactly(sock, HEADER.unpack(header)[3])


class Connection:
    """One client's, and ours to xenstored; both directions have a thread."""

    def __init__(self, client):
        self.client = client
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.connect(server_at)
        self.writing = threading.Lock()
        self.unheard = set()  # requests of our own, whose answers nobody waits for
        for work in self.requests, self.answers:
            threading.Thread(target=self.run, args=(work,), daemon=True).start()

    def run(self, work):
        try:
            while True:
                work()
        except (EOFError, OSError):
            for sock in self.client, self.server:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def requests(self):
        header, payload = read_message(self.client)
        kind, request, transaction, _ = HEADER.unpack(header)
        error = error_of_this_request()
        if not error:
            self.server.sendall(header + payload)
            return
        if kind == XS_TRANSACTION_END:
            # A transaction that has failed has ended all the same.
            self.unheard.add((kind, request, transaction))
            self.server.sendall(HEADER.pack(kind, request, transaction, 2) + b"F\0")
        text = error.encode() + b"\0"
        with self.writing:
            self.client.sendall(HEADER.pack(XS_ERROR, request, transaction, len(text)) + text)

    def answers(self):
        header, payload = read_message(self.server)
        kind, request, transaction, _ = HEADER.unpack(header)
        if (kind, request, transaction) in self.unheard:
            self.unheard.discard((kind, request, transaction))
            return
        with self.writing:
            self.client.sendall(header + payload)


listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(listen_at)
listener.listen(16)
while True:
    Connection(listener.accept()[0])
