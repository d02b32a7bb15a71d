"""What the tests of weir-console's API share: a browser, and what is expected of an answer."""

import http.client
import json

from servers import PASSWORD


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    def json(self):
        return json.loads(self.body)


class Client:
    """A browser with one cookie."""

    def __init__(self, weir, login=True, source="127.0.0.1", user="ann", password=PASSWORD):
        self.port, self.source = weir.console_port, (source, 0)
        self.cookie = self.deed_token = None
        if login:
            answer = self.post("login", {"user": user, "password": password})
            assert answer.status == 200, answer.body
            self.enter(answer)

    def enter(self, answer):
        """With the session that a login gave."""
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        self.deed_token = self.get("session").json()["deed_token"]

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30,
                                                source_address=self.source)
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        connection.request(method, path, body, headers)
        return Answer(connection.getresponse())

    def get(self, path, **headers):
        return self.request("GET", "/api/" + path, **headers)

    def post(self, path, body=None, **headers):
        headers.setdefault("Content-Type", "application/json")
        if self.deed_token:
            headers.setdefault("X-Weir-Deed", self.deed_token)
        return self.request("POST", "/api/" + path, json.dumps(body or {}), **headers)


def expect(answer, status, words=""):
    assert answer.status == status, (answer.status, answer.body)
    assert words in answer.json()["error"], answer.body
