"""A real IMAP server for tests: ``imap_house.py USER PASSWORD [--cert FILE --key FILE] [--imaps]``; prints its port."""

from __future__ import annotations

import asyncio
import ssl
import sys
from argparse import ArgumentParser, Namespace

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService


async def main(args: Namespace) -> None:
    """Serve one empty mailbox until killed."""
    parser = ArgumentParser()
    IMAPService.add_arguments(parser)
    backends = parser.add_subparsers()
    DictBackend.add_subparser("dict", backends)
    files = ["--cert", args.cert, "--key", args.key] if args.cert else ["--no-tls"]
    told = parser.parse_args([*files, "dict", "--demo-user", args.user, "--demo-password", args.password])
    told.passlib_cfg, told.admin_key, told.debug = None, None, False
    backend, config = await DictBackend.init(told)
    serve = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    context = None
    if args.imaps:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(args.cert, args.key)
    server = await asyncio.start_server(serve, host="127.0.0.1", port=0, ssl=context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    arguments = ArgumentParser()
    arguments.add_argument("user")
    arguments.add_argument("password")
    arguments.add_argument("--cert")
    arguments.add_argument("--key")
    arguments.add_argument("--imaps", action="store_true")
    asyncio.run(main(arguments.parse_args()))
