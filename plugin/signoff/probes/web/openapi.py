"""An OpenAPI document: whether it is valid, which operations it describes, and what each may answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import yaml
from openapi_spec_validator import validate

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MAX_HOPS = 10


class InvalidDocumentError(NotVerifiedError):
    """Something is there, but it is no OpenAPI document."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Operation:
    """One method on one path template."""

    method: str
    path: str

    def __str__(self) -> str:
        """Return the form that inventories use, such as `GET /orders/{id}`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as it was read; nothing outside of it is ever fetched."""

    content: Mapping[str, Any] = field(repr=False)

    @property
    def dialect(self) -> Literal["2.0", "3.0", "3.1"]:
        """Whose schemas it uses: Swagger 2.0 and OpenAPI 3.0 have their own, later ones are JSON Schema."""
        if "swagger" in self.content:
            return "2.0"
        return "3.0" if str(self.content.get("openapi", "")).startswith("3.0") else "3.1"

    @property
    def version(self) -> str:
        """Version of the API that it describes."""
        return str(self.content.get("info", {}).get("version", ""))

    @property
    def sha256(self) -> str:
        """Digest of the content, so that neither layout nor the order of keys counts."""
        canonical = json.dumps(self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def prefix(self) -> str:
        """Path that comes before every path template: the first server's if it is relative, or Swagger's basePath."""
        if self.dialect == "2.0":
            return str(self.content.get("basePath", "")).rstrip("/")
        servers = self.content.get("servers") or [{}]
        url = str(servers[0].get("url", ""))
        return url.rstrip("/") if url.startswith("/") else ""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations in the document's order."""
        return tuple(
            Operation(method=method.upper(), path=path)
            for path in self.content.get("paths", {})
            for method in _METHODS
            if method in self.resolve(f"/paths/{_escape(path)}")[1]
        )

    def error(self) -> str:
        """Return why the document is invalid in one line; empty if it is valid."""
        try:
            validate(dict(self.content))
        except Exception as error:  # noqa: BLE001 - the validator fails in many ways on a document that is no good
            message = str(getattr(error, "message", "") or error)
            return (message.strip() or type(error).__name__).splitlines()[0][:300]
        return ""

    def parameters(self, operation: Operation) -> tuple[Mapping[str, Any], ...]:
        """Return the parameters; those of the operation replace those of its path."""
        pointer, path_item = self.resolve(f"/paths/{_escape(operation.path)}")
        merged: dict[tuple[str, str], Mapping[str, Any]] = {}
        for place, owner in ((pointer, path_item), self.resolve(f"{pointer}/{operation.method.lower()}")):
            for index in range(len(owner.get("parameters", ()))):
                parameter = self.resolve(f"{place}/parameters/{index}")[1]
                merged[str(parameter.get("name")), str(parameter.get("in"))] = parameter
        return tuple(merged.values())

    def response(self, operation: Operation, status: int) -> tuple[str, Mapping[str, Any]] | None:
        """Return pointer and description of the answer with this status; None if the document knows none."""
        pointer, _ = self.resolve(f"/paths/{_escape(operation.path)}")
        place = f"{pointer}/{operation.method.lower()}/responses"
        known = self.resolve(place)[1]
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in known:
                return self.resolve(f"{place}/{key}")
        return None

    def forms(self, operation: Operation, pointer: str, response: Mapping[str, Any]) -> dict[str, str]:
        """Return media type to pointer of its schema (empty: any content will do) for a described answer.

        Args:
            operation: Whose answer it is.
            pointer: Where the answer is described, as `response` says.
            response: The description.
        """
        if self.dialect != "2.0":
            content: Mapping[str, Any] = response.get("content", {})
            return {
                media: f"{pointer}/content/{_escape(media)}/schema" if "schema" in content[media] else ""
                for media in content
            }
        if "schema" not in response:
            return {}
        method = self.resolve(f"/paths/{_escape(operation.path)}/{operation.method.lower()}")[1]
        produced = method.get("produces") or self.content.get("produces") or ["*/*"]
        is_file = response["schema"].get("type") == "file"
        return {str(media): "" if is_file else f"{pointer}/schema" for media in produced}

    def resolve(self, pointer: str) -> tuple[str, Mapping[str, Any]]:
        """Return the object at a JSON pointer and the pointer where it really stands, after references.

        Raises:
            NotVerifiedError: nothing there, a reference out of the document, or references in a circle.
        """
        for _ in range(_MAX_HOPS):
            node: Any = self.content
            for part in pointer.split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                try:
                    node = node[int(key)] if isinstance(node, list) else node[key]
                except (KeyError, IndexError, ValueError, TypeError) as error:
                    raise NotVerifiedError(f"OpenAPI document: nothing at {pointer}; repair the document") from error
            if not isinstance(node, dict):
                raise NotVerifiedError(f"OpenAPI document: {pointer} is not an object; repair the document")
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return pointer, node
            if not reference.startswith("#/"):
                raise NotVerifiedError(
                    f"OpenAPI document: {pointer} refers to {reference}; bundle it into one document"
                )
            pointer = unquote(reference[1:])
        raise NotVerifiedError(f"OpenAPI document: references in a circle at {pointer}; repair the document")


def fetch(session: Session, url: str) -> Document:
    """Return the document that the application serves.

    Raises:
        NotVerifiedError: it serves none there.
    """
    response = session.get(url)
    if response.status_code != 200:  # noqa: PLR2004 - HTTP
        raise NotVerifiedError(f"{url}: status {response.status_code}; correct openapi_path in the inventory")
    return parse(response.content, url)


def parse(text: bytes, where: str) -> Document:
    """Return the document in JSON or YAML.

    Raises:
        InvalidDocumentError: neither, or no document of OpenAPI 3 or Swagger 2.0.
    """
    content: Any = None
    try:
        content = json.loads(text)
    except ValueError:
        try:
            content = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InvalidDocumentError(f"{where}: neither JSON nor YAML; is this the OpenAPI document?") from error
    if not isinstance(content, dict) or not (
        str(content.get("openapi", "")).startswith("3.") or content.get("swagger") == "2.0"
    ):
        raise InvalidDocumentError(
            f"{where}: not an OpenAPI 3 or Swagger 2.0 document; name its place in the inventory"
        )
    return Document(content=content)


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
