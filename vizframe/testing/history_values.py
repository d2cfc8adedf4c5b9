"""What goes into a history comes out of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from vizframe.errors import UnknownName, UsageError
from vizframe.history import Curve, Failure, Finding, SeriesKey, StepRecord
from vizframe.network import FloatArray
from vizframe.plugin.frame import Encoding, Frame
from vizframe.testing.history_place import (
    MAPS,
    HistoryPlace,
    PlaceContract,
    assert_same,
    commit,
    frame_of,
    maps,
    noise,
    write_step,
)
from vizframe.testing.runs import declare, records

SHAPES: dict[tuple[str, ...], tuple[int, ...]] = {
    ("unit", "y", "x"): (5, 7, 6),
    ("probe", "unit", "y", "x"): (3, 5, 7, 6),
    ("unit", "y", "x", "channel"): (5, 7, 6, 3),
    ("probe", "unit", "y", "x", "channel"): (2, 3, 4, 5, 3),
    ("unit", "input", "y", "x"): (4, 3, 5, 5),
    ("probe", "unit"): (3, 10),
    ("unit",): (10,),
    ("y", "x"): (9, 8),
}

ODD: dict[str, FloatArray] = {
    "nan": np.array([[[np.nan, 1], [2, 3]], [[0, 1], [2, 3]]], np.float32),
    "inf": np.array([[[np.inf, -np.inf], [2, 3]], [[0, 1], [2, 3]]], np.float32),
    "nothing finite": np.full((2, 3, 3), np.nan, np.float32),
    "constant": np.full((3, 4, 4), 0.25, np.float32),
    "dead": np.zeros((3, 4, 4), np.float32),
    "one unit": np.arange(12, dtype=np.float32).reshape(1, 3, 4),
    "1x1 maps": np.arange(6, dtype=np.float32).reshape(6, 1, 1),
    "one of all": np.ones((1, 1, 1), np.float32),
    "no unit": np.zeros((0, 3, 3), np.float32),
    "extreme": np.array([[[-3e38, 3e38]], [[1e-40, 0]]], np.float32),
}

ODD_KEYS = (
    SeriesKey(label="activation", layer="features.3"),
    SeriesKey(label="activation", layer="block/0/conv"),
    SeriesKey(label="my ascent", part="strongest patch", layer="<b>層&1</b>"),
    SeriesKey(label="x" * 60, layer="stage1_" + "y" * 300),
    SeriesKey(label="activation", layer="."),
    SeriesKey(label="activation", layer=".."),
)


class ValuesContract(PlaceContract):
    """Frames, columns, notes, numbers and declarations are read as they were written."""

    @pytest.mark.parametrize("encoding", ["uint8", "float16", "float32"])
    @pytest.mark.parametrize("axes", SHAPES, ids=",".join)
    def test_every_encoding_and_every_axes_come_back(
        self, place: HistoryPlace, axes: tuple[str, ...], encoding: Encoding
    ) -> None:
        declaration = declare(MAPS, axes, SHAPES[axes], encoding=encoding)
        frame = noise(declaration, 1)
        history = write_step(place, (declaration, frame))
        assert_same(history, declaration, frame, 3)
        back = history.tiles(MAPS, 3).values()
        span = frame.values.max() - frame.values.min()
        np.testing.assert_allclose(back, frame.values, atol=span / 255, rtol=1e-3)

    def test_uint8_pictures_come_back_exactly(self, place: HistoryPlace) -> None:
        pictures = np.random.default_rng(0).integers(0, 256, (3, 5, 5, 3), np.uint8)
        axes = ("unit", "y", "x", "channel")
        declaration = declare(MAPS, axes, pictures.shape, value_range=(0, 1), draw="image")
        tiles = write_step(place, (declaration, Frame("conv0", pictures))).tiles(MAPS, 3)
        np.testing.assert_array_equal(tiles.stored, pictures)
        assert tiles.low.tolist() == [0, 0, 0]
        assert tiles.high.tolist() == [1, 1, 1]

    @pytest.mark.parametrize("values", ODD.values(), ids=ODD)
    def test_odd_frames_come_back(self, place: HistoryPlace, values: FloatArray) -> None:
        declaration, frame = frame_of(values, ("unit", "y", "x"))
        assert_same(write_step(place, (declaration, frame)), declaration, frame, 3)

    @pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: str(key)[:30])
    def test_any_text_names_a_series(self, place: HistoryPlace, key: SeriesKey) -> None:
        declaration = maps(key=key)
        frame = noise(declaration, 1)
        history = write_step(place, (declaration, frame))
        assert list(history.declarations) == [key]
        assert_same(history, declaration, frame, 3)

    def test_a_step_may_have_no_frame_at_all(self, place: HistoryPlace) -> None:
        history = write_step(place)
        assert list(history.steps) == [3]
        assert not history.declarations

    def test_where_fixes_leading_axes(self, place: HistoryPlace) -> None:
        declaration = declare(MAPS, ("probe", "unit", "y", "x"), (2, 3, 4, 5))
        history = write_step(place, (declaration, noise(declaration, 1)))
        whole = history.tiles(MAPS, 3)
        for where in [(), (0,), (1,), *itertools.product(range(2), range(3))]:
            part = history.tiles(MAPS, 3, where)
            np.testing.assert_array_equal(part.stored, whole.stored[where])
            np.testing.assert_array_equal(part.low, whole.low[where])
            np.testing.assert_array_equal(part.high, whole.high[where])
            np.testing.assert_array_equal(part.values(), whole.values()[where])
            assert part.missing.shape == whole.missing[where].shape

    @pytest.mark.parametrize(
        ("where", "sentence"),
        [
            ((2,), "probe is 2 in activation of conv0; it can be 0 to 1"),
            ((-1,), "probe is -1 in activation of conv0; it can be 0 to 1"),
            ((0, 3), "unit is 3 in activation of conv0; it can be 0 to 2"),
            ((0, 0, 0), r"where is \(0, 0, 0\).*the leading indices of \(probe, unit\)"),
        ],
    )
    def test_a_tile_that_is_not_there_is_refused(
        self, place: HistoryPlace, where: tuple[int, ...], sentence: str
    ) -> None:
        declaration = declare(MAPS, ("probe", "unit", "y", "x"), (2, 3, 4, 5))
        history = write_step(place, (declaration, noise(declaration, 1)))
        with pytest.raises(UsageError, match=sentence):
            history.tiles(MAPS, 3, where)
        with pytest.raises(UsageError):
            history.strip(MAPS, where, [3])

    def test_a_strip_asks_for_one_tile(self, place: HistoryPlace) -> None:
        history = write_step(place, (maps(), noise(maps(), 1)))
        with pytest.raises(UsageError, match=r"where is \(\).*it can be \(unit\)"):
            history.strip(MAPS, (), [3])

    def test_columns_come_back_exactly(self, place: HistoryPlace) -> None:
        declaration = declare(
            MAPS, ("probe", "unit", "y", "x"), (2, 3, 4, 5), columns={"objective": 0, "curve": 7}
        )
        frame = noise(declaration, 1)
        frame.columns["objective"][0, 1] = np.nan
        columns = write_step(place, (declaration, frame)).columns(MAPS, 3)
        assert set(columns) == {"objective", "curve"}
        for name, column in frame.columns.items():
            np.testing.assert_array_equal(columns[name], column)

    def test_notes_come_back_as_text(self, place: HistoryPlace) -> None:
        notes = ("units 3, 7 are dead", "<script>alert(1)</script>", "größer\nals 層")
        frame = Frame("conv0", np.zeros((4, 6, 6), np.float32), notes=notes)
        history = write_step(place, (maps(), frame))
        assert tuple(history.notes(MAPS, 3)) == notes

    def test_scalars_have_gaps_where_nothing_was_reported(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            commit(writer, 1, scalars={"loss": 2.5})
            commit(writer, 2, scalars={"accuracy": 0.5, "loss": float("inf")})
            commit(writer, 4)
            writer.commit(StepRecord(step=5, scalars={"lr/ß": -1e300}, time=99.5, epoch=1.25))
        scalars = place.history().scalars()
        assert scalars.steps.tolist() == [1, 2, 4, 5]
        assert scalars.time.tolist() == [1001, 1002, 1004, 99.5]
        np.testing.assert_array_equal(scalars.epoch, [np.nan, np.nan, np.nan, 1.25])
        np.testing.assert_array_equal(scalars.values["loss"], [2.5, np.inf, np.nan, np.nan])
        np.testing.assert_array_equal(scalars.values["accuracy"], [np.nan, 0.5, np.nan, np.nan])
        assert scalars.values["lr/ß"][3] == -1e300

    def test_findings_come_back_as_they_were(self, place: HistoryPlace) -> None:
        curve = Curve(name="loss", steps=(1, 2), values=(2.5, None))
        findings = [
            Finding(
                rule="nan",
                symptom="nan",
                severity="alarm",
                since=1,
                step=step,
                sentence="conv0.weight holds 3 NaN",
                layers=("conv0",),
                units={"conv0": (1, 2)},
                numbers={"share": 0.5, "loss": None},
                curve=curve,
            )
            for step in (2, 3)
        ]
        with place.writer() as writer:
            for step in (1, 2, 3):
                mine = [each for each in findings if each.step == step]
                writer.commit(StepRecord(step=step, findings=mine))
        assert list(place.history().findings()) == findings

    def test_failures_come_back_in_order(self, place: HistoryPlace) -> None:
        failures = [
            Failure(step=step, label="saliency", layer="conv0", sentence=f"it broke: {step} <&>")
            for step in (1, 1, 3)
        ]
        with place.writer() as writer:
            for step in (1, 2, 3):
                mine = [each for each in failures if each.step == step]
                writer.commit(StepRecord(step=step, failures=mine))
        assert list(place.history().failures()) == failures

    def test_a_declaration_comes_back_whole(self, place: HistoryPlace) -> None:
        declaration = declare(
            SeriesKey(label="ascent twice", part="mask", layer="conv0"),
            ("unit", "y", "x"),
            (2, 3, 3),
            version=4,
            title="a title",
            picture_help="What it shows.",
            parameters={"rate": 0.5, "sizes": [1, 2], "deep": {"a": None}, "on": True},
            parameter_schema={"type": "object", "properties": {"rate": {"maximum": 4}}},
            seed=2**31,
            signed=True,
            draw="matrix",
            value_range=(-1.5, 1.5),
            over="probe",
            columns={"objective": 0, "curve": 3},
        )
        history = write_step(place, (declaration, noise(declaration, 1)))
        assert history.declarations[declaration.key] == declaration

    def test_the_run_and_its_probe_come_back(self, place: HistoryPlace) -> None:
        history = write_step(place)
        assert history.info == self.info
        probe = history.probe
        assert probe is not None
        assert probe.labels is not None
        assert self.probe.labels is not None
        np.testing.assert_array_equal(probe.images, self.probe.images)
        np.testing.assert_array_equal(probe.labels, self.probe.labels)
        assert tuple(probe.names) == tuple(self.probe.names)
        assert probe.normalization == self.probe.normalization

    def test_unknown_series_and_steps_are_named_with_the_nearest(self, place: HistoryPlace) -> None:
        with place.writer() as writer:
            for step in (100, 200, 1000):
                commit(writer, step, (maps(), noise(maps(), step)))
        history = place.history()
        stranger = SeriesKey(label="activation", layer="conv9")
        sentence = "series 'activation of conv9' is not known; it can be 'activation of conv0'"
        for ask in (history.columns, history.notes, history.tiles):
            with pytest.raises(UnknownName, match=sentence):
                ask(stranger, 100)
            with pytest.raises(UnknownName, match="step '199' is not known; it can be '200'"):
                ask(MAPS, 199)
        with pytest.raises(UnknownName, match=sentence):
            history.series_steps(stranger)
        with pytest.raises(UnknownName, match="step '199' is not known"):
            history.strip(MAPS, (0,), [200, 199])

    def test_a_run_of_every_kind_of_series_comes_back(self, place: HistoryPlace) -> None:
        made = list(records(range(0, 40, 10)))
        with place.writer() as writer:
            for record in made:
                writer.commit(record)
        history = place.history()
        assert list(history.declarations) == [declared.key for declared, _ in made[0].frames]
        for record in made:
            for declaration, frame in record.frames:
                assert_same(history, declaration, frame, record.step)
                assert tuple(history.notes(declaration.key, record.step)) == tuple(frame.notes)
        assert not history.faults()
