"""How the frames of one plugin become those of the history, each as soon as it is made."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass

from vizframe.errors import PluginError
from vizframe.history import Declaration, SeriesKey
from vizframe.history.aside import Aside
from vizframe.history.encoding import stored_frame
from vizframe.network.guard import is_from_script
from vizframe.plugin import Scene
from vizframe.plugin.frame import Frame
from vizframe.recording.declare import checked_frames, declaration
from vizframe.recording.jobs import Job
from vizframe.recording.nonfinite import with_note
from vizframe.recording.portion import Portion


@dataclass(frozen=True, slots=True)
class FrameKeeper:
    """Declares, notes and puts aside what a plugin makes.

    Attributes:
        job: whose plugin it is.
        portion: what of the scene the plugin is shown.
        images: how many the whole probe has.
        aside: where frames wait for the commit.
    """

    job: Job
    portion: Portion
    images: int
    aside: Aside

    def frames(
        self, scene: Scene, made: Iterable[Frame] | None
    ) -> Generator[tuple[Declaration, Frame], None, None]:
        """Each frame with its declaration. While the plugin makes the next one, the last is not
        held here.

        Args:
            made: the plugin's frames, where it has made them already.

        Raises:
            PluginError: a frame is not what it can be, or comes twice.
        """
        seen: set[SeriesKey] = set()
        with closing(checked_frames(self.job.plugin, scene, made)) as given:
            for frame in given:
                declared = declaration(self.job.label, self.job.plugin, frame, scene.seed)
                if declared.key in seen:
                    raise PluginError(
                        f"{self.job.plugin.name} made {declared.key} twice in one step"
                    )
                seen.add(declared.key)
                kept = self._kept(declared, frame, scene)
                del frame
                yield declared, kept
                del kept

    def _kept(self, declared: Declaration, frame: Frame, scene: Scene) -> Frame:
        """The frame as the history will have it; one that cannot be stored stays as it is, and the
        commit says so."""
        layer = scene.network.layer(frame.layer)
        noted = with_note(declared, self.portion.note(frame, layer, declared.axes, self.images))
        try:
            return self.aside.frame(declared, stored_frame(declared, noted))
        except Exception as error:  # whatever its numbers make NumPy say
            if is_from_script(error):
                raise
            return noted
