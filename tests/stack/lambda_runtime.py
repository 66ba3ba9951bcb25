"""The Lambda Runtime API on loopback, for one function: hands out events, collects answers."""

import http.server
import json
import queue
import threading
import time
import uuid

FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:receiver"


class RuntimeApi:
    """Serves `/2018-06-01/runtime` as Lambda does; use as a context manager."""

    def __init__(self):
        self._events, self._answers = queue.Queue(), queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a function that is killed while it waits resets its connection
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def invoke(self, event, timeout=30):
        """Gives the function one event and returns its answer; an error of the function or its start raises."""
        request_id = str(uuid.uuid4())
        self._events.put((request_id, event))
        kind, answered_id, answer = self._answers.get(timeout=timeout)
        assert (kind, answered_id) == ("response", request_id), (kind, answer)
        return answer

    def _handler(api):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                request_id, event = api._events.get()
                body = json.dumps(event).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 30_000))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                *_, request_id, kind = self.path.split("/")
                api._answers.put((kind, request_id, json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler
