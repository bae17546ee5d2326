"""A real WordPress with a real MariaDB, made of Debian's packages in a folder: nothing is installed.

``apt-get download`` fetches the packages of the machine's own Debian, ``dpkg-deb`` unpacks them, and both servers run
from there, WordPress on loopback with PHP's own web server, MariaDB on a socket.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PACKAGES = (
    *(
        "{php}-cli",
        "{php}-common",
        "{php}-mysql",
        "{php}-mbstring",
        "{php}-xml",
        "libargon2-1",
        "libsodium23",
        "libonig5",
    ),
    *("mariadb-server-core", "mariadb-client-core", "libaio1", "liburing2", "libnuma1", "libsnappy1v5", "libfmt9"),
    *("libpmem1", "libncurses6", "wordpress", "php-getid3"),
)
EXTENSIONS = [
    "mysqlnd",
    "mysqli",
    "mbstring",
    "dom",
    "xml",
    "simplexml",
    "ctype",
    "tokenizer",
    "iconv",
    "posix",
    "fileinfo",
]
CONFIGURATION = """<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_CHARSET', 'utf8mb4');
define('DB_HOST', 'localhost:{folder}/db.sock'); define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local'); define('DISABLE_WP_CRON', true); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('WP_HOME', '{url}'); define('WP_SITEURL', '{url}'); define('AUTH_SALT', 'salt of a test');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
INSTALLATION = """<?php
define('WP_INSTALLING', true);
$_SERVER += ['HTTP_HOST' => '{host}', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
require '{folder}/wordpress/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', fn() => true);
wp_install('City of X', 'cityhall', 'clerk@city.example', true, '', 'only for this test');
update_option('timezone_string', 'America/Chicago');
update_option('permalink_structure', '/%postname%/');
update_option('template', 'town'); update_option('stylesheet', 'town');
$editor = wp_insert_user(['user_login' => 'beadle', 'user_pass' => 'x', 'user_email' => 'b@city.example',
    'role' => 'editor']);
[$password] = WP_Application_Passwords::create_new_application_password($editor, ['name' => 'beadle']);
echo "password=$password\\n";
"""
# Debian packs the themes apart, under names that change with each release: this one shows a post and its comments.
THEME = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<title><?php wp_title(); ?></title></head><body><?php
while (have_posts()) { the_post(); the_title('<h1>', '</h1>'); the_content();
    $comments = get_comments(['post_id' => get_the_ID(), 'status' => 'approve']);
    echo '<ol>'; wp_list_comments(['type' => 'comment'], $comments); echo '</ol>'; } ?></body></html>
"""
ROUTER = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path !== '/' && is_file('{folder}/wordpress' . $path)) return false;
chdir('{folder}/wordpress'); $_SERVER['SCRIPT_NAME'] = '/index.php'; require 'index.php';
"""


class NotToBeHad(Exception):
    """This machine has no WordPress to give; the message says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site and an editor's application password."""

    url: str
    user: str
    password: str


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """A fresh site in ``folder`` (a short path: it holds a socket); both servers end with the block."""
    root = unpacked(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    words = {"folder": str(folder), "url": f"http://{host}", "host": host}
    shutil.copytree(root / "usr/share/wordpress", folder / "wordpress", ignore_dangling_symlinks=True)
    for name, text in {
        "wordpress/wp-config.php": CONFIGURATION,
        "wordpress/wp-content/themes/town/index.php": THEME,
        "wordpress/wp-content/themes/town/style.css": "/* Theme Name: Town */",
        "set_up.php": INSTALLATION,
        "router.php": ROUTER,
    }.items():
        for key, word in words.items():
            text = text.replace("{" + key + "}", word)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(text)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(next((root / "usr/lib").glob("*-linux-gnu")))}
    with ExitStack() as stack:
        _start_database(stack, root, folder, environment)
        php: list[str | Path] = [*_php(root)]
        told = subprocess.run(
            [*php, folder / "set_up.php"], env=environment, capture_output=True, text=True, check=True
        )
        found = re.search(r"password=(\w+)", told.stdout)
        if found is None:
            raise NotToBeHad(f"WordPress could not be set up: {told.stdout[-300:]}{told.stderr[-300:]}")
        _start(
            stack, [*php, "-S", host, "-t", folder / "wordpress", folder / "router.php"], environment, folder / "php"
        )
        _await(lambda: _answers(f"http://{host}/wp-json/"))
        yield Site(f"http://{host}", "beadle", found[1])


def unpacked(folder: Path) -> Path:
    """Debian's packages, in a folder of their own. ``NotToBeHad`` where they can't be fetched."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NotToBeHad("this is no Debian: it has no apt-get")
    shown = subprocess.run(["apt-cache", "show", "php-cli"], capture_output=True, text=True, check=False).stdout
    php = re.search(r"php\d\.\d", shown)
    if php is None:
        raise NotToBeHad("apt knows no package php-cli; its lists may be missing")
    archives, root = folder / "packages", folder / "root"
    archives.mkdir()
    names = [name.format(php=php[0]) for name in PACKAGES]
    fetched = subprocess.run(["apt-get", "download", *names], cwd=archives, capture_output=True, text=True, check=False)
    if fetched.returncode:
        raise NotToBeHad(f"apt-get could not download the packages: {fetched.stderr[-200:]}")
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
    return root


def _php(root: Path) -> list[str]:
    folder = next((root / "usr/lib/php").glob("20*"))
    binary = next((root / "usr/bin").glob("php?.?"))
    extensions = [
        part for name in EXTENSIONS if (folder / f"{name}.so").exists() for part in ("-d", f"extension={name}")
    ]
    return [str(binary), "-n", "-d", f"extension_dir={folder}", *extensions]


def _start_database(stack: ExitStack, root: Path, folder: Path, environment: dict[str, str]) -> None:
    base = [f"--basedir={root}/usr", f"--datadir={folder}/data"]
    user = "--user=root" if os.geteuid() == 0 else f"--user={os.environ.get('USER', 'nobody')}"
    install: list[str | Path] = [root / "usr/bin/mariadb-install-db", "--no-defaults", *base, user, "--skip-test-db"]
    normal = "--auth-root-authentication-method=normal"
    subprocess.run([*install, normal], env=environment, capture_output=True, check=True)
    server: list[str | Path] = [
        root / "usr/sbin/mariadbd",
        "--no-defaults",
        *base,
        user,
        f"--socket={folder}/db.sock",
        "--skip-networking",
    ]
    server += [f"--lc-messages-dir={root}/usr/share/mysql", f"--plugin-dir={root}/usr/lib/mysql/plugin"]
    _start(stack, server, environment, folder / "database")
    client: list[str | Path] = [
        root / "usr/bin/mariadb",
        "--no-defaults",
        "-S",
        folder / "db.sock",
        "-u",
        "root",
        "-e",
        "create database wp",
    ]
    _await(lambda: subprocess.run(client, env=environment, capture_output=True, check=False).returncode == 0)


def _start(stack: ExitStack, command: list[str | Path], environment: dict[str, str], log: Path) -> None:
    output = stack.enter_context(log.with_suffix(".log").open("wb"))
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=output, stderr=output)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)


def _await(question: object) -> None:
    assert callable(question)
    for _ in range(150):
        if question():
            return
        threading.Event().wait(0.2)
    raise NotToBeHad("a server did not start within 30 seconds")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=20).status_code == 200
    except httpx.TransportError:
        return False
