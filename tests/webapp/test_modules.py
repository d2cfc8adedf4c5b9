"""Modules joined into one file do what they do apart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import playwright
import pytest

from vizframe.errors import VizframeError
from vizframe.webapp.modules import join

NODE = Path(playwright.__file__).parent / "driver" / "node"

MODULES = {
    "main.js": 'import { twice as double, $ } from "./sums.js";\n'
    'import * as words from "./words.js";\n'
    "const value = await Promise.resolve(double(21));\n"
    "console.log(words.said(value), $, new words.Said(1).value);\n",
    "sums.js": "export function twice(x) { return 2 * x; }\nexport const $ = [1, 2];\n",
    "words.js": 'import {\n  twice,\n} from "./sums.js";\n'
    "const value = 3; // a name that main.js has, too\n"
    "export async function* later() { yield value; }\n"
    "export function said(x) { return `import { ${x} } of ${twice(value)}`; }\n"
    "export class Said { constructor(x) { this.value = x; } }\n",
    "alone.js": "throw new Error();\n",
}


def printed(script: str, folder: Path) -> str:
    file = folder / "joined.mjs"
    file.write_text(script)
    return subprocess.run(
        [str(NODE), str(file)], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_joined_file_does_what_its_modules_do(tmp_path: Path) -> None:
    joined = join(MODULES)
    assert printed(joined.script, tmp_path) == "import { 42 } of 6 [ 1, 2 ] 1"
    assert "throw" not in joined.script  # nobody imports that one


def test_the_map_leads_to_the_line_of_the_module() -> None:
    joined = join(MODULES)
    found = json.loads(joined.map)
    assert [each.rsplit("/", 1)[1] for each in found["sources"]] == [
        "sums.js",
        "words.js",
        "main.js",
    ]
    places = decoded(found["mappings"])
    lines = joined.script.split("\n")
    assert places[lines.index("const $ = [1, 2];")] == (0, 1)
    assert places[lines.index("class Said { constructor(x) { this.value = x; } }")] == (1, 6)
    entry = next(i for i, line in enumerate(lines) if line.startswith("console.log"))
    assert places[entry] == (2, 3)
    assert places[0] is None  # "const m_sums = (() => {" is of no module


def decoded(mappings: str) -> list[tuple[int, int] | None]:
    """Module and line of each line, as a debugger reads a source map."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    places: list[tuple[int, int] | None] = []
    at = [0, 0]
    for line in mappings.split(";"):
        numbers, value, shift = [], 0, 0
        for digit in map(digits.index, line):
            value += (digit & 31) << shift
            shift += 5
            if not digit & 32:
                numbers.append(-(value >> 1) if value & 1 else value >> 1)
                value, shift = 0, 0
        if numbers:
            at = [at[0] + numbers[1], at[1] + numbers[2]]
        places.append((at[0], at[1]) if numbers else None)
    return places


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sums.js": "export let x = 1;\n"}, "sums.js, line 1, is 'export let x = 1;'; it can be"),
        ({"sums.js": "const a = 1;\nexport { a };\n"}, "sums.js, line 2, is 'export { a };'"),
        ({"sums.js": "export default 3;\n"}, "is 'export default 3;'; it can be"),
        ({"sums.js": 'const x = await import("./y.js");\n'}, r"is 'import\(\"./y.js\"\);'"),
        ({"sums.js": 'import x from "./words.js";\n'}, "is 'import x from"),
        ({"sums.js": 'import { x } from "./gone.js";\n'}, "sums.js imports gone.js, which is not"),
        (
            {"sums.js": 'import { said } from "./words.js";\n'},
            "main.js imports sums.js imports words.js imports sums.js",
        ),
    ],
)
def test_what_cannot_be_joined_is_told(changed: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(VizframeError, match=sentence):
        join({**MODULES, **changed})
