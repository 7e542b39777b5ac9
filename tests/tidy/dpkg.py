"""Debian's packages as dpkg knows them on this machine: whose a file is, and what comes along with what."""
import os
import re
import shutil
import subprocess

PROGRAM_FOLDERS = ("/usr/bin", "/usr/sbin")
FOLDERS_BY_NAME = ("/usr/lib/postgresql/15/bin",)  # of programs that are started as "$folder/name"


def is_here():
    return shutil.which("dpkg-query") is not None


def program(name):
    """The path of a program that Debian installed, or nothing. What else is in PATH proves nothing."""
    if name.startswith("$"):
        candidates = [f"{folder}/{os.path.basename(name)}" for folder in FOLDERS_BY_NAME]
    elif name.startswith("/"):
        candidates = [name]
    else:
        candidates = [f"{folder}/{name}" for folder in PROGRAM_FOLDERS]
    return next((path for path in candidates if os.access(path, os.X_OK) and not os.path.isdir(path)), None)


def spellings(path):
    """How dpkg may know a path: with /usr merged, /usr/bin's may be recorded in /bin. Then what is behind each link."""
    seen = []
    while path not in seen and len(seen) < 20:
        path = os.path.normpath(path)
        seen += [path, path[4:] if re.match(r"/usr/(bin|sbin|lib\w*)/", path) else "/usr" + path]
        if not os.path.islink(path):
            break
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    real = os.path.realpath(seen[0])
    return seen + [real, real[4:] if real.startswith("/usr/") else "/usr" + real]


def owners(paths):
    """Path to package, for those that have one."""
    tried = {path: spellings(path) for path in paths}
    wanted = sorted({spelling for spellings_ in tried.values() for spelling in spellings_})
    owner = {}
    for start in range(0, len(wanted), 2000):
        done = subprocess.run(["dpkg-query", "-S", "--", *wanted[start : start + 2000]], capture_output=True, text=True,
                              check=False)
        for line in done.stdout.splitlines():
            names, _, path = line.partition(": ")
            if not names.startswith("diversion "):
                owner[path] = names.split(",")[0].split(":")[0]
    return {path: next((owner[at] for at in tried[path] if at in owner), None) for path in paths}


class Packages:
    """What is installed. `text`: the lines of dpkg-query in FORMAT, one a package."""

    FORMAT = (r"${Package}\t${db:Status-Status}\t${Essential}\t${Priority}\t${Pre-Depends}, ${Depends}\t${Provides}\n")

    def __init__(self, text):
        self.depends, self.providers, base = {}, {}, []
        for line in text.splitlines():
            name, status, essential, priority, depends, provides = line.split("\t")
            if status != "installed":
                continue
            self.depends[name] = [
                [re.split(r"[ :(]", choice.strip())[0] for choice in needed.split("|")]
                for needed in depends.split(",") if needed.strip()
            ]
            for provided in provides.split(","):
                if provided.strip():
                    self.providers.setdefault(re.split(r"[ :(]", provided.strip())[0], []).append(name)
            if essential == "yes" or priority == "required" or name == "apt":
                base.append(name)
        self.base = self.closure(base)

    @classmethod
    def of_this_machine(cls):
        return cls(subprocess.run(["dpkg-query", "-W", "-f", cls.FORMAT], capture_output=True, text=True,
                                  check=True).stdout)

    def closure(self, names):
        """These packages, as far as they are installed, and what each brings: of choices the first that is here."""
        seen, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.depends:
                continue
            seen.add(name)
            for choices in self.depends[name]:
                here = [choice for choice in choices if choice in self.depends]
                provided = [provider for choice in choices for provider in self.providers.get(choice, [])]
                waiting += here[:1] or provided[:1]
        return seen
