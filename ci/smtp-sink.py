#!/usr/bin/env python3
"""A mail relay that keeps what it is given: smtp-sink.py PORT FILE.

It listens on 127.0.0.1 and appends each line of each mail to FILE.
"""

import socketserver
import sys

ANSWERS = {"EHLO": "250 sink", "HELO": "250 sink", "DATA": "354 go on", "QUIT": "221 bye"}


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink")
        for line in self.rfile:
            verb = line[:4].decode(errors="replace").upper()
            self.say(ANSWERS.get(verb, "250 ok"))
            if verb == "QUIT":
                return
            if verb == "DATA":
                self.keep_mail()
                self.say("250 kept")

    def keep_mail(self):
        with open(sys.argv[2], "ab") as kept:
            for line in self.rfile:
                if line.rstrip() == b".":
                    return
                kept.write(line)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Sink(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
