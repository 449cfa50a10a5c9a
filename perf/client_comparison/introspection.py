"""What can be told of a client from the outside, in its environment."""

import importlib.metadata
import inspect
import re
from email.message import Message
from typing import cast


def public_methods(client: type) -> dict[str, object]:
    """Return the client's public methods by name."""
    return {
        name: member
        for name, member in inspect.getmembers(client, callable)
        if not name.startswith("_")
    }


def parameters(method: object) -> list[str]:
    """Return the names of a method's parameters."""
    return list(inspect.signature(method).parameters)  # type: ignore[arg-type]


def undocumented(client: type) -> list[str]:
    """Return the public methods without a docstring."""
    return [name for name, one in public_methods(client).items() if not inspect.getdoc(one)]


def telling_what_is_raised(client: type) -> float:
    """Return the share of public methods whose docstring tells what is raised."""
    methods = public_methods(client).values()
    told = [one for one in methods if "raise" in (inspect.getdoc(one) or "").lower()]
    return len(told) / len(methods)


def _about(distribution: str) -> Message:
    return cast("Message", importlib.metadata.metadata(distribution))


def page_example(distribution: str, call: str) -> bool:
    """Tell whether the package's page shows this call in a block of code."""
    text = str(_about(distribution).get_payload())
    return "```" in text and call in text


def documentation_links(distribution: str) -> list[str]:
    """Return the package page's links to documentation, by their text or address."""
    told = _about(distribution)
    text = str(told.get_payload() or "")
    links = [*(told.get_all("Project-URL") or []), str(told.get("Home-page") or "")]
    links += [" ".join(pair) for pair in re.findall(r"\[([^\]]*)\]\((https?://[^)]+)\)", text)]
    links += re.findall(r"https?://[^\s)>\]]+", text)
    return [
        link for link in links if re.search(r"\bdocs?\b|documentation|readthedocs", link.lower())
    ]


def commands(distribution: str) -> list[str]:
    """Return the commands that the package installs."""
    points = importlib.metadata.distribution(distribution).entry_points
    return [point.name for point in points if point.group == "console_scripts"]
