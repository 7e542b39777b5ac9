"""Who may know whom: the table, and the two checks against it. The folder with the longest matching name counts.

`own`: files of this repository, by prefix. `system`: headers beside the standard library and the operating system's.
"""
import re
import subprocess

import source as sources

# What a folder may take from security/ where it may not take the rest: no keys, no OpenSSL.
SECURITY_BASICS = [f"security/primitives/{name}.hpp" for name in ("base64url", "bytes", "digest", "hex")]
STORE_PORTS = [
    "eventstore/async_answer.hpp", "eventstore/store.hpp", "eventstore/limits.hpp", "eventstore/lookups.hpp",
    "eventstore/log_source.hpp", "eventstore/log_moment.hpp",
    "eventstore/event_metadata.hpp", "eventstore/cursor_store.hpp", "eventstore/leadership.hpp",
    "eventstore/stream_origins.hpp", "eventstore/codec/events_codec.hpp", "eventstore/event_macs.hpp",
    "eventstore/codec/envelope.hpp", "eventstore/codec/followed_event.hpp", "eventstore/any.hpp",
    "eventstore/subscription.hpp", "eventstore/declarations.hpp",
    "eventstore/codec/jcs.hpp", "eventstore/codec/states_codec.hpp", "eventstore/sealing/",
]
DATABASE = [f"eventstore/postgres/connection/{name}.hpp" for name in ("connecting", "pqxx_connection")]
ASIO = ["boost/asio/"]
JSON = ["rapidjson/"]
# What is between bytes and commands, whatever it is about.
REQUESTS = ["domain/base/", "api/requests/", "api/wire/"]

