"""An engine that tells what it heard: /usr/bin/python3 engine.py PORT NAME

GET /health is 200; a POST is answered with {"engine": NAME, "headers": {…}, "model": …}.
"""
import json
import sys
from http.server import ThreadingHTTPServer

from answers import JsonHandler  # beside this program, which is run from no package


class Handler(JsonHandler):
    def do_GET(self):
        self.answer({})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        heard = {name.lower(): value for name, value in self.headers.items()}
        self.answer({"engine": sys.argv[2], "headers": heard, "model": asked["model"]})


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
