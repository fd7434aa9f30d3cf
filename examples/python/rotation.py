"""Rotates databases, mints a token for each, and delivers the tokens as files."""

import os
import pathlib

import pulumi
from pulumi_turso_tokens import AuthToken, TokenRotation


def deliver(tokens):
    """Writes each token to a file that only its owner can read. In production, send it to a secret store here."""
    if pulumi.runtime.is_dry_run():
        return
    folder = pathlib.Path("tokens")
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, token in tokens.items():
        new = folder / f".{name}.new"
        with open(new, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(token)
        new.replace(folder / name)


async def program():
    config = pulumi.Config()
    tenants = TokenRotation(
        "tenants",
        scope={"databases": config.require_object("databases")},
        trigger=config.require("trigger"),  # rotates on creation and when it changes
        mint={"expiration": "120d", "renewBefore": "14d"},
    )
    # a second token for the first database, which can only read
    reader = AuthToken(
        "reader",
        scope={"database": config.require_object("databases")[0]},
        rotation=tenants.handle,
        authorization="read-only",
    )
    tenants.tokens.apply(deliver)
    pulumi.export("readerToken", reader.token)
    pulumi.export("failures", tenants.failures)

    # Raised at the end of the program, the error leaves everything else to finish. In an `apply` it would stop the
    # resources that depend on this rotation.
    failures = await tenants.failures.future()
    if failures and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(f"These databases need another run: {', '.join(failures)}.")