WALLS = {
    "domain": {"own": ["domain/"], "system": []},
    # Two libraries that are tables and no state: what a text or a host name is follows from them alone.
    "domain/base": {"own": ["domain/base/"], "system": ["utf8proc.h", "idn2.h"]},
    # Knows no store and no event: whoever wants a mail tells it what stands in it.
    "mail": {"own": ["domain/base/", "mail/"], "system": ASIO},
    "mail/message": {"own": ["domain/base/", "mail/message/"], "system": []},
    "mail/smtp": {
        "own": ["domain/base/", "mail/delivery.hpp", "mail/message/", "mail/smtp/"], "system": [*ASIO, "curl/"],
    },
    "mail/templates": {
        "own": ["domain/base/", "mail/kinds.hpp", "mail/message/", "mail/templates/"], "system": ["kainjow/"],
    },
    "eventstore": {"own": ["domain/", "eventstore/", *SECURITY_BASICS], "system": [*ASIO, *JSON]},
    "eventstore/postgres": {
        "own": ["domain/", "eventstore/", *SECURITY_BASICS], "system": [*ASIO, "pqxx/", "libpq-fe.h"],
    },
    "eventstore/kafka": {
        "own": ["domain/", "eventstore/", *SECURITY_BASICS], "system": [*ASIO, *JSON, "librdkafka/"],
    },
    "commands": {"own": ["domain/", "commands/", *STORE_PORTS, *SECURITY_BASICS], "system": ASIO},
    # Runs every command: no aggregate's headers.
    "commands/runtime": {
        "own": ["domain/base/", "commands/runtime/", *STORE_PORTS, *SECURITY_BASICS], "system": ASIO,
    },
    "security": {
        "own": ["domain/", "security/"],
        "system": [*ASIO, *JSON, "openssl/", "argon2.h", "crypt.h", "sodium/", "zxcvbn.h"],
    },
    "security/factors": {"own": ["domain/", "security/"], "system": ["liboath/", "png.h", "qrencode.h"]},
    "security/adapters": {
        "own": ["domain/", "security/", "commands/", *STORE_PORTS], "system": [*ASIO, "openssl/"],
    },
    "projections": {
        "own": [
            "domain/", "projections/", *STORE_PORTS, "eventstore/codec/agent_words.hpp", *DATABASE, *SECURITY_BASICS,
        ],
        "system": [*ASIO, "pqxx/", "spdlog/"],
    },
    # Runs every read model: no aggregate's headers, and no model's.
    "projections/engine": {
        "own": ["domain/base/", "projections/engine/", *STORE_PORTS, *DATABASE, *SECURITY_BASICS],
        "system": [*ASIO, "pqxx/", "spdlog/"],
    },
    "projections/hot": {
        "own": ["domain/", "projections/hot/", "projections/engine/limits.hpp", *STORE_PORTS, *SECURITY_BASICS],
        "system": [*ASIO, "boost/unordered/", "spdlog/"],
    },
    # The planner is a projector; what jobs tell of accounts is folded as commands do.
    "reactors": {
        "own": [
            "domain/", "reactors/", "mail/", "projections/engine/", "commands/runtime/",
            "commands/challenges/challenge_secrets.hpp", "commands/registrations/registration_secrets.hpp",
            "commands/accounts/erase_user.hpp", "commands/accounts/undo.hpp",
            "commands/sessions/disown_session.hpp",
            *STORE_PORTS, *DATABASE,
        ],
        "system": [*ASIO, "pqxx/", "spdlog/"],
    },
    # Plans and performs every job: no aggregate's headers, and no reactor's.
    "reactors/engine": {
        "own": [
            "domain/base/", "reactors/engine/", "projections/engine/", "commands/runtime/log_fields.hpp", *STORE_PORTS,
            *DATABASE,
        ],
        "system": [*ASIO, "pqxx/", "spdlog/"],
    },
    # Commands and queries, never SQL; of the store only what commands speak in.
    "api": {
        "own": [
            "domain/", "api/", "commands/", "projections/engine/queries.hpp", "projections/engine/limits.hpp",
            "projections/models/",
        ],
        "system": [*ASIO, *JSON],
    },
    "api/requests": {"own": [*REQUESTS], "system": ASIO},
    "api/wire": {"own": [*REQUESTS], "system": JSON},
    # Pages for people: text and forms, whatever they are about.
    "api/pages": {"own": [*REQUESTS, "api/pages/"], "system": [*ASIO, "kainjow/"]},
    "api/http": {"own": [*REQUESTS, "api/http/"], "system": [*ASIO, "boost/beast/", "openssl/"]},
    "api/management": {
        "own": [*REQUESTS, "api/http/messages/", "api/management/"], "system": ["pistache/"],
    },
    # Wiring: everybody's headers, but none of the libraries that have a folder of their own.
    "app": {
        "own": [
            "app/", "domain/", "eventstore/", "commands/", "security/", "projections/", "reactors/", "api/",
            "integrations/", "mail/",
        ],
        "system": [*ASIO, *JSON, "spdlog/", "CLI/", "prometheus/", "yaml.h"],
    },
    "integrations": {"own": ["domain/", "integrations/", "commands/"], "system": [*ASIO, *JSON]},
    "integrations/places": {
        "own": ["domain/base/", "integrations/places/", "commands/devices/"], "system": ["maxminddb.h"],
    },
    "integrations/outgoing": {
        "own": [
            "domain/base/", "integrations/outgoing/", "commands/runtime/outgoing.hpp", "eventstore/async_answer.hpp",
            "eventstore/store.hpp",
        ],
        "system": [*ASIO, "curl/"],
    },
    # Before the service runs, on the calling thread: nothing of commands.
    "integrations/aws": {
        "own": ["domain/base/", "integrations/aws/", "security/primitives/secret_file.hpp"],
        "system": [*JSON, "curl/"],
    },
    # Knows nothing of what is traced.
    "integrations/traces": {
        "own": ["domain/base/", "integrations/traces/", "commands/runtime/outgoing.hpp"], "system": [*ASIO, *JSON],
    },
    # A relying party: what it is told is signed by somebody else's keys.
    "integrations/providers": {
        "own": [
            "domain/base/", "integrations/providers/", "commands/providers/", "commands/runtime/outgoing.hpp",
            "commands/runtime/ports.hpp", *SECURITY_BASICS, "security/keys/signing_key.hpp",
            "security/tokens/id_token.hpp",
            "security/tokens/jose.hpp",
        ],
        "system": [*ASIO, *JSON],
    },
    "cmake": {"own": [], "system": [*ASIO, "boost/beast/"]},
    "bench": {"own": [""], "system": [""]},
    "tests": {"own": [""], "system": [""]},
}

# Third-party headers, told from the standard library's and the operating system's.
THIRD_PARTY = (
    "boost/", "rapidjson/", "openssl/", "argon2.h", "crypt.h", "zxcvbn", "pqxx/", "libpq-fe.h", "postgresql/",
    "librdkafka/", "pistache/", "prometheus/", "spdlog/", "fmt/", "CLI/", "gtest/", "gmock/", "curl/", "yaml.h",
    "utf8proc.h", "idn2.h", "kainjow/", "liboath/", "png.h", "qrencode.h", "maxminddb.h", "sodium/",
)
# Headers that belong to one folder, whatever others let through: looked for in all that an object file was made of.
HELD_BACK = {
    "pqxx/": ["eventstore/postgres", "projections", "reactors", "tests", "bench"],
    "libpq-fe.h": ["eventstore/postgres", "tests", "bench"],
    "librdkafka/": ["eventstore/kafka", "tests", "bench"],
    "boost/beast/": ["api/http", "cmake", "tests/fuzz", "bench"],
    "pistache/": ["api/management"],
    "argon2.h": ["security", "tests/security"],
    "crypt.h": ["security", "tests/security"],
    "sodium/": ["security"],
    "zxcvbn.h": ["security", "tests/security"],
    "utf8proc.h": ["domain/base"],
    "curl/": ["mail/smtp", "integrations/aws", "integrations/outgoing"],
    "idn2.h": ["domain/base"],
    "kainjow/": ["mail/templates", "api/pages"],
    "liboath/": ["security/factors"],
    "png.h": ["security/factors"],
    "qrencode.h": ["security/factors"],
    "maxminddb.h": ["integrations/places"],
}

