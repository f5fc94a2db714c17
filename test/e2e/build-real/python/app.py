import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from greeter import greet


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        text = f"{greet(self.path[1:])} from greeter {version('greeter')} as {os.getuid()}\n"
        self.wfile.write(text.encode())


HTTPServer(("", 8000), Handler).serve_forever()
