"""A server on this machine that plays a vendor: it holds every request against the contract, and fails on purpose."""

from __future__ import annotations

import email
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Everything but the credentials: where a secret would stand."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != "authorization"}
        return f"{self.method} {self.path} {self.query} {headers} {self.body.decode('utf-8', 'replace')}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, tuple[str, bytes]]:
        """The parts of a multipart body: name to file name and content."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
        parts = email.message_from_bytes(head + self.body, policy=policy.default)
        found = {}
        for part in parts.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            found[str(name)] = (part.get_filename() or "", content if isinstance(content, bytes) else b"")
        return found


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong with the next requests that match."""

    path: str
    answer: Answer | None = None
    """Given instead of the vendor's; None: the connection breaks."""
    method: str = ""
    after: bool = False
    """Whether the vendor does what was asked before it fails."""
    times: int = 1

    def takes(self, seen: Seen) -> bool:
        hit = re.search(self.path, seen.path) is not None and self.method in {"", seen.method}
        if hit and self.times:
            self.times -= 1
            return True
        return False


class Contract:
    """What the vendor says that requests look like."""

    def __init__(self, name: str) -> None:
        self.document = yaml.safe_load((HERE / "contracts" / f"{name}.yaml").read_text(encoding="utf-8"))
        resource = DRAFT202012.create_resource(self.document)
        self._registry: Any = Registry().with_resource("urn:contract", resource)

    def problems(self, seen: Seen) -> list[str]:
        operation = self._operation(seen)
        if operation is None:
            return [f"{seen.method} {seen.path}: no such operation"]
        return [f"{seen.method} {seen.path}: {text}" for text in self._problems(operation, seen)]

    def _operation(self, seen: Seen) -> Any:
        paths = self.document["paths"]
        for template in sorted(paths, key=lambda path: path.count("{")):
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, seen.path) and seen.method.lower() in paths[template]:
                return paths[template][seen.method.lower()]
        return None

    def _problems(self, operation: Any, seen: Seen) -> list[str]:
        found = []
        places = {"query": seen.query, "header": seen.headers}
        parameters = operation.get("parameters", [])
        for parameter in parameters:
            given = places[parameter["in"]].get(parameter["name"])
            if given is None and parameter.get("required"):
                found.append(f"lacks {parameter['name']}")
            elif given is not None:
                found += self._check(parameter["schema"], given)
        known = {each["name"] for each in parameters if each["in"] == "query"}
        found += [f"unknown parameter {name}" for name in seen.query if name not in known]
        body = self._resolve(operation.get("requestBody", {}))
        if not body:
            return [*found, "has a body"] if seen.body else found
        (media_type, content), *_ = body["content"].items()
        if media_type not in seen.headers.get("Content-Type", ""):
            return [*found, f"is no {media_type}"]
        is_form = media_type.startswith("multipart")
        data = (
            {name: value.decode("utf-8", "replace") for name, (_, value) in seen.form.items()} if is_form else seen.json
        )
        return found + self._check(content["schema"], data)

    def _resolve(self, value: Any) -> Any:
        if "$ref" in value:
            for step in ["", *value["$ref"].removeprefix("#/").split("/")]:
                value = value[step] if step else self.document
        return value

    def _check(self, schema: Any, data: Any) -> list[str]:
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:contract#/'))
        validator = OAS30Validator(absolute, registry=self._registry)
        return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(data)]


class Vendor:
    """Base of the fakes: they are stateful, and answer as the vendor does."""

    contract: str

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.token = ""
        self._contract = Contract(self.contract)

    def answer(self, seen: Seen) -> Answer:
        raise NotImplementedError

    def writes(self) -> list[Seen]:
        """Return the requests that change something."""
        return [one for one in self.seen if one.method != "GET" and "search" not in one.path and "auth" not in one.path]

    def handle(self, seen: Seen) -> Answer | None:
        self.seen.append(seen)
        self.violations += self._contract.problems(seen)
        if self.token and seen.headers.get("Authorization") != self.token:
            return Answer(status=401, json={"message": "Client must be authenticated to access this resource."})
        fault = next((fault for fault in self.faults if fault.takes(seen)), None)
        if fault is not None:
            if fault.after:
                self.answer(seen)
            return fault.answer
        return self.answer(seen)


class Running:
    """A vendor behind a port of this machine."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

            def _any(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("Content-Length") or 0)
                seen = Seen(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query)),
                    headers=dict(self.headers),
                    body=self.rfile.read(size),
                )
                with lock:
                    answer = vendor.handle(seen)
                if answer is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                body = answer.text.encode() if answer.json is None else json.dumps(answer.json).encode()
                kind = "text/html" if answer.json is None else "application/json"
                self.send_response(answer.status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - names of the base class

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Route = tuple[str, str, Callable[..., Answer]]


def dispatch(routes: list[Route], seen: Seen) -> Answer:
    """Return the answer of the first route whose method and path match; groups of the path are its arguments."""
    for method, pattern, function in routes:
        match = re.fullmatch(pattern, seen.path)
        if method == seen.method and match:
            return function(seen, *match.groups())
    return Answer(status=405 if any(re.fullmatch(p, seen.path) for _, p, _ in routes) else 404, json={"message": "no"})
