#!/usr/bin/env bash
# Resolve the exact packages anew. With hashes for what the box and its tests use; without for training, because the
# CPU build of torch is another file on every platform.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "make lock needs uv (pip install uv); using the locks does not" >&2; exit 1; }
export UV_CUSTOM_COMPILE_COMMAND="make lock"
options=(--quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'editables\nhatchling\n' >"$folder/build.in" # so that `pip install -e .` fetches nothing else
echo "ai-edge-litert ; python_version < '3'" >"$folder/without.in"
uv pip compile "${options[@]}" --universal --python-version 3.11 pyproject.toml "$folder/build.in" \
  --extra test -o requirements.lock
uv pip compile "${options[@]}" --universal --python-version 3.11 pyproject.toml \
  --extra bench --constraint requirements.lock -o tests/requirements-bench.lock
uv pip compile "${options[@]}" --python-version 3.11 pyproject.toml "$folder/build.in" \
  --extra test --extra tflite-runtime --override "$folder/without.in" -o tests/requirements-tflite.lock
# Debian 12: packages of the system, picamera2 among them, are built for numpy 1.
printf 'numpy<2\nopencv-python-headless<4.12\n' >"$folder/numpy1.in"
sed -n 's/^\([a-z0-9.-]*==[^\]*\).*/\1/p' requirements.lock |
  grep -v -E '^(numpy|opencv-python-headless|ml-dtypes)==' >"$folder/same.in"
uv pip compile "${options[@]}" --python-version 3.11 --python-platform x86_64-manylinux_2_36 pyproject.toml \
  "$folder/numpy1.in" --extra station --extra metrics --constraint "$folder/same.in" -o systemd/requirements-numpy1.lock
echo "python-prctl ; python_version < '3'" >"$folder/system.in" # Debian has it
uv pip compile "${options[@]}" --python-version 3.13 tests/picamera2/requirements.in \
  --override "$folder/system.in" -o tests/picamera2/requirements.lock
uv pip compile "${options[@]}" --python-version 3.13.5 tests/home_assistant/requirements.in \
  -o tests/home_assistant/requirements.lock
uv pip compile "${options[@]}" --python-version 3.11 --python-platform x86_64-unknown-linux-gnu pyproject.toml \
  tests/vm/requirements.in --constraint requirements.lock -o tests/vm/requirements.lock
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --dry-run --report "$folder/report.json" ".[quantize]"
"$folder/venv/bin/python" - "$folder/report.json" >quantize/requirements.lock <<'PYTHON'
import json
import pathlib
import sys

found = [row["metadata"] for row in json.loads(pathlib.Path(sys.argv[1]).read_text())["install"]]
rows = {row["name"]: row["version"].removesuffix("+cpu") for row in found if row["name"] != "anodyne"}
print("# Exact packages of the training jobs, Python 3.11, written by: make lock")
for name in sorted(rows, key=str.lower):
    print(f"{name}=={rows[name]}")
PYTHON
