"""Inventory entry of the access rules of a web application: what is closed, who may see what, how sessions end."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class Rule(Strict):
    """Who may see a path; every other identity must be refused."""

    path: str
    allow: tuple[str, ...] = Field(min_length=1, description="Identities of the web service; each must be shown it.")


class OwnObject(Strict):
    """An object that belongs to one identity and is closed to another."""

    owner: str
    stranger: str
    listing: str = Field(description="Path that lists the owner's objects as JSON.")
    id_at: str = Field(description="Where an object's id stands in it, such as orders.0.id.")
    path: str = Field(description="Path of one object, with {id} in it.")


class SessionRules(Strict):
    """How the session cookie must be protected, and how long it may live."""

    cookie: str = Field(default="session", description="Name of the cookie.")
    identity: str = Field(description="Identity of the web service to sign in as.")
    same_site: tuple[Literal["strict", "lax", "none"], ...] = ("strict", "lax")
    max_age: Duration = timedelta(hours=12)
    logout_path: str = Field(description="POST here ends the session.")
    private_path: str = Field(description="Path that a session opens, and that is closed without one.")


class RequestFilter(Strict):
    """Harmless requests that look like attacks, of which each must be refused before it reaches the application."""

    path: str = Field(description="Path that is open to everybody, to ask with and without the attack.")
    parameter: str = Field(default="q", description="Query parameter that carries it.")
    attacks: tuple[str, ...] = Field(
        default=("<script>alert(1)</script>", "1 UNION SELECT NULL", "../../etc/passwd"),
        min_length=1,
        max_length=5,
        description="What a web application firewall must recognise; sent once each, with GET.",
    )


class AccessService(Service):
    """The access rules of one web application."""

    kind: Literal["access"] = "access"
    web: str = Field(description="Name of the web service that they apply to; its login and identities are used.")
    protected: tuple[str, ...] = Field(min_length=1, description="Paths that are closed to anonymous visitors.")
    matrix: tuple[Rule, ...] = ()
    objects: tuple[OwnObject, ...] = ()
    session: SessionRules | None = None
    request_filter: RequestFilter | None = Field(default=None, description="How to see that the WAF blocks.")
    never_served: tuple[str, ...] = Field(
        default=("/.env", "/.git/config", "/.git/HEAD"), description="Paths that must not be handed out to anybody."
    )
