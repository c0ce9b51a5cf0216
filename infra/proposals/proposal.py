"""A change of a settings file that is not written yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

from tenantnet.refusal import Refused
from tenantnet.settings.edit import in_place
from tenantnet.settings.files import judge_file, read_defaults
from tenantnet.settings.models import PlatformSettings, TenantSettings
from tenantnet.settings.project import Project
from tenantnet.settings.store import SettingsFile, replace_settings_file

# In words, as a person would make it, and as what it makes of a settings file's text.
Edit = tuple[str, Callable[[str], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A settings file, and the text that it is to have. said: what is new in it, and what is left to do."""

    project: Project
    file: SettingsFile
    text: str
    said: str

    @classmethod
    def of(cls, project: Project, file: SettingsFile, said: str, *edits: Edit) -> Proposal:
        """The file with these edits. Raises Refused, with the change to make by hand, if they do not fit."""
        text = file.text
        for words, edit in edits:
            with in_place(words):
                text = edit(text)
        return cls(project=project, file=file, text=text, said=said)

    @property
    def place(self) -> Path:
        """Where the file is in the project."""
        return self.file.path.relative_to(self.project.folder)

    @property
    def fingerprint(self) -> str:
        """The same as long as the file and the change are the same."""
        return sha256(f"{self.file.text}\0{self.text}".encode()).hexdigest()

    @property
    def difference(self) -> str:
        """What the change does to the file, as a unified diff."""
        before, after = (text.removesuffix("\n").split("\n") for text in (self.file.text, self.text))
        return "\n".join(unified_diff(before, after, str(self.place), str(self.place), lineterm=""))

    def settings(self) -> TenantSettings | PlatformSettings:
        """What the new text says. Raises Refused with all problems."""
        verdict = judge_file(self.file.path, read_defaults(self.project.file), self.text)
        if verdict.settings is None:
            raise Refused(f"The settings of {self.file.stack}", verdict.refusals)
        return verdict.settings

    def write(self) -> None:
        """Replace the file, as replace_settings_file does."""
        replace_settings_file(self.project, self.file, self.text)