# These folders serve every aggregate and name none, so that one more costs them nothing: no include of its headers,
# none of its events or states by name.
NAMELESS = ("commands/runtime", "projections/engine", "reactors/engine")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def wall_of(path):
    folders = [folder for folder in WALLS if path.startswith(folder + "/")]
    return max(folders, key=len) if folders else None


def is_under(path, folders):
    return any(path.startswith(folder + "/") for folder in folders)


def allowed(name, prefixes):
    return any(name.startswith(prefix) for prefix in prefixes)


def check_includes(source):
    """Yields (line, message) for each include that crosses a wall."""
    wall = wall_of(source.path)
    if wall is None:
        yield 1, "this folder is in no wall: add it to WALLS in tests/tidy/walls.py with what it may know"
        return
    for match in INCLUDE.finditer(source.code):
        line, name = source.line_of(match.start(2)), match.group(2)
        if match.group(1) == '"':
            if not allowed(name, WALLS[wall]["own"]):
                yield line, (
                    f"{wall}/ may not know {name}: put a port into {wall}/ and implement it on the other side, or move "
                    "the code; if the design changed, change WALLS in tests/tidy/walls.py in the same commit"
                )
        elif name.startswith(THIRD_PARTY) and not allowed(name, WALLS[wall]["system"]):
            yield line, f"{wall}/ may not use <{name}>: hide the library behind a class of the folder that owns it"


def aggregate_names(texts):
    """The names of all events and states that the headers of domain/ declare."""
    found = set()
    for path, text in texts.items():
        if path.startswith("domain/") and not path.startswith("domain/base/") and path.endswith(".hpp"):
            code = sources.blanked(text)
            for match in re.finditer(r"\bk(?:Stream)?Type =", code):
                found |= set(re.findall(r"^struct (\w+)", code[: match.start()], re.MULTILINE)[-1:])
            found |= set(re.findall(r"\busing (\w+Event) =", code))
    return found


def check_aggregates(source, names):
    """Yields (line, message) for each aggregate that is named where none is to be; `names` are aggregate_names()."""
    folder = next((folder for folder in NAMELESS if source.path.startswith(folder + "/")), None)
    if folder is None or not source.is_cpp:
        return
    for match in re.finditer(r"\b(?:" + "|".join(sorted(names)) + r")\b", source.code) if names else ():
        yield source.line_of(match.start()), (
            f"names {match.group(0)}: {folder}/ serves every aggregate alike; let the aggregate say it of itself"
        )


def reachable(wall):
    """Prefixes of what a folder may come to include by way of what it includes itself."""
    prefixes, waiting = set(), list(WALLS[wall]["own"])
    while waiting:
        prefix = waiting.pop()
        if prefix in prefixes:
            continue
        prefixes.add(prefix)
        below = wall_of(prefix if prefix.endswith("/") else prefix.rsplit("/", 1)[0] + "/")
        if below is not None:
            waiting += WALLS[below]["own"]
    return prefixes


def parse_dependencies(text):
    """Yields (source, [files]) from the output of `ninja -t deps`: an object's first dependency is its source."""
    files = []
    for line in text.splitlines() + [""]:
        if line.startswith("    "):
            files.append(line.strip())
        elif files:
            yield files[0], files[1:]
            files = []


def relative(path, build, root):
    if not path.startswith("/"):
        path = _normal(f"{build}/{path}")
    return path[len(root) + 1 :] if path.startswith(root + "/") else path


def _normal(path):
    parts = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def check_dependencies(text, root, build, exists):
    """Yields (path, message) for each file that an object was made of and its folder may not see."""
    for first, files in parse_dependencies(text):
        path = relative(first, build, root)
        if path.endswith(".gch") and files:  # the precompiled header comes first where there is one
            path, files = relative(files[0], build, root), files[1:]
        wall = wall_of(path)
        if wall is None or not exists(path):
            continue
        own, told = reachable(wall), set()
        for file in files:
            seen = relative(file, build, root)
            if seen.startswith("/"):
                short = re.sub(r"^/usr/(?:local/)?include/(?:x86_64-linux-gnu/|postgresql/)?", "", seen)
                holder = next((held for held in HELD_BACK if short.startswith(held)), None)
                if holder is not None and holder not in told and not is_under(path, HELD_BACK[holder]):
                    told.add(holder)  # once is enough: it brings all its others along
                    yield path, (
                        f"sees <{short}> by way of its includes: only {', '.join(HELD_BACK[holder])} may; forward-"
                        "declare, or keep the library behind a pointer in the .cpp file"
                    )
            elif not seen.startswith("build/") and exists(seen) and not allowed(seen, own):
                yield path, f"sees {seen} by way of its includes, which {wall}/ may not know: cut the include between"


def dependencies_of(build):
    # -n: reads the logs and leaves them alone, while somebody may be building.
    done = subprocess.run(["ninja", "-n", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True)
    return done.stdout
