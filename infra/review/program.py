"""Which files make the stacks, and which judge them: the program, its policies, and what they import.

Nothing is imported for it: the imports are in the sources, as they are and as they were before a change.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from tenantnet.refusal import Refused
from tenantnet.review.packs import POLICY_PACK
from tenantnet.settings.project import PACK_FILE, PROJECT_FILES, Project
from tenantnet.settings.reading import read_mapping

PROGRAM_FILES = (*PROJECT_FILES, "requirements.lock", "requirements.txt", "pyproject.toml", "setup.py")
# Beside the policy pack and what it imports: what chooses packages, what roles may do, and what reviews.
RULE_FILES = (
    *PROGRAM_FILES,
    "requirements*.*",
    "setup.cfg",
    "MANIFEST.in",
    "uv.lock",
    "uv.toml",
    "poetry.lock",
    "poetry.toml",
    "Pipfile*",
    ".python-version",
    # Where a project's own folder is that of plugins, or of the state.
    "pulumi-*",
    "PulumiPlugin.yaml",
    ".pulumi/*",
    # What Python runs before any program, and the tools, which are nobody's to commit.
    "*.pth",
    *(f"{place}{name}customize.py" for place in ("", "*/") for name in ("site", "user")),
    ".venv*/*",
    ".engine/*",
    ".tools/*",
    # By attributes a file is another one in the base's archive, or not there, and hidden in a host's page.
    ".gitattributes",
    "*/.gitattributes",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    f"{POLICY_PACK}/*",
    "iam/*",
    "tools/*",
    ".github/*",
    ".gitlab*",
    "infra/addresses/*",
    "infra/cli/review.py",
    "infra/engine/*",
    "infra/settings/*",
    "infra/permissions/*",
    "infra/review/*",
    # What builds an engine, starts packs, and updates stacks with them.
    "infra/toolchain/*",
    "infra/language_host/*",
    "infra/cli/up/*",
    "infra/cli/fleet/*",
    "infra/fleet/*",
    "scripts/*",
)
# What of a project's and a pack's file says with which programs and which state the engine works.
_ENGINES = ("backend", "packages", "plugins", "runtime")
_NAMES = ("name", "version")
TOP = PurePosixPath()
INIT, MAIN = "__init__.py", "__main__.py"
_PROVIDERS = re.compile(rb"^\s*(?:import|from) pulumi_(?!policy\b)", re.MULTILINE)


class Program:
    """Of a project in which some files have changed. Paths are from the project's folder.

    former: the text of a file before the change, None if it was not there. policy_config: a file with the
    pack's configuration, which may be one of the project's.
    """

    def __init__(
        self,
        project: Project,
        changed: Collection[str],
        former: Callable[[PurePosixPath], str | None],
        policy_config: Path | None = None,
    ) -> None:
        self._folder, self._changed, self._former = project.folder, changed, former
        self._config = policy_config.resolve() if policy_config else None
        described = read_mapping(project.file)
        self._main = PurePosixPath(str(described.get("main", ".")))
        self._engines = [*_named(self._folder, [described.get(each) for each in _ENGINES])]
        home = self._main.parent if self._main.suffix else self._main
        # Where a module's name may begin, with or without its first part: a distribution may call a folder
        # as it likes (setuptools' package-dir).
        self._roots = tuple(dict.fromkeys((home, PurePosixPath(POLICY_PACK), TOP, PurePosixPath("src"))))
        self._texts = cache(self._read)

    def is_made_of(self, name: str) -> bool:
        """Whether a change of the file may change every stack."""
        path = PurePosixPath(name)
        if name in PROGRAM_FILES or path in self._modules:
            return True
        if not self._entries and path.is_relative_to(self._main):
            return True  # in a program of another language, whose imports nobody knows here
        return path.suffix != ".py" and self._is_data(path, self._modules)

    def is_rule(self, name: str) -> bool:
        """Whether a change of the file may change what is permitted."""
        path = PurePosixPath(name)
        # A folder is one name where it is a link or another repository's.
        listed = any(fnmatchcase(each, pattern) for pattern in RULE_FILES for each in (name, f"{name}/"))
        place = (self._folder / name).resolve()
        if listed or place == self._config or any(map(place.is_relative_to, self._places)):
            return True
        if path.suffix != ".py":
            return self._is_data(path, frozenset(filter(self._only_judges, self._pack)))
        return path in self._pack and self._only_judges(path)

    def is_of_pack(self, name: str) -> bool:
        """Whether the policy pack may judge in another way with the file changed."""
        path = PurePosixPath(name)
        data = path.suffix != ".py" and self._is_data(path, self._pack)
        return self.is_rule(name) or path in self._pack or data

    def _only_judges(self, path: PurePosixPath) -> bool:
        """Whether a module declares nothing. What it declares, the policies judge like all else."""
        return not all(_PROVIDERS.search(text) for text in self._texts(path))

    def _is_data(self, path: PurePosixPath, of: Collection[PurePosixPath]) -> bool:
        """Whether the nearest folder with modules is these modules'; beside Pulumi.yaml may be anything."""
        modules = {module.parent for module in of}
        for folder in path.parents[:-1]:
            if folder in modules:
                return True
            if any((self._folder / folder).glob("*.py")):
                return False
        return False

    @cached_property
    def _places(self) -> list[Path]:
        """Folders and files of the project whose programs or state the engine judges with."""
        folder, found = self._folder / POLICY_PACK, self._engines
        with suppress(Refused, OSError):
            described = read_mapping(folder / PACK_FILE)
            found = [*found, *_named(folder, [described.get(each) for each in (*_ENGINES, "main")])]
        top = self._folder.resolve()
        return [each for each in found if each != top and each.is_relative_to(top)]

    @cached_property
    def _entries(self) -> list[PurePosixPath]:
        """What Pulumi runs."""
        files = (self._main, self._main / MAIN)
        return [path for path in files if path.suffix == ".py" and self._texts(path)]

    @cached_property
    def _pack(self) -> frozenset[PurePosixPath]:
        return self._imported_by([PurePosixPath(POLICY_PACK, MAIN)])

    @cached_property
    def _modules(self) -> frozenset[PurePosixPath]:
        return self._imported_by(self._entries) | self._pack

    def _imported_by(self, entries: Iterable[PurePosixPath]) -> frozenset[PurePosixPath]:
        """The modules themselves and all that they import."""
        waiting = [*entries]
        found = set[PurePosixPath]()
        while waiting:
            path = waiting.pop()
            if path not in found and (texts := self._texts(path)):
                found.add(path)
                waiting += [folder / INIT for folder in path.parents]
                waiting += [file for text in texts for file in self._imported(path, text)]
        return frozenset(found)

    def _read(self, path: PurePosixPath) -> tuple[bytes, ...]:
        """The file's texts, now and before the change, as far as there are any."""
        texts = []
        with suppress(OSError):
            texts.append((self._folder / path).read_bytes())
        if str(path) in self._changed and (former := self._former(path)) is not None:
            texts.append(former.encode())
        return tuple(texts)

    def _imported(self, path: PurePosixPath, text: bytes) -> Iterator[PurePosixPath]:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return  # its preview says so
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    yield from self._files_of(each.name.split("."))
            elif isinstance(node, ast.ImportFrom):
                parts = node.module.split(".") if node.module else []
                for name in ([*parts, each.name] for each in node.names):
                    if node.level:
                        yield from _files(path.parents[node.level - 1], name)
                        yield from _files(path.parents[node.level - 1], parts)
                    else:
                        yield from self._files_of(name)
                        yield from self._files_of(parts)

    def _files_of(self, name: list[str]) -> list[PurePosixPath]:
        """A module's files; several where its name leaves open which."""
        for parts in filter(None, (name, name[1:])):
            files = [file for root in self._roots for file in _files(root, parts) if self._texts(file)]
            if files:
                return files
        return []


def _named(folder: Path, value: object) -> Iterator[Path]:
    """What the value names as a place, whether it is meant so or not."""
    match value:
        case str():
            yield (folder / value.removeprefix("file://")).resolve()
        case Mapping():
            yield from (each for key in value if key not in _NAMES for each in _named(folder, value[key]))
        case list():
            yield from (place for each in value for place in _named(folder, each))


def _files(root: PurePosixPath, parts: list[str]) -> tuple[PurePosixPath, ...]:
    module = root.joinpath(*parts)
    return (module.with_suffix(".py"), module / INIT) if parts else (module / INIT,)
