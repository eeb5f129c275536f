"""The notebooks run from the first cell to the last, with small settings, and are kept without outputs."""

import sys

import nbformat
import pytest
from documents import DOCS, ROOT
from nbclient import NotebookClient

FOLDER = DOCS / "notebooks"
#: What takes the place of the cell that is tagged "parameters".
SMALL = {
    "first_field": dict(STEPS=12, VIEWS=4, RESOLUTION=24, SAMPLES=4096, LOG2_TABLE_SIZE=12),
    "position_encoding": dict(STEPS=12, BATCH=256, SIZE=24),
}


def test_every_notebook_is_known():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(SMALL)


@pytest.mark.parametrize("name", SMALL)
def test_notebook_runs(name, tmp_path, monkeypatch):
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    (parameters,) = [c for c in code if "parameters" in c.metadata.get("tags", [])]
    names = [line.split(" = ")[0] for line in parameters.source.splitlines()]
    assert names == list(SMALL[name])  # the cell is replaced whole
    parameters.source = "\n".join(f"{key} = {value}" for key, value in SMALL[name].items())
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    client.execute(cwd=str(tmp_path))
    shown = [output for cell in code for output in cell.outputs if "data" in output]
    assert sum("image/png" in output["data"] for output in shown) >= 4
